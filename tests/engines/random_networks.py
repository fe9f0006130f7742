"""Random networks: parts of many kinds in one network, each with drawn values, delays, neurons, rules and clamps."""

from typing import Any, NamedTuple

import numpy as np
from brian2 import Hz, ms, mV, nA, nS, pA, second
from hypothesis import strategies as st

from neurosim import (
    AllToAll,
    Clamp,
    Mean,
    Network,
    NeuronModel,
    Population,
    Probability,
    Projection,
    Rate,
    Recorder,
    SynapseModel,
    TimedSignal,
    Uniform,
    option,
    parameter,
)
from neurosim.model.rule import pre
from neurosim.neurons import LIF, AdEx, ConductanceLIF, Izhikevich, LeakyRate, Poisson, Signal
from neurosim.rules import Oja, PairSTDP, TripletSTDP, TsodyksMarkram, VogelsInhibitory
from neurosim.synapses import AlphaCurrent, Graded, Pulse


class RandomNoisy(NeuronModel):
    """Leaky neuron with additive noise."""

    tau = parameter(15 * ms, "time constant")
    equations = """
    dv/dt = (16*mV + g + I - v)/tau + 20*mV*xi/sqrt(second) : volt
    dg/dt = -g/(5*ms) : volt
    I : volt (input)
    """
    threshold = "v > 15*mV"
    reset = "v = 0*mV"
    method = "euler"


class RandomEventful(NeuronModel):
    """Leaky neuron that reads a signal in time, late, and does something on its way to the threshold."""

    tau = parameter(15 * ms, "time constant")
    late = parameter(1 * ms, "delay of the signal")
    s = parameter(TimedSignal([0.0] * mV, 1 * ms), "signal")
    equations = """
    dv/dt = (12*mV + g + I + s(t - late) - v)/tau : volt
    dg/dt = -g/(5*ms) : volt
    I : volt (input)
    below : 1 (state)
    """
    initial = {"below": 1.0}
    threshold = "v > 15*mV"
    reset = "v = 0*mV; below = 1"
    events = {"crossing": "v > 8*mV and below > 0"}
    on_event = {"crossing": "below = 0; g -= 0.5*mV"}
    method = "euler"


class RandomEventPulse(SynapseModel):
    """A pulse at a spike, and one of half its size at an event, later."""

    port = option("g", "variable of the target")
    apart = parameter(0.4 * ms, "delay of the second pathway", low=0 * ms)
    on_pre = "{port}_post += w"
    at_crossing = pre.at("{port}_post += 0.5*w", event="crossing", delay="apart")


def _with_methods(model, *names):
    """Return the model class with other methods."""
    return [
        type(f"Random{model.__name__}_{name}", (model,), {"method": name, "__doc__": model.__doc__})
        for name in names
    ]


_LIF = _with_methods(LIF, "rk2", "rk4", "heun", "euler", "exponential_euler")
_COBA = _with_methods(ConductanceLIF, "rk4", "euler")
_ADEX = _with_methods(AdEx, "rk2", "rk4")
LOW, START = -65 * mV, {"v": Uniform(-65 * mV, -50 * mV)}


class Kind(NamedTuple):
    """Models of one kind with their methods, values that are drawn, ports with the size of a weight, input, start."""

    models: list[type[NeuronModel]]
    values: dict[str, Any]
    excites: tuple[str, Any]
    inhibits: tuple[str, Any]
    unit: Any
    start: dict[str, Any]


KINDS = {
    "lif": Kind(
        [LIF, *_LIF],
        {"tau_m": (12, 30, ms), "tau_ref": (0, 6, ms)},
        ("g_e", 6 * mV),
        ("g_i", -8 * mV),
        mV,
        START,
    ),
    "coba": Kind([ConductanceLIF, *_COBA], {"tau_m": (12, 30, ms)}, ("g_e", 0.5), ("g_i", 1.0), mV, START),
    "adex": Kind(
        [AdEx, *_ADEX],
        {"b": (0, 0.1, nA), "a": (0, 6, nS)},
        ("I_e", 500 * pA),
        ("I_i", -300 * pA),
        100 * pA,
        START,
    ),
    "izhikevich": Kind(
        [Izhikevich],
        {"c": (-65, -50, mV), "d": (2, 8, mV / ms)},
        ("v", 5 * mV),
        ("v", -4 * mV),
        mV / ms,
        START,
    ),
    "noisy": Kind(
        [RandomNoisy],
        {"tau": (10, 20, ms)},
        ("g", 5 * mV),
        ("g", -5 * mV),
        mV,
        {"v": Uniform(0 * mV, 15 * mV)},
    ),
    "eventful": Kind(
        [RandomEventful],
        {"tau": (10, 20, ms), "late": (0, 3, ms)},
        ("g", 5 * mV),
        ("g", -5 * mV),
        mV,
        {"v": Uniform(0 * mV, 15 * mV)},
    ),
}


def _rule(draw, inhibition, weight):
    """Return a rule for weights of a sign, or none."""
    name = draw(st.sampled_from(("none", "pair", "triplet", "short", "inhibitory")))
    a = draw(st.floats(0.001, 0.1))
    if name == "none" or (name == "inhibitory" and not inhibition):
        return ()
    if name == "short":
        return TsodyksMarkram(U=draw(st.floats(0.05, 0.9)), tau_rec=draw(st.floats(10, 400)) * ms)
    if float(weight) < 0:
        return ()
    if name == "pair":
        return PairSTDP(a_plus=a, a_minus=draw(st.floats(0, 0.1)), w_max=2 * weight)
    if name == "triplet":
        return TripletSTDP(w_0=weight, w_max=2 * weight)
    return VogelsInhibitory(eta=a * weight)


