"""A C. elegans-inspired motor circuit that swims: initial performance, learning, transfer, ablations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from circuits.celegans_swimmer import SwimmerCircuit, option_bits
from circuits.mlp import MLPController
from experiments.swimmer_figure import figure
from neurosim.analysis.waves import swimming_wave
from neurosim.bodies.swimmer import Swimmer
from neurosim.experiment import (
    Claim,
    Data,
    Experiment,
    Progress,
    Results,
    RunContext,
    at_least,
    at_most,
    not_tested,
    ordering,
    parallel_map,
    setting,
    within,
)
from neurosim.learning.arena import Arena, Controller, Episode
from neurosim.learning.evolution import EpochRecord, EvolutionState, EvolutionStrategy
from neurosim.rng import generator

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CITATION = (
    "Bhattasali, Zador, Engel 2022, Neural Circuit Architectural Priors for Embodied Control, NeurIPS, "
    "arXiv 2201.05242"
)
PROTOTYPE = "independent prototype, 20 starts"
VARIANTS = tuple(f"{k:03b}" for k in range(7, -1, -1))
UNITS = ("angle", "oscillator", "stretch", "b", "muscle", "torque")
FITTED = np.array([1.95, 0.46, 1.37, -0.57])


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset."""

    n_links: int = setting(6, "links of the body that is trained", low=2)
    other_links: tuple[int, ...] = setting((4, 12), "links of the bodies for transfer", low=2)
    steps: int = setting(1000, "control steps of an episode", low=2)
    physics_dt: float = setting(0.002, "step of the physics", unit="s", low=1e-4, high=0.015)
    fast_dt: float = setting(0.005, "step of the physics in the ablations", unit="s", low=1e-4, high=0.015)
    starts: int = setting(5, "random starts per evaluation", low=1)
    population: int = setting(16, "candidates per epoch, even", low=2)
    sigma: float = setting(0.1, "standard deviation of the perturbations", low=1e-6)
    learning_rate: float = setting(0.05, "step of Adam", low=1e-6)
    decay: float = setting(0.005, "weight decay", low=0.0)
    circuit_epochs: int = setting(10, "epochs of the circuit", low=1)
    circuit_seeds: int = setting(3, "training runs of the circuit", low=1)
    mlp_epochs: int = setting(20, "epochs of the MLP", low=1)
    mlp_seeds: int = setting(2, "training runs of the MLP", low=1)
    mlp_hidden: tuple[int, ...] = setting((64, 64), "hidden layers of the MLP", low=1)
    draws: int = setting(40, "draws of initial weights per ablation", low=2)


PRESETS = {
    "quick": Config(),
    "paper": Config(starts=20, circuit_epochs=40, circuit_seeds=10, mlp_epochs=500, mlp_seeds=10, draws=60),
}


