"""A C. elegans-inspired motor circuit that swims: initial performance, learning, transfer, ablations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from neurosim.bodies.swimmer import Swimmer
from neurosim.circuits.celegans_swimmer import SwimmerCircuit, option_bits
from neurosim.circuits.mlp import MLPController
from neurosim.experiment import (
    Data,
    Experiment,
    RunContext,
    Stage,
    parallel_map,
)
from neurosim.experiments.swimmer.claims import claims
from neurosim.experiments.swimmer.config import FITTED, FITTED_ON, PRESETS, VARIANTS, Config
from neurosim.experiments.swimmer.figure import figure
from neurosim.learning.arena import Arena, Controller, Episode
from neurosim.learning.evolution import EvolutionState
from neurosim.rng import generator

CITATION = (
    "Bhattasali, Zador, Engel 2022, Neural Circuit Architectural Priors for Embodied Control, NeurIPS, "
    "arXiv 2201.05242"
)
UNITS = ("angle", "oscillator", "stretch", "b", "muscle", "torque")


class _Study:
    """The pieces of one run: arenas and episodes with the run's seed, engine and workers."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run

    def arena(
        self, controller: Controller, n_links: int, dt: float | None = None, record: tuple[str, ...] = ()
    ) -> Arena:
        make_body = partial(Swimmer, n_links, self.config.physics_dt if dt is None else dt)
        return Arena(controller, make_body, self.run.engine, record)

    def circuit_arena(self, n_links: int, dt: float | None = None) -> Arena:
        return self.arena(_circuit(n_links), n_links, dt)

    def episodes(
        self, arena: Arena, jobs: Sequence[tuple[np.ndarray, object]], progress: Any = None
    ) -> list[Episode]:
        """Run (weights, name of the start) on all workers."""

        def one(job: tuple[np.ndarray, object]) -> Episode:
            start = generator(self.run.seed, f"start {job[1]}")
            return arena.episode(job[0], start, self.config.steps)

        return parallel_map(one, jobs, self.run.workers, progress or (lambda done, total: None))

    def starts(self, arena: Arena, vector: np.ndarray, progress: Any = None) -> list[Episode]:
        return self.episodes(arena, [(vector, k) for k in range(self.config.starts)], progress)

    # Stages ---------------------------------------------------------------------------------------------------

    def initial(self, stage: Stage) -> dict[str, Data]:
        """Measure the untrained circuit on every body, and an untrained MLP on the trained body."""
        config, mlp, first = self.config, self.mlp(), _circuit(self.config.n_links).initial()
        runs = [self.starts(self.circuit_arena(n), _circuit(n).initial(), stage) for n in config.bodies]
        untrained = [(mlp.initial(self.run.seed + k), k) for k in range(config.starts)]
        inert = [(np.array([1.0, 1.0, 1.0, w_c]), 0) for w_c in (-1.0, -0.3, 0.0)]
        return {
            "links": Data(np.array(config.bodies), ("links",), "", "links of the body"),
            "returns": _totals(runs, ("links", "start"), "return of the untrained circuit"),
            "speed": _speeds(runs, ("links", "start"), "net speed of the centre of mass"),
            "mlp_returns": _totals(
                self.episodes(self.arena(mlp, config.n_links), untrained),
                ("start",),
                "return of untrained MLPs",
            ),
            "coarse_returns": _totals(
                self.starts(self.circuit_arena(config.n_links, config.fast_dt), first),
                ("start",),
                "return with the coarse physics step",
            ),
            "inert_returns": _totals(
                self.episodes(self.circuit_arena(config.n_links), inert),
                ("w_c",),
                "return for w_c = -1, -0.3, 0 from one start",
            ),
        }

    def traces(self, stage: Stage) -> dict[str, Data]:
        """Record every unit of the circuit, and the body, over one episode."""
        n = self.config.n_links
        circuit, steps = _circuit(n), np.arange(self.config.steps)
        arena = self.arena(circuit, n, record=(*UNITS, "heading", "forward_speed"))
        (episode,) = self.episodes(arena, [(circuit.initial(), 0)], stage)
        found = {
            "step": Data(steps, ("step",), "", "control step"),
            "time": Data(steps * circuit.dt, ("step",), "s", "time of the control step"),
        }
        units = {"angle": "rad", "com": "m", "heading": "rad", "forward_speed": "m/s"}
        for name in (*UNITS, "reward", "com", "heading", "forward_speed"):
            samples: Any = episode.recordings[f"{name}.output"]
            text = f"{name} at the start of each control step"
            found[name] = Data(samples.values, ("step", f"{name}_unit"), units.get(name, ""), text)
        return found

    def mlp(self, name: str = "mlp") -> MLPController:
        return MLPController(self.config.n_links - 1, self.config.mlps[name])

    def learning(
        self, controller: Controller, first: np.ndarray, epochs: int, seed: int, stage: Stage
    ) -> dict[str, Data]:
        """Train a controller by the evolution strategy; goes on from the last checkpoint."""
        strategy = self.config.strategy()
        arena = self.arena(controller, self.config.n_links)
        state, log = _restored(stage) or (strategy.start(first, seed), np.zeros((0, 4)))

        def evaluate(candidates: np.ndarray, epoch: int) -> np.ndarray:
            done = len(candidates) * epoch
            report = lambda k, n: stage(done + k, epochs * n, f"epoch {epoch + 1}")  # noqa: E731
            found = self.episodes(arena, [(c, f"{seed}, epoch {epoch}") for c in candidates], report)
            return np.array([e.total for e in found])

        for record in strategy.run(evaluate, state, epochs, self.config.steps):
            log = np.vstack([log, [record.steps, record.mean, record.sd, record.best]])
            state = record.state
            stage.checkpoint({**state.arrays(), "log": log})
        final = self.starts(arena, state.parameters)
        return {
            "steps": Data(log[:, 0], ("epoch",), "", "environment steps used"),
            "mean": Data(log[:, 1], ("epoch",), "", "mean return of the population"),
            "sd": Data(log[:, 2], ("epoch",), "", "standard deviation of returns in the population"),
            "best": Data(log[:, 3], ("epoch",), "", "best return in the population"),
            "parameters": Data(state.parameters, ("parameter",), "", "trained parameters"),
            "final": _totals(final, ("start",), "return after training"),
            "final_speed": _speeds(final, ("start",), "net speed after training"),
        }

    def transfer(self, trained: list[np.ndarray], stage: Stage) -> dict[str, Data]:
        """Put the trained weights, unchanged, into other bodies."""
        bodies = self.config.bodies
        arenas = {n: self.circuit_arena(n) for n in bodies}
        runs = [[self.starts(arenas[n], vector, stage) for n in bodies] for vector in trained]
        other = FITTED_ON if FITTED_ON in bodies else bodies[-1]
        fitted = f"return of fixed weights {FITTED.tolist()} on {other} links"
        return {
            "links": Data(np.array(bodies), ("links",), "", "links of the body"),
            "returns": _totals(runs, ("run", "links", "start"), "return without retraining"),
            "fitted_returns": _totals(self.starts(arenas[other], FITTED), ("start",), fitted),
        }

    def ablation(self, stage: Stage) -> dict[str, Data]:
        """Draw initial weights of each variant [shared, signed, constant] and measure one episode each."""
        n, draws = self.config.n_links, self.config.draws
        table = np.zeros((len(VARIANTS), draws))
        for row, bits in enumerate(VARIANTS):
            circuit = SwimmerCircuit(n - 1, **option_bits(bits))
            jobs = [(circuit.initial(self.run.seed * 100_000 + k), k) for k in range(draws)]
            report = lambda k, _, base=row * draws: stage(base + k, table.size)  # noqa: E731
            arena = self.arena(circuit, n, self.config.fast_dt)
            table[row] = [e.total for e in self.episodes(arena, jobs, report)]
        return {
            "variant": Data(np.array(VARIANTS), ("variant",), "", "option bits: shared, signed, constant"),
            "returns": Data(table, ("variant", "draw"), "", "return with initial weights"),
        }


