"""Growth by gradient boosting: groups of units fitted to what the earlier ones leave, silenced at the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from matplotlib.figure import Figure

from neurosim import AllToAll, Network, Normal, Population, Projection, Recorder
from neurosim.datasets import digits
from neurosim.experiment import Claim, Data, Experiment, Results, RunContext, Stage, at_least, setting
from neurosim.learning.bptt import network_model, softmax_cross_entropy
from neurosim.learning.protocol import Descend, Evaluation, Learner, Phase, Shuffled, Stages
from neurosim.neurons import GradedUnit, Signal
from neurosim.palette import colour
from neurosim.rng import generator
from neurosim.synapses import Graded

CITATION = "Badirli et al. 2020, Gradient boosting neural networks: GrowNet, arXiv 2002.07971"
OWN: dict[str, Any] = {"source": "this project", "kind": "own"}


@dataclass(frozen=True)
class Config:
    """Settings; groups and data are this project's smallest ones."""

    groups: int = setting(8, "groups of hidden units", low=2)
    units: int = setting(8, "hidden units of a group", low=1)
    steps: int = setting(400, "updates of each group", low=1)
    share: float = setting(3.0, "nu, the weight of a group in the sum", low=1e-3)
    rate: float = setting(0.01, "learning rate of Adam", low=1e-5)
    seeds: int = setting(5, "initial weights", low=1)


def network(config: Config) -> Network:
    """Return groups x -> g_t -> f_t, side by side."""
    found = Network("boosting").add(Population("x", 64, Signal()))
    for t in range(config.groups):
        found.add(
            Population(f"g{t}", config.units, GradedUnit(transfer="relu", bias=np.zeros(config.units))),
            Population(f"f{t}", 10, GradedUnit(transfer="identity", bias=np.zeros(10))),
            Projection(f"in{t}", "x", f"g{t}", Graded(), AllToAll(), Normal(0, (2 / 64) ** 0.5)),
            Projection(f"out{t}", f"g{t}", f"f{t}", Graded(), AllToAll(), Normal(0, 0.1)),
            Recorder(f"f{t}", "output"),
        )
    return found


def run(config: Config, run: RunContext) -> None:
    """Grow, train all at once, and silence."""
    run.cite(CITATION)
    run.stage("growth", lambda stage: grow(config, run, stage))


