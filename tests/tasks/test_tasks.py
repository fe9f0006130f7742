"""What the tasks draw: published distributions, reproducible streams, wrappers that change only what they add."""

import re

import jax
import numpy as np
import pytest
from scipy.stats import kstest

from neurosim.bodies.arm import TwoLink
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.rng import stream_key
from neurosim.tasks import TASKS, CentreOut, ForceField, GoCue, Hold, RandomReach, Task, curl, jax_key
from tests.tasks.task_runs import ARM, drawn, quick_jit

SAMPLE = [CentreOut(), GoCue(ForceField(Hold(steps=60), catch=0.5), catch=0.5)]
MANY = 4096


def hand(q):
    return np.asarray(quick_jit(ARM.hand)(q))


def assert_mean(samples, expected):
    """Assert that a mean is within three standard errors of what is expected."""
    error = np.std(samples) / np.sqrt(samples.size)
    assert abs(np.mean(samples) - expected) < 3 * error


def assert_uniform(samples, low, high):
    assert kstest(samples, "uniform", args=(low, high - low)).pvalue > 0.01


def test_random_reach_has_its_statistics():
    trials = drawn(RandomReach(), MANY)
    away = trials.start - trials.target
    distance = np.linalg.norm(away, axis=-1)
    # Of 2e6 draws: distance, mean |e| per component and 10 mean e^2 of a hand that stays.
    assert_mean(distance, 0.439)
    assert_mean(np.abs(away).mean(-1), 0.2770)
    assert_mean(10 * (away**2).mean(-1), 1.2457)
    assert np.median(distance) == pytest.approx(0.411, abs=0.01)
    for joint in range(2):
        assert_uniform(trials.q[:, joint], 0, ARM.upper[joint])
    target = np.asarray(quick_jit(ARM.angles)(trials.target))
    assert not np.isnan(target).any()
    for joint in range(2):
        assert_uniform(target[:, joint], 0, ARM.upper[joint])
    everything = np.column_stack([trials.q, target])
    assert np.abs(np.corrcoef(everything.T) - np.eye(4)).max() < 4 / np.sqrt(MANY)


def test_hold_loads_are_constant_uniform_and_independent():
    trials = drawn(Hold(), MANY)
    assert trials.load.shape == (MANY, 50, 2)
    assert (trials.load == trials.load[:, :1]).all()
    for component in range(2):
        assert_uniform(trials.load[:, 0, component], -10, 10)
        assert_uniform(trials.q[:, component], 0, ARM.upper[component])
    everything = np.column_stack([trials.q, trials.load[:, 0]])
    assert np.abs(np.corrcoef(everything.T) - np.eye(4)).max() < 4 / np.sqrt(MANY)
    np.testing.assert_array_equal(trials.target, trials.start)
    np.testing.assert_allclose(trials.start, hand(trials.q), atol=1e-6)


def test_centre_out_targets_lie_on_a_circle_and_take_turns():
    trials = drawn(CentreOut(distance=0.08, directions=6), 14)
    away = trials.target - trials.start
    np.testing.assert_allclose(np.linalg.norm(away, axis=-1), 0.08, atol=1e-6)
    angle = np.degrees(np.arctan2(away[:, 1], away[:, 0])) % 360
    np.testing.assert_allclose(angle, np.arange(14) % 6 * 60, atol=1e-3)
    np.testing.assert_allclose(trials.start, np.tile(hand(np.radians([45.0, 90.0])), (14, 1)), atol=1e-6)


def test_plain_tasks_show_the_target_from_the_first_step_without_load_or_field():
    for task in (RandomReach(steps=7), CentreOut(steps=7)):
        trials = drawn(task)
        assert trials.go.shape == trials.visible.shape == (8, 7)
        assert (trials.go == 1).all() and (trials.visible == 1).all()
        assert not any(np.any(x) for x in (trials.load, trials.field, trials.dq))
        np.testing.assert_array_equal(trials.aim, np.repeat(trials.target[:, None], 7, axis=1))