class _Study:
    """The pieces of one run: arenas and evaluations with the run's seed and workers."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run

    def arena(
        self, controller: Controller, n_links: int, dt: float | None = None, record: tuple[str, ...] = ()
    ) -> Arena:
        make_body = partial(Swimmer, n_links, self.config.physics_dt if dt is None else dt)
        return Arena(controller, make_body, self.run.engine, record)

    def start(self, name: object) -> np.random.Generator:
        return generator(self.run.seed, f"start {name}")

    def episodes(
        self, arena: Arena, jobs: list[tuple[np.ndarray, object]], progress: Any = None
    ) -> list[Episode]:
        """Run (weights, name of the start) on all workers."""

        def one(job: tuple[np.ndarray, object]) -> Episode:
            return arena.episode(job[0], self.start(job[1]), self.config.steps)

        return parallel_map(one, jobs, self.run.workers, progress or (lambda done, total: None))

    def starts(self, arena: Arena, vector: np.ndarray, progress: Any = None) -> list[Episode]:
        return self.episodes(arena, [(vector, k) for k in range(self.config.starts)], progress)

    # Stages ---------------------------------------------------------------------------------------------------

    def initial(self, progress: Progress) -> dict[str, Data]:
        """Measure the untrained circuit on every body, and an untrained MLP on the trained body."""
        config = self.config
        bodies = (config.n_links, *config.other_links)
        runs = [self.starts(self.arena(_circuit(n), n), _circuit(n).initial(), progress) for n in bodies]
        mlp = self.mlp()
        untrained = self.episodes(
            self.arena(mlp, config.n_links),
            [(mlp.initial(self.run.seed + k), k) for k in range(config.starts)],
        )
        coarse = self.starts(
            self.arena(_circuit(config.n_links), config.n_links, config.fast_dt),
            _circuit(config.n_links).initial(),
        )
        inert = self.episodes(
            self.arena(_circuit(config.n_links), config.n_links),
            [(_with_w_c(w), 0) for w in (-1.0, -0.3, 0.0)],
        )
        return {
            "links": Data(np.array(bodies), ("links",), "", "links of the body"),
            "returns": _totals(runs, ("links", "start"), "return of the untrained circuit"),
            "speed": Data(
                np.array([[e.net_speed for e in r] for r in runs]),
                ("links", "start"),
                "m/s",
                "net speed of the centre of mass",
            ),
            "mlp_returns": _totals(untrained, ("start",), "return of untrained MLPs"),
            "coarse_returns": _totals(coarse, ("start",), "return with the coarse physics step"),
            "inert_returns": _totals(inert, ("w_c",), "return for w_c = -1, -0.3, 0 from one start"),
        }

    def traces(self, progress: Progress) -> dict[str, Data]:
        """Record every unit of the circuit, and the body, over one episode."""
        n = self.config.n_links
        (episode,) = self.episodes(
            self.arena(_circuit(n), n, record=(*UNITS, "heading", "forward_speed")),
            [(_circuit(n).initial(), 0)],
            progress,
        )
        units = {"angle": "rad", "com": "m", "heading": "rad", "forward_speed": "m/s"}
        found = {}
        for name in (*UNITS, "reward", "com", "heading", "forward_speed"):
            samples: Any = episode.recordings[f"{name}.output"]
            found[name] = Data(
                samples.values,
                ("step", f"{name}_unit"),
                units.get(name, ""),
                f"{name} at the start of each control step",
            )
        found["step"] = Data(np.arange(self.config.steps), ("step",), "", "control step")
        found["time"] = Data(
            np.arange(self.config.steps) * _circuit(n).dt, ("step",), "s", "time of the control step"
        )
        return found

    def mlp(self) -> MLPController:
        return MLPController(self.config.n_links - 1, self.config.mlp_hidden)

    def learning(
        self, controller: Controller, first: np.ndarray, epochs: int, seed: int, progress: Progress
    ) -> dict[str, Data]:
        """Train a controller by the evolution strategy; goes on from the last checkpoint."""
        config = self.config
        strategy = EvolutionStrategy(config.population, config.sigma, config.learning_rate, config.decay)
        arena = self.arena(controller, config.n_links)
        state, log = _restored(progress) or (strategy.start(first, seed), np.zeros((0, 4)))

        def evaluate(candidates: np.ndarray, epoch: int) -> np.ndarray:
            done = len(candidates) * epoch
            report = lambda k, n: progress(done + k, epochs * n, f"epoch {epoch + 1}")  # noqa: E731
            found = self.episodes(arena, [(c, f"{seed}, epoch {epoch}") for c in candidates], report)
            return np.array([e.total for e in found])

        for record in strategy.run(evaluate, state, epochs, config.steps):
            log = np.vstack([log, [record.steps, record.mean, record.sd, record.best]])
            state = record.state
            progress.checkpoint({**state.arrays(), "log": log})
        final = self.starts(arena, state.parameters)
        return {
            "steps": Data(log[:, 0], ("epoch",), "", "environment steps used"),
            "mean": Data(log[:, 1], ("epoch",), "", "mean return of the population"),
            "sd": Data(log[:, 2], ("epoch",), "", "standard deviation of returns in the population"),
            "best": Data(log[:, 3], ("epoch",), "", "best return in the population"),
            "parameters": Data(state.parameters, ("parameter",), "", "trained parameters"),
            "final": _totals(final, ("start",), "return after training"),
            "final_speed": Data(
                np.array([e.net_speed for e in final]), ("start",), "m/s", "net speed after training"
            ),
        }

    def transfer(self, trained: list[np.ndarray], progress: Progress) -> dict[str, Data]:
        """Put the trained weights, unchanged, into other bodies."""
        bodies = (self.config.n_links, *self.config.other_links)
        arenas = {n: self.arena(_circuit(n), n) for n in bodies}
        runs = [[self.starts(arenas[n], vector, progress) for n in bodies] for vector in trained]
        long_body = bodies[-1]
        fitted = self.starts(arenas[long_body], FITTED)
        return {
            "links": Data(np.array(bodies), ("links",), "", "links of the body"),
            "returns": _totals(runs, ("run", "links", "start"), "return without retraining"),
            "fitted_returns": _totals(
                fitted, ("start",), f"return of fixed weights {FITTED.tolist()} on {long_body} links"
            ),
        }

    def ablation(self, progress: Progress) -> dict[str, Data]:
        """Draw initial weights of each variant [shared, signed, constant] and measure one episode each."""
        n, draws = self.config.n_links, self.config.draws
        table = np.zeros((len(VARIANTS), draws))
        for row, bits in enumerate(VARIANTS):
            circuit = SwimmerCircuit(n - 1, **option_bits(bits))
            vectors = [circuit.initial(self.run.seed * 100_000 + k) for k in range(draws)]
            arena = self.arena(circuit, n, self.config.fast_dt)
            base = row * draws
            report = lambda k, _, base=base: progress(base + k, table.size)  # noqa: E731
            table[row] = [
                e.total for e in self.episodes(arena, [(v, k) for k, v in enumerate(vectors)], report)
            ]
        return {
            "variant": Data(np.array(VARIANTS), ("variant",), "", "option bits: shared, signed, constant"),
            "returns": Data(table, ("variant", "draw"), "", "return with initial weights"),
        }


def _circuit(n_links: int) -> SwimmerCircuit:
    return SwimmerCircuit(n_links - 1)


def _with_w_c(w_c: float) -> np.ndarray:
    return np.array([1.0, 1.0, 1.0, w_c])


def _totals(episodes: Any, dims: tuple[str, ...], text: str) -> Data:
    def totals(item: Any) -> Any:
        return item.total if isinstance(item, Episode) else [totals(i) for i in item]

    return Data(np.array(totals(episodes)), dims, "", text)


def _restored(progress: Progress) -> tuple[EvolutionState, np.ndarray] | None:
    kept: Mapping[str, Any] | None = progress.restored()
    return None if kept is None else (EvolutionState.from_arrays(kept), np.asarray(kept["log"]))


def run(config: Config, run: RunContext) -> None:
    """Run all stages."""
    study = _Study(config, run)
    run.cite(CITATION)
    run.stage("initial", study.initial)
    run.stage("traces", study.traces)
    circuit, mlp = _circuit(config.n_links), study.mlp()
    trained = []
    for k in range(config.circuit_seeds):
        work = partial(study.learning, circuit, circuit.initial(), config.circuit_epochs, 1000 * run.seed + k)
        trained.append(run.stage(f"circuit_{k}", work)["parameters"].array)
    for k in range(config.mlp_seeds):
        seed = 1000 * run.seed + k
        run.stage(f"mlp_{k}", partial(study.learning, mlp, mlp.initial(seed), config.mlp_epochs, seed))
    run.stage("transfer", partial(study.transfer, trained))
    run.stage("ablation", study.ablation)


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge what the paper claims, and what an independent prototype measured, by this run."""
    links = results.array("initial/links").tolist()
    returns, speed = results.array("initial/returns"), results.array("initial/speed")
    for n, low, high, v, dv in (
        (6, 796, 12, 0.070, 0.004),
        (4, 341, 15, 0.028, 0.003),
        (12, 903, 15, 0.097, 0.006),
    ):
        if n in links:
            row = links.index(n)
            yield within(
                f"initial-return-{n}",
                f"Return of the untrained circuit, {n} links",
                PROTOTYPE,
                "code",
                low,
                high,
                returns[row].mean(),
            )
            yield within(
                f"initial-speed-{n}",
                f"Net speed of the untrained circuit, {n} links",
                PROTOTYPE,
                "code",
                v,
                dv,
                speed[row].mean(),
                "m/s",
            )
    yield from _learning_claims(config, results)
    yield from _circuit_claims(config, results)


