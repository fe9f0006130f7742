"""Phases, branches, streams with state, stages, evaluation: what changes, what stays, what is refused."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from neurosim.errors import RunFailed, UnknownNameError, UsageError
from neurosim.learning.bptt import Model, Objective, accuracy, mean_square, softmax_cross_entropy
from neurosim.learning.protocol import (
    AtEnd,
    Descend,
    Evaluation,
    Every,
    Fresh,
    Learner,
    Logarithmic,
    Phase,
    Shuffled,
    Stages,
    matrix,
)

START = {"a": np.array([1.0, 2.0]), "b": np.array([-1.0, 3.0])}


def given(parameters, batch, key):
    return parameters


def to(p, batch):
    return 0.5 * sum(jnp.sum((value - batch) ** 2) for value in p.values())


def size(p, batch):
    return 0.5 * sum(jnp.sum(value**2) for value in p.values())


@partial(jax.tree_util.register_dataclass, data_fields=["goal"], meta_fields=[])
@dataclass(frozen=True)
class Goal:
    """A stream without state whose argument is where to go."""

    goal: float

    def draw(self, key, step):
        return jnp.asarray(self.goal, jnp.float32)


@partial(jax.tree_util.register_dataclass, data_fields=["drift"], meta_fields=[])
@dataclass(frozen=True)
class Walk:
    """A stream whose state is where it has walked to."""

    drift: float

    def start(self, key):
        return jnp.float32(0)

    def next(self, state, key, step):
        state = state + self.drift + 0.1 * jax.random.normal(jax.random.fold_in(key, step))
        return state, state


def learner_of(optimiser=None, batches=None, objective=None, **options):
    return Learner(
        Model(lambda seed: START, given),
        Descend(objective or Objective({"to": to}), optimiser or optax.adam(0.05)),
        batches=Goal(1.0) if batches is None else batches,
        **{"every": 10, **options},
    )


def same(one, other):
    left, right = one.arrays(), other.arrays()
    assert left.keys() == right.keys()
    for name, value in left.items():
        np.testing.assert_array_equal(value, right[name], err_msg=name)


# Phases -------------------------------------------------------------------------------------------------------------


def test_a_protocol_of_phases_is_one_program_and_factors_of_one_change_no_bit():
    learner = learner_of()
    free = learner.train(30, [0, 1])
    same(learner.train(30, [0, 1], phase=Phase(rates={"*": 1.0})), free)
    training = learner.train(10, [0, 1])
    frozen = learner.train(20, after=training, phase=Phase(rates={"b": 0.0}))
    np.testing.assert_array_equal(frozen.last["b"], training.last["b"])
    for moment in ("mu", "nu"):
        before, after = (getattr(t.carry.states["Descend"][0], moment) for t in (training, frozen))
        np.testing.assert_array_equal(before["b"], after["b"])
        assert (np.asarray(before["a"]) != np.asarray(after["a"])).any()
    moved = learner.train(30, after=frozen, phase=Phase(Goal(5.0), losses={"loss": {"to": 2.0}}))
    np.testing.assert_allclose(
        moved.losses["loss"][0, 20], 2 * to({n: v[0] for n, v in frozen.last.items()}, 5.0), rtol=1e-5
    )
    assert learner.programs == 1


def test_a_branch_is_the_run_that_did_not_branch():
    learner = learner_of()
    trunk = learner.train(10)
    other = learner.train(30, after=trunk, phase=Phase(Goal(-3.0)))
    same(learner.train(30, after=trunk), learner.train(30))
    assert np.abs(other.last["a"] - trunk.last["a"]).min() > 0.1
    renewed = learner.renewed(other)
    assert renewed.step == 0 and np.array_equal(renewed.last["a"], other.last["a"])
    assert not np.asarray(renewed.carry.states["Descend"][0].mu["a"]).any()


def test_a_factor_of_an_arrays_shape_counts_for_each_entry():
    learner = learner_of(optax.sgd(0.1))
    training = learner.train(1, phase=Phase(rates={"a": [0.0, 0.5]}))
    np.testing.assert_allclose(training.last["a"], [1.0, 2.0 - 0.05], rtol=1e-6)


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (lambda: learner_of(objective=Objective({"to": to}, {"loss": {"to": 2.0}})), "weights of terms"),
        (lambda: learner_of(optax.sgd(0.1)), "states of parts"),
        (lambda: learner_of(objective=Objective({"size": size})), "terms"),
    ],
)
def test_a_training_of_another_learner_is_refused_in_one_line(other, what):
    with pytest.raises(UsageError, match=f"after: a training of another learner: its {what} are ") as caught:
        other().train(20, after=learner_of().train(0))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("phase", "error", "match"),
    [
        (
            Phase(rates={"aa": 0.0}),
            UnknownNameError,
            "Phase.rates: 'aa': no such parameter: did you mean 'a'",
        ),
        (Phase(rates={"a": [1.0]}), UsageError, r"'a' has shape \(1,\), 'a' has \(2,\): give one number"),
        (Phase(rates={"a": -1.0}), UsageError, "give finite factors from 0"),
        (Phase(losses={"los": {}}), UnknownNameError, "Phase.losses: 'los': did you mean 'loss'"),
        (Phase(losses={"loss": {"two": 1}}), UnknownNameError, "loss 'loss': term 'two'"),
        (
            Phase(Fresh(lambda key: jnp.ones(2))),
            UsageError,
            "Fresh: its batch has at '' float32 of 1 axes, the",
        ),
    ],
)
def test_a_phase_that_does_not_fit_is_refused_in_one_line(phase, error, match):
    with pytest.raises(error, match=match) as caught:
        learner_of().train(1, phase=phase)
    assert "\n" not in str(caught.value)


def test_a_frozen_parameter_with_weight_decay_is_refused():
    decaying = optax.chain(optax.add_decayed_weights(0.1), optax.sgd(0.1))
    with pytest.raises(UsageError, match="'b' is frozen, but its optimiser changes it without a gradient"):
        learner_of(decaying).train(1, phase=Phase(rates={"b": 0.0}))
    masked = optax.chain(optax.add_decayed_weights(0.1, {"a": True, "b": False}), optax.sgd(0.1))
    assert learner_of(masked).train(1, phase=Phase(rates={"b": 0.0})).step == 1


# Streams ------------------------------------------------------------------------------------------------------------


def test_a_stream_keeps_its_state_through_phases_and_checkpoints(tmp_path):
    path = tmp_path / "training.h5"
    learner = learner_of(optax.sgd(0.1), Walk(0.5))
    whole = learner.train(24, [3, 4])
    assert (np.asarray(whole.carry.stream) > 10).all()
    learner.train(13, [3, 4], checkpoint=path)
    same(learner.train(24, after=learner_of(optax.sgd(0.1), Walk(0.5)).load(path)), whole)
    back = learner.train(48, after=whole, phase=Phase(Walk(-0.5)))
    assert (
        np.abs(np.asarray(back.carry.stream)) < 3
    ).all() and learner.programs == 2  # a count of seeds each


def test_a_stream_whose_state_changes_shape_is_refused():
    class Growing(Walk):
        def next(self, state, key, step):
            return jnp.append(state, 0.0), state

    jax.tree_util.register_static(Growing)
    with pytest.raises(UsageError, match="stream Growing: its state changes from"):
        learner_of(batches=Growing(0.0)).train(1)
    with pytest.raises(UsageError, match="batches that take turns have no state"):
        learner_of(batches=[Walk(0.0), Walk(1.0)]).train(1)


def test_the_last_partial_batch_is_used_and_only_what_counts_is_counted():
    source = Shuffled({"x": np.arange(10.0)}, 4, partial=True)
    batches = [source.draw(jax.random.key(0), n) for n in range(3)]
    counted = np.concatenate([np.asarray(b["x"])[np.asarray(b["counts"]) > 0] for b in batches])
    assert sorted(counted) == list(range(10)) and source.per_epoch == 3
    y = jnp.arange(4.0)[:, None, None]
    batch = {"target": jnp.zeros((4, 1, 1)), "counts": jnp.array([1.0, 1.0, 0.0, 0.0])}
    assert mean_square("y")({"y": y}, batch) == 0.5
    with pytest.raises(UsageError, match=r"Shuffled\.partial: data must be a mapping"):
        Shuffled(np.arange(3), 2, partial=True)


# Evaluation and stages ------------------------------------------------------------------------------------------------

FAR = {"far": lambda p, batch: jnp.abs(p["a"] - batch).max()}


def test_evaluations_have_spacings_of_their_own_and_change_nothing():
    learner = learner_of(optax.sgd(0.1), every=25)
    evaluations = {
        "every": Evaluation(Goal(1.0), FAR, Every(20)),
        "log": Evaluation(Goal(1.0), FAR, Logarithmic(2, first=3)),
        "end": Evaluation(Goal(-1.0), FAR),
    }
    training = learner.train(60, [0, 1], evaluations=evaluations)
    steps = {name: training.measures(name).steps.tolist() for name in evaluations}
    assert steps == {"every": [0, 20, 40, 60], "log": [0, 3, 9, 30], "end": [60]}
    values = training.measures("every").values["far"]
    np.testing.assert_allclose(values, np.tile(0.9 ** np.arange(0, 61, 20), (2, 1)), atol=1e-6)
    np.testing.assert_array_equal(training.rows, learner.train(60, [0, 1]).rows)
    with pytest.raises(UnknownNameError, match="evaluation 'ends': did you mean 'end'"):
        training.measures("ends")


def tasks():
    for goal in (1.0, 3.0, -2.0):
        yield 20, Phase(Goal(goal))


TASKS = {f"task {goal:g}": Evaluation(Goal(goal), FAR) for goal in (1.0, 3.0, -2.0)}


def test_a_matrix_of_tasks_falls_out_of_stages():
    training = Stages(learner_of(optax.sgd(0.5)), list(tasks()), TASKS).train()
    assert training.stages.tolist() == [20, 40, 60]
    found = matrix({name: training.measures(name) for name in TASKS}, "far", training.stages)
    np.testing.assert_allclose(found, [[0, 2, 3], [2, 0, 5], [3, 5, 0]], atol=1e-3)


FROM = {"far": lambda p, batch: jnp.abs(p["a"] - batch[0]).max()}


def curriculum():
    """Goals that recede as soon as one is reached, up to 3, for ten stages; the batch gets wider twice."""
    goal, width = 1.0, 2
    for stage in range(10):
        measured = yield 10, Phase(Wide(goal, width)), {"near": Evaluation(Wide(goal, 2), FROM)}
        goal += 1.0 * (measured["near"]["far"] < 0.5 and measured["first"]["far"] < 1.5)
        width += 1 * (stage in (3, 6))


@partial(jax.tree_util.register_dataclass, data_fields=["goal"], meta_fields=["width"])
@dataclass(frozen=True)
class Wide:
    """A stream of batches of a width."""

    goal: float
    width: int

    def draw(self, key, step):
        return jnp.full(self.width, self.goal, jnp.float32)


def wide(p, batch):
    return 0.5 * jnp.sum((p["a"][:, None] - batch) ** 2 / len(batch)) + 0.5 * jnp.sum(p["b"] ** 2)


def test_a_curriculum_of_ten_stages_compiles_three_times_and_resumes_bit_for_bit(tmp_path):
    path = tmp_path / "stages.h5"
    objective = Objective({"wide": wide})
    evaluations = {"first": Evaluation(Wide(1.0, 2), FROM)}

    def stages():
        return Stages(learner_of(optax.sgd(0.3), Wide(1.0, 2), objective), curriculum, evaluations)

    first = stages()
    whole = first.train()
    assert len(whole.stages) == 10 and first.learner.programs == 3
    # Each stage measures its own goal, beside the first that all measure.
    near, distance = (whole.measures(name).values["far"] for name in ("near", "first"))
    np.testing.assert_allclose(distance, [0, 1, *[2] * 8], atol=0.1)
    assert near.max() < 0.1
    first.train(at_most=4, checkpoint=path)
    again = stages()
    resumed = again.train(after=again.learner.load(path))
    same(resumed, whole)


def test_what_cannot_be_measured_or_staged_is_refused():
    with pytest.raises(UsageError, match=r"Evaluation\.measures: there are none"):
        Evaluation(Goal(0.0), {})
    with pytest.raises(UsageError, match=r"Every\.steps = 0"):
        Every(0)
    with pytest.raises(UsageError, match=r"Logarithmic\.first = 0"):
        Logarithmic(first=0)
    with pytest.raises(UsageError, match=r"Stages\.plan: there are no stages"):
        Stages(learner_of(), [])
    assert AtEnd().following(3) is None


@pytest.mark.parametrize("wrong", [3, -1])
def test_labels_without_an_output_are_refused_and_never_learned_from(wrong):
    labelled = Model(
        lambda seed: {"w": np.ones(3)}, lambda p, batch, key: {"y": batch["x"][:, None] * p["w"]}, ("w",)
    )
    data = {"x": np.ones((4, 3)), "label": np.array([0, 1, wrong, 2])}
    term = softmax_cross_entropy("y")
    learner = Learner(labelled, Descend(term, optax.sgd(0.1)), batches=Shuffled(data, 4), every=5)
    with pytest.raises(
        UsageError, match=rf"batch 'label': label {wrong} of trial 2, but 'y' has 3 units: give"
    ) as caught:
        learner.train(1)
    assert "\n" not in str(caught.value)
    fresh = Learner(labelled, Descend(term, optax.sgd(0.1)), batches=Fresh(lambda key: data), every=5)
    with pytest.raises(RunFailed, match="term 'loss' is nan"):
        fresh.train(1)
    assert np.isnan(accuracy("y")({"y": np.ones((4, 1, 3))}, data))


def test_labels_of_every_step_count_as_a_mask_says():
    y = np.random.default_rng(2).normal(size=(2, 3, 4))
    label, mask = np.array([[0, 1, 9], [3, -1, 2]]), np.array([[1.0, 2.0, 0.0], [0.5, 0.0, 1.0]])
    logarithms = y - np.log(np.exp(y).sum(-1, keepdims=True))
    places = [(0, 0, 0, 1.0), (0, 1, 1, 2.0), (1, 0, 3, 0.5), (1, 2, 2, 1.0)]
    entropy = -sum(w * logarithms[trial, step, unit] for trial, step, unit, w in places) / 4.5
    right = sum(w * (y[trial, step].argmax() == unit) for trial, step, unit, w in places) / 4.5
    batch = {"label": label, "mask": mask}
    assert softmax_cross_entropy("y", mask="mask")({"y": y}, batch) == pytest.approx(entropy, rel=1e-5)
    assert accuracy("y", mask="mask")({"y": y}, batch) == pytest.approx(right)
    # Without a mask all count: those of the last step alone, or of every step, as their shape says.
    within = np.clip(label, 0, 3)
    every = -np.take_along_axis(logarithms, within[..., None], -1)
    assert softmax_cross_entropy("y")({"y": y}, {"label": within}) == pytest.approx(every.mean(), rel=1e-5)
    last = softmax_cross_entropy("y")({"y": y}, {"label": within[:, -1]})
    assert last == pytest.approx(every[:, -1].mean(), rel=1e-5)
    term, shapes = softmax_cross_entropy("y", mask="mask"), {"y": y}
    term.require(shapes, batch)
    with pytest.raises(UsageError, match="label 9 of trial 0"):
        term.require(shapes, {**batch, "mask": np.ones((2, 3))})
    with pytest.raises(UsageError, match=r"batch 'mask' has shape \(2,\), must have \(2, 3\)"):
        term.require(shapes, {**batch, "mask": np.ones(2)})
