"""Bonuses for exploration in small worlds: counts over all episodes, or within one, where worlds are shared or new."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from neurosim import AllToAll, Network, Population, Projection, Recorder
from neurosim.experiment import Claim, Data, Experiment, Results, RunContext, Stage, at_least, setting
from neurosim.learning.bptt import network_model
from neurosim.learning.protocol import Learner, Now, Part, Shuffled
from neurosim.neurons import GradedUnit, Signal
from neurosim.palette import colour
from neurosim.rng import generator
from neurosim.synapses import Graded

CITATION = "Henaff, Jiang, Raileanu 2023, A study of global and episodic bonuses, ICML, arXiv 2306.03236"
ABSTRACT: dict[str, Any] = {"source": "abstract, arXiv 2306.03236", "kind": "paper-ordering"}
ARMS = {"none": (0, 0, 0), "global": (1, 0, 1), "episodic": (0, 1, 1), "product": (1, 1, 1)}
"""Whether a bonus is 1/sqrt(visits in all episodes), whether it is for first visits in an episode, whether it is."""
MOVES = np.array([[0, 1], [0, -1], [1, 0], [-1, 0]])


@dataclass(frozen=True)
class Config:
    """Settings; worlds are this project's smallest ones."""

    side: int = setting(10, "cells of a side", low=3)
    walls: float = setting(0.2, "share of cells that are walls", low=0.0, high=0.4)
    horizon: int = setting(100, "steps of an episode", low=2)
    episodes: int = setting(600, "episodes", low=4)
    rate: float = setting(0.5, "learning rate of values", low=0.0, high=1.0)
    discount: float = setting(0.95, "discount of values per step", low=0.0, high=1.0)
    bonus: float = setting(0.1, "bonus of a first visit; the goal gives 1", low=0.0)
    chance: float = setting(0.05, "share of random moves", low=0.0, high=1.0)
    seeds: int = setting(5, "draws of worlds", low=1)


