"""The study of adaptive whitening: frames, fields and measures with known answers, and a whole small run."""

from pathlib import Path

import numpy as np
import pytest
import xarray

from neurosim.analysis.gains import whitened_covariance
from neurosim.circuits.whitening import WhiteningCircuit, icosahedral, mercedes_benz, random_frames
from neurosim.errors import DescriptionError, RunFailed, UsageError
from neurosim.experiment import find_experiment, new_run, resumed_run, with_settings
from neurosim.experiments.adaptive_whitening import slow
from neurosim.experiments.adaptive_whitening import study as adaptive_whitening
from neurosim.experiments.adaptive_whitening.fields import (
    cosine_basis,
    field_covariance,
    load_covariances,
    local_frame,
)
from neurosim.experiments.adaptive_whitening.measures import (
    alignment,
    apart,
    first_below,
    operator_error,
    subspace_error,
)
from neurosim.experiments.adaptive_whitening.presenting import Copies, SaturatingGainWhitening, moment_batch
from neurosim.rng import generator
from neurosim.rules import GainWhitening
from neurosim.store import open_results

TINY = [
    "seeds=2", "online_samples=20", "frame_repeats=4", "frame_updates=80", "switch_updates=10", "switch_size=3",
    "ill_updates=10", "subspace_samples=10", "subspace_repeats=2", "patch=2", "patch_updates=10", "slow_shown=36",
    "slow_samples=2", "repeated_samples=2", "repeats=2", "field=2", "field_contexts=10", "field_shown=2",
    "field_updates=3",
]  # fmt: skip
ROTATION = np.array([[0.6, -0.8], [0.8, 0.6]])


# Frames, fields, measures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("frame", "cosine"), [(mercedes_benz(), 1 / 2), (icosahedral(), 1 / np.sqrt(5))])
def test_optimised_frames_are_equiangular_and_tight(frame, cosine):
    n, k = frame.shape
    gram = np.abs(frame.T @ frame)
    np.testing.assert_allclose(gram, cosine + (1 - cosine) * np.eye(k), atol=1e-12)
    np.testing.assert_allclose(frame @ frame.T, k / n * np.eye(n), atol=1e-12)


def test_the_local_frame_of_the_paper_has_its_size():
    frame = local_frame(12)
    assert frame.shape == (144, 2664)
    np.testing.assert_allclose(np.linalg.norm(frame, axis=0), 1)


def test_fields_are_stationary_and_nearly_share_the_cosine_basis():
    covariance = field_covariance(4, 1.0, 1.3)
    assert np.linalg.norm(covariance, 2) == pytest.approx(10) and np.linalg.eigvalsh(covariance)[0] > 0
    np.testing.assert_allclose(np.diag(covariance), covariance[0, 0])
    assert covariance[0, 1] == pytest.approx(covariance[6, 5]) and covariance[0, 1] != covariance[0, 4]
    basis = cosine_basis(4)
    np.testing.assert_allclose(basis.T @ basis, np.eye(16), atol=1e-12)
    # Not quite: a patch has edges, where the cosines stand still and the field does not.
    turned = basis.T @ covariance @ basis
    assert np.linalg.norm(turned - np.diag(np.diag(turned))) < 0.15 * np.linalg.norm(turned)


def test_measures_of_weights_do_not_mind_order_and_sign():
    shuffled = ROTATION[:, [1, 0]] * [-1, 1]
    assert alignment(3 * shuffled, ROTATION) == pytest.approx(1) and apart(shuffled, ROTATION) < 1e-12
    assert alignment(np.eye(2), ROTATION) == pytest.approx(0.8)
    assert apart(np.eye(2), ROTATION) == pytest.approx(np.sqrt(2 * 0.4))
    np.testing.assert_allclose(subspace_error(np.array([[1.0, 2, 0], [3, 1, 0]])), 0, atol=1e-12)
    np.testing.assert_allclose(subspace_error(np.array([[1.0, 0, 0], [0, 0, 1]])), 2, atol=1e-12)


def test_errors_are_two_sided_and_a_threshold_that_is_not_reached_is_infinitely_far():
    assert operator_error(np.eye(2), np.array([1.0, 0.0]), np.diag([4.0, 0.3])) == pytest.approx(0.7)
    errors = np.array([[0.3, 0.3], [0.05, 0.2], [0.2, 0.2]])
    np.testing.assert_array_equal(first_below(errors, 0.1), [1, np.inf])


