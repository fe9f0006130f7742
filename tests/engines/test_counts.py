"""Counts drawn in equations and at synapses: closed forms, and the same numbers on all engines."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV

from neurosim import Network, NeuronModel, OneToOne, Population, Projection, parameter, simulate
from neurosim.model.parameters import option
from neurosim.model.synapse import SynapseModel
from neurosim.neurons import LIF, SpikeTrain
from tests.references import EACH


class Counts(NeuronModel):
    """Counts with means of all kinds."""

    rate = parameter(300 * Hz, "rate")
    inputs = parameter(20.0, "inputs", low=0)
    equations = """
    dx/dt = (poisson(rate*dt) - x)/dt : 1
    dy/dt = (poisson(1000*x) - y)/dt : 1
    dz/dt = (binomial(inputs, 0.3) - z)/dt : 1
    """
    method = "euler"


def values(engine, steps=20):
    network = Network("counts", dt=1 * ms).add(Population("c", 2000, Counts(rate=3000 * Hz)))
    simulation = simulate(network, engine=engine, seed=2)
    simulation.run(steps * ms)
    return np.array([simulation.get(f"c.{name}") for name in "xyz"])


def test_counts_have_their_moments_and_are_the_same_on_all_engines():
    x, y, z = found = values("fused")
    # The number doubly drawn: its variance is that of its own law and of its mean.
    assert x.mean() == pytest.approx(3, abs=0.15) and x.var() == pytest.approx(3, rel=0.12)
    assert y.mean() == pytest.approx(3000, rel=0.05) and y.var() == pytest.approx(3000 + 3e6, rel=0.12)
    assert z.mean() == pytest.approx(6, abs=0.2) and z.var() == pytest.approx(4.2, rel=0.12)
    assert np.array_equal(values("brian2"), found) and np.array_equal(values("jax"), found)


class Quanta(SynapseModel):
    """A spike releases one of several vesicles each with a probability that its target has."""

    port = option("v", "variable of the target")
    sites = parameter(5.0, "sites of release", low=0)
    on_pre = "{port}_post += w*binomial(sites, 0.4) + w*poisson(0.5)"


class QuantaTarget(NeuronModel):
    """Adds up what arrives."""

    equations = "v : volt (state)"


@pytest.mark.parametrize("engine", EACH)
def test_counts_at_synapses(engine):
    size, spikes = 500, 8
    trains = SpikeTrain(times=np.tile(np.arange(spikes), size) * ms, ids=np.repeat(np.arange(size), spikes))
    network = Network("quanta", dt=1 * ms).add(
        Population("s", size, trains),
        Population("t", size, QuantaTarget()),
        Projection("p", "s", "t", Quanta(), OneToOne(), 1 * mV),
    )
    simulation = simulate(network, engine=engine, seed=3)
    simulation.run(10 * ms)
    v = np.asarray(simulation.get("t.v")) / 1e-3
    assert np.allclose(v, v.round(), atol=1e-6)
    assert v.mean() == pytest.approx(spikes * 2.5, rel=0.03)
    assert v.var() == pytest.approx(spikes * (1.2 + 0.5), rel=0.2)


def test_counts_in_initial_values():
    drawn = Population("a", 3000, LIF(), initial={"v": "poisson(4)*mV"})
    v = np.asarray(simulate(Network("n", dt=1 * ms).add(drawn), seed=1).get("a.v")) / 1e-3
    assert np.allclose(v, v.round()) and v.var() == pytest.approx(4, rel=0.1)
