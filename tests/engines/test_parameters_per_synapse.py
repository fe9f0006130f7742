"""Parameters of rules and synapses with a value for each connection, in the order in which connections are given."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV
from numpy.testing import assert_allclose

import neurosim as ns
from neurosim import AllToAll, Edges, Network, Population, Projection, Uniform, parameter, simulate
from neurosim.errors import DescriptionError
from neurosim.model.serial import from_json, to_json
from neurosim.neurons import LIF, Signal, SpikeTrain
from neurosim.rules import PairSTDP, Sanger, TsodyksMarkram
from neurosim.synapses import Graded, ScaledPulse
from tests.references import EACH

ENGINES = ("fused", "brian2", "jax")
EDGES = Edges([1, 0, 2, 0], [0, 1, 0, 0])
TIMES, IDS = np.array([1, 3, 5, 7, 9, 12, 15, 21]) * ms, np.array([0, 1, 0, 2, 1, 0, 2, 1])
POST, TARGETS = np.array([2, 4, 6, 8, 11, 14, 18]) * ms, np.array([0, 1, 1, 0, 0, 1, 0])
PAIRS = {
    "tau_pre": np.array([5.0, 13, 22, 30]) * ms,
    "tau_post": np.array([30.0, 8, 11, 25]) * ms,
    "a_minus": np.array([0.01, 0.04, 0.07, 0.1]),
    "w_max": np.array([0.8, 1.2, 1.6, 2]),
}
RELEASE = {
    "U": np.array([0.1, 0.3, 0.5, 0.2]),
    "tau_rec": np.array([50.0, 100, 150, 200]) * ms,
    "tau_f": np.array([0.0, 10, 20, 30]) * ms,
}


class ScaledPerSynapse(ns.SynapseModel):
    """A pulse whose efficacy is given for each connection."""

    port = ns.option("v", "variable of the target")
    gain = parameter(1 * mV, "increase per weight", low=0 * mV)
    on_pre = "{port}_post += gain * w"


def network(connect, rules=(), delay=0 * ms, synapse=None, target=None):
    """Three trains onto two neurons."""
    return Network("each", dt=0.1 * ms).add(
        Population("a", 3, SpikeTrain(times=TIMES, ids=IDS)),
        Population("b", 2, target or LIF(E_L=-49 * mV)),
        Projection("p", "a", "b", synapse or ScaledPulse(quantum=5 * mV), connect, 0.5, delay, rules=rules),
    )


@pytest.mark.parametrize("delays", [None, np.array([1.0, 0.5, 0.2, 0.3]) * ms], ids=["one delay", "delays"])
@pytest.mark.parametrize("engine", EACH)
def test_each_connection_learns_by_its_own_parameters(engine, delays):
    """Given trains at both ends: every connection does what a projection of it alone does."""

    def learned(engine, connect, chosen, delay):
        rule = PairSTDP(**{n: v[chosen] for n, v in PAIRS.items()})
        running = simulate(network(connect, rule, delay, target=SpikeTrain(times=POST, ids=TARGETS)), engine)
        running.run(30 * ms)
        return running.get("p.w")

    none = delays is None
    together = learned(engine, EDGES, slice(None), 0 * ms if none else delays)
    for k, (i, j) in enumerate(zip([1, 0, 2, 0], [0, 1, 0, 0], strict=True)):
        alone = learned("fused", Edges([i], [j]), k, 0 * ms if none else delays[k])
        assert_allclose(together[k], alone[0], rtol=1e-12)
    assert len(set(together.round(6))) == 4


@pytest.mark.parametrize(
    "rule",
    [PairSTDP(**PAIRS), pytest.param(TsodyksMarkram(**RELEASE), marks=pytest.mark.slow)],
    ids=["pairs", "release"],
)
@pytest.mark.parametrize("dense", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_engines_agree(rule, dense):
    """Sparse and dense; what is drawn is the same on every engine."""
    given = rule.replace(**{n: Uniform(v.min(), v.max()) for n, v in rule.values().items() if np.ndim(v)})
    values = []
    for engine in ENGINES:
        running = simulate(network(AllToAll() if dense else EDGES, given if dense else rule), engine=engine)
        running.run(15 * ms)
        running.restore(running.state())
        running.run(10 * ms)
        values.append(np.concatenate([running.get("p.w"), running.get("b.v") / mV]))
    for other in values[1:]:
        assert_allclose(other, values[0], rtol=1e-9)


@pytest.mark.parametrize("engine", EACH)
def test_values_are_read_and_set_in_the_order_of_the_connections(engine):
    """Arrays and single connections; a reset keeps what was set; a state restores it."""
    running = simulate(network(EDGES, PairSTDP(**PAIRS)), engine=engine)
    assert_allclose(running.get("p.pair_stdp_tau_pre") / ms, PAIRS["tau_pre"] / ms)
    state = running.state()
    running.set("p.pair_stdp_tau_pre", np.array([1.0, 2, 3, 4]) * ms)
    running.set("p[2].pair_stdp_a_minus", 0.5)
    running.run(1 * ms)
    running.reset()
    assert_allclose(running.get("p.pair_stdp_tau_pre") / ms, [1, 2, 3, 4])
    assert_allclose(running.get("p.pair_stdp_a_minus"), [0.01, 0.04, 0.5, 0.1])
    running.restore(state)
    assert_allclose(running.get("p.pair_stdp_tau_pre") / ms, PAIRS["tau_pre"] / ms)
    with pytest.raises(DescriptionError, match="lies below its bound 0"):
        running.set("p.pair_stdp_tau_pre", np.array([1.0, 2, -3, 4]) * ms)


@pytest.mark.parametrize("engine", EACH)
def test_parameters_of_a_synapse(engine):
    """A text of indices and an array give what they say, and each connection passes on its own."""
    for gain in ("(1 + i + 2*j)*mV", np.array([2.0, 3, 3, 1]) * mV):
        running = simulate(network(EDGES, synapse=ScaledPerSynapse(gain=gain)), engine=engine)
        assert_allclose(running.get("p.gain") / mV, [2, 3, 3, 1])
        before = np.array(running.get("b.v") / mV)
        running.run(1 * ms)
        still = simulate(network(EDGES, synapse=ScaledPerSynapse(gain=0 * mV)), engine=engine)
        still.run(1 * ms)
        assert before.shape == (2,)
        running.run(0.1 * ms), still.run(0.1 * ms)
        assert_allclose(running.get("b.v") / mV - still.get("b.v") / mV, [0.5, 1.5], rtol=1e-9)


def test_a_network_with_them_is_stored():
    """Arrays, distributions and texts survive JSON."""
    rule = PairSTDP(tau_pre=PAIRS["tau_pre"], tau_post=Uniform(5 * ms, 9 * ms), a_minus="0.01 + 0.01*i")
    found = [
        simulate(n).get("p.pair_stdp_tau_post")
        for n in (network(EDGES, rule), from_json(to_json(network(EDGES, rule))))
    ]
    assert_allclose(found[0] / ms, found[1] / ms)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: network(EDGES, PairSTDP(tau_pre=[5, 6] * ms)), r"p.pair_stdp_tau_pre has the shape \(2,\)"),
        (lambda: network(EDGES, PairSTDP(tau_pre=Uniform(-5 * ms, -1 * ms))), "lies below its bound 0"),
        (
            lambda: network(EDGES, PairSTDP(w_max=np.array([0.4, 1, 1, 1]))),
            r"initial weights from 0.5 to 0.5 \(SI\) violate the bounds",
        ),
        (
            lambda: Network("rate", dt=1 * ms).add(
                Population("a", 2, Signal()),
                Population("b", 2, ns.neurons.LeakyRate()),
                Projection(
                    "p", "a", "b", Graded(), AllToAll(), 0.5, rules=Sanger(eta=Uniform(1 * Hz, 2 * Hz))
                ),
            ),
            "'eta' must be one number for the whole projection, since dW reads it",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    """In one line, with the name of the parameter."""
    with pytest.raises(DescriptionError, match=message):
        simulate(make())
