"""Clamps in training: units, directions, columns, replays, weights; off is nothing; what is held has no gradient."""

import jax
import numpy as np
import optax
import pytest
from brian2 import ms

from neurosim import AllToAll, Clamp, Column, Network, Normal, Population, Projection, Recorder, Replay
from neurosim.engines.jax.held import Held
from neurosim.errors import DescriptionError, EngineRefusal, UnknownNameError, UsageError
from neurosim.learning.bptt import mean_square, network_model
from neurosim.learning.protocol import Descend, Learner, Phase, Shuffled
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.synapses import Graded

CLAMPABLE = ("h.output", "r.r", "out.w")


def network():
    return Network("clamped", 10 * ms).add(
        Population("x", 2, Signal()),
        Population("h", 3, GradedUnit(transfer="tanh")),
        Population("r", 2, LeakyRate(tau=40 * ms)),
        Population("y", 1, GradedUnit(transfer="identity")),
        Projection("in", "x", "h", Graded(), AllToAll(), Normal(0, 1)),
        Projection("mid", "h", "r", Graded(), AllToAll(), Normal(0, 1)),
        Projection("out", "r", "y", Graded(), AllToAll(), Normal(0, 1)),
        Recorder("y", "output"),
    )


TRAINED = ("in.w", "mid.w", "out.w")
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(4, 6, 2))
BATCH = {"inputs": {"x": X}, "target": DRAW.normal(size=(4, 6, 1)), "level": DRAW.normal(size=(4, 6, 3)),
         "gate": (np.arange(6) < 3) * np.ones((4, 1))}  # fmt: skip


def learner_of(clampable=CLAMPABLE):
    model = network_model(network(), TRAINED, clampable=clampable)
    return Learner(
        model, Descend(mean_square("y.output"), optax.sgd(0.1)), batches=Shuffled(BATCH, 4), every=5
    )


@pytest.fixture(scope="module")
def learner():
    return learner_of()


def outcome(learner, training, *clamps):
    """Return what a batch comes to under clamps."""
    return learner.model.run(training.last, BATCH, clamps)


def test_clamps_that_are_off_are_nothing_and_switching_units_compiles_once(learner):
    plain = learner_of(()).train(10)
    free = learner.train(5)
    for name, value in plain.last.items():
        np.testing.assert_array_equal(learner.train(10, after=free).last[name], value)
    held = learner.train(10, after=free, phase=Phase(clamps=(Clamp("h", "output", 0.5, indices=[1]),)))
    learner.train(15, after=held)
    assert learner.programs == 1


def test_what_is_held_has_its_value_and_no_gradient(learner):
    start = learner.train(0)
    clamps = (Clamp("h", "output", 0.5, indices=[1]), Clamp("r", "r", -0.3, start=20 * ms, stop=40 * ms))
    found = outcome(learner, start, *clamps)
    np.testing.assert_allclose(found["h.output"][..., 1], 0.5)
    np.testing.assert_allclose(found["r.r"][:, 2:4], -0.3)
    assert np.abs(np.asarray(found["r.r"][:, 4:]) + 0.3).max() > 0.01
    slope = learner.gradient(start, phase=Phase(clamps=clamps[:1]))["in.w"][0].reshape(2, 3)
    assert not slope[:, 1].any() and slope[:, [0, 2]].all()
    weights = learner.gradient(start, phase=Phase(clamps=(Clamp("out", "w", 2.0, indices=[0]),)))["out.w"][0]
    assert weights[0] == 0 != weights[1]


def test_a_replay_of_its_own_trajectory_is_nothing_and_of_another_patches(learner):
    start = learner.train(0)
    free = outcome(learner, start)
    own = outcome(learner, start, Clamp("h", "output", Replay(free["h.output"])))
    np.testing.assert_array_equal(own["y.output"], free["y.output"])
    swapped = np.asarray(free["h.output"])[::-1]
    patched = outcome(learner, start, Clamp("h", "output", Replay(swapped)))
    np.testing.assert_allclose(patched["y.output"], np.asarray(free["y.output"])[::-1], rtol=1e-5, atol=1e-6)