def _circuit(n_links: int) -> SwimmerCircuit:
    return SwimmerCircuit(n_links - 1)


def _totals(episodes: Any, dims: tuple[str, ...], text: str) -> Data:
    return Data(_each(episodes, lambda episode: episode.total), dims, "", text)


def _speeds(episodes: Any, dims: tuple[str, ...], text: str) -> Data:
    return Data(_each(episodes, lambda episode: episode.net_speed), dims, "m/s", text)


def _each(episodes: Any, measure: Callable[[Episode], float]) -> np.ndarray:
    """Return a measure of every episode in lists of lists, as an array of that shape."""
    found = [measure(item) if isinstance(item, Episode) else _each(item, measure) for item in episodes]
    return np.array(found)


def _restored(stage: Stage) -> tuple[EvolutionState, np.ndarray] | None:
    kept: Mapping[str, Any] | None = stage.restored()
    return None if kept is None else (EvolutionState.from_arrays(kept), np.asarray(kept["log"]))


def run(config: Config, run: RunContext) -> None:
    """Run all stages."""
    study = _Study(config, run)
    run.cite(CITATION)
    run.stage("initial", study.initial)
    run.stage("traces", study.traces)
    circuit = _circuit(config.n_links)
    trained = []
    for k in range(config.circuit_seeds):
        work = partial(study.learning, circuit, circuit.initial(), config.circuit_epochs, 1000 * run.seed + k)
        trained.append(run.stage(f"circuit_{k}", work)["parameters"].array)
    for name in config.mlps:
        mlp = study.mlp(name)
        for k in range(config.mlp_seeds):
            seed = 1000 * run.seed + k
            work = partial(study.learning, mlp, mlp.initial(seed), config.mlp_epochs, seed)
            run.stage(f"{name}_{k}", work)
    run.stage("transfer", partial(study.transfer, trained))
    run.stage("ablation", study.ablation)


experiment = Experiment(
    name="swimmer",
    title="C. elegans motor circuit as an architectural prior for swimming",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