def _curve(results: Results, kind: str, seeds: int, name: str) -> np.ndarray:
    return np.array([results.array(f"{kind}_{k}/{name}") for k in range(seeds)])


def _learning_claims(config: Config, results: Results) -> Iterable[Claim]:
    abstract = "abstract"
    circuit, mlp = (
        _curve(results, *pair, "mean")
        for pair in (("circuit", config.circuit_seeds), ("mlp", config.mlp_seeds))
    )
    untrained = {
        "circuit": results.array("initial/returns")[0].mean(),
        "mlp": results.array("initial/mlp_returns").mean(),
    }
    yield ordering(
        "good-start",
        "The circuit performs well before any training",
        abstract,
        "paper-ordering",
        ["circuit", "mlp"],
        untrained,
    )
    epochs = min(circuit.shape[1], mlp.shape[1])
    same = {"circuit": circuit[:, epochs - 1].mean(), "mlp": mlp[:, epochs - 1].mean()}
    yield ordering(
        "data-efficiency",
        f"After {epochs * config.population * config.steps:.2g} environment steps the circuit leads the MLP",
        abstract,
        "paper-ordering",
        ["circuit", "mlp"],
        same,
    )
    final_circuit, final_mlp = (
        _curve(results, *pair, "final").mean()
        for pair in (("circuit", config.circuit_seeds), ("mlp", config.mlp_seeds))
    )
    if config.mlp_epochs >= 300:
        yield at_least(
            "asymptote",
            "The trained circuit reaches at least 0.85 of the trained MLP (both by evolution strategy)",
            abstract,
            "paper-ordering",
            0.85,
            final_circuit / final_mlp,
        )
    else:
        yield not_tested(
            "asymptote",
            "Asymptotic performance comparable to the MLP",
            abstract,
            "paper-ordering",
            "circuit / MLP about 0.85 or more",
            f"the MLP is trained for only {config.mlp_epochs} epochs here; use the paper preset",
        )
    if circuit.shape[1] >= 10:
        yield at_least(
            "es-10",
            "Population mean at epoch 10 of the evolution strategy, worst training run",
            "independent prototype, 3 seeds",
            "code",
            855,
            circuit[:, 9].min(),
        )
    yield not_tested(
        "rl-return",
        "Return of the circuit trained by DDPG / PPO, 6 links",
        "authors' videos, reward colouring",
        "paper-number",
        "859 / 847 (about ± 50)",
        "trained here by an evolution strategy, not by DDPG or PPO",
    )


