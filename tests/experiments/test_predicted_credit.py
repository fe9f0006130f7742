"""The study of predicted credit: its stream, its derivatives, local rules, and a small run."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurosim.errors import UsageError
from neurosim.experiment import new_run, with_settings
from neurosim.experiments.predicted_credit import study
from neurosim.experiments.predicted_credit.modulated import run
from neurosim.experiments.predicted_credit.recall import Stream, initial, outcome, predicted, squares

TINY = [
    "units=4", "hidden=3", "lag=2", "segments=1,3", "batch=4", "steps=30", "seeds=2", "inputs=3", "outputs=2",
    "patterns=8", "shown=4", "late=2",
]  # fmt: skip


def config(*more):
    chosen = dict(one.split("=", 1) for one in [*TINY, *more])
    return with_settings(study.PRESETS["quick"], [f"{name}={value}" for name, value in chosen.items()])


def test_a_stream_is_one_long_sequence_and_its_targets_lag():
    stream, key = Stream(batch=2, units=4, lag=2, segment=3), jax.random.key(0)
    state, segments = stream.start(key), []
    for step in range(4):
        state, batch = stream.next(state, key, jnp.int32(step))
        segments.append(batch)
    x, y = (np.concatenate([np.asarray(batch[name]) for batch in segments], axis=1) for name in ("x", "y"))
    np.testing.assert_array_equal(y[:, 2:], x[:, :-2])
    np.testing.assert_array_equal(segments[0]["x_ahead"], segments[1]["x"][:, :2])
    np.testing.assert_array_equal(segments[0]["y_ahead"], segments[1]["y"][:, :2])
    assert set(np.unique(x)) == {-1.0, 1.0}


@pytest.mark.slow
def test_the_target_of_the_module_is_the_bootstrapped_derivative_and_the_cosine_that_of_the_true_one():
    weights = {name: jnp.asarray(value, jnp.float32) for name, value in initial(config(), 0).items()}
    weights["module.out"] = weights["module.out"] * 1000
    stream, key = Stream(batch=4, units=4, lag=2, segment=1), jax.random.key(1)
    _, batch = stream.next(stream.start(key), key, jnp.int32(0))
    found = outcome(weights, batch, key)

    def to_come(h):
        error, end = squares(weights, h, batch["x"], batch["y"])
        return error + (jax.lax.stop_gradient(predicted(weights, found["end"])) * end).sum()

    target = jax.grad(to_come)(batch["start"])
    miss = jnp.square(predicted(weights, batch["start"]) - target).sum()
    assert found["miss"] == pytest.approx(float(miss), rel=1e-5)
    ahead = jax.grad(lambda h: squares(weights, h, batch["x_ahead"], batch["y_ahead"])[0])(found["end"])
    guess = predicted(weights, found["end"])
    cosine = (guess * ahead).sum() / jnp.linalg.norm(guess) / jnp.linalg.norm(ahead)
    assert found["cosine"] == pytest.approx(float(cosine), rel=1e-4)
    assert found["mean_square"] == pytest.approx(float(found["error"]) / 4)


def test_settings_that_make_no_sense_are_rejected():
    with pytest.raises(UsageError, match="late = 4 of 4 steps"):
        config("late=4").require_sense()
    with pytest.raises(UsageError, match=r"segments = \(9,\) of 30 steps"):
        config("segments=9").require_sense()


@pytest.mark.slow
def test_local_rules_agree_on_two_engines_and_the_module_comes_to_know_the_credit():
    (ours, _), (reference, _) = (run(config(), "predicted", 4, 3, engine) for engine in ("fused", "brian2"))
    np.testing.assert_allclose(ours, reference, rtol=1e-9, atol=1e-12)
    still, found = run(config("shown=40", "late=20"), "none", 150, 3, "fused")
    start, _ = run(config("shown=40", "late=20"), "none", 1, 3, "fused")
    np.testing.assert_array_equal(still, start)
    np.testing.assert_allclose(
        found["module"][-20:], found["true"][-20:], atol=0.1 * np.abs(found["true"]).max()
    )


@pytest.mark.slow
def test_a_small_run_ends_in_a_file_with_claims_and_a_figure(tmp_path):
    outcome = new_run(study.experiment, config(), out=str(tmp_path / "run.h5"), seed=3).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    assert verdicts["few-shot"] == "not tested" and verdicts["engines"] == "holds"
    assert {"faster-1", "ceiling-3", "modulator"} <= verdicts.keys()
