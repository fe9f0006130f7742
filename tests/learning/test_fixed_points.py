"""Networks at their fixed points as models: what a batch comes to, what did not settle, learning from a response."""

import numpy as np
import optax
import pytest
from brian2 import ms

from neurosim import AllToAll, Network, Population, Projection
from neurosim.engines.jax import compile_functions, respond
from neurosim.engines.settling import Settle
from neurosim.errors import UnknownNameError, UsageError
from neurosim.learning.bptt import fixed_point_model
from neurosim.learning.protocol import Evaluation, Learner, Shuffled, Supplied
from neurosim.neurons import LeakyRate, Signal
from neurosim.synapses import Graded

HOW = Settle(1e-6, 200)


def network(back: float) -> Network:
    """Tau r' = -r + w x + back r: settles to w x/(1 - back) if back is below 1."""
    return Network("settling", 1 * ms).add(
        Population("x", 1, Signal()),
        Population("a", 1, LeakyRate(tau=1 * ms, transfer="identity")),
        Projection("in", "x", "a", Graded(), AllToAll(), 0.5),
        Projection("rec", "a", "a", Graded(), AllToAll(), back),
    )


def batch(values):
    return {"inputs": {"x": np.array(values, np.float32)[:, None]}}


def test_a_trial_comes_to_its_fixed_point_and_one_that_does_not_settle_is_marked():
    functions = compile_functions(network(0.5))
    model = fixed_point_model(functions, ("in.w",), HOW, {"more": 1.0})
    outcome, (state, inputs, _) = model.live(model.initial(0), batch([1.0, -3.0]), None)
    np.testing.assert_allclose(outcome["a.output"][:, 0, 0], [1.0, -3.0], rtol=1e-4)
    assert outcome["settled"].all() and inputs["x"].shape == (1, 2) and state["a.r"].shape == (1, 2)
    steep = fixed_point_model(compile_functions(network(1.5)), ("in.w",), HOW)
    outcome = steep.outcome(steep.initial(0), batch([1.0, 0.0]), None)
    assert outcome["settled"].tolist() == [False, True]
    assert np.isnan(outcome["a.output"][:, 0, 0]).tolist() == [True, False]


def test_a_learner_follows_what_a_response_says():
    functions = compile_functions(network(0.5))
    model = fixed_point_model(functions, ("in.w",), HOW)

    def direction(now):
        state, inputs, _ = now.memory
        change, _ = respond(functions, now.before, state, {"a.bias": 1.0}, inputs, how=HOW)
        wrong = 1.0 - state["a.r"]  # da/dw = x da/dbias
        return {"in.w": (wrong * change["a.r"] * inputs["x"]).mean()}

    part = Supplied(direction, optax.sgd(0.05), ["in.w"])
    learner = Learner(model, part, batches=Shuffled(batch([2.0, 2.0]), 2), every=10)
    trained = learner.train(20)
    np.testing.assert_allclose(trained.last["in.w"], 0.25, rtol=1e-3)
    seen = Evaluation(Shuffled(batch([4.0]), 1), {"a": lambda outcome, batch: outcome["a.output"][0, 0, 0]})
    np.testing.assert_allclose(learner.evaluate(trained, seen)["a"], [2.0], rtol=1e-3)


def test_what_cannot_be_is_refused():
    functions = compile_functions(network(0.5))
    with pytest.raises(UnknownNameError, match=r"parameter 'in.v'"):
        fixed_point_model(functions, ("in.v",), HOW)
    model = fixed_point_model(functions, ("in.w",), HOW)
    with pytest.raises(UsageError, match="input 'x' changes by step"):
        model.outcome(model.initial(0), {"inputs": {"x": np.zeros((2, 1, 1))}}, None)