def _circuit_claims(config: Config, results: Results) -> Iterable[Claim]:
    abstract = "abstract"
    big = MLPController(5, (256, 256)).n_parameters
    yield at_least(
        "parameters",
        "Orders of magnitude fewer parameters than the MLP (256, 256)",
        abstract,
        "paper-ordering",
        1000,
        big / SwimmerCircuit(5).n_parameters,
    )
    inert = results.array("initial/inert_returns")
    yield at_most(
        "w_c-inert",
        "Contralateral inhibition has no effect in forward swimming: spread of returns over w_c",
        "derived from the equations of the circuit",
        "theory",
        0.0,
        float(np.ptp(inert)),
    )
    coarse = results.array("initial/coarse_returns").mean() / results.array("initial/returns")[0].mean()
    yield within(
        "coarse-step",
        f"Return with a physics step of {config.fast_dt * 1e3:g} ms over that with {config.physics_dt * 1e3:g} ms",
        "independent prototype",
        "code",
        1.0,
        0.02,
        coarse,
    )
    if config.steps >= 1000:
        wave = swimming_wave(results.array("traces/angle"), results.array("traces/com"))
        yield within(
            "wave-frequency",
            "The body swims at the frequency of the oscillator",
            "derived: 1/(60 control steps)",
            "theory",
            1 / 1.8,
            1e-9,
            wave.frequency,
            "Hz",
        )
        if config.n_links == 6:
            yield within(
                "wavelength",
                "Wavelength, head to tail",
                "independent prototype, 1-3 starts",
                "code",
                0.59,
                0.03,
                wave.wavelength,
                "body lengths",
            )
    transfer, bodies = results.array("transfer/returns"), results.array("transfer/links")
    baseline = results.array("initial/mlp_returns").mean()
    for column, n in enumerate(bodies[1:], 1):
        yield ordering(
            f"transfer-{n}",
            f"Trained on {bodies[0]} links, the circuit swims with {n} links; an MLP has to start anew",
            abstract,
            "paper-ordering",
            ["circuit", "untrained mlp"],
            {"circuit": transfer[:, column].mean(), "untrained mlp": baseline},
        )
    if bodies[-1] == 12:
        yield within(
            "transfer-fitted",
            "Return of weights (1.95, 0.46, 1.37, -0.57), fitted on 6 links, on 12 links",
            "independent prototype, 3 starts",
            "code",
            972,
            15,
            results.array("transfer/fitted_returns").mean(),
        )
    yield from _ablation_claims(results, abstract)


