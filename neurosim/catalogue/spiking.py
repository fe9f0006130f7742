"""What rules do to given spikes: windows of pairs, and synapses that depress."""

from __future__ import annotations

import numpy as np
from brian2 import ms, mV, second

from neurosim.catalogue.panel import Panel
from neurosim.engines import simulate
from neurosim.engines.recordings import Samples
from neurosim.errors import SignalMissing
from neurosim.model.connectivity import AllToAll
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.rule import SynapticRule
from neurosim.model.units import quantity
from neurosim.neurons import LIF, Signal, SpikeTrain
from neurosim.synapses import ScaledPulse
from neurosim.testing import SPIKING, Imposed, imposed_population
from neurosim.testing.imposed import ImposedAdaptive
from neurosim.testing.trial import Trial

PAIRS = 5
PERIOD = 100  # ms
COPIES = 200
LAGS = np.arange(-47.5, 48, 5)  # ms, of the postsynaptic spike


def window(rule: SynapticRule) -> Panel:
    """Return the change of the weight by the lag between the spikes of repeated pairs, for modulators of 1 and 0."""
    trial = Trial(rule, SPIKING, [], 0)
    low, high = trial.span
    start = 0.5 * (low + high)
    population_names = sorted(set(rule.modulators.values()))
    levels = [1.0, 0.0] if population_names else [1.0]
    curves = {}
    for level in levels:
        values = _paired(rule, trial, start, {name: level for name in population_names})
        label = ", ".join(f"{name} = {level:g}" for name in population_names)
        # No line connects the two sides of 0.
        half = LAGS.size // 2
        curves[label] = (np.insert(LAGS, half, 0), np.insert(100 * (values / start - 1), half, np.nan))
    return Panel(
        curves,
        "postsynaptic - presynaptic spike (ms)",
        "change of the weight (%)",
        f"{PAIRS} pairs at {1000 // PERIOD} Hz",
    )


def _paired(rule: SynapticRule, trial: Trial, start: float, levels: dict[str, float]) -> np.ndarray:
    """Return the mean weights (SI) after pairs at each lag, and after two seconds more where there are modulators."""
    # One source for each lag; a rule that draws random numbers is shown by the mean of many synapses, half of them at
    # either bound, since such weights have few values.
    random = "rand" in f"{rule.on_pre}{rule.on_post}"
    copies = COPIES if random else 1
    lags = np.repeat(LAGS, copies)
    after = 100 + PERIOD * np.arange(PAIRS)
    spikes = SpikeTrain(
        times=(after[:, None] - lags[None, :]).ravel() * ms, ids=np.tile(np.arange(lags.size), PAIRS)
    )
    weight = quantity(start, trial.weight_unit)
    ends = quantity(np.tile(trial.span, lags.size // 2), trial.weight_unit) if random else weight
    for model, port, pulse in ((Imposed(), "g_e", 0 * mV), (ImposedAdaptive(beta=0.5), "v", 0.5)):
        network = Network("window", dt=0.1 * ms).add(
            *[Population(name, 1, Signal(), {"value": level}) for name, level in levels.items()],
            Population("source", lags.size, spikes),
            *imposed_population("target", 1, after * ms, np.zeros(PAIRS), model=model),
            Projection(
                "plastic",
                "source",
                "target",
                ScaledPulse(port=port, quantum=pulse / weight),
                AllToAll(),
                ends,
                rules=(rule,),
            ),
        )
        try:
            simulation = simulate(network)
        except SignalMissing as error:
            missing = error
            continue
        simulation.run((2000 if levels else 700) * ms)
        return np.array(simulation.get("plastic.w"), dtype=float).reshape(LAGS.size, copies).mean(axis=1)
    raise missing


def protected(rule: SynapticRule) -> Panel:
    """Return the course of a positive and of a negative weight under a modulator that changes sign half-way."""
    (name,) = set(rule.modulators.values())
    times = np.arange(100, 40_000, 200)
    train = SpikeTrain(times=times * ms, ids=np.zeros(times.size))
    network = Network("protected", dt=1 * ms).add(
        Population(name, 1, Signal()),
        Population("source", 1, train),
        Population("target", 2, LIF()),
        Projection(
            "plastic",
            "source",
            "target",
            ScaledPulse(quantum=0 * mV),
            AllToAll(),
            np.array([0.5, -0.5]),
            rules=(rule,),
        ),
    )
    simulation, seen = simulate(network), [np.array([0.5, -0.5])]
    for at in range(40):
        simulation.set(f"{name}.value", -1.0 if at < 20 else 1.0)
        simulation.run(1 * second)
        seen.append(np.array(simulation.get("plastic.w"), dtype=float))
    curves = {f"from {w[0]:g}": (np.arange(41.0), w) for w in np.array(seen).T}
    return Panel(curves, "time (s)", "hidden weight", f"5 Hz, {name} = -1, then 1", marks=(20.0,))


def train(rule: SynapticRule) -> Panel:
    """Return the current that a train of spikes leaves in the target, with the rule and without it."""
    times = np.array([*(10 + 20 * np.arange(10)), 700])  # ms: 50 Hz, then a pause
    source = SpikeTrain(times=times * ms, ids=np.zeros(times.size))
    curves = {}
    for label, rules in (("no rule", ()), (type(rule).__name__, (rule,))):
        network = Network("train", dt=0.1 * ms).add(
            Population("source", 1, source),
            Population("target", 1, LIF()),
            Projection(
                "plastic", "source", "target", ScaledPulse(quantum=1 * mV), AllToAll(), 1.0, rules=rules
            ),
            Recorder("target", "g_e"),
        )
        simulation = simulate(network)
        simulation.run(0.8 * second)
        recorded = simulation.recordings()["target.g_e"]
        assert isinstance(recorded, Samples)
        curves[label] = (np.array(recorded.times / ms), 1e3 * recorded.values[:, 0])
    return Panel(curves, "time (ms)", "synaptic current (mV)", "50 Hz, a pause, one more")
