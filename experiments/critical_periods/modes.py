"""Stages on the dynamics of modes: portraits of large and small starts, and what they conserve."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import second
from numpy.typing import NDArray

from neurosim import Network, Population, Recorder, simulate
from neurosim.experiment import Data, RunContext, Stage
from neurosim.experiments.critical_periods.config import LARGE, SMALL, Config
from neurosim.experiments.critical_periods.networks import ExactModePair, ModePair
from neurosim.rng import generator

Array = NDArray[np.float64]
S = 10.0  # strength of the mode in the target
LARGE_DT, LARGE_STEPS, LARGE_SPREAD = 1e-3, 1000, 0.01
# The published loops begin to count at 1, so that an early window is one step shorter.
LARGE_WINDOWS = ((0, 14), (100, 115))
SMALL_DT, SMALL_START, SMALL_FROZEN = 1e-2, 0.005, 4
FINE_DT, FINE_STEPS, FINE_START, FINE_WINDOW = 1e-4, 50_000, 0.3, 1000
FINE = ((2, SMALL), (3, SMALL), (4, SMALL), (2, LARGE), (3, LARGE))


def course(
    model: ModePair,
    starts: Array,
    dt: float,
    steps: int,
    window: tuple[int, int],
    every: int,
    run: RunContext,
) -> dict[str, Array]:
    """Return p and K of both paths over time (samples, starts), by name, the last sample at the end.

    Arguments: starts, p of both paths (2, starts); dt, of unit time; window, steps in which path b is held; every,
    steps between two samples.
    """
    network = Network("modes", dt=dt * second).add(Population("m", starts.shape[1], model))
    names = ("p_a", "p_b", "K_a", "K_b")
    network.add(*(Recorder("m", name, every=every, after=True) for name in names))
    simulation = simulate(network, engine=run.engine, seed=run.seed)
    simulation.set("m.p_a", starts[0])
    simulation.set("m.p_b", starts[1])
    last = 0
    for until, is_open in ((window[0], 1.0), (window[1], 0.0), (steps, 1.0)):
        if until > last:
            simulation.set("m.open", is_open)
            simulation.run((until - last) * dt * second)
        last = until
    recorded: Any = simulation.recordings()
    return {name: np.asarray(recorded[f"m.{name}"].values) for name in names}


def share(found: dict[str, Array]) -> Array:
    """Return the share of path b at the end, (starts,)."""
    a, b = found["K_a"][-1], found["K_b"][-1]
    return b / (a + b)


def portraits(config: Config, run: RunContext, stage: Stage) -> dict[str, Data]:
    """Start from large weights at many points, for each depth, with an early and with a late deficit."""
    shape = (config.seeds, config.points)
    starts = np.stack([
        generator(1000 * run.seed + n, "portraits").normal(0, LARGE_SPREAD, (2, config.points))
        for n in range(config.seeds)
    ], axis=1)  # fmt: skip
    shares, paths = [], []
    for number, depth in enumerate(config.portraits):
        model = ModePair(depth=float(depth), c=LARGE, s=S)
        found = [
            course(model, starts.reshape(2, -1), LARGE_DT, LARGE_STEPS, window, 10, run)
            for window in LARGE_WINDOWS
        ]
        shares.append([share(one).reshape(shape).mean(1) for one in found])
        paths.append([[one[name][:, : config.points] for name in ("K_a", "K_b")] for one in found])
        stage(number + 1, len(config.portraits), "depths")
    return {
        "share": Data(np.array(shares), ("depth", "window", "seed"), "", "mean share of path b at the end"),
        "depth": Data(np.array(config.portraits), ("depth",), "", "layers of a path"),
        "course": Data(
            np.array(paths),
            ("depth", "window", "path", "sample", "start"),
            "",
            "strength, first draw of starts",
        ),
    }


def small(config: Config, run: RunContext, stage: Stage) -> dict[str, Data]:
    """Start from small weights: the published Euler steps, early and late, and the exact dynamics of the early one."""
    steps, start = config.small_steps, np.full((2, 1), SMALL_START)
    windows = ((0, SMALL_FROZEN), (steps // 2, steps // 2 + steps // 100))
    found = []
    for number, depth in enumerate(config.small_depths):
        arms = [(ModePair, windows[0]), (ModePair, windows[1]), (ExactModePair, windows[0])]
        found.append([
            share(course(kind(depth=float(depth), c=SMALL, s=S), start, SMALL_DT, steps, window, steps, run))[0]
            for kind, window in arms
        ])  # fmt: skip
        stage(number + 1, len(config.small_depths), "depths")
    return {
        "share": Data(np.array(found), ("depth", "arm"), "", "share of path b at the end"),
        "depth": Data(np.array(config.small_depths), ("depth",), "", "layers of a path"),
        "arm": Data(np.array(["early", "late", "early, exact"]), ("arm",), "", "deficit and method"),
    }


def potential(p: Array, depth: int, c: float) -> Array:
    """Return F(p), the integral of dp/(p**2 + c)**((D-1)/2): F(p_a) - F(p_b) is constant while both paths learn.

    Arguments: p; depth, D; c, `SMALL`, or `LARGE` with two or three layers.
    """
    if c == LARGE:
        return np.arcsinh(p) if depth == 2 else np.arctan(p)
    return np.log(p) if depth == 2 else p ** (2.0 - depth) / (2 - depth)


def final_share(gap: float, depth: int, s: float) -> float:
    """Return the share of path b at the end that follows from F(p_a) - F(p_b) = gap, for small starts.

    Arguments: gap; depth, D; s, strength of the mode in the target, which both paths sum to.
    """
    from scipy.optimize import brentq

    def strength(p_b: float) -> float:
        if depth == 2:
            return float(p_b**2 * np.exp(2 * gap) + p_b**2 - s)
        return float((p_b ** (2 - depth) - (depth - 2) * gap) ** (depth / (2 - depth)) + p_b**depth - s)

    # p_a is finite for p_b below this.
    high = s ** (1 / depth)
    if depth > 2 and gap > 0:
        high = min(high, ((depth - 2) * gap) ** (1 / (2 - depth)) * (1 - 1e-12))
    return float(brentq(strength, 1e-9, high, xtol=1e-14)) ** depth / s


def conserved(config: Config, run: RunContext, stage: Stage) -> dict[str, Data]:
    """Follow the conserved quantity with fine steps, with an early deficit, and compare the end with what it tells."""
    start, drifts, ends, courses = np.full((2, 1), FINE_START), [], [], []
    for number, (depth, c) in enumerate(FINE):
        model = ModePair(depth=float(depth), c=c, s=S)
        found = course(model, start, FINE_DT, FINE_STEPS, (0, FINE_WINDOW), 100, run)
        gap = (potential(found["p_a"], depth, c) - potential(found["p_b"], depth, c))[:, 0]
        at = gap[FINE_WINDOW // 100 - 1]
        drifts.append(float(np.abs(gap[FINE_WINDOW // 100 :] / at - 1).max()))
        told = final_share(float(at), depth, S) if c == SMALL else np.nan
        ends.append([float(share(found)[0]), told])
        courses.append(gap)
        stage(number + 1, len(FINE), "starts")
    return {
        "drift": Data(np.array(drifts), ("start",), "", "largest relative change of F(p_a) - F(p_b) after the deficit"),
        "share": Data(np.array(ends), ("start", "source"), "", "share of path b at the end: run, closed form"),
        "gap": Data(np.array(courses), ("start", "sample"), "", "F(p_a) - F(p_b)"),
        "depth": Data(np.array([depth for depth, _ in FINE]), ("start",), "", "layers of a path"),
        "large": Data(np.array([c for _, c in FINE]), ("start",), "", "1 for a large start"),
    }  # fmt: skip