def _ablation_claims(results: Results, abstract: str) -> Iterable[Claim]:
    table = dict(zip(VARIANTS, results.array("ablation/returns"), strict=True))
    median = {bits: float(np.median(row)) for bits, row in table.items()}
    swims = {bits: float(np.mean(row > 100)) for bits, row in table.items()}
    unsigned = max(swims[b] for b in VARIANTS if b[1] == "0")
    for bits in ("111", "011"):
        yield within(
            f"ablation-{bits}",
            f"Mean return of untrained variant {bits} (signed, constant weights)",
            "independent prototype, 10-60 draws",
            "code",
            797.5,
            17.5,
            table[bits].mean(),
        )
    yield ordering(
        "ablation-constant",
        "Constant initial weights give the initial performance (medians of signed variants)",
        abstract,
        "paper-ordering",
        ["constant", "random shared", "random unshared"],
        {
            "constant": min(median["111"], median["011"]),
            "random shared": median["110"],
            "random unshared": median["010"],
        },
    )
    worst = max(median[b] for b in VARIANTS if b[1] == "0")
    yield ordering(
        "ablation-sign",
        "Without the sign constraint the median draw does not swim",
        "independent prototype, 60 draws",
        "code",
        ["worst signed", "best unsigned"],
        {"worst signed": min(median[b] for b in VARIANTS if b[1] == "1"), "best unsigned": worst},
    )
    yield at_most(
        "ablation-mostly",
        "Share of unsigned draws that swim (return above 100), best unsigned variant",
        "independent prototype, 60 draws",
        "code",
        0.5,
        unsigned,
    )


def figures(config: Config, results: Results) -> Figure:
    """Return one figure: learning curves, ablations, transfer, kymograph of joint angles, traces of units."""
    return figure(config, results)


experiment = Experiment(
    name="swimmer",
    title="C. elegans motor circuit as an architectural prior for swimming",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figures,
)

__all__ = ["Config", "EpochRecord", "experiment"]