def grow(config: Config, run: RunContext, stage: Stage) -> dict[str, Data]:
    """Fit groups one after the other, or all together, and measure with the last ones silenced."""
    train, test = digits().split(1437, run.seed)
    count = config.groups

    def summed(outcome: Any, mask: Any) -> Any:
        """Return F = sum over groups of mask * f_t, mask (trials, groups)."""
        return jnp.einsum(
            "tbk,bt->bk", jnp.stack([outcome[f"f{t}.output"][:, -1] for t in range(count)]), mask
        )

    def residual(outcome: Any, batch: Any) -> Any:
        """Return the square of what the group leaves of the pseudo-residual onehot - softmax(F of earlier groups)."""
        before = jax.nn.softmax(config.share * jax.lax.stop_gradient(summed(outcome, batch["earlier"])))
        return jnp.mean((summed(outcome, batch["active"]) - jax.nn.one_hot(batch["label"], 10) + before) ** 2)

    def together(outcome: Any, batch: Any) -> Any:
        y = {"y.output": summed(outcome, batch["active"])[:, None]}
        return softmax_cross_entropy("y.output")(y, batch)

    def correct(outcome: Any, batch: Any) -> Any:
        return (summed(outcome, batch["active"]).argmax(1) == batch["label"]).mean()

    def masked(data: Any, active: np.ndarray, earlier: np.ndarray) -> dict[str, Any]:
        rows = {"active": active, "earlier": earlier}
        return {
            **data.batch("x"),
            **{n: np.tile(m.astype(np.float32), (len(data), 1)) for n, m in rows.items()},
        }

    names = [
        f"{part}{t}.{v}"
        for t in range(count)
        for part, v in (("in", "w"), ("out", "w"), ("g", "bias"), ("f", "bias"))
    ]
    model = network_model(network(config), tuple(names), steps=1)
    each, everything, none = np.eye(count), np.ones(count), np.zeros(count)
    upto = np.tril(np.ones((count, count)))
    seeds = [1000 * run.seed + n for n in range(config.seeds)]

    def learner(term: Any, batch: dict[str, Any]) -> Learner:
        return Learner(
            model, Descend(term, optax.adam(config.rate)), batches=Shuffled(batch, 64), every=config.steps
        )

    plan = []
    for t in range(count):
        rates = {**{f"{part}{t}.*": 1.0 for part in ("in", "out", "g", "f")}, "*": 0.0}
        plan.append(
            (
                config.steps,
                Phase(rates=rates, batches=Shuffled(masked(train, each[t], upto[t] - each[t]), 64)),
            )
        )
    boost, joint = (
        learner(residual, masked(train, each[0], none)),
        learner(together, masked(train, everything, none)),
    )
    arms = {
        "boosted": (
            boost,
            Stages(boost, plan).train(seeds, progress=lambda p: stage(p.step, p.steps, "updates")),
        ),
        "together": (joint, joint.train(count * config.steps, seeds)),
    }
    # Silenced in the order of growth, and for the network that was trained at once in a random order.
    orders = {"boosted": np.arange(count), "together": generator(run.seed, "silenced").permutation(count)}
    found = []
    for name, (of, training) in arms.items():
        kept = [np.isin(np.arange(count), orders[name][: k + 1]) for k in range(count)]
        tests = [Evaluation(Shuffled(masked(test, mask, none), len(test)), {"it": correct}) for mask in kept]
        found.append([of.evaluate(training, one)["it"] for one in tests])
    return {
        "accuracy": Data(np.array(found), ("arm", "kept", "seed"), "", "test accuracy"),
        "arm": Data(np.array(list(arms)), ("arm",), "", "how the groups were trained"),
        "kept": Data(np.arange(1, count + 1), ("kept",), "", "groups that are not silenced"),
    }


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge growth, and silence."""
    boosted, together = results.array("growth/accuracy")
    yield at_least(
        "grows", "Each further group adds accuracy, from the first to the last: mean difference, least of the seeds",
        **OWN, expected=0.0, measured=float((boosted[-1] - boosted[0]).min()),
    )  # fmt: skip
    yield at_least(
        "whole", "All groups reach the accuracy of a network that is trained at once, less 0.03: mean difference",
        **OWN, expected=-0.03, measured=float(boosted[-1].mean() - together[-1].mean()),
    )  # fmt: skip
    half = config.groups // 2 - 1
    yield at_least(
        "graceful", "With half of the groups silenced boosted networks keep more of their accuracy than those trained "
        "at once: least difference of the kept shares over seeds", **OWN, expected=0.0,
        measured=float((boosted[half] / boosted[-1] - together[half] / together[-1]).min()),
    )  # fmt: skip


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: accuracy against the number of groups that speak."""
    drawn, found, kept = (
        Figure(figsize=(4.6, 3.4), layout="constrained"),
        results.array("growth/accuracy"),
        results.array("growth/kept"),
    )
    axes = drawn.subplots()
    for k, name in enumerate(("boosted, last groups silenced", "trained at once, random groups silenced")):
        axes.plot(kept, found[k], color=colour(k), linewidth=0.6, alpha=0.5)
        axes.plot(kept, found[k].mean(1), color=colour(k), linewidth=2, label=name)
    axes.set(xlabel="groups that are not silenced", ylabel="test accuracy", ylim=(0, 1.02))
    axes.legend(frameon=False, loc="lower right")
    return drawn


experiment = Experiment(
    name="dynamics_boosting",
    title="Growth by gradient boosting",
    citation=CITATION,
    config=Config,
    presets={"quick": Config()},
    run=run,
    claims=claims,
    figures=figures,
)
