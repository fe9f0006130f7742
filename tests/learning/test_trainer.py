"""Training of plain functions: closed forms of descent, mixing, seeds, early stopping, checkpoints, refusals."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from neurosim.errors import DescriptionError, ResultFileError, RunFailed, UnknownNameError, UsageError
from neurosim.learning.bptt import Model, Objective, anchored, clip_each, scale_each
from neurosim.learning.protocol import Descend, Fresh, Learner, Shuffled, Validation

START = {"left": np.array([1.0, 2.0]), "right": np.array(-1.0), "shared": np.array([[3.0]])}
RATE = 0.1


def given(parameters, batch, key):
    return parameters


def to_one(p, batch):
    return 0.5 * sum(jnp.sum((value - 1) ** 2) for value in p.values())


def to_zero(p, batch):
    return 0.5 * sum(jnp.sum(value**2) for value in p.values())


def nothing(key):
    return ()


def learner_of(terms, model=None, optimiser=None, losses=None, mix=None, batches=None, **options):
    return Learner(
        model or Model(lambda seed: START, given),
        Descend(Objective(terms, losses or {}, mix or {}), optimiser or optax.sgd(RATE)),
        batches=Fresh(nothing) if batches is None else batches,
        **options,
    )


def noisy_regression(**options):
    """A line through noisy points, from a start that depends on the seed."""

    def points(key):
        x, noise = jax.random.normal(key, (2, 16))
        return x, 2 * x + 0.1 * noise

    model = Model(
        lambda seed: {"slope": np.array(float(seed)), "offset": np.array(0.5)},
        lambda p, batch, key: p["slope"] * batch[0] + p["offset"] + 0.01 * jax.random.normal(key, (16,)),
    )
    terms = {"error": lambda y, batch: jnp.mean((y - batch[1]) ** 2)}
    return learner_of(terms, model, optax.adam(0.05), batches=Fresh(points), every=7, **options)


# Descent and mixing -------------------------------------------------------------------------------------------------


def test_gradient_descent_of_a_bowl_is_its_closed_form():
    training = learner_of({"bowl": to_one}, every=10).train(25)
    for name, value in START.items():
        np.testing.assert_allclose(
            training.parameters[name], 1 + (value - 1) * (1 - RATE) ** 25, rtol=1e-5, err_msg=name
        )
    first = to_one(START, None)
    np.testing.assert_allclose(training.losses["loss"], first * (1 - RATE) ** (2 * np.arange(25)), rtol=1e-4)
    assert training.terms["bowl"].shape == training.gradient_norms["left"].shape == (25,)
    np.testing.assert_allclose(training.gradient_norms["right"][0], 2.0)


def test_each_parameter_follows_its_share_of_the_losses():
    losses = {"one": {"one": 1.0}, "zero": {"zero": 3.0}, "seen": {"one": 1.0, "zero": 1.0}}
    mix = {"left": {"one": 1.0}, "right": {"zero": 1.0}, "*": {"one": 0.5, "zero": 0.5}}
    training = learner_of({"one": to_one, "zero": to_zero}, losses=losses, mix=mix).train(1)
    left, right, shared = START.values()
    slopes = {"left": left - 1, "right": 3 * right, "shared": 0.5 * (shared - 1) + 0.5 * 3 * shared}
    for name, slope in slopes.items():
        np.testing.assert_allclose(training.parameters[name], START[name] - RATE * slope, rtol=1e-6)
    total = to_one(START, None) + to_zero(START, None)
    np.testing.assert_allclose(training.losses["seen"], [total], rtol=1e-6)


def test_weights_and_shares_may_differ_between_seeds():
    losses = {"one": {"one": [1.0, 0.0, 1.0]}, "zero": {"zero": [0.0, 2.0, 2.0]}}
    mix = {"left": {"one": 1.0, "zero": 1.0}, "*": {"zero": [0.0, 0.0, 1.0]}}
    training = learner_of({"one": to_one, "zero": to_zero}, losses=losses, mix=mix).train(1, seeds=[0, 0, 0])
    left, right, _ = START.values()
    expected = [left - RATE * (left - 1), left - RATE * 2 * left, left - RATE * (left - 1 + 2 * left)]
    np.testing.assert_allclose(training.parameters["left"], expected, rtol=1e-6)
    np.testing.assert_allclose(
        training.parameters["right"], [right, right, right - RATE * 2 * right], rtol=1e-6
    )


def test_parameters_that_are_not_trained_stay():
    model = Model(lambda seed: START, given, trainable=("left",))
    assert learner_of({"bowl": to_one}, model).train(3).parameters.keys() == {"left"}


def test_a_projection_holds_after_every_update():
    model = Model(lambda seed: START, given, project=partial(jax.tree.map, lambda x: jnp.maximum(x, 0.5)))
    parameters = learner_of({"bowl": to_zero}, model).train(40).parameters
    assert parameters["left"].min() == 0.5 == parameters["right"] == parameters["shared"]


def test_an_anchor_pulls_towards_the_start():
    pull = anchored(0.5)
    state = pull.init({"w": np.array([1.0, 2.0])})
    found, state = pull.update({"w": np.array([0.1, 0.0])}, state, {"w": np.array([3.0, 2.0])})
    np.testing.assert_allclose(found["w"], [0.1 + 0.5 * 2.0, 0.0])
    np.testing.assert_array_equal(state["w"], [1.0, 2.0])
    with pytest.raises(DescriptionError, match="strength = -1: must not be negative"):
        anchored(-1)


def test_clipping_and_scaling_go_by_parameter():
    steps = optax.chain(clip_each(0.5), optax.sgd(1.0), scale_each({"sh*": 0.1}))
    parameters = learner_of({"bowl": to_zero}, optimiser=steps).train(1).parameters
    np.testing.assert_allclose(parameters["left"], START["left"] * (1 - 0.5 / np.sqrt(5)), rtol=1e-6)
    np.testing.assert_allclose(parameters["right"], -0.5, rtol=1e-6)
    np.testing.assert_allclose(parameters["shared"], [[3 - 0.05]], rtol=1e-6)


# Seeds --------------------------------------------------------------------------------------------------------------


def test_many_seeds_at_once_are_each_alone():
    learner = noisy_regression()
    together = learner.train(30, seeds=[3, 0, 1])
    assert together.losses["loss"].shape == (3, 30)
    for row, seed in enumerate((3, 0, 1)):
        alone = learner.train(30, seeds=seed)
        for name, value in alone.parameters.items():
            np.testing.assert_allclose(together.parameters[name][row], value, rtol=1e-5, atol=1e-6)
    assert np.ptp(together.losses["loss"][:, -1]) > 0


def test_what_varies_between_seeds_may_be_given():
    model = Model(lambda seed: START, given, trainable=("left",))

    def to_right(p, batch):
        return jnp.sum((p["left"] - p["right"]) ** 2)

    values = [0.0, 5.0]
    training = learner_of({"bowl": to_right}, model, every=50).train(
        50, seeds=[0, 0], vary={"right": values, "left": np.ones((2, 2))}
    )
    np.testing.assert_allclose(training.parameters["left"], np.repeat(values, 2).reshape(2, 2), atol=1e-3)
    np.testing.assert_allclose(training.losses["loss"][:, 0], [2.0, 32.0])


def test_the_same_seed_gives_the_same_training():
    one, other = (noisy_regression().train(20, seeds=4) for _ in range(2))
    np.testing.assert_array_equal(one.losses["loss"], other.losses["loss"])
    assert not np.array_equal(one.losses["loss"], noisy_regression().train(20, seeds=5).losses["loss"])


# Going on -----------------------------------------------------------------------------------------------------------


def same_bits(one, other):
    left, right = one.arrays(), other.arrays()
    assert left.keys() == right.keys()
    for name, value in left.items():
        np.testing.assert_array_equal(value, right[name], err_msg=name)


@pytest.mark.parametrize("seeds", [2, [2, 0]])
def test_going_on_from_a_checkpoint_gives_the_bits_of_not_stopping(tmp_path, seeds):
    path = tmp_path / "training.h5"
    validation = Validation(noisy_regression().batches)
    whole = noisy_regression(validation=validation).train(40, seeds)
    noisy_regression(validation=validation).train(11, seeds, checkpoint=path)  # in the middle of an interval
    learner = noisy_regression(validation=validation)
    stopped = learner.load(path)
    assert stopped.step == 11
    same_bits(learner.train(40, after=stopped), whole)
    same_bits(noisy_regression(validation=validation).train(40, after=learner.train(14, seeds)), whole)


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    path = tmp_path / "training.h5"
    noisy_regression().train(7, checkpoint=path)
    with pytest.raises(UsageError, match="checkpoint: '.*is (missing|not of this training)"):
        learner_of({"bowl": to_one}).load(path)
    known = noisy_regression()
    (part,) = known.parts
    objective = Objective(part.objective.terms, {"loss": {"error": 2.0}})
    other = Learner(known.model, Descend(objective, part.optimiser), batches=known.batches)
    with pytest.raises(UsageError, match="another's"):
        other.load(path)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ResultFileError, match="truncated"):
        noisy_regression().load(path)


# Validation ---------------------------------------------------------------------------------------------------------


def test_validation_keeps_the_best_parameters_and_stops():
    """Training pulls to 0; validation, measured on the way, is best near 0.5."""
    terms = {"zero": to_zero, "half": lambda p, b: jnp.sum((p["x"] - 0.5) ** 2)}
    losses = {"zero": {"zero": 1.0}, "half": {"half": 1.0}}
    model = Model(lambda seed: {"x": np.array(1.0 + 3 * seed)}, given)
    validation = Validation(Fresh(nothing), "half", patience=3)
    learner = learner_of(
        terms, model, losses=losses, mix={"*": {"zero": 1.0}}, validation=validation, every=1
    )
    training = learner.train(100, seeds=[0, 1])
    for seed in (0, 1):
        path = (1.0 + 3 * seed) * (1 - RATE) ** np.arange(1, 101)
        best = int(np.argmin((path - 0.5) ** 2))
        assert training.stopped[seed] == best + 1 + 3
        np.testing.assert_allclose(training.parameters["x"][seed], path[best], rtol=1e-5)
        np.testing.assert_allclose(training.last["x"][seed], path[best + 3], rtol=1e-5)
    assert training.step == training.stopped.max() < 100
    assert training.validation["half"].shape == (2, training.step)


def test_progress_is_reported_at_every_interval():
    seen = []
    noisy_regression(validation=Validation(noisy_regression().batches)).train(20, progress=seen.append)
    assert [(p.step, p.steps) for p in seen] == [(7, 20), (14, 20), (20, 20)]
    assert seen[0].losses["loss"].shape == seen[0].validation["loss"].shape == (1,)


# One compiled program -----------------------------------------------------------------------------------------------


def test_all_steps_share_one_program_and_each_shape_of_batches_adds_one():
    traced = []

    def outcome(p, batch, key):
        traced.append(batch.shape)
        return p["right"] * batch

    def far(y, batch):
        return jnp.mean((y - batch) ** 2)

    model = Model(lambda seed: START, outcome, trainable=("right",))
    sets = [Shuffled(np.ones((9, length)), 3) for length in (4, 6, 4)]
    learner = learner_of({"far": far}, model, batches=sets, every=5)
    learner.train(3)
    before = learner.programs
    learner.train(47)
    assert (before, learner.programs) == (1, 2)
    assert set(traced) == {(3, 4), (3, 6)}


def test_a_shuffled_set_gives_every_trial_once_per_epoch():
    source = Shuffled({"x": np.arange(12)}, 4)
    key = jax.random.key(0)
    epochs = [np.concatenate([source.draw(key, 3 * e + b)["x"] for b in range(3)]) for e in range(3)]
    assert all(sorted(epoch) == list(range(12)) for epoch in epochs)
    assert not np.array_equal(epochs[0], epochs[1])


# Bad input ----------------------------------------------------------------------------------------------------------


def test_a_loss_that_is_not_finite_stops_with_step_parameter_and_checkpoint(tmp_path):
    path = tmp_path / "good.h5"

    def square_root(p, batch):
        return jnp.sqrt(p["right"]) + jnp.sum(p["left"] ** 2)

    model = Model(lambda seed: {"left": np.ones(2), "right": np.array(1.0)}, given)
    learner = learner_of({"root": square_root}, model, optax.sgd(0.2), every=3)
    with pytest.raises(RunFailed) as caught:
        learner.train(100, checkpoint=path)
    message = str(caught.value)
    steps = learner.load(path).step
    x, failing = 1.0, 0  # the same descent by hand
    while x >= 0:
        x, failing = x - 0.2 * 0.5 / np.sqrt(x), failing + 1
    assert steps == failing // 3 * 3
    assert f"step {failing}, seed 0: term 'root' is nan; first in 'right'" in message
    assert f"{path} holds the last good state" in message
    assert "\n" not in message
    assert np.isfinite(learner.load(path).parameters["right"])


def test_a_loss_that_explodes_stops():
    learner = learner_of({"bowl": to_zero}, optimiser=optax.sgd(3.0), limit=1e3)
    with pytest.raises(RunFailed, match="step 5, seed 0: the loss exploded; first in '"):
        learner.train(100)


@pytest.mark.parametrize(
    ("term", "match"),
    [
        (
            lambda p, b: jnp.sum(jnp.round(p["left"])) + p["right"] ** 2,
            "no gradient reaches 'left': .*rounding",
        ),
        (lambda p, b: jnp.where(p["right"] > 0, 1.0, 2.0) + p["left"].sum(), "no gradient reaches 'right'"),
        (lambda p, b: p["left"] + p["right"], r"term 'bad' returns float32 of shape \(2,\): return one real"),
        (lambda p, b: (p["right"],), "term 'bad' returns tuple"),
        (lambda p, b: jnp.int32(3), "term 'bad' returns int32"),
    ],
)
def test_what_cannot_be_differentiated_is_named_before_training(term, match):
    model = Model(lambda seed: {"left": np.ones(2), "right": np.array(1.0)}, given)
    seen = []
    with pytest.raises(DescriptionError, match=match):
        learner_of({"bad": term}, model).train(5, progress=seen.append)
    assert seen == []


def test_a_gradient_that_happens_to_be_zero_is_no_reason_to_refuse():
    model = Model(lambda seed: {"x": np.array(0.0), "y": np.array(0.0)}, given)
    training = learner_of({"product": lambda p, b: (p["x"] * p["y"] - 1) ** 2}, model).train(1)
    assert training.step == 1 and all(np.all(value == 0) for value in training.last.values())


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: learner_of({}), UsageError, "Objective.terms: there are none"),
        (lambda: learner_of({"a": to_one}, losses={"l": {"b": 1.0}}), UnknownNameError, "loss 'l': term 'b'"),
        (
            lambda: learner_of({"a": to_one}, mix={"left": {"b": 1}}),
            UnknownNameError,
            "mix of 'left': loss 'b'",
        ),
        (
            lambda: learner_of({"a": to_one}, mix={"up": {"loss": 1}}).train(1),
            UnknownNameError,
            "mix of 'up'",
        ),
        (
            lambda: learner_of({"a": to_one}, mix={"left": {"loss": 1}}).train(1),
            UsageError,
            "fits parameter 'right'",
        ),
        (
            lambda: learner_of({"a": to_one}, losses={"l": {"a": [1, 2]}}).train(1, [0, 1, 2]),
            UsageError,
            r"loss 'l': 'a' = \[1.0, 2.0\]: give one",
        ),
        (
            lambda: learner_of({"a": to_one}, validation=Validation(Fresh(nothing), "b")),
            UnknownNameError,
            "Validation.loss 'b'",
        ),
        (lambda: Validation(Fresh(nothing), patience=0), UsageError, "patience = 0"),
        (lambda: learner_of({"a": to_one}, every=0), UsageError, "Learner.every = 0"),
        (lambda: learner_of({"a": to_one}, batches=[]), UsageError, "Learner.batches: there are none"),
        (
            lambda: learner_of({"a": to_one}, Model(lambda s: START, given, ("lift",))).train(1),
            UnknownNameError,
            "trainable parameter 'lift'",
        ),
        (
            lambda: learner_of({"a": to_one}, Model(lambda s: {"z": np.array(1j)}, given)).train(1),
            UsageError,
            "'z' is complex",
        ),
        (
            lambda: learner_of({"a": to_one}).train(1, [0, 1], vary={"up": [1, 2]}),
            UnknownNameError,
            "vary: .*'up'",
        ),
        (
            lambda: learner_of({"a": to_one}).train(1, [0, 1], vary={"left": [1, 2, 3]}),
            UsageError,
            "seeds first",
        ),
        (lambda: Shuffled({"x": np.ones(3), "y": np.ones(4)}, 2), UsageError, "give each as many"),
        (lambda: Shuffled(np.ones(3), 4), UsageError, "Shuffled.size = 4 of 3 trials"),
        (lambda: clip_each(0.0), DescriptionError, "max_norm = 0.0"),
        (
            lambda: learner_of({"a": to_one}, optimiser=scale_each({"up": 1.0})).train(1),
            UnknownNameError,
            "scale_each: 'up'",
        ),
    ],
)
def test_bad_input_is_one_line(make, error, match):
    with pytest.raises(error, match=match) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_one_batch_of_all_trials_is_in_their_order():
    data = {"x": np.arange(5.0), "y": np.arange(10.0).reshape(5, 2)}
    for step in range(2):
        drawn = Shuffled(data, 5).draw(jax.random.key(0), step)
        for name, value in data.items():
            np.testing.assert_array_equal(drawn[name], value)
