"""Synaptic elements of a neuron that fires at two rates, and the network that they make."""

from __future__ import annotations

import numpy as np
from brian2 import Hz, ms, mV, second

from neurosim.catalogue.panel import Panel
from neurosim.engines import simulate
from neurosim.model.connectivity import OneToOne, Probability
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.registries import rules
from neurosim.model.rule import NeuronRule
from neurosim.model.structural import StructuralRule
from neurosim.model.values import Uniform
from neurosim.neurons import LIF, Poisson
from neurosim.synapses import Pulse
from neurosim.testing import imposed_population

RATES, HALF = (2, 8), 60  # Hz; s for which each rate is held
CELLS, LESIONED, SET_POINT = 40, 12, 0.05
WHOLE = 240  # s


def grown(rule: NeuronRule) -> Panel:
    """Return the variables that a rule keeps for a neuron that fires at a low and then at a high rate."""
    trains = [first * HALF + np.arange(1, HALF * rate) / rate for first, rate in enumerate(RATES)]
    times = np.concatenate(trains)
    network = Network("grown", 1 * ms).add(
        *imposed_population("unit", 1, times * second, np.zeros(times.size), 1 * ms, rules=rule)
    )
    simulation = simulate(network)
    names = [f"unit.{rule.prefix}_{name}" for name in rule.traces]
    seen = [np.zeros(len(names))]
    for _ in range(2 * HALF):
        simulation.run(1 * second)
        seen.append(np.array([float(simulation.get(name)[0]) for name in names]))
    courses = np.array(seen).T
    curves = {}
    for at, (name, course) in enumerate(zip(rule.traces, courses, strict=True)):
        # Identical curves are shown once.
        if not any(np.array_equal(course, other) for other in courses[:at]):
            curves[f"{name} / {course.max():.2g}"] = (np.arange(2.0 * HALF + 1), course / course.max())
    note = f"{RATES[0]} Hz, from the line on {RATES[1]} Hz"
    return Panel(curves, "time (s)", "(1)", note, marks=(float(HALF),))


def rewired(rule: StructuralRule) -> Panel:
    """Return the calcium and synapses of cells that start unconnected, some of which lose input half-way."""
    elements = rules.get("SynapticElements")(
        tau_Ca=2 * second, beta_Ca=0.005, epsilon=SET_POINT, nu_axonal=0.3 * Hz, nu_excitatory=0.3 * Hz
    )
    network = Network("rewired", 0.1 * ms).add(
        Population("drive", CELLS, Poisson(rate=1700 * Hz)),
        Population("cells", CELLS, LIF(E_L=-60 * mV), {"v": Uniform(-60 * mV, -50 * mV)}, elements),
        Projection("input", "drive", "cells", Pulse(), OneToOne(), np.ones(CELLS) * mV),
        Projection(
            "plastic",
            "cells",
            "cells",
            Pulse(),
            Probability(1.0, autapses=False),
            3 * mV,
            1 * ms,
            rules=(rule,),
        ),
    )
    simulation = simulate(network)
    seen = []
    for now in range(WHOLE):
        if now == WHOLE // 2:
            simulation.set("input.w", np.where(np.arange(CELLS) < LESIONED, 0.9, 1.0) * mV)
        simulation.run(1 * second)
        calcium = np.array(simulation.get(f"cells.{elements.prefix}_C")) / SET_POINT
        synapses = float(np.sum(simulation.get("plastic.mask"))) / CELLS
        seen.append((calcium[LESIONED:].mean(), calcium[:LESIONED].mean(), synapses))
    course = np.array(seen)
    # The mean of 5 s, since each cell spikes a few times a second.
    averaged = course.reshape(-1, 5, 3).mean(axis=1)
    averaged[:, 2] /= averaged[:, 2].max()
    labels = (
        "calcium / set-point",
        "the same, cells with less input",
        f"synapses per cell / {course[:, 2].max():.2g}",
    )
    curves = {
        label: (5.0 * np.arange(len(averaged)) + 2.5, y) for label, y in zip(labels, averaged.T, strict=True)
    }
    note = f"{LESIONED} of {CELLS} cells lose 10 % of their input at the line"
    return Panel(curves, "time (s)", "(1)", note, marks=(WHOLE / 2,))
