"""Credit at a variable: by differences, replaced by what a module puts out, learned by the module."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from brian2 import ms

from neurosim import AllToAll, Clamp, Network, Normal, Population, Projection, Recorder, Replay
from neurosim.errors import UnknownNameError
from neurosim.learning.bptt import Objective, mean_square, network_model
from neurosim.learning.protocol import Descend, Learner, Shuffled
from neurosim.neurons import GradedUnit, Signal
from neurosim.synapses import Graded


def network():
    """Two layers, and a module that sees the hidden one and the target."""
    return Network("credit", 10 * ms).add(
        Population("x", 2, Signal()),
        Population("t", 1, Signal()),
        Population("h", 3, GradedUnit(transfer="tanh")),
        Population("y", 1, GradedUnit(transfer="identity")),
        Population("module", 3, GradedUnit(transfer="identity")),
        Projection("in", "x", "h", Graded(), AllToAll(), Normal(0, 1)),
        Projection("out", "h", "y", Graded(), AllToAll(), Normal(0, 1)),
        Projection("see", "h", "module", Graded(), AllToAll(), Normal(0, 0.1)),
        Projection("aim", "t", "module", Graded(), AllToAll(), Normal(0, 0.1)),
        Recorder("y", "output"),
        Recorder("module", "output"),
    )


DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(8, 2, 2))
TARGET = np.tanh(X[..., :1] - X[..., 1:])
BATCH = {"inputs": {"x": X, "t": TARGET}, "target": TARGET}
TRAINED = ("in.w", "out.w", "see.w", "aim.w")


def guess(outcome, batch):
    """How far the module is from the true credit, which is 0 where nothing is learned any more."""
    true = batch["credit"]["h.output"]
    return jnp.sum((outcome["module.output"] - true) ** 2)


def learner_of(*parts):
    model = network_model(network(), TRAINED, clampable=("h.output",))
    return Learner(model, *parts, batches=Shuffled(BATCH, 8), every=200)


def plain(**options):
    return Descend(mean_square("y.output"), optax.sgd(0.1), ["in.w", "out.w"], **options)


def test_credit_is_the_derivative_by_differences():
    learner = learner_of(plain())
    start = learner.train(0)
    found = learner.gradient(start, of=("h.output",))["h.output"][0]
    assert found.shape == (8, 2, 3)

    def loss(values):
        outcome = learner.model.run(start.last, BATCH, (Clamp("h", "output", Replay(values)),))
        return float(np.mean((np.asarray(outcome["y.output"], float) - TARGET) ** 2))

    h = np.asarray(learner.model.run(start.last, BATCH)["h.output"])
    for place in ((0, 0, 0), (3, 1, 2), (7, 0, 1)):
        step = np.zeros_like(h)
        step[place] = 0.05
        assert (loss(h + step) - loss(h - step)) / 0.1 == pytest.approx(found[place], rel=1e-2, abs=1e-5)


def test_what_a_module_puts_out_takes_the_place_of_the_derivative():
    learner = learner_of(plain(credit={"h.output": "module.output"}))
    start = learner.train(0)
    slope = learner.gradient(start)["in.w"][0].reshape(2, 3)
    outcome = learner.model.run(start.last, BATCH)
    h, credit = (np.asarray(outcome[f"{name}.output"]) for name in ("h", "module"))
    np.testing.assert_allclose(slope, np.einsum("bti,btj->ij", X, credit * (1 - h**2)), rtol=1e-4, atol=1e-6)
    other = learner_of(plain()).gradient(learner_of(plain()).train(0))
    np.testing.assert_allclose(learner.gradient(start)["out.w"], other["out.w"], rtol=1e-5)
    assert np.abs(other["in.w"][0].reshape(2, 3) - slope).max() > 1e-3


def test_a_module_learns_the_credit_that_it_stands_for():
    teach = plain(credit={"h.output": "module.output"}, watch=("h.output",))
    module = Descend(
        Objective({"guess": guess}, {"guess": {"guess": 1.0}}),
        optax.adam(0.02),
        ["see.w", "aim.w"],
        name="module",
    )
    learner = learner_of(teach, module)
    training = learner.train(200)
    assert training.terms["guess"][-1] < 0.1 * training.terms["guess"][0]
    assert training.losses["loss"][-1] < 0.5 * training.losses["loss"][0]


def test_credit_of_what_is_not_clampable_is_refused():
    learner = learner_of(plain())
    with pytest.raises(
        UnknownNameError, match=r"credit at 'h\.outputs': it is not `clampable`: did you mean"
    ):
        learner.gradient(learner.train(0), of=("h.outputs",))
    with pytest.raises(UnknownNameError, match=r"credit: recording 'modul\.output': did you mean"):
        learner_of(plain(credit={"h.output": "modul.output"})).train(1)
