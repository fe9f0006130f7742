"""What is written is done or rejected in one line: times off the grid, draws in synapses, relays, values, messages."""

import json

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim import (
    AllToAll,
    Clamp,
    Clipped,
    Edges,
    InDegree,
    LogNormal,
    Network,
    NeuronModel,
    Normal,
    OneToOne,
    Population,
    Projection,
    Recorder,
    Redrawn,
    SynapseModel,
    from_json,
    option,
    parameter,
    simulate,
    to_json,
)
from neurosim.errors import NeurosimError, UnknownNameError
from neurosim.model.times import nearest_step
from neurosim.model.values import Distribution
from neurosim.neurons import LIF, Poisson, Relay, Signal, SpikeTrain, VariablePoisson
from neurosim.rng import generator
from neurosim.synapses import Graded, Pulse
from tests.references import EACH

ENGINES = ("fused", "brian2", "jax")


# Times off the grid --------------------------------------------------------------------------------------------------


def test_times_off_the_grid_are_rounded_to_the_nearest_step_halves_up():
    times = np.array([0.0, 0.04, 0.05, 0.14, 0.15, 0.35, 0.349]) * 1e-3
    assert nearest_step(times, 1e-4).tolist() == [0, 0, 1, 1, 2, 4, 3]


@pytest.mark.parametrize("engine", EACH)
def test_spike_times_and_delays_follow_one_rule(engine):
    train = SpikeTrain(times=[0.31, 0.35, 0.74] * ms, ids=[0, 1, 2])
    network = Network("rounded", dt=0.1 * ms).add(
        Population("s", 3, train),
        Population("p", 3, LIF()),
        Projection("one", "s", "p", Pulse(), OneToOne(), 1 * mV, 0.26 * ms),
        Projection("many", "s", "p", Pulse(), Edges([0, 1], [0, 1]), 1 * mV, [0.24, 0.25] * ms),
        Recorder("s"),
    )
    simulation = simulate(network, engine=engine)
    simulation.run(1 * ms)
    assert simulation.recordings()["s.spikes"].steps.tolist() == [3, 4, 7]
    assert simulation.delays("one") / ms == pytest.approx([0.3] * 3)
    assert simulation.delays("many") / ms == pytest.approx([0.2, 0.3])


# Distributions -------------------------------------------------------------------------------------------------------


class Ramp(Distribution):
    """Equidistant values from 0 to a top, a distribution of a user's own."""

    def __init__(self, top):
        self.top = top

    def __eq__(self, other):
        return isinstance(other, Ramp) and self.top == other.top

    def draw(self, rng, size):
        return np.linspace(0, float(self.top), size)


def test_lognormal_clipped_and_redrawn_values_have_their_moments():
    rng = generator(0, "moments")
    values = LogNormal(2 * mV, 0.5).draw(rng, 200_000)
    assert np.median(values) == pytest.approx(2e-3, rel=0.01)
    assert values.mean() == pytest.approx(2e-3 * np.exp(0.125), rel=0.01)
    clipped = Clipped(Normal(0.0, 1.0), low=0.0).draw(rng, 200_000)
    assert (clipped == 0).mean() == pytest.approx(0.5, abs=0.005)
    assert clipped.mean() == pytest.approx(1 / np.sqrt(2 * np.pi), rel=0.02)
    redrawn = Redrawn(Normal(0.0, 1.0), low=0.0).draw(rng, 200_000)
    assert redrawn.min() > 0
    assert redrawn.mean() == pytest.approx(np.sqrt(2 / np.pi), rel=0.01)


@pytest.mark.parametrize(
    "weight",
    [LogNormal(1 * mV, 0.3), Redrawn(Normal(1 * mV, 2 * mV), high=3 * mV), Clipped(Ramp(2 * mV), 1 * mV)],
)
def test_distributions_survive_storage_also_those_of_users(weight):
    network = Network("stored").add(
        Population("s", 2, Poisson()),
        Population("p", 3, LIF()),
        Projection("k", "s", "p", Pulse(), AllToAll(), weight),
    )
    again = from_json(json.loads(json.dumps(to_json(network))))
    assert np.array_equal(*(simulate(n).get("k.w") for n in (network, again)))


def test_a_distribution_that_is_not_defined_is_named():
    data = to_json(Network("n").add(Population("p", 1, LIF(), {"v": Ramp(1 * mV)})))
    with pytest.raises(UnknownNameError, match="unknown distribution 'Slope'"):
        from_json(json.loads(json.dumps(data).replace("Ramp", "Slope")))


# Draws in synapses ---------------------------------------------------------------------------------------------------


class Unreliable(SynapseModel):
    """Releases with a probability."""

    port = option("g_e", "variable of the target")
    p = parameter(0.3, "probability", low=0.0, high=1.0)
    on_pre = "{port}_post += w * int(rand() < p)"


class NoisyGraded(SynapseModel):
    """A graded synapse with a noise of its own for every connection and step."""

    port = option("I", "input of the target")
    graded = "w * (output_pre + randn())"


class NoisyCurrent(SynapseModel):
    """A current whose pulses vary, with noise beside it."""

    port = option("I", "input of the target")
    equations = "dx/dt = -x/(5*ms) + 0.1*w_noise*randn()/ms : {unit}\nw_noise = 1*mV : volt"
    on_pre = "x += w * (1 + 0.1*randn())"
    current = "x"
    method = "euler"


