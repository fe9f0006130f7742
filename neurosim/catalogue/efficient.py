"""Gains of a ring of tuned neurons before and after a stimulus that is shown more often than the others."""

from __future__ import annotations

import numpy as np
from brian2 import ms

from neurosim.catalogue.panel import Panel
from neurosim.engines import simulate
from neurosim.model.connectivity import AllToAll, OneToOne
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.rule import NeuronRule
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.synapses import Graded

NEURONS, STIMULI, TAU = 24, 24, 1 * ms
# Concentration of tuning and recurrence, strength of recurrence, cost of activity.
WIDTH, WEIGHT, COST = 6.0, 0.8, 0.2
OFTEN, BATCHES, ETA = 12, 60, 0.3


def gains(rule: NeuronRule) -> Panel:
    """Return the gain of each neuron by its preferred orientation, after equal and after unequal stimuli.

    r = g f + W r, e = f - D r, d = D.T e - alpha r + W.T d, d being what the rule reads and D the best linear read-out
    of f.
    """
    preferred = -90 + 180 * np.arange(NEURONS) / NEURONS
    apart = np.deg2rad(preferred[:, None] - preferred[None])
    bump = np.exp(WIDTH * (np.cos(2 * apart) - 1))
    w = WEIGHT * bump / bump.sum(axis=1, keepdims=True)
    r = np.linalg.solve(np.eye(NEURONS) - w, bump)
    decoder = bump @ r.T @ np.linalg.inv(r @ r.T + COST * STIMULI * np.eye(NEURONS))
    (worth,) = rule.modulators.values()
    wired = {
        "in": ("f", "u", 1.0), "up": ("u", "r", 1.0), "recurrent": ("r", "r", w), "truth": ("f", "e", 1.0),
        "decoded": ("r", "e", -decoder), "back": ("e", worth, decoder.T), "cost": ("r", worth, -COST),
        "round": (worth, worth, w.T),
    }  # fmt: skip
    faster = rule.replace(eta=ETA)
    assert isinstance(faster, NeuronRule)
    linear = {"transfer": "identity"}
    network = Network("efficient", 3 * TAU).add(
        Population("f", NEURONS, Signal()),
        Population("u", NEURONS, GradedUnit(**linear), rules=(faster,)),
        Population("r", NEURONS, LeakyRate(tau=TAU, **linear)),
        Population("e", NEURONS, GradedUnit(**linear)),
        Population(worth, NEURONS, LeakyRate(tau=TAU, **linear)),
        *(
            Projection(name, source, target, Graded(), AllToAll() if np.ndim(weight) else OneToOne(), weight)
            for name, (source, target, weight) in wired.items()
        ),
    )
    simulation, curves = simulate(network), {}
    (gain,) = rule.gains
    for label, shown in (
        ("every orientation as often", bump),
        (f"0 degrees {OFTEN} times as often", np.vstack([bump, np.tile(bump[NEURONS // 2], (OFTEN - 1, 1))])),
    ):
        for _ in range(BATCHES):
            simulation.present({"f": shown}, 240 * ms)
        curves[label] = (preferred, np.array(simulation.get(f"u.{rule.prefix}_{gain}")))
    return Panel(curves, "preferred orientation (degrees)", "gain g (1)", f"ring of neurons, eta = {ETA}")