def _delay(draw):
    """Return one delay, several, or none."""
    shape = draw(st.sampled_from(("none", "one", "several")))
    if shape == "none":
        return 0 * ms
    high = draw(st.integers(1, 40)) * 0.1 * ms
    return high if shape == "one" else Uniform(0.1 * ms, high + 0.1 * ms)


def _part(draw, name, size):
    """Return a name of all neurons of a population, or of some."""
    low = draw(st.integers(0, size - 1))
    high = draw(st.integers(low + 1, size))
    return draw(st.sampled_from((name, f"{name}[{low}:{high}]")))


@st.composite
def networks(draw):
    """One to three spiking populations, a source, a signal and rate neurons, connected by drawn projections.

    Returns (network, rows of the signal for 40 ms at 0.1 ms).
    """
    network = Network("random", 0.1 * ms)
    size = {"source": draw(st.integers(1, 30)), "signal": 2, "rate": draw(st.integers(1, 5))}
    network.add(
        Population("source", size["source"], Poisson(rate=draw(st.floats(0, 500)) * Hz)),
        Population("signal", 2, Signal()),
        Population("rate", size["rate"], LeakyRate(transfer="relu", tau=draw(st.floats(2, 30)) * ms)),
        Recorder("source"),
    )
    chosen = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=3))
    kinds = {f"cells{k}": kind for k, kind in enumerate(chosen)}
    for name, kind in kinds.items():
        models, values, start = KINDS[kind].models, KINDS[kind].values, KINDS[kind].start
        size[name] = draw(st.integers(1, 12))
        drawn = {key: draw(st.floats(low, high)) * unit for key, (low, high, unit) in values.items()}
        if kind == "eventful":
            rng, columns = (
                np.random.default_rng(draw(st.integers(0, 1000))),
                draw(st.sampled_from((1, size[name]))),
            )
            drawn["s"] = TimedSignal(
                rng.uniform(-4, 8, (12, columns)) * mV, draw(st.integers(5, 50)) * 0.1 * ms
            )
        network.add(
            Population(name, size[name], draw(st.sampled_from(models))(**drawn), start), Recorder(name)
        )
    for number in range(draw(st.integers(2, 6))):
        target = draw(st.sampled_from(sorted(kinds)))
        source = draw(st.sampled_from(("source", *sorted(kinds))))
        kind, inhibition = KINDS[kinds[target]], draw(st.booleans())
        port, weight = kind.inhibits if inhibition else kind.excites
        weight = draw(st.floats(0.2, 2)) * weight
        synapse, rules = Pulse(port=port), _rule(draw, inhibition, weight)
        if draw(st.integers(0, 4)) == 0 and kinds[target] != "coba":
            synapse, rules, weight = AlphaCurrent(tau=draw(st.floats(1, 5)) * ms), (), 3 * kind.unit
        ends = _part(draw, source, size[source]), _part(draw, target, size[target])
        connect = draw(st.sampled_from((AllToAll(), Probability(0.5))))
        if kinds.get(source) == "eventful" and draw(st.booleans()):
            synapse, rules = RandomEventPulse(port=port, apart=draw(st.integers(0, 20)) * 0.1 * ms), ()
        # What a synapse passes on and what is late on the way from it to the target exclude each other.
        late = (
            draw(st.integers(0, 20)) * 0.1 * ms if rules and not isinstance(rules, TsodyksMarkram) else None
        )
        projection = Projection(
            f"p{number}", *ends, synapse, connect, weight, _delay(draw), rules=rules, dendritic_delay=late
        )
        network.add(projection)
    for number, name in enumerate(sorted(kinds)):
        unit = KINDS[kinds[name]].unit
        if draw(st.booleans()):
            drive = Projection(
                f"drive{number}", "signal", name, Graded(), AllToAll(), draw(st.floats(0, 8)) * unit
            )
            network.add(drive)
        if draw(st.booleans()):
            steps = sorted(draw(st.tuples(st.integers(0, 400), st.integers(0, 400))))
            times = {"start": steps[0] * 0.1 * ms, "stop": (steps[1] + 1) * 0.1 * ms}
            network.add(Clamp(name, "v", LOW, indices=(draw(st.integers(0, size[name] - 1)),), **times))
    oja = (Oja(eta=draw(st.floats(0, 5)) / second),) if draw(st.booleans()) else ()
    network.add(
        Projection("in", "signal", "rate", Graded(), AllToAll(), Uniform(0, 1), rules=oja),
        Projection("loop", "rate", "rate", Graded(), AllToAll(), draw(st.floats(-0.2, 0.2)), _delay(draw)),
        Recorder("rate", "r"),
        Recorder("rate", "r", name="mean", reduce=Mean(), start=draw(st.integers(0, 100)) * 0.1 * ms),
        Recorder("source", name="counts", reduce=Rate(draw(st.integers(1, 30)))),
    )
    rows = np.random.default_rng(draw(st.integers(0, 1000))).uniform(0, 2, (400, 2))
    return network, rows