def world(config: Config, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Return (walls, goal): cells by row, the start at 0, the goal among the farther half of the cells in reach."""
    side = config.side
    while True:
        wall = rng.random((side, side)) < config.walls
        wall[0, 0] = False
        distance = np.where(np.arange(side * side) == 0, 0, -1).reshape(side, side)
        for step in range(side * side):
            for place in np.argwhere(distance == step):
                for near in place + MOVES:
                    if (near >= 0).all() and (near < side).all() and not wall[*near] and distance[*near] < 0:
                        distance[*near] = step + 1
        far = np.flatnonzero(distance.ravel() >= side)
        if len(far):
            return wall.ravel().astype(np.float32), int(rng.choice(far))


class Explore(Part):
    """Lives an episode: values learn by Q-learning from reward and bonus, a state counts visits and keeps scores."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def arguments(self, names: Any, seeds: int, losses: Any) -> Any:
        """Return what the bonus of each arm is."""
        return np.array(list(ARMS.values()))

    def start(self, parameters: Any, batch: Any) -> Any:
        """Return no visits and no scores."""
        return {"visits": jnp.zeros(self.config.side**2), "score": jnp.zeros(self.config.episodes)}

    def step(self, now: Now, state: Any) -> tuple[dict[str, Any], Any]:
        """Return values after an episode in the world of the batch."""
        config, side = self.config, self.config.side
        wall, goal, (of_all, of_one, used) = (
            now.batch["wall"][0],
            now.batch["goal"][0],
            now.arguments[self.name],
        )

        def move(carry: Any, key: Any) -> tuple[Any, Any]:
            q, place, visits, own, found = carry
            explore, pick, tie = jax.random.split(key, 3)
            best = jnp.argmax(q[:, place] + 1e-6 * jax.random.uniform(tie, (4,)))
            random = jax.random.uniform(explore) < config.chance
            action = jnp.where(random, jax.random.randint(pick, (), 0, 4), best)
            wanted = jnp.stack([place // side, place % side]) + jnp.asarray(MOVES)[action]
            to = jnp.clip(wanted, 0, side - 1) @ jnp.array([side, 1])
            to = jnp.where(wall[to] > 0, place, to)
            visits, own, there = visits.at[to].add(1), own.at[to].add(1), to == goal
            bonus = (
                config.bonus * used * visits[to] ** (-of_all / 2) * jnp.where(own[to] > 1, 1 - of_one, 1.0)
            )
            aim = there + bonus + config.discount * jnp.where(there, 0.0, q[:, to].max())
            learned = q.at[action, place].add(config.rate * (aim - q[action, place]))
            new = (learned, to, visits, own, there)
            return jax.tree.map(lambda old, one: jnp.where(found, old, one), carry, new), found | there

        q = now.model.matrix("q.w", now.before["q.w"])
        first = (q, jnp.int32(0), state["visits"], jnp.zeros(side**2), jnp.array(False))
        (q, _, visits, _, _), found = jax.lax.scan(move, first, jax.random.split(now.key, config.horizon))
        score = state["score"].at[now.step].set(found.mean())
        return {"q.w": now.model.flat("q.w", q)}, {"visits": visits, "score": score}


def explore(config: Config, run: RunContext, number: int, stage: Stage) -> dict[str, Data]:
    """Learn with every bonus in one world, and in a new one in each episode."""
    cells, rng, found = config.side**2, generator(run.seed, f"worlds {number}"), []
    network = Network("values").add(
        Population("place", cells, Signal()),
        Population("moves", 4, GradedUnit(transfer="identity")),
        Projection("q", "place", "moves", Graded(), AllToAll(), np.zeros((4, cells))),
        Recorder("moves", "output"),
    )
    model = network_model(network, ("q.w",), steps=1)
    for shared in (True, False):
        drawn = (
            [world(config, rng)] * config.episodes
            if shared
            else [world(config, rng) for _ in range(config.episodes)]
        )
        walls, goals = (np.array(values) for values in zip(*drawn, strict=True))
        inputs = {"place": np.zeros((config.episodes, cells), np.float32)}
        stream = Shuffled({"inputs": inputs, "wall": walls, "goal": goals.astype(np.int32)}, 1)
        learner = Learner(model, Explore(config), batches=stream)
        training = learner.train(config.episodes, [1000 * run.seed + number] * len(ARMS))
        found.append(np.asarray(training.carry.states["Explore"]["score"]))
        stage(len(found), 2, "kinds of worlds")
    return {
        "score": Data(
            np.array(found), ("worlds", "arm", "episode"), "", "share of the steps after the goal was found"
        )
    }


def run(config: Config, run: RunContext) -> None:
    """Explore in each draw of worlds."""
    run.cite(CITATION)
    for number in range(config.seeds):
        run.stage(f"draw_{number}", partial(explore, config, run, number))


def scores(config: Config, results: Results) -> np.ndarray:
    """Return scores (draws, worlds, arms, episodes)."""
    return np.array([results.array(f"draw_{n}/score") for n in range(config.seeds)])


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge the bonuses in the second half of the episodes."""
    late = scores(config, results)[..., config.episodes // 2 :].mean(-1)
    for place, (worlds, better, other) in enumerate(
        (("shared", "global", "episodic"), ("new", "episodic", "global"))
    ):
        found = dict(zip(ARMS, late[:, place].T, strict=True))
        told = ", ".join(f"{name} {value.mean():.3f} ± {value.std():.3f}" for name, value in found.items())
        yield at_least(
            worlds, f"The {better} bonus is above the {other} one where worlds are {worlds}: mean difference of scores",
            **ABSTRACT, expected=0.0, measured=float((found[better] - found[other]).mean()), note=told,
        )  # fmt: skip
        yield at_least(
            f"product-{worlds}", f"Their product is above the worse of the two where worlds are {worlds}: mean "
            "difference", **ABSTRACT, expected=0.0, measured=float((found["product"] - found[other]).mean()),
        )  # fmt: skip


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: scores over episodes."""
    drawn, found = Figure(figsize=(8, 3.2), layout="constrained"), scores(config, results)
    width = max(config.episodes // 20, 1)
    for place, (axes, name) in enumerate(
        zip(drawn.subplots(1, 2, sharey=True), ("one world", "new worlds"), strict=True)
    ):
        for k, arm in enumerate(ARMS):
            mean = np.convolve(found[:, place, k].mean(0), np.full(width, 1 / width), "valid")
            axes.plot(width + np.arange(len(mean)), mean, color=colour(k), label=arm)
        axes.set(xlabel="episode", ylabel="score", title=name)
        axes.legend(frameon=False)
    return drawn


experiment = Experiment(
    name="dynamics_exploration_bonuses",
    title="Global and episodic bonuses for exploration",
    citation=CITATION,
    config=Config,
    presets={"quick": Config()},
    run=run,
    claims=claims,
    figures=figures,
)
