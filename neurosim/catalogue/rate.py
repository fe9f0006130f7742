"""What rules do in small networks over long times: weights over time, activity under a step of the input, memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from brian2 import Hz, ms, mV

from neurosim.catalogue.panel import Panel
from neurosim.engines import simulate
from neurosim.engines.recordings import Samples, Spikes
from neurosim.engines.simulation import Simulation
from neurosim.errors import SignalMissing
from neurosim.model.connectivity import AllToAll
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.rule import NeuronRule, Rule, SynapticRule
from neurosim.neurons import LIF, GradedUnit, LeakyRate, Signal
from neurosim.neurons.transfer import TRANSFERS
from neurosim.rng import generator
from neurosim.synapses import Graded

DT, HELD = 10 * ms, 10  # one presentation is HELD steps
LONGEST = 20_000  # presentations
POINTS = 80
PATTERNS = np.array([[1.0, 0.8, 0.1, 0.1], [0.1, 0.1, 0.9, 0.7]])

REFERENCE = 10.0  # Hz
Inputs = Callable[[int, int], np.ndarray]
"""inputs(first, count): the values of the sources in some presentations, shape (count, sources)."""


def weights(rule: SynapticRule, beside: tuple[SynapticRule, ...] = ()) -> Panel:
    """Return the course of weights onto the first of two linear neurons that receive two patterns in turn."""
    start = generator(0, "weights").uniform(0.2, 0.4, (2, 4))
    inhibits = rule.then is not None and rule.then.high == 0
    start = -start if inhibits else start
    network = Network("weights", dt=DT).add(
        *_modulators(rule),
        Population("source", 4, Signal()),
        # Neurons that are inhibited need activity to inhibit.
        Population("target", 2, GradedUnit(transfer="relu", bias=2.0 * inhibits)),
        Projection("plastic", "source", "target", Graded(), AllToAll(), start, rules=(*beside, rule)),
    )

    def patterns(first: int, count: int) -> np.ndarray:
        return PATTERNS[np.arange(first, first + count) % 2]

    # A rule that does not change the weight has a variable that others read.
    changes = rule.dw or rule.dW or rule.on_pre or rule.on_post or rule.after
    kept = "" if changes else list(rule.traces)[-1]
    name = f"plastic.{rule.prefix}_{kept}" if kept else "plastic.w"
    end = min(LONGEST, 4 * _until_moved(network, rule, patterns, name))
    times, values, _ = _course(network, rule, patterns, end, name)
    # Edges are in the order of sources, then targets: those of the first neuron are shown.
    curves = {f"input {at + 1}": (times, values[:, 2 * at]) for at in range(4)}
    note = f"two patterns in turn{', bias = 2' if inhibits else ''}{_held(rule)}" + "".join(
        f", beside {type(other).__name__}" for other in beside
    )
    return Panel(curves, _unit(rule), kept or "weight", note)


def step(rule: Rule) -> Panel:
    """Return the mean activity of a neuron whose input doubles half-way, and the variable that the rule changes."""
    network, changed = _stepped(rule)
    drive = generator(0, "drive").normal(size=LONGEST + POINTS)

    def inputs(first: int, count: int) -> np.ndarray:
        return 1 + 0.5 * drive[first : first + count, None]

    half = min(2 * _until_moved(network, rule, inputs, changed), LONGEST // 2)

    def doubled(first: int, count: int) -> np.ndarray:
        return inputs(first, count) * np.where(np.arange(first, first + count) < half, 1.0, 2.0)[:, None]

    times, values, simulation = _course(network, rule, doubled, 2 * half, changed)
    scale = max(1e-12, np.abs(values).max())
    name = _called(rule, changed.rpartition("_")[2])
    curves = {
        "mean activity": (0.5 * (times[1:] + times[:-1]), _activity(simulation, len(times) - 1)),
        f"{name} / {scale:.2g}": (times, values[:, 0] / scale),
    }
    return Panel(
        curves, _unit(rule), "activity (1)", f"input doubles at the line{_held(rule)}", marks=(times[-1] / 2,)
    )


def _called(rule: Rule, variable: str) -> str:
    """Return what a variable of a rule is: 'gain g', or 'weight' for that of a synapse."""
    if not isinstance(rule, NeuronRule):
        return "weight"
    return f"{'gain' if variable in rule.gains else 'offset'} {variable}"


def memory(rule: SynapticRule) -> Panel:
    """Return the course of a weight that starts at 1 with everything else at rest, on logarithmic axes."""
    network = Network("memory", dt=DT).add(
        Population("source", 1, Signal()),
        Population("target", 1, GradedUnit(transfer="relu")),
        Projection("plastic", "source", "target", Graded(), AllToAll(), 1.0, rules=(rule,)),
    )
    simulation = simulate(network)
    times = np.unique(np.geomspace(10, LONGEST * 10, 60).astype(int))
    seen, before = [], 0
    for time in times:
        simulation.run((time - before) * DT)
        seen.append(float(np.array(simulation.get("plastic.w"))[0]))
        before = time
    return Panel(
        {"": (times * float(DT), np.array(seen))}, "time (s)", "weight", "one change at 0", logarithmic=True
    )


def _stepped(rule: Rule) -> tuple[Network, str]:
    """Return a network with the rule, of rate neurons if they have its signals, and the name of what it changes."""
    own = (rule,) if isinstance(rule, NeuronRule) else ()
    synaptic = (rule,) if isinstance(rule, SynapticRule) else ()
    # The transfer function that the docstring names, since some rules are derived for one.
    transfer = next((name for name in TRANSFERS if f"'{name}'" in (rule.__doc__ or "")), "relu")
    for model, weight in ((LeakyRate(transfer=transfer), 0.7), (LIF(E_L=-60 * mV), 12 * mV)):
        network = Network("step", dt=DT if isinstance(model, LeakyRate) else 1 * ms).add(
            *_modulators(rule),
            Population("source", 1, Signal()),
            Population("target", 1, model, rules=own, reference_rate=REFERENCE * Hz),
            Projection("plastic", "source", "target", Graded(), AllToAll(), weight, rules=synaptic),
            Recorder("target") if isinstance(model, LIF) else Recorder("target", "r", every=HELD),
        )
        try:
            simulate(network)
        except SignalMissing as error:
            missing = error
            continue
        kept = (
            next(iter((*rule.gains, *rule.offsets, *reversed(list(rule.traces)))))
            if isinstance(rule, NeuronRule)
            else ""
        )
        return network, f"target.{rule.prefix}_{kept}" if kept else "plastic.w"
    raise missing


def _modulators(rule: Rule) -> list[Population]:
    return [Population(name, 1, Signal(), {"value": 1.0}) for name in sorted(set(rule.modulators.values()))]


def _held(rule: Rule) -> str:
    return "".join(f", {name} = 1" for name in sorted(set(rule.modulators.values())))


def _activity(simulation: Simulation, bins: int) -> np.ndarray:
    """Return the mean activity of the target in each of some equal intervals; spikes relative to the reference rate."""
    recorded = simulation.recordings()[
        "target.spikes" if "target.spikes" in simulation.recordings() else "target.r"
    ]
    if isinstance(recorded, Samples):
        return np.array([part.mean() for part in np.array_split(recorded.values[:, 0], bins)])
    assert isinstance(recorded, Spikes)
    counts, edges = np.histogram(recorded.steps, bins, (0, simulation.now))
    return counts / (np.diff(edges) * recorded.dt * REFERENCE)


def _unit(rule: Rule) -> str:
    return "presentations" if rule.clock == "sample" else "time (s)"


def _advance(simulation: Simulation, rule: Rule, rows: np.ndarray) -> None:
    """Show some presentations, one row each."""
    held = round(HELD * float(DT) / simulation.dt)
    if rule.clock != "sample":
        simulation.run(len(rows) * HELD * DT, {"source": np.repeat(rows, held, axis=0)})
        return
    for row in rows:
        simulation.run(HELD * DT, {"source": np.repeat(row[None], held, axis=0)})
        simulation.sample()


def _until_moved(network: Network, rule: Rule, inputs: Inputs, name: str) -> int:
    """Return after how many presentations a variable has moved by half its largest value, or 0.2 from 0."""
    simulation = simulate(network)
    _advance(simulation, rule, inputs(0, 1))  # what happens at once is not counted
    start = _value(simulation, name)
    aim = max(0.5 * np.abs(start).max(), 1e-3 if np.abs(start).max() < 1e-3 else 0.0)
    done, more = 1, 20
    while done < LONGEST and np.abs(_value(simulation, name) - start).max() < aim:
        more = min(more, LONGEST - done)
        _advance(simulation, rule, inputs(done, more))
        done, more = done + more, max(20, done // 2)
    return max(done, POINTS)


def _course(
    network: Network, rule: Rule, inputs: Inputs, end: int, name: str
) -> tuple[np.ndarray, np.ndarray, Simulation]:
    """Return times, the values of a variable at each, and the simulation after `end` presentations or a few more."""
    simulation = simulate(network)
    each = -(-end // POINTS)
    marks = each * np.arange(POINTS + 1)
    values = [_value(simulation, name)]
    for first in marks[:-1]:
        _advance(simulation, rule, inputs(int(first), each))
        values.append(_value(simulation, name))
    return marks * (1.0 if rule.clock == "sample" else HELD * float(DT)), np.array(values), simulation


def _value(simulation: Simulation, name: str) -> np.ndarray:
    return np.array(simulation.get(name), dtype=float)
