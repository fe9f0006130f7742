"""The study of adaptation at test time: one step of it, what stays, its measures, and a whole small run."""

from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray

from neurosim.datasets import CORRUPTIONS
from neurosim.errors import UsageError
from neurosim.experiment import find_experiment, new_run, resumed_run, with_settings
from neurosim.experiments.test_time_adaptation import study
from neurosim.experiments.test_time_adaptation.adapting import ARMS, Adapting, errors
from neurosim.experiments.test_time_adaptation.claims import means
from neurosim.experiments.test_time_adaptation.network import AFFINE, KERNELS, READ, convolutional
from neurosim.experiments.test_time_adaptation.source import Source, unit_length
from neurosim.learning.bptt import network_model, softmax_entropy
from neurosim.learning.protocol import Phase
from neurosim.store import open_results

TINY = [
    "seeds=2", "features=2,3", "epochs=1", "train_images=200", "test_images=24", "severity_images=24", "sampled=50",
    "batch=24", "hebb_rate=0.05", "temperature=0.5",
]  # fmt: skip
ENTROPY = softmax_entropy("y.output")


def config(*changes):
    chosen = dict(change.split("=", 1) for change in (*TINY, *changes))
    return with_settings(study.PRESETS["quick"], [f"{name}={value}" for name, value in chosen.items()])


# One step of adaptation ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def adapting():
    """Untrained networks, which adapt to test images that come in one batch."""
    chosen = config()
    model = network_model(convolutional(chosen), (*KERNELS, *AFFINE, *READ), steps=1)
    names = (*KERNELS, *AFFINE, *READ, "norm1.mean", "norm1.variance")
    drawn = {name: np.stack([model.initial(seed)[name] for seed in range(2)]) for name in names}
    return Adapting(Source(chosen, SimpleNamespace(seed=0)), unit_length(chosen, drawn))


@pytest.mark.slow
def test_a_batch_changes_first_kernels_by_the_soft_hebbian_rule_and_all_else_stays(adapting):
    start, test = adapting.start("hebb", 0), adapting.source.sets[1]
    after, _ = adapting.followed("hebb", start, test)
    w = np.asarray(start.last["kernels1.w"]).reshape(9, 2).T
    np.testing.assert_allclose(np.linalg.norm(w, axis=1), 1, rtol=1e-6)
    x = np.lib.stride_tricks.sliding_window_view(test.images, (3, 3), axis=(1, 2)).reshape(-1, 9)
    u = x @ w.T
    y = np.exp(u / 0.5) / np.exp(u / 0.5).sum(1, keepdims=True)
    wanted = w + 0.05 * (y.T @ x - (y * u).sum(0)[:, None] * w) / len(x)
    np.testing.assert_allclose(np.asarray(after.last["kernels1.w"]).reshape(9, 2).T, wanted, rtol=1e-5)
    for name in AFFINE:
        np.testing.assert_array_equal(after.last[name], start.last[name])


def test_an_arm_changes_what_it_names(adapting):
    test = adapting.source.sets[1]
    for arm, changed in (("tent", AFFINE), ("nhl", (KERNELS[0], "gain1.w", "offset1.w"))):
        start = adapting.start(arm, 0)
        after, _ = adapting.followed(arm, start, test)
        assert {n for n, value in after.last.items() if not np.array_equal(value, start.last[n])} == set(
            changed
        )


def test_without_rates_an_arm_is_that_of_statistics_of_the_batch_and_entropy_falls_with_small_ones(adapting):
    test, start = adapting.source.sets[1], adapting.start("nhl", 0)
    learner = adapting.learners[True]
    _, plain = adapting.followed("bn", adapting.start("bn", 0), test)

    def entropy(rates):
        after = learner.train(1, after=start, phase=Phase(rates=rates))
        return learner.parts[-1].values(after)

    still = entropy({"*": 0.0})
    np.testing.assert_array_equal(still["accuracy"], plain["accuracy"])
    np.testing.assert_allclose(still["entropy"], plain["entropy"], rtol=1e-6)
    assert entropy({"gain1.w": 0.1, "offset1.w": 0.1, "*": 0.0})["entropy"] < plain["entropy"]


@pytest.mark.slow
def test_the_gradient_of_the_modulation_is_that_of_finite_differences(adapting):
    with jax.enable_x64(True):
        model = network_model(convolutional(adapting.config), AFFINE, steps=1, dtype="float64")
        fixed = {**model.initial(0), **{name: value[0] for name, value in adapting.parameters.items()}}
        batch = adapting.source.sets[1].batch("x")

        @jax.jit
        def entropy(own):
            return ENTROPY(model.outcome({**fixed, **own}, batch, jax.random.key(0)), batch)

        own = {name: jnp.asarray(fixed[name], "float64") for name in ("gain1.w", "offset1.w")}
        slope = jax.grad(entropy)(own)
        for name, value in own.items():
            for entry in range(2):
                step = jnp.zeros(2).at[entry].set(1e-6)
                rise = entropy({**own, name: value + step}) - entropy({**own, name: value - step})
                np.testing.assert_allclose(rise / 2e-6, slope[name][entry], rtol=1e-5)


# Measures and settings -----------------------------------------------------------------------------------------------


def test_errors_are_means_over_batches_and_corruptions():
    accuracy = np.zeros((2, 3, len(ARMS), 4))
    accuracy[:, 1, 1] = [1.0, 0.5, 1.0, 0.5]
    np.testing.assert_allclose(errors(accuracy)[0, :, 1], [100, 25, 100])
    np.testing.assert_allclose(means(accuracy)["bn"], 62.5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["scales=1,2"], "'scales': .1.0, 2.0.: give one for each of the 7 corruptions"),
        (["features=2"], "'features': .2,.: give one for each of the 2 layers"),
        (["batch=25"], "'batch': 25 images of 24: lower it"),
    ],
)
def test_settings_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        Source(config(*changes), SimpleNamespace(seed=0))


def test_images_that_are_missing_are_named(tmp_path):
    with pytest.raises(UsageError, match="dataset-fashion-mnist"):
        Source(config("data=fashion", f"folder={tmp_path}"), SimpleNamespace(seed=0)).sets  # noqa: B018


# The study -----------------------------------------------------------------------------------------------------------


def test_the_study_is_found_and_has_its_presets():
    assert set(find_experiment("test_time_adaptation").presets) == {"quick", "paper"}


@pytest.mark.slow
def test_a_run_that_was_stopped_continues_to_the_same_end(tmp_path, monkeypatch):
    whole, stopped = (str(tmp_path / f"{name}.h5") for name in ("whole", "stopped"))
    outcome = new_run(study.experiment, config(), out=whole, seed=1).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    assert {c.id for c in outcome.claims if c.verdict == "not tested"} == {"cifar"}
    with xarray.open_dataset(outcome.path, group="adaptation", engine="h5netcdf") as data:
        assert data.accuracy.dims == ("seed", "corruption", "arm", "batch")
        assert data.accuracy.shape == (2, len(CORRUPTIONS) + 1, len(ARMS), 1)
    followed, calls = Adapting.followed, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 50:  # within the second network
            raise KeyboardInterrupt
        return followed(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Adapting, "followed", interrupted)
        with pytest.raises(KeyboardInterrupt):
            new_run(study.experiment, config(), out=stopped, seed=1).execute()
    resumed_run(study.experiment, stopped).execute()
    with open_results(whole) as one, open_results(stopped) as other:
        for name in one.paths():
            np.testing.assert_array_equal(one.array(name), other.array(name))
