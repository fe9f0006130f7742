"""The illusion of subspace patching: a direction that changes the output without carrying what the network uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import optax
from matplotlib.figure import Figure

from neurosim import Clamp, Edges, Network, Population, Projection, Recorder, Replay
from neurosim.experiment import Claim, Data, Experiment, Results, RunContext, Stage, at_least, setting, within
from neurosim.learning.bptt import mean_square, network_model
from neurosim.learning.protocol import Descend, Evaluation, Learner, Phase, Shuffled
from neurosim.neurons import GradedUnit, Signal
from neurosim.palette import PALE, colour
from neurosim.synapses import Graded

CITATION = "Makelov, Lange, Nanda 2023, Is this the subspace you are looking for?, arXiv 2311.17030"
THEORY: dict[str, Any] = {"source": "exact, from the weights of the circuit", "kind": "theory"}
IN, OUT = np.array([1.0, 1.0, 0.0]), np.array([1.0, 0.0, 2.0])
"""What units 1, 2, 3 receive, and what they give: 2 follows the input and reaches nothing, 3 the reverse."""
SITES = {
    "unit 1, the true site": np.eye(3)[0],
    "unit 2": np.eye(3)[1],
    "unit 3": np.eye(3)[2],
    "direction of 2 and 3": np.array([0.0, 1.0, 1.0]) / 2**0.5,
}


@dataclass(frozen=True)
class Config:
    """Settings."""

    input: float = setting(1.0, "input of the run that is patched", low=-10.0, high=10.0)
    source: float = setting(-1.0, "input of the run that the patch comes from", low=-10.0, high=10.0)


def circuit() -> Network:
    """Return h = (x, x, 0), output h_1 + 2 h_3."""
    return Network("illusion").add(
        Population("x", 1, Signal()),
        Population("h", 3, GradedUnit(transfer="identity")),
        Population("y", 1, GradedUnit(transfer="identity")),
        Projection("in", "x", "h", Graded(), Edges([0, 0, 0], [0, 1, 2]), IN),
        Projection("out", "h", "y", Graded(), Edges([0, 1, 2], [0, 0, 0]), OUT),
        Recorder("y", "output"),
    )


def patch(config: Config, run: RunContext, stage: Stage) -> dict[str, Data]:
    """Replace what is in one direction of h by what is there in the other run."""
    model = network_model(circuit(), ("out.w",), steps=1, dtype="float64", clampable=("h.output",))
    batches = {
        name: Shuffled({"inputs": {"x": np.array([[value]])}, "target": np.zeros((1, 1, 1))}, 1)
        for name, value in (("input", config.input), ("source", config.source))
    }
    learner = Learner(model, Descend(mean_square("y.output"), optax.sgd(0.1)), batches=batches["input"])
    training = learner.train(0, run.seed)

    def read(batch: str, of: str, *clamps: Clamp) -> np.ndarray:
        evaluation = Evaluation(batches[batch], {"it": lambda outcome, _: outcome[of]})
        return learner.evaluate(training, evaluation, Phase(clamps=clamps))["it"]

    other = Replay(read("source", "h.output")[0])
    patched = [read("input", "y.output", Clamp("h", "output", other, direction=d)) for d in SITES.values()]
    return {
        "patched": Data(np.array(patched).ravel(), ("site",), "", "output with the patch"),
        "output": Data(
            np.ravel([read(name, "y.output") for name in batches]), ("run",), "", "output of either run"
        ),
        "site": Data(np.array(list(SITES)), ("site",), "", "what is patched"),
    }


def run(config: Config, run: RunContext) -> None:
    """Patch every site."""
    run.cite(CITATION)
    run.stage("patches", lambda stage: patch(config, run, stage))


def parts(direction: np.ndarray) -> tuple[float, float]:
    """Return the lengths of a direction's parts that reach the output, and that vary with the input."""
    return abs(float(direction @ OUT)) / float(np.linalg.norm(OUT)), abs(float(direction @ IN)) / float(
        np.linalg.norm(IN)
    )


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge each site against what follows from the weights."""
    found = dict(zip(SITES, results.array("patches/patched"), strict=True))
    for number, (site, direction) in enumerate(SITES.items()):
        change = float(direction @ IN) * float(direction @ OUT) * (config.source - config.input)
        yield within(
            f"site-{number + 1}", f"Output with {site} patched", **THEORY, expected=config.input + change,
            tolerance=1e-12, measured=float(found[site]),
        )  # fmt: skip
    true, illusory = (found[site] for site in ("unit 1, the true site", "direction of 2 and 3"))
    yield within(
        "illusion", "The direction of two units that are not used does what the true site does: difference of outputs",
        source="abstract, arXiv 2311.17030", kind="paper-ordering", expected=0.0, tolerance=1e-12,
        measured=float(true - illusory),
    )  # fmt: skip
    yield at_least(
        "control", "What tells it: a direction acts only if it has a part that reaches the output and one that varies; "
        "for each site alone one of them is 0, here the smaller is", **THEORY, expected=0.1,
        measured=min(parts(SITES["direction of 2 and 3"])),
    )  # fmt: skip


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: output by patched site."""
    drawn, found = Figure(figsize=(5.2, 3), layout="constrained"), results.array("patches/patched")
    axes = drawn.subplots()
    axes.barh(range(len(SITES)), found, color=[colour(k) for k in range(len(SITES))])
    for value, name in zip(results.array("patches/output"), ("unpatched", "source"), strict=True):
        axes.axvline(value, color=PALE, linestyle=":", linewidth=1)
        axes.annotate(name, (value, -0.75), ha="center", fontsize=8)
    axes.set(yticks=range(len(SITES)), yticklabels=SITES, xlabel="output of the patched run", ylim=(3.6, -1))
    return drawn


experiment = Experiment(
    name="dynamics_patching_illusion",
    title="The illusion of subspace patching",
    citation=CITATION,
    config=Config,
    presets={"quick": Config()},
    run=run,
    claims=claims,
    figures=figures,
)
