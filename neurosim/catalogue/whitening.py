"""Gain control in feedback: interneurons whose gains whiten their input, and synapses that learn what is shared."""

from __future__ import annotations

import numpy as np
from brian2 import ms

from neurosim.catalogue.panel import Curve, Panel
from neurosim.engines import simulate
from neurosim.engines.simulation import Simulation
from neurosim.model.connectivity import AllToAll, OneToOne
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.registries import rules
from neurosim.model.rule import NeuronRule, SynapticRule
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded

DT, TAU, HELD = 1 * ms, 5 * ms, 50 * ms
COPIES, SIGMA, POINTS = 200, 1.5, 60
FAST, SLOW = 0.05, 1e-3  # learning rates of gains and synapses
CONTEXTS, SHOWN, EACH = 16, 100, 100
LINEAR = {"transfer": "identity"}


def feedback(rule: NeuronRule) -> Panel:
    """Return the variance of responses inhibited by neurons with the rule, and their gain, as the input doubles."""
    network = Network("feedback", DT).add(
        Population("x", COPIES, Signal()),
        Population("r", COPIES, LeakyRate(tau=TAU, **LINEAR)),
        Population("z", COPIES, GradedUnit(**LINEAR), rules=(rule,)),
        Projection("drive", "x", "r", Graded(), OneToOne(), 1.0),
        Projection("ahead", "r", "z", Graded(), OneToOne(), 1.0),
        Projection("back", "z", "r", Graded(), OneToOne(), -1.0),
    )
    # Six times the time in which a gain changes by 1, before and after.
    whole = rule.clock == "sample"
    unit = 1.0 if whole else float(HELD)
    each = round(12 / float(rule.values()["eta"]) / unit / POINTS)
    simulation, rng = simulate(network), generator(0, "feedback")
    (gain,) = rule.gains
    seen = []
    for point in range(POINTS):
        squares = 0.0
        for _ in range(each):
            x = (1 if point < POINTS // 2 else 2) * SIGMA * rng.normal(size=(1, COPIES))
            _show(simulation, x, whole)
            squares += float(np.mean(simulation.get("r.r") ** 2)) / each
        seen.append((squares, float(np.mean(simulation.get(f"z.{rule.prefix}_{gain}")))))
    times = unit * each * (np.arange(POINTS) + 1)
    variances, gains = np.array(seen).T
    curves = {"variance of the response": (times, variances), f"gain {gain}": (times, gains)}
    note = "feedback inhibition, input doubles at the line"
    return Panel(curves, "presentations" if whole else "time (s)", "(1)", note, marks=(times[-1] / 2,))


def turning(rule: SynapticRule) -> Panel:
    """Return the directions of two interneurons' synapses, faster than by default, and those that contexts share.

    Every context is a covariance (1 + V diag(l) V.T)^2 with strengths l of its own and the same directions V.
    """
    rng = generator(3, "turning")
    shared = np.deg2rad([45.0, 160.0])
    v, w = (np.array([np.cos(a), np.sin(a)]) for a in (shared, np.deg2rad([20.0, 100.0])))
    network = Network("turning", DT).add(
        Population("x", 2, Signal()),
        Population("r", 2, LeakyRate(tau=TAU, **LINEAR)),
        Population("z", 2, GradedUnit(**LINEAR), rules=rules.get("GainWhitening")(eta=FAST)),
        Projection("drive", "x", "r", Graded(), OneToOne(), 1.0),
        Projection(
            "ahead", "r", "z", Graded(), AllToAll(), w.T, rules=_slow("Forward", "WeightNormalisationL2")
        ),
        Projection(
            "back", "z", "r", Graded(), AllToAll(), -w, rules=_slow("Backward", "OutgoingNormalisationL2")
        ),
    )
    simulation = simulate(network)
    strengths = rng.uniform(1, 4, (CONTEXTS, 2)) * np.array([[1, 0], [0, 1]])[rng.integers(0, 2, CONTEXTS)]
    forward = type(rule).__name__ == "WhiteningForward"
    angles = [_angles(simulation, forward)]
    for context in rng.integers(0, CONTEXTS, SHOWN):
        root = np.eye(2) + (v * strengths[context]) @ v.T
        for sample in rng.normal(size=(EACH, 2)) @ root:
            _show(simulation, sample[None], True)
        angles.append(_angles(simulation, forward))
    times, found = EACH * np.arange(SHOWN + 1.0), np.unwrap(np.array(angles), axis=0, period=180)
    across = np.array([0, times[-1], np.nan])
    curves: dict[str, Curve] = {
        "shared by all contexts": (np.tile(across, 2), np.repeat(np.rad2deg(shared), 3))
    }
    curves |= {f"weights of interneuron {i + 1}": (times, found[:, i]) for i in (0, 1)}
    return Panel(curves, "presentations", "direction (degrees)", f"beside GainWhitening, eta = {SLOW:g}")


def _slow(way: str, normalisation: str) -> tuple[SynapticRule, ...]:
    return rules.get(f"Whitening{way}")(eta=SLOW), rules.get(normalisation)()


def _show(simulation: Simulation, x: np.ndarray, whole: bool) -> None:
    """Hold an input (1, neurons); after a whole presentation the rules of the clock 'sample' are applied."""
    if whole:
        simulation.present({"x": x}, HELD)
    else:
        simulation.run(HELD, {"x": np.repeat(x, round(float(HELD / DT)), axis=0)})


def _angles(simulation: Simulation, forward: bool) -> np.ndarray:
    """Return the directions (degrees, modulo 180) of the weights of each interneuron."""
    # Edges are in the order of sources, then targets.
    w = np.array(simulation.get("ahead.w" if forward else "back.w")).reshape(2, 2)
    x, y = w if forward else w.T
    return np.rad2deg(np.arctan2(y, x)) % 180
