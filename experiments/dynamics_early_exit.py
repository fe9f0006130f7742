"""Early exit where depth is time: when to stop listening to evidence, by a gate that is learned or a threshold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from brian2 import ms
from matplotlib.figure import Figure

from neurosim import AllToAll, Network, Normal, Population, Projection, Recorder
from neurosim.experiment import (
    Claim,
    Data,
    Experiment,
    Results,
    RunContext,
    Stage,
    at_least,
    at_most,
    setting,
)
from neurosim.learning.bptt import Objective, network_model
from neurosim.learning.protocol import Descend, Evaluation, Fresh, Learner, Phase
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.palette import PALE, colour
from neurosim.plot.axes import letters, plain_logarithmic
from neurosim.synapses import Graded

CITATION = "Regol, Chataoui, Coates 2024, Jointly-learned exit and inference for dynamic networks, ICLR, "
CITATION += "arXiv 2310.09163"
ABSTRACT: dict[str, Any] = {"source": "abstract, arXiv 2310.09163", "kind": "paper-ordering"}


@dataclass(frozen=True)
class Config:
    """Settings; an accumulator of evidence stands for a deep network, a step for a layer."""

    steps: int = setting(20, "steps of evidence", low=2)
    drifts: tuple[float, ...] = setting((0.1, 0.3, 0.9), "mean evidence per step, one per trial", low=0.0)
    hidden: int = setting(16, "units", low=1)
    updates: int = setting(1500, "updates", low=1)
    rate: float = setting(0.005, "learning rate of Adam", low=1e-5)
    trials: int = setting(256, "trials per update", low=2)
    costs: tuple[float, ...] = setting((0.003, 0.01, 0.03), "cost of a step", low=0.0)
    tests: int = setting(4000, "test trials", low=100)
    seeds: int = setting(5, "initial weights", low=1)


def network(config: Config) -> Network:
    """Return evidence -> leaky units with recurrence -> a choice and a gate, at each step."""
    return Network("accumulator", dt=1 * ms).add(
        Population("x", 1, Signal()),
        Population("h", config.hidden, LeakyRate(tau=5 * ms, transfer="tanh")),
        Population("y", 1, GradedUnit(transfer="identity", bias=np.zeros(1))),
        Population("gate", 1, GradedUnit(transfer="logistic", bias=np.full(1, -2.0))),
        Projection("in", "x", "h", Graded(), AllToAll(), Normal(0, 1)),
        Projection("rec", "h", "h", Graded(), AllToAll(), Normal(0, 0.5 / config.hidden**0.5)),
        Projection("choice", "h", "y", Graded(), AllToAll(), Normal(0, config.hidden**-0.5)),
        Projection("stop", "h", "gate", Graded(), AllToAll(), Normal(0, 0.1)),
        Recorder("y", "output"),
        Recorder("gate", "output"),
    )


def exits(gate: Any) -> Any:
    """Return the probability to stop at each step, q_t = g_t prod over s < t of (1 - g_s); g (trials, steps)."""
    left = jnp.cumprod(1 - gate[:, :-1], axis=1)
    before = jnp.concatenate([jnp.ones_like(gate[:, :1]), left], axis=1)
    return before * gate.at[:, -1].set(1.0)


def wrong(outcome: Any, batch: Any) -> Any:
    """Return the cross-entropy of the choice at each step (trials, steps)."""
    return jax.nn.softplus(-batch["side"][:, None] * outcome["y.output"][..., 0])


def study(config: Config, run: RunContext, stage: Stage) -> dict[str, Data]:
    """Train with gates for each cost, and without, and measure accuracy and decision times on the same trials."""

    def make(key: jax.Array, trials: int) -> dict[str, Any]:
        side, drift, noise = jax.random.split(key, 3)
        s = jax.random.rademacher(side, (trials,), jnp.float32)
        mu = jax.random.choice(drift, jnp.array(config.drifts), (trials,))
        x = (s * mu)[:, None, None] + jax.random.normal(noise, (trials, config.steps, 1))
        return {"inputs": {"x": x}, "side": s}

    def expected(outcome: Any, batch: Any) -> Any:
        return (exits(outcome["gate.output"][..., 0]) * wrong(outcome, batch)).sum(1).mean()

    def duration(outcome: Any, batch: Any) -> Any:
        return (exits(outcome["gate.output"][..., 0]) * jnp.arange(1, config.steps + 1)).sum(1).mean()

    def every_step(outcome: Any, batch: Any) -> Any:
        return wrong(outcome, batch).mean()

    terms = {"exit": expected, "time": duration, "every": every_step}
    objective = Objective(terms, {"loss": dict.fromkeys(terms, 0.0)})
    names = ("in.w", "rec.w", "choice.w", "stop.w", "y.bias", "gate.bias")
    learner = Learner(
        network_model(network(config), names, steps=config.steps),
        Descend(objective, optax.adam(config.rate)),
        batches=Fresh(lambda key: make(key, config.trials)),
        every=config.updates,
    )
    tests = Fresh(lambda key: make(key, config.tests))
    measures = {
        "logit": lambda outcome, batch: batch["side"][:, None] * outcome["y.output"][..., 0],
        "exit": lambda outcome, batch: exits(outcome["gate.output"][..., 0]),
    }
    seeds = [1000 * run.seed + n for n in range(config.seeds)]
    arms = [{"exit": 1.0, "time": cost, "every": 0.0} for cost in config.costs]
    found = []
    for number, weights in enumerate([*arms, {"exit": 0.0, "time": 0.0, "every": 1.0}]):
        training = learner.train(config.updates, seeds, phase=Phase(losses={"loss": weights}))
        found.append(learner.evaluate(training, Evaluation(tests, measures), name="test"))
        stage(number + 1, len(arms) + 1, "trainings")
    time = np.arange(1, config.steps + 1)
    gated = [
        [((one["exit"] * (one["logit"] > 0)).sum(-1).mean(-1), (one["exit"] * time).sum(-1).mean(-1))]
        for one in found[:-1]
    ]
    margin = np.abs(found[-1]["logit"])
    bounds = np.linspace(0, 6, 61)
    fixed = [threshold(margin, found[-1]["logit"] > 0, bound, time) for bound in bounds]
    return {
        "gated": Data(
            np.array(gated)[:, 0], ("cost", "measure", "seed"), "", "accuracy and mean step of exit"
        ),
        "fixed": Data(
            np.array(fixed), ("bound", "measure", "seed"), "", "the same with a bound on confidence"
        ),
        "cost": Data(np.array(config.costs), ("cost",), "", "cost of a step"),
        "bound": Data(bounds, ("bound",), "", "bound on |log odds|"),
    }


def threshold(
    margin: np.ndarray, correct: np.ndarray, bound: float, time: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return accuracy and mean step of exit (seeds,) where the first |log odds| of at least a bound decides."""
    over = margin >= bound
    over[..., -1] = True
    at = over.argmax(-1)
    right = np.take_along_axis(correct, at[..., None], -1)[..., 0]
    return right.mean(-1), time[at].mean(-1)