def test_a_direction_is_held_and_what_is_across_it_stays(learner):
    start = learner.train(0)
    basis = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    free = np.asarray(outcome(learner, start)["h.output"])
    held = np.asarray(outcome(learner, start, Clamp("h", "output", 0.0, direction=basis[:, 0]))["h.output"])
    np.testing.assert_allclose(held @ basis[:, 0], 0, atol=1e-6)
    np.testing.assert_allclose(held @ basis[:, 1:], free @ basis[:, 1:], atol=1e-5)


def test_values_and_times_may_be_columns_of_the_batch(learner):
    start = learner.train(0)
    free = np.asarray(outcome(learner, start)["h.output"])
    held = np.asarray(
        outcome(learner, start, Clamp("h", "output", Column("level"), when=Column("gate")))["h.output"]
    )
    np.testing.assert_allclose(held[:, :3], BATCH["level"][:, :3], rtol=1e-6)
    np.testing.assert_array_equal(held[:, 3:], free[:, 3:])


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (
            lambda: (Clamp("h", "output", 0, [0, 1]), Clamp("h", "output", 1, [1])),
            UsageError,
            "two clamps on entry 1: keep",
        ),
        (
            lambda: (Clamp("h", "output", 0, direction=[1.0, 1, 0]),),
            DescriptionError,
            "not orthonormal, .* by 1: make them so",
        ),
        (
            lambda: (Clamp("h", "output", 0, direction=[1.0, 0]),),
            DescriptionError,
            "directions of 2 entries, it has 3",
        ),
        (
            lambda: (Clamp("h", "out", 0),),
            UnknownNameError,
            "clamp of 'h.out': it is not `clampable` .* did you mean 'h.output'",
        ),
        (lambda: (Clamp("h", "output", 0, [3]),), DescriptionError, r"an index lies outside 0\.\.2"),
        (
            lambda: (Clamp("h", "output", [1, 2], [0]),),
            DescriptionError,
            r"has the shape \(2,\): give one number",
        ),
        (
            lambda: (Clamp("h", "output", Column("lever")),),
            UnknownNameError,
            "Column 'lever' of a clamp: not in the batch: did you mean 'level'",
        ),
        (
            lambda: (Clamp("h", "output", 0, start=30 * ms, stop=30 * ms),),
            DescriptionError,
            "from step 3 up to step 3 it holds nothing",
        ),
        (
            lambda: (Clamp("h", "output", 0, [0], direction=[1.0, 0, 0]),),
            DescriptionError,
            "indices and direction: give one",
        ),
        (
            lambda: (Clamp("h", "output", Replay(np.zeros((4, 6)))),),
            UsageError,
            r"a replay of shape \(4, 6\)",
        ),
    ],
)
def test_a_clamp_that_does_not_fit_is_refused_in_one_line(learner, make, error, match):
    def tried():
        learner.train(1, after=learner.train(0), phase=Phase(clamps=make()))

    with pytest.raises(error, match=match) as caught:
        tried()
    assert "\n" not in str(caught.value)


def test_what_cannot_be_clamped_is_refused():
    with pytest.raises(UnknownNameError, match="clampable 'h.outputs': did you mean 'h.output'"):
        network_model(network(), TRAINED, clampable=("h.outputs",))
    told = Network("told", 10 * ms).add(
        Population("x", 1, Signal()), Population("a", 1, LeakyRate()), Recorder("a", "r")
    )
    with pytest.raises(EngineRefusal, match=r"clampable 'a\.f': other equations of 'a' are written with it"):
        network_model(told, (), clampable=("a.f",))


def test_no_gradient_passes_along_a_direction_that_is_held_and_all_of_it_across():
    basis = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 2)))[0]
    x, slope = np.random.default_rng(2).normal(size=(2, 3, 4)).astype(np.float32)
    _, back = jax.vjp(Held(np.float32(1), np.float32(0.3), basis.astype(np.float32)).imposed, x)
    (passed,) = back(slope)
    np.testing.assert_allclose(basis.T @ passed, 0, atol=1e-6)
    across = np.eye(3) - basis @ basis.T
    np.testing.assert_allclose(across @ passed, across @ slope, atol=1e-6)