def test_a_force_field_adds_its_matrix_and_nothing_else():
    inner, matrix = Hold(), ((1.0, 2.0), (3.0, 4.0))
    plain, wrapped = drawn(inner), drawn(ForceField(inner, matrix))
    alone = jax.tree.map(
        np.asarray, quick_jit(lambda key: inner.trials(ARM, key, 8))(jax_key(0, "force_field", "test"))
    )
    np.testing.assert_array_equal(wrapped.field, np.tile(matrix, (8, 1, 1)))
    for one, other in zip(wrapped._replace(field=alone.field), alone, strict=True):
        np.testing.assert_array_equal(one, other)
    assert (plain.q != wrapped.q).any()  # each task has a stream of its own


def test_fields_add_up_and_catch_trials_have_none():
    twice = drawn(ForceField(ForceField(CentreOut(), curl(3.0)), curl(4.0)))
    np.testing.assert_array_equal(twice.field, np.tile([[0.0, 7.0], [-7.0, 0.0]], (8, 1, 1)))
    off = (drawn(ForceField(catch=0.3), MANY).field == 0).all(axis=(1, 2))
    assert_mean(off.astype(float), 0.3)


def test_a_curl_field_pushes_at_right_angles():
    velocity = np.array([0.3, -0.2])
    force = np.array(curl(13.0)) @ velocity
    assert force @ velocity == pytest.approx(0, abs=1e-15)
    assert np.linalg.norm(force) == pytest.approx(13 * np.linalg.norm(velocity))
    assert np.array(curl(13.0)) @ [0.0, 1.0] == pytest.approx([13.0, 0.0])


def test_a_go_cue_comes_once_and_moves_the_aim():
    trials = drawn(GoCue(RandomReach(steps=30), earliest=5, latest=14), MANY)
    onset = trials.go.argmax(1)
    assert (np.diff(trials.go, axis=1) >= 0).all() and set(np.unique(trials.go)) == {0, 1}
    counts = np.bincount(onset, minlength=30)
    assert counts[5:15].sum() == MANY
    # Ten equally likely steps: chi-square with 9 degrees of freedom exceeds 21.7 in 1 % of samples.
    assert ((counts[5:15] - MANY / 10) ** 2 / (MANY / 10)).sum() < 21.7
    expected = np.where(trials.go[..., None] > 0, trials.target[:, None], trials.start[:, None])
    np.testing.assert_array_equal(trials.aim, expected)
    assert (trials.visible == 1).all()


def test_without_instruction_the_target_appears_with_the_cue_and_never_in_catch_trials():
    trials = drawn(GoCue(RandomReach(steps=30), earliest=0, latest=9, catch=0.25, instructed=False), MANY)
    np.testing.assert_array_equal(trials.visible, trials.go)
    caught = (trials.go == 0).all(1)
    assert_mean(caught.astype(float), 0.25)
    np.testing.assert_array_equal(trials.aim[caught], np.repeat(trials.start[caught, None], 30, axis=1))


@pytest.mark.parametrize("task", SAMPLE, ids=lambda task: task.name)
def test_the_same_stream_gives_the_same_trials_in_batches_of_any_size(task):
    eight, again, three = drawn(task), drawn(task), drawn(task, batch=3)
    for one, same, fewer in zip(eight, again, three, strict=True):
        np.testing.assert_array_equal(one, same)
        np.testing.assert_array_equal(one[:3], fewer)


@pytest.mark.parametrize("change", [{"seed": 1}, {"purpose": "training"}])
def test_seeds_and_purposes_have_streams_of_their_own(change):
    assert (drawn(RandomReach()).q != drawn(RandomReach(), **change).q).all()


def test_keys_are_those_of_the_streams_of_the_project():
    word = int(stream_key(3, "reach", "training"))
    key = jax_key(3, "reach", "training")
    assert jax.random.key_data(key).tolist() == [word >> 32, word & 0xFFFFFFFF]
    # The generator is named, so that the numbers do not depend on JAX's default.
    assert str(jax.random.key_impl(key)) == "threefry2x32"