def drawing():
    trains = SpikeTrain(times=np.repeat(np.arange(1, 6), 20) * ms, ids=np.tile(np.arange(20), 5))
    return Network("draws").add(
        Population("s", 20, trains),
        Population("c", 1, Signal(), {"value": 1.0}),
        Population("p", 50, LIF(tau_e=1e9 * second)),
        Population("q", 5, LIF()),
        Projection("k", "s", "p", Unreliable(), AllToAll(), 1 * mV, 0.3 * ms),
        Projection("n", "c", "q", NoisyGraded(), AllToAll(), 1 * mV),
        Projection("e", "s", "q", NoisyCurrent(), AllToAll(), 1 * mV),
    )


@pytest.mark.slow
def test_draws_in_synapses_are_those_of_the_seed_on_every_engine():
    found = {}
    for engine in ENGINES:
        simulation = simulate(drawing(), engine=engine, seed=4)
        simulation.run(6 * ms)
        found[engine] = [np.asarray(simulation.get(name)) for name in ("p.g_e", "q.v", "e.x")]
    for engine in ENGINES[1:]:
        for ours, theirs in zip(found["fused"], found[engine], strict=True):
            assert ours == pytest.approx(theirs, rel=1e-9)
    releases = found["fused"][0] / 1e-3
    assert releases.mean() == pytest.approx(30, rel=0.05)
    assert releases.var() == pytest.approx(21, rel=0.5)


# Relays and rates that change ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", EACH)
def test_a_relay_loses_no_spike(engine):
    network = Network("relayed").add(
        Population("s", 10, Poisson(rate=200 * Hz)),
        Population("r", 1, Relay()),
        Projection("k", "s", "r", Pulse(port="n"), AllToAll(), 1.0),
        Recorder("s"),
        Recorder("r"),
    )
    simulation = simulate(network, engine=engine)
    simulation.run(200 * ms)
    sent, passed = (len(simulation.recordings()[f"{name}.spikes"].ids) for name in "sr")
    assert sent > 300
    assert passed + simulation.get("r.n")[0] == sent


@pytest.mark.parametrize("engine", ["fused", "jax"])
def test_a_rate_can_be_set_and_fed(engine):
    network = Network("rates", dt=1 * ms).add(
        Population("c", 1, Signal()),
        Population("s", 500, VariablePoisson(base=20 * Hz)),
        Projection("k", "c", "s", Graded(), AllToAll(), 1 * Hz),
        Recorder("s"),
    )
    simulation = simulate(network, engine=engine)
    simulation.run(200 * ms)
    simulation.set("s.rate", 50 * Hz)
    simulation.run(200 * ms, {"c": [30.0]})
    steps = simulation.recordings()["s.spikes"].steps
    assert (steps < 200).sum() == pytest.approx(2000, abs=4 * 2000**0.5)
    assert (steps >= 200).sum() == pytest.approx(8000, abs=4 * 8000**0.5)


# Messages ------------------------------------------------------------------------------------------------------------


def one(**parts):
    return simulate(
        Network("one").add(
            Population("s", 3, Poisson()),
            Population("p", 3, LIF()),
            Projection("k", "s", "p", Pulse(), OneToOne(), 1 * mV, **parts),
        )
    )


class NumberInClass(NeuronModel, abstract=True):
    """A base for a class whose constant is no parameter."""


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (
            lambda: one().set("p.tau_m", [1, 2, 3] * ms),
            "one number for all neurons.* as LIF\\(tau_m=array\\)",
        ),
        (
            lambda: one().set("p.v", [1, 2] * mV),
            "shape \\(2,\\) for one of shape \\(3,\\): give one number or",
        ),
        (lambda: one().set("s.rate", 3 * Hz), "fixed with the description .* use VariablePoisson"),
        (
            lambda: one(delay=Normal(0.5 * ms, 2 * ms)),
            "draws of Normal.* are negative, down to -.*write Redrawn",
        ),
        (lambda: one(delay=[1, -1, 1] * ms), "are negative, down to -1 ms: give times from 0"),
        (
            lambda: simulate(Network("n").add(Population("p", 1, LIF()), Clamp("p", "I", 1 * mV))),
            "it is an input, the sum of what projections send: clamp the output of their sources",
        ),
        (
            lambda: simulate(Network("n").add(Population("p", 1, LIF()), Clamp("p", "g_x", 1 * mV))),
            "no such variable: did you mean 'g_i'",
        ),
        (
            lambda: Network("n").add(
                Population("s", 3, Poisson()), Projection("k", "s[3:]", "s", Pulse(), AllToAll(), 1.0)
            ),
            "projection 'k': \\[3:\\] chooses no neuron out of 3: correct it",
        ),
        (
            lambda: type("NoConstant", (NumberInClass,), {"tau": 10 * ms}),
            "declare a constant by tau = parameter",
        ),
        (lambda: InDegree(np.arange(1000.0)), "InDegree: k = array.* is not a whole number: give one$"),
    ],
)
def test_a_message_says_what_to_write(do, message):
    with pytest.raises(NeurosimError, match=message) as refusal:
        do()
    assert len(str(refusal.value)) < 300
    assert "\n" not in str(refusal.value)