def test_the_batch_of_a_moment_gives_the_expected_change_of_gains():
    # Derived: the rule is quadratic in its input.
    frames = random_frames(generator(0, "frames"), 2, 3, 6)
    covariances = np.array([np.diag([2.0, 1.0, 0.4]), 1.5 * np.eye(3)])
    copies = Copies(WhiteningCircuit(frames, np.full(6, 0.2), GainWhitening(eta=0.1)), "fused", 0, 30)
    copies.present(moment_batch(covariances))
    outputs = whitened_covariance(frames, np.full((2, 6), 0.2), covariances)
    expected = 0.2 + 0.1 * (np.einsum("cnk,cnm,cmk->ck", frames, outputs, frames) - 1)
    np.testing.assert_allclose(copies.gains, expected, atol=1e-8)


def test_a_gain_that_would_run_away_saturates():
    circuit = WhiteningCircuit(np.ones((1, 1, 1)), np.ones(1), SaturatingGainWhitening(eta=1.0))
    copies = Copies(circuit, "fused", 0, 20)
    copies.present(np.full((1, 1, 1), 1000.0))
    assert copies.gains == 100


# What is rejected --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (None, "there is no such file"),
        (b"text", "not an array in NumPy's format"),
        (np.eye(3), r"give an array \(contexts, N, N\)"),
        (np.tile(np.eye(2), (3, 1, 1)), "at least 10 contexts"),
        (np.tile([[1.0, 2.0], [0.0, 1.0]], (10, 1, 1)), "not symmetric and positive definite"),
    ],
)
def test_other_covariances_are_rejected(held, message, tmp_path):
    path = tmp_path / "covariances.npy"
    if isinstance(held, bytes):
        path.write_bytes(held)
    elif held is not None:
        np.save(path, held)
    with pytest.raises(UsageError, match=message):
        load_covariances(path)


def test_gains_that_do_not_fit_their_frames_are_rejected():
    with pytest.raises(DescriptionError, match=r"frames \(1, 2, 3\), gains \(2,\)"):
        WhiteningCircuit(mercedes_benz()[None], np.ones(2), GainWhitening())


def test_weights_that_vanished_are_reported():
    copies = Copies(WhiteningCircuit(mercedes_benz()[None], np.zeros(3), GainWhitening()), "fused", 0, 1)
    copies.simulation.set("ahead.w", np.array([1.0, 0, 1, 1, 0, 1]))
    with pytest.raises(RunFailed, match="interneuron 1 of copy 0 have vanished"):
        _ = copies.frames


# The study ---------------------------------------------------------------------------------------------------------


def test_the_study_is_found_and_has_its_presets():
    assert set(find_experiment("adaptive_whitening").presets) == {"quick", "paper"}


def tiny(tmp_path):
    np.save(tmp_path / "covariances.npy", np.tile(np.diag([4.0, 2.0]), (10, 1, 1)))
    return with_settings(
        adaptive_whitening.PRESETS["quick"], [*TINY, f"covariances={tmp_path / 'covariances.npy'}"]
    )


def test_a_small_run_ends_in_a_file_with_claims_and_a_figure(tmp_path):
    outcome = new_run(
        adaptive_whitening.experiment, tiny(tmp_path), out=str(tmp_path / "run.h5"), seed=3
    ).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    assert {claim.id for claim in outcome.claims if claim.verdict == "not tested"} == {
        "images", "lines", "decoupled",
    }  # fmt: skip
    with xarray.open_dataset(outcome.path, group="contexts", engine="h5netcdf") as data:
        assert data.error.dims == ("shown", "copy") and np.all(data.order[:10] == data.order[-10:])
    with xarray.open_dataset(outcome.path, group="frames_2", engine="h5netcdf") as data:
        assert list(data.frame.values) == ["random", "optimised", "spectral"]


@pytest.mark.slow
def test_a_run_that_was_stopped_continues_to_the_same_end(tmp_path, monkeypatch):
    config, calls, mean_error = tiny(tmp_path), [], slow._mean_error
    paths = [str(tmp_path / f"{name}.h5") for name in ("whole", "stopped")]
    new_run(adaptive_whitening.experiment, config, out=paths[0], seed=3).execute()

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 20:  # after a checkpoint in the first of the stages with slow synapses
            raise KeyboardInterrupt
        return mean_error(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(slow, "_mean_error", interrupted)
        with pytest.raises(KeyboardInterrupt):
            new_run(adaptive_whitening.experiment, config, out=paths[1], seed=3).execute()
    resumed_run(adaptive_whitening.experiment, paths[1]).execute()
    with open_results(paths[0]) as whole, open_results(paths[1]) as resumed:
        for name in whole.paths():
            np.testing.assert_array_equal(whole.array(name), resumed.array(name))


@pytest.mark.slow
def test_the_quick_preset_holds_what_it_claims(tmp_path):
    outcome = new_run(adaptive_whitening.experiment, out=str(tmp_path / "quick.h5")).execute()
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    assert {name for name, verdict in verdicts.items() if verdict == "fails"} == set()
    assert {name for name, verdict in verdicts.items() if verdict == "not tested"} == {
        "images", "lines", "decoupled",
    }  # fmt: skip
