"""Recorders that sample after a step: what `get` returns then, on every engine, and what a loss on it sees."""

import jax
import numpy as np
import pytest
from brian2 import Hz, ms, mV

from neurosim import AllToAll, Network, Population, Projection, Recorder, simulate
from neurosim.errors import DescriptionError
from neurosim.learning.bptt import network_model
from neurosim.model.serial import digest, from_json, to_json
from neurosim.neurons import LIF, GradedUnit, LeakyRate, Poisson, Signal
from neurosim.rules import Oja, PairSTDP
from neurosim.synapses import Graded, ScaledPulse
from tests.references import EACH


def network(*recorders):
    return Network("after", 1 * ms).add(
        Population("x", 2, Signal()),
        Population("r", 3, LeakyRate(tau=10 * ms, transfer="tanh")),
        Population("h", 2, GradedUnit(transfer="tanh")),
        Population("s", 4, Poisson(rate=200 * Hz)),
        Population("v", 2, LIF()),
        Projection("in", "x", "r", Graded(), AllToAll(), np.array([[1.0, 0.5], [0.2, -1.0], [0.3, 0.3]])),
        Projection("up", "r", "h", Graded(), AllToAll(), 0.7, rules=(Oja(),)),
        Projection("pulse", "s", "v", ScaledPulse(quantum=3 * mV), AllToAll(), 0.5, rules=(PairSTDP(),)),
        *recorders,
    )


READ = {"r": ("r", "output"), "h": ("output",), "v": ("v",), "up": ("w",), "pulse": ("w",)}
INPUT = np.random.default_rng(0).normal(size=(20, 2))


@pytest.mark.parametrize("engine", EACH)
def test_a_sample_after_a_step_is_what_get_returns(engine):
    wanted = {r.key: r for o, names in READ.items() for r in [Recorder(o, n, after=True) for n in names]}
    wanted["r.r"] = Recorder("r", "r", every=3, after=True, indices=(2, 0))
    recorded = simulate(network(*wanted.values()), engine=engine, seed=2)
    plain = simulate(network(), engine=engine, seed=2)
    seen = {key: [] for key in wanted}
    for row in INPUT:
        plain.step({"x": row})
        for key in wanted:
            seen[key].append(np.array(plain.get(key)))
    recorded.run(12 * ms, {"x": INPUT[:12]})
    recorded.run(8 * ms, {"x": INPUT[12:]})
    for key, values in seen.items():
        found = recorded.recordings()[key]
        if key == "r.r":
            np.testing.assert_array_equal(found.steps, np.arange(3, 21, 3))
            values = np.array(values)[2::3, [2, 0]]
        else:
            np.testing.assert_array_equal(found.steps, np.arange(1, 21))
        np.testing.assert_allclose(found.values, values, rtol=1e-6 if engine == "jax" else 1e-12, err_msg=key)


def test_a_loss_on_the_last_sample_sees_the_last_input():
    inputs = np.array([0.0, 0.0, 1.0]).reshape(1, 3, 1)
    last = {}
    for after in (False, True):
        told = Network("told", 1 * ms).add(
            Population("x", 1, Signal()),
            Population("r", 1, LeakyRate(tau=2 * ms, transfer="identity")),
            Projection("in", "x", "r", Graded(), AllToAll(), np.ones((1, 1))),
            Recorder("r", "output", after=after),
        )
        model = network_model(told, ("in.w",))

        def loss(weights, model=model):
            outcome = model.outcome(
                {**model.initial(0), **weights}, {"inputs": {"x": inputs}}, jax.random.key(0)
            )
            return outcome["r.output"][0, -1, 0]

        last[after] = jax.value_and_grad(loss)({"in.w": model.initial(0)["in.w"]})
    assert last[False][0] == 0 and last[False][1]["in.w"][0] == 0
    assert last[True][0] == pytest.approx(1 - np.exp(-0.5)) == pytest.approx(last[True][1]["in.w"][0])


def test_a_stateless_neuron_has_after_a_step_what_it_had_within_it():
    told = Network("told", 1 * ms).add(
        Population("x", 1, Signal()),
        Population("r", 1, LeakyRate(tau=2 * ms, transfer="identity")),
        Population("y", 1, GradedUnit(transfer="identity")),
        Projection("in", "x", "r", Graded(), AllToAll(), np.ones((1, 1))),
        Projection("out", "r", "y", Graded(), AllToAll(), np.ones((1, 1))),
        Recorder("r", "r", after=True),
        Recorder("y", "output", after=True),
    )
    simulation = simulate(told, engine="brian2")
    simulation.run(3 * ms, {"x": np.array([[1.0], [0.0], [0.0]])})
    state, read = (simulation.recordings()[name].values[:, 0] for name in ("r.r", "y.output"))
    np.testing.assert_allclose(read, [0, *state[:-1]])
    assert (np.diff(state) != 0).all()


def test_what_a_recorder_says_of_after_is_kept_and_checked():
    after = network(Recorder("r", "r", after=True))
    assert from_json(to_json(after)).recorders[0].after
    assert digest(after) != digest(network(Recorder("r", "r")))
    assert "after" not in to_json(network(Recorder("r", "r")))["parts"][-1]
    with pytest.raises(DescriptionError, match=r"recorder of 'v\.spikes': spikes are those of a step: leave"):
        Recorder("v", after=True)
    with pytest.raises(DescriptionError, match=r"after = 1: give True or False"):
        Recorder("v", "v", after=1)