@pytest.mark.parametrize("task", [*SAMPLE, RandomReach()], ids=lambda task: task.name)
def test_trials_start_where_they_say_and_within_reach(task):
    trials = drawn(task)
    np.testing.assert_allclose(trials.start, hand(trials.q), atol=1e-6)
    assert not np.isnan(quick_jit(ARM.angles)(trials.target)).any()
    steps = trials.go.shape[1]
    shapes = [x.shape for x in trials]
    assert shapes == [*4 * [(8, 2)], (8, steps), (8, steps), (8, steps, 2), (8, 2, 2)]


def test_a_task_of_ones_own_is_a_few_lines():
    class Rest(Task):
        name = "rest"

        def trial(self, limb, key, number):
            return RandomReach(steps=2).trial(limb, key, number)

    assert drawn(Rest(), 2).go.shape == (2, 2)


def test_every_task_is_found_by_name_and_needs_no_settings():
    assert {name: type(TASKS.get(name)()) for name in TASKS} == {
        "centre_out": CentreOut,
        "force_field": ForceField,
        "go_cue": GoCue,
        "hold": Hold,
        "random_reach": RandomReach,
    }


def test_an_unknown_task_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"unknown task 'center_out': did you mean 'centre_out'\?"):
        TASKS.get("center_out")


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda: RandomReach(steps=0), "RandomReach.steps = 0: a trial lasts at least 1 step"),
        (lambda: Hold(max_force=-1.0), "Hold.max_force = -1.0 N: must be finite and at least 0"),
        (lambda: Hold(max_force=float("nan")), "Hold.max_force = nan N"),
        (lambda: CentreOut(directions=0), "CentreOut.directions = 0: must be at least 1"),
        (lambda: CentreOut(distance=0.0), "CentreOut.distance = 0.0 m: must be finite and above 0"),
        (
            lambda: drawn(CentreOut(distance=0.3)),
            "CentreOut.distance = 0.3 m: target 1 at (0.195, 0.666) m is out of reach",
        ),
        (
            lambda: drawn(CentreOut(posture=(-0.1, 1.0))),
            "CentreOut.posture = (-0.1, 1.0) rad: outside the joint limits",
        ),
        (lambda: drawn(ForceField(GoCue(CentreOut(distance=1.0)))), "CentreOut.distance = 1.0 m: target 0"),
        (lambda: ForceField(matrix=((1.0, 2.0),)), "ForceField.matrix = ((1.0, 2.0),): must be 2 by 2"),
        (lambda: ForceField(matrix=curl(float("inf"))), "must be 2 by 2 and finite (N s/m)"),
        (lambda: ForceField(catch=1.5), "ForceField.catch = 1.5: must be between 0 and 1"),
        (
            lambda: GoCue(earliest=5, latest=4),
            "GoCue: earliest = 5, latest = 4; 0 <= earliest <= latest must hold",
        ),
        (lambda: drawn(GoCue(RandomReach(steps=50))), "GoCue.latest = 50: a trial ends after step 49"),
        (lambda: drawn(RandomReach(), batch=0), "RandomReach.trials: batch = 0; ask for at least 1 trial"),
        (lambda: jax_key(-1, "reach", "test"), "seed: -1 is negative"),
    ],
)
def test_bad_input_is_refused_in_one_line(do, message):
    with pytest.raises(DescriptionError, match=re.escape(message)) as caught:
        do()
    assert "\n" not in str(caught.value)


def test_another_limb_can_do_the_tasks():
    short = TwoLink(length=(0.2, 0.2), lower=(-1.0, 0.1))
    key = jax_key(0, "reach", "test")
    trials = quick_jit(lambda key: RandomReach().trials(short, key, 64))(key)
    assert (np.asarray(trials.q) >= [-1.0, 0.1]).all() and trials.q[:, 0].min() < 0
    assert (np.linalg.norm(trials.target, axis=-1) <= 0.4).all()