def run(config: Config, run: RunContext) -> None:
    """Train and measure."""
    run.cite(CITATION)
    run.stage("exits", lambda stage: study(config, run, stage))


def at_equal_time(results: Results) -> np.ndarray:
    """Return accuracy of gates minus that of the bound at the same mean time, interpolated (costs, seeds)."""
    gated, fixed = results.array("exits/gated"), results.array("exits/fixed")
    there = [
        [np.interp(gated[c, 1, s], fixed[:, 1, s], fixed[:, 0, s]) for s in range(gated.shape[2])]
        for c in range(len(gated))
    ]
    return np.asarray(gated[:, 0] - np.array(there))


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge the trade between accuracy and time, and gates against a bound on confidence."""
    gated, difference = results.array("exits/gated"), at_equal_time(results)
    order = np.argsort(config.costs)
    yield at_most(
        "cost", "A higher cost makes decisions earlier: greatest change of the mean step of exit from one cost to the "
        "next, over seeds", source="this project", kind="own", expected=0.0,
        measured=float(np.diff(gated[order, 1], axis=0).max()),
    )  # fmt: skip
    for number, cost in enumerate(config.costs):
        yield at_least(
            f"gate-{number + 1}", f"A gate that is learned jointly is more accurate than a fixed bound on confidence "
            f"at the same mean time, cost {cost:g}: mean difference of accuracy", **ABSTRACT, expected=0.0,
            measured=float(difference[number].mean()),
            note=f"seeds {difference[number].min():.4f} to {difference[number].max():.4f}, mean step "
            f"{gated[number, 1].mean():.1f}",
        )  # fmt: skip


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: accuracy against mean time, for gates and for bounds; and the difference."""
    drawn = Figure(figsize=(8.4, 3.4), layout="constrained")
    axes, gated, fixed = drawn.subplots(1, 2), results.array("exits/gated"), results.array("exits/fixed")
    axes[0].plot(fixed[:, 1], fixed[:, 0], color=colour(0), linewidth=0.7)
    axes[0].plot([], [], color=colour(0), label="bound on confidence, by seed")
    axes[0].plot(
        gated[:, 1].ravel(),
        gated[:, 0].ravel(),
        "o",
        color=colour(1),
        markersize=5,
        label="gate, by cost and seed",
    )
    axes[0].set(xlabel="mean step of exit", ylabel="accuracy")
    axes[0].legend(frameon=False)
    difference = at_equal_time(results)
    axes[1].axhline(0, color=PALE, linewidth=1, linestyle=":")
    axes[1].plot(config.costs, difference, ".", color=colour(1))
    axes[1].plot(config.costs, difference.mean(1), "o-", color=colour(1))
    plain_logarithmic(axes[1].xaxis)
    axes[1].set(xlabel="cost of a step", ylabel="accuracy of gate minus bound, same time")
    letters(axes)
    return drawn


experiment = Experiment(
    name="dynamics_early_exit",
    title="Early exit by a gate where depth is time",
    citation=CITATION,
    config=Config,
    presets={"quick": Config()},
    run=run,
    claims=claims,
    figures=figures,
)
