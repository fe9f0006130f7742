"""The closed loop of controller and arm."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurosim.bodies.arm import Effector, Hill, Plant, Senses
from neurosim.tasks import CentreOut, ForceField, GoCue, Hold, RandomReach, jax_key, rollout
from tests.tasks.task_runs import drawn, quick_jit


def silent(carry, sensation, cue):
    return carry, jnp.zeros((cue.go.shape[0], 6))


def echo(carry, sensation, cue):
    """Return excitations that hold what the controller was told and sensed, and count the steps."""
    told = jnp.column_stack([cue.target, cue.visible, cue.go, sensation.hand])
    return carry + 1, told


@functools.cache
def resting(slack):
    return quick_jit(
        lambda trials: rollout(Effector(Plant(muscle=Hill(slack=slack))), silent, trials, None).hand
    )


# Of 4,096 trials of an independent prototype: end error and mean error (cm), mean |e| and 10 mean e^2.
@pytest.mark.parametrize(
    ("task", "slack", "expected"),
    [
        (RandomReach(), 1.0, (37.2, 39.0, 0.247, 0.968)),
        (Hold(), 1.0, (45.5, 22.4, 0.143, 0.482)),
        (RandomReach(), 1.4, (43.9, 43.9, 0.278, 1.244)),
        (Hold(), 1.4, (34.3, 16.1, 0.103, 0.265)),
    ],
    ids=["reach", "hold", "reach, no passive force", "hold, no passive force"],
)
def test_an_unexcited_arm_fails_by_as_much_as_it_should(task, slack, expected):
    trials = drawn(task, 4096)
    error = np.asarray(resting(slack)(trials)) - trials.aim
    distance = 100 * np.linalg.norm(error, axis=-1)
    measures = [distance[:, -1], distance.mean(1), np.abs(error).mean((1, 2)), 10 * (error**2).mean((1, 2))]
    digit = [0.05, 0.05, 0.0005, 0.0005]  # half a unit of the last digit given
    for ours, theirs, rounding in zip(measures, expected, digit, strict=True):
        # Both are means over 4,096 trials.
        assert abs(ours.mean() - theirs) < 3 * np.sqrt(2) * ours.std() / np.sqrt(4096) + rounding


def test_the_controller_is_told_and_senses_what_holds_at_each_step():
    trials = drawn(GoCue(RandomReach(steps=20), earliest=3, latest=9, instructed=False))
    arm = Effector()
    episode = jax.device_get(quick_jit(lambda trials: rollout(arm, echo, trials, 0))(trials))
    told = episode.excitation
    assert told.shape == (8, 20, 6) and episode.carry == 20
    np.testing.assert_array_equal(told[..., 2], trials.visible)
    np.testing.assert_array_equal(told[..., 3], trials.go)
    np.testing.assert_array_equal(told[..., :2], trials.visible[..., None] * trials.target[:, None])
    # The hand of step t is seen at step t + 1.
    np.testing.assert_allclose(told[:, 0, 4:], trials.start, atol=1e-6)
    np.testing.assert_allclose(told[:, 1:, 4:], episode.hand[:, :-1], atol=1e-6)


def test_the_hand_feels_load_and_field():
    arm, trials = Effector(), drawn(ForceField(Hold(steps=6), ((5.0, -20.0), (10.0, -3.0))))
    episode = quick_jit(lambda trials: rollout(arm, silent, trials, None))(trials)
    state, path = quick_jit(lambda q: arm.init(8, q))(trials.q), []
    step, velocity_of = quick_jit(arm.step), quick_jit(arm.hand_velocity)
    for t in range(6):
        velocity = np.asarray(velocity_of(state))
        force = trials.load[:, t] + velocity @ np.array([[5.0, -20.0], [10.0, -3.0]]).T
        state = step(state, np.zeros((8, 6)), force)
        path.append(np.asarray(state.plant.q))
    np.testing.assert_allclose(episode.state.plant.q, np.stack(path, axis=1), atol=1e-5)
    assert np.abs(np.diff(path, axis=0)).max() > 0.01


def test_what_is_watched_of_the_memory_comes_step_by_step():
    arm, trials = Effector(), drawn(RandomReach(steps=5))
    watch = lambda count: jnp.full(8, count)  # noqa: E731
    episode = quick_jit(lambda trials: rollout(arm, echo, trials, 0, watch=watch))(trials)
    np.testing.assert_array_equal(episode.watched, np.tile(np.arange(1, 6), (8, 1)))
    assert quick_jit(lambda trials: rollout(arm, echo, trials, 0))(trials).watched is None


def test_noise_repeats_with_its_key_and_is_new_at_each_step():
    arm, trials = Effector(senses=Senses(hand_noise=0.01)), drawn(CentreOut(steps=200), 2)
    run = quick_jit(lambda key: rollout(arm, echo, trials, 0, key)[1:3])
    runs = [jax.device_get(run(jax_key(seed, "arm", "noise"))) for seed in (1, 1, 2)]
    (one, hand), (same, _), (other, _) = runs
    np.testing.assert_array_equal(one, same)
    assert (one[..., 4:] != other[..., 4:]).all()
    # The echo of step t + 1 is the hand of step t and its noise; the first is the start.
    seen = one[:, 1:, 4:] - hand[:, :-1]
    assert seen.std() == pytest.approx(0.01, rel=0.1)
    assert abs(np.corrcoef(seen[0, 1:, 0], seen[0, :-1, 0])[0, 1]) < 4 / np.sqrt(198)
