"""The neuromodulator form: local rules alone, on engines that know no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.engines import simulate
from neurosim.experiment import Data, Stage
from neurosim.experiments.predicted_credit.config import Config
from neurosim.experiments.predicted_credit.rules import CreditedHebb, GatedDelta
from neurosim.model.connectivity import AllToAll, OneToOne
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.units import second
from neurosim.neurons import GradedUnit, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded

Array = NDArray[np.float64]
DT = 1e-3
CREDITS = ("true", "predicted", "late")
COMPARED = 5
"""Patterns after which engines are compared."""


def network(config: Config, credit: str, seed: int) -> Network:
    """Return a network whose hidden layer learns by credit that is true at once, predicted, or true but late.

    With 'none' the hidden layer does not learn, and the module alone does.

    h = tanh(W x), y = O h, error e = y - target, credit O^T e; module = A h + B target learns the credit that was true
    `late` steps ago, while the pattern is still the same.
    """
    n, rng, dt = config.units, generator(seed, "three-factor network"), DT * second
    out = rng.normal(size=(config.outputs, n)) / np.sqrt(n)
    linear = {"transfer": "identity"}
    source = {"true": "true", "predicted": "module", "late": "teacher", "none": "module"}[credit]
    rule = CreditedHebb(m=source, **({"eta": 0 / second} if credit == "none" else {}))

    def joined(name: str, a: str, b: str, weight: Any, **more: Any) -> Projection:
        return Projection(name, a, b, Graded(), AllToAll(), weight, **more)

    return Network("predicted_credit", dt).add(
        Population("x", config.inputs, Signal()),
        Population("target", config.outputs, Signal()),
        Population("gate", 1, Signal()),
        Population("h", n, GradedUnit(transfer="tanh")),
        Population("y", config.outputs, GradedUnit(**linear)),
        Population("error", config.outputs, GradedUnit(**linear)),
        Population("true", n, GradedUnit(**linear)),
        Population("teacher", n, GradedUnit(**linear)),
        Population("module", n, GradedUnit(**linear)),
        joined("in", "x", "h", 0.1 * rng.normal(size=(n, config.inputs)), rules=rule),
        joined("out", "h", "y", out),
        Projection("made", "y", "error", Graded(), OneToOne(), 1.0),
        Projection("wanted", "target", "error", Graded(), OneToOne(), -1.0),
        joined("back", "error", "true", out.T),
        joined("back_late", "error", "teacher", out.T, delay=config.late * dt),
        joined("state", "h", "module", 0.0, rules=GatedDelta()),
        joined("aim", "target", "module", 0.0, rules=GatedDelta()),
        Recorder("error", "output", every=config.shown, after=True),
        Recorder("module", "output", every=config.shown, after=True),
        Recorder("true", "output", every=config.shown, after=True),
    )


def shown(config: Config, patterns: int, seed: int) -> dict[str, Array]:
    """Return the inputs of all steps: patterns, what a network of the same form makes of them, and the gate."""
    n, rng = config.units, generator(seed, "three-factor task")
    out = generator(seed, "three-factor network").normal(size=(config.outputs, n)) / np.sqrt(n)
    x = rng.normal(size=(patterns, config.inputs))
    hidden = rng.normal(size=(n, config.inputs)) / np.sqrt(config.inputs)
    target = np.tanh(x @ hidden.T) @ out.T
    gate = np.arange(config.shown) >= config.late
    return {
        "x": np.repeat(x, config.shown, axis=0),
        "target": np.repeat(target, config.shown, axis=0),
        "gate": np.tile(gate, patterns)[:, None].astype(float),
    }


def run(config: Config, credit: str, patterns: int, seed: int, engine: str) -> tuple[Any, dict[str, Array]]:
    """Return (weights of the input, recordings once a pattern) of a network that was shown patterns."""
    simulation = simulate(network(config, credit, seed), engine=engine, seed=seed)
    simulation.run(patterns * config.shown * DT * second, shown(config, patterns, seed))
    found: Any = simulation.recordings()
    return simulation.matrix("in"), {
        name: found[f"{name}.output"].values for name in ("error", "module", "true")
    }


def modulated(config: Config, seed: int, stage: Stage) -> dict[str, Data]:
    """Run all kinds of credit from all seeds, and compare engines on the first patterns."""
    errors = np.zeros((len(CREDITS), config.seeds, config.patterns))
    cosines = np.zeros((2, config.seeds, config.patterns))
    differs = np.zeros(config.seeds)
    few = min(COMPARED, config.patterns)
    for k in range(config.seeds):
        own = 1000 * seed + k
        for c, credit in enumerate(CREDITS):
            _, found = run(config, credit, config.patterns, own, "fused")
            errors[c, k] = np.square(found["error"]).mean(1)
            if credit == "predicted":
                cosines[0, k] = cosine(found["module"], found["true"])
        _, found = run(config, "none", config.patterns, own, "fused")
        cosines[1, k] = cosine(found["module"], found["true"])
        ours, reference = (run(config, "predicted", few, own, engine)[0] for engine in ("fused", "brian2"))
        differs[k] = np.abs(ours - reference).max()
        stage(k + 1, config.seeds)
    return {
        "credit": Data(np.array(CREDITS), ("credit",), "", "credit by which the hidden layer learns"),
        "error": Data(errors, ("credit", "seed", "pattern"), "", "squared error at the end of each pattern"),
        "hidden": Data(np.array(["learns", "fixed"]), ("hidden",), "", "whether the hidden layer learns"),
        "cosine": Data(cosines, ("hidden", "seed", "pattern"), "", "cosine of predicted and true credit"),
        "engines": Data(differs, ("seed",), "", "largest difference of weights, fused and brian2"),
    }


def cosine(a: Array, b: Array) -> Array:
    """Return the cosine of the rows of two arrays."""
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    found: Array = (a * b).sum(1) / np.maximum(norms, 1e-300)
    return found
