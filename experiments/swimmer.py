"""A C. elegans-inspired motor circuit that swims: initial performance, learning, transfer, ablations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
from neurosim.learning.evolution import EvolutionState, EvolutionStrategy
from neurosim.rng import generator

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CITATION = (
    "Bhattasali, Zador, Engel 2022, Neural Circuit Architectural Priors for Embodied Control, NeurIPS, "
    "arXiv 2201.05242"
)
PROTOTYPE = "independent prototype"
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

    def __post_init__(self) -> None:
        self.strategy()  # refuses an odd population before anything runs

    def strategy(self) -> EvolutionStrategy:
        """Return the evolution strategy that trains every controller."""
        return EvolutionStrategy(self.population, self.sigma, self.learning_rate, self.decay)

    @property
    def bodies(self) -> tuple[int, ...]:
        """Links of every body, that of the training first."""
        return (self.n_links, *self.other_links)


PRESETS = {
    "quick": Config(),
    "paper": Config(starts=20, circuit_epochs=40, circuit_seeds=10, mlp_epochs=500, mlp_seeds=10, draws=60),
}


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

    def initial(self, progress: Progress) -> dict[str, Data]:
        """Measure the untrained circuit on every body, and an untrained MLP on the trained body."""
        config, mlp, first = self.config, self.mlp(), _circuit(self.config.n_links).initial()
        runs = [self.starts(self.circuit_arena(n), _circuit(n).initial(), progress) for n in config.bodies]
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

    def traces(self, progress: Progress) -> dict[str, Data]:
        """Record every unit of the circuit, and the body, over one episode."""
        n = self.config.n_links
        circuit, steps = _circuit(n), np.arange(self.config.steps)
        arena = self.arena(circuit, n, record=(*UNITS, "heading", "forward_speed"))
        (episode,) = self.episodes(arena, [(circuit.initial(), 0)], progress)
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

    def mlp(self) -> MLPController:
        return MLPController(self.config.n_links - 1, self.config.mlp_hidden)

    def learning(
        self, controller: Controller, first: np.ndarray, epochs: int, seed: int, progress: Progress
    ) -> dict[str, Data]:
        """Train a controller by the evolution strategy; goes on from the last checkpoint."""
        strategy = self.config.strategy()
        arena = self.arena(controller, self.config.n_links)
        state, log = _restored(progress) or (strategy.start(first, seed), np.zeros((0, 4)))

        def evaluate(candidates: np.ndarray, epoch: int) -> np.ndarray:
            done = len(candidates) * epoch
            report = lambda k, n: progress(done + k, epochs * n, f"epoch {epoch + 1}")  # noqa: E731
            found = self.episodes(arena, [(c, f"{seed}, epoch {epoch}") for c in candidates], report)
            return np.array([e.total for e in found])

        for record in strategy.run(evaluate, state, epochs, self.config.steps):
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
            "final_speed": _speeds(final, ("start",), "net speed after training"),
        }

    def transfer(self, trained: list[np.ndarray], progress: Progress) -> dict[str, Data]:
        """Put the trained weights, unchanged, into other bodies."""
        bodies = self.config.bodies
        arenas = {n: self.circuit_arena(n) for n in bodies}
        runs = [[self.starts(arenas[n], vector, progress) for n in bodies] for vector in trained]
        fitted = f"return of fixed weights {FITTED.tolist()} on {bodies[-1]} links"
        return {
            "links": Data(np.array(bodies), ("links",), "", "links of the body"),
            "returns": _totals(runs, ("run", "links", "start"), "return without retraining"),
            "fitted_returns": _totals(self.starts(arenas[bodies[-1]], FITTED), ("start",), fitted),
        }

    def ablation(self, progress: Progress) -> dict[str, Data]:
        """Draw initial weights of each variant [shared, signed, constant] and measure one episode each."""
        n, draws = self.config.n_links, self.config.draws
        table = np.zeros((len(VARIANTS), draws))
        for row, bits in enumerate(VARIANTS):
            circuit = SwimmerCircuit(n - 1, **option_bits(bits))
            jobs = [(circuit.initial(self.run.seed * 100_000 + k), k) for k in range(draws)]
            report = lambda k, _, base=row * draws: progress(base + k, table.size)  # noqa: E731
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
    yield from _initial_claims(config, results)
    yield from _learning_claims(config, results)
    yield from _wave_claims(config, results)
    yield from _transfer_claims(config, results)
    yield from _ablation_claims(config, results)


EPISODE = {"steps": 1000, "physics_dt": 0.002}
TRAINING = {**EPISODE, "n_links": 6, "population": 16, "sigma": 0.1, "learning_rate": 0.05, "decay": 0.005}


def _by_prototype(
    config: Config,
    needs: Mapping[str, float],
    id: str,
    statement: str,
    seen: str,
    expected: float,
    tolerance: float,
    measured: float,
    unit: str = "",
) -> Claim:
    """Claim what the prototype measured (`seen`, on how much), if this run has the settings that it `needs`."""
    source = f"{PROTOTYPE}, {seen}"
    other = [f"{k} = {getattr(config, k)}, not {v}" for k, v in needs.items() if getattr(config, k) != v]
    if other:
        shown = f"{expected:g} ± {tolerance:g}"
        return not_tested(id, statement, source, "code", shown, f"run with {', '.join(other)}")
    return within(id, statement, source, "code", expected, tolerance, measured, unit)


def _by_abstract(id: str, statement: str, measured: Mapping[str, float]) -> Claim:
    """Claim an order that the abstract of the paper states: `measured`, by name, from the greatest to the smallest."""
    return ordering(id, statement, "abstract", "paper-ordering", list(measured), measured)


def _initial_claims(config: Config, results: Results) -> Iterable[Claim]:
    returns, speed = results.array("initial/returns"), results.array("initial/speed")
    for n, total, dt, v, dv in (
        (6, 796, 12, 0.070, 0.004),
        (4, 341, 15, 0.028, 0.003),
        (12, 903, 15, 0.097, 0.006),
    ):
        if n in config.bodies:
            row, what = config.bodies.index(n), f"of the untrained circuit, {n} links"
            found, moved = returns[row].mean(), speed[row].mean()
            yield _by_prototype(
                config, EPISODE, f"initial-return-{n}", f"Return {what}", "20 starts", total, dt, found
            )
            yield _by_prototype(
                config, EPISODE, f"initial-speed-{n}", f"Net speed {what}", "20 starts", v, dv, moved, "m/s"
            )
    untrained = {"circuit": returns[0].mean(), "mlp": results.array("initial/mlp_returns").mean()}
    yield _by_abstract("good-start", "The circuit performs well before any training", untrained)
    yield at_least(
        "parameters",
        "Orders of magnitude fewer parameters than the MLP (256, 256)",
        "abstract",
        "paper-ordering",
        1000,
        MLPController(5, (256, 256)).n_parameters / SwimmerCircuit(5).n_parameters,
    )
    yield at_most(
        "w_c-inert",
        "Contralateral inhibition has no effect in forward swimming: spread of returns over w_c",
        "derived from the equations of the circuit",
        "theory",
        0.0,
        float(np.ptp(results.array("initial/inert_returns"))),
    )
    coarse = results.array("initial/coarse_returns").mean() / returns[0].mean()
    statement = "Return with a physics step of 5 ms over that with 2 ms"
    needs = {**EPISODE, "fast_dt": 0.005}
    yield _by_prototype(config, needs, "coarse-step", statement, "1 start", 1.0, 0.02, coarse)


def _learning_claims(config: Config, results: Results) -> Iterable[Claim]:
    circuit, mlp = (
        np.array([results.array(f"{kind}_{k}/mean") for k in range(seeds)])
        for kind, seeds in (("circuit", config.circuit_seeds), ("mlp", config.mlp_seeds))
    )
    epochs = min(circuit.shape[1], mlp.shape[1])
    steps = epochs * config.population * config.steps
    same = {"circuit": circuit[:, epochs - 1].mean(), "mlp": mlp[:, epochs - 1].mean()}
    statement = f"After {steps:.2g} environment steps the circuit leads the MLP"
    yield _by_abstract("data-efficiency", statement, same)
    yield _asymptote(config, results)
    es_10 = ("es-10", "Population mean at epoch 10 of the evolution strategy, worst training run")
    if config.circuit_epochs >= 10 and all(getattr(config, k) == v for k, v in TRAINING.items()):
        yield at_least(*es_10, f"{PROTOTYPE}, 3 seeds", "code", 855, circuit[:, 9].min())
    else:
        why = "run with other settings of the training"
        yield not_tested(*es_10, f"{PROTOTYPE}, 3 seeds", "code", ">= 855", why)
    yield not_tested(
        "rl-return",
        "Return of the circuit trained by DDPG / PPO, 6 links",
        "authors' videos, reward colouring",
        "paper-number",
        "859 / 847 (about ± 50)",
        "trained here by an evolution strategy, not by DDPG or PPO",
    )


def _asymptote(config: Config, results: Results) -> Claim:
    facts = ("asymptote", "Asymptotic return of the circuit over that of the MLP", "abstract")
    if config.mlp_epochs < 300:
        why = f"the MLP is trained for only {config.mlp_epochs} epochs here; use the paper preset"
        return not_tested(*facts, "paper-ordering", "comparable: about 0.85 or more", why)
    circuit, mlp = (
        np.mean([results.array(f"{kind}_{k}/final") for k in range(seeds)])
        for kind, seeds in (("circuit", config.circuit_seeds), ("mlp", config.mlp_seeds))
    )
    return at_least(*facts, "paper-ordering", 0.85, float(circuit / mlp))


def _wave_claims(config: Config, results: Results) -> Iterable[Claim]:
    if config.steps < 1000 or config.n_links < 3:
        return
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
    needs = {**EPISODE, "n_links": 6}
    yield _by_prototype(
        config,
        needs,
        "wavelength",
        "Wavelength, head to tail",
        "1-3 starts",
        0.59,
        0.03,
        wave.wavelength,
        "body lengths",
    )


def _transfer_claims(config: Config, results: Results) -> Iterable[Claim]:
    transfer, untrained = results.array("transfer/returns"), results.array("initial/mlp_returns").mean()
    for column, n in enumerate(config.bodies[1:], 1):
        statement = f"Trained on {config.n_links} links, the circuit swims with {n}; an MLP has to start anew"
        measured = {"circuit": transfer[:, column].mean(), "untrained mlp": untrained}
        yield _by_abstract(f"transfer-{n}", statement, measured)
    if config.bodies[-1] == 12:
        statement = "Return of weights (1.95, 0.46, 1.37, -0.57), fitted on 6 links, on 12 links"
        fitted = results.array("transfer/fitted_returns").mean()
        yield _by_prototype(config, EPISODE, "transfer-fitted", statement, "3 starts", 972, 15, fitted)


def _ablation_claims(config: Config, results: Results) -> Iterable[Claim]:
    table = dict(zip(VARIANTS, results.array("ablation/returns"), strict=True))
    median = {bits: float(np.median(row)) for bits, row in table.items()}
    signed, unsigned = ([b for b in VARIANTS if b[1] == bit] for bit in "10")
    needs = {"steps": 1000, "fast_dt": 0.005, "n_links": 6}
    for bits in ("111", "011"):
        statement = f"Mean return of untrained variant {bits} (signed, constant weights)"
        mean = table[bits].mean()
        yield _by_prototype(config, needs, f"ablation-{bits}", statement, "10-60 draws", 797.5, 17.5, mean)
    yield _by_abstract(
        "ablation-constant",
        "Constant initial weights give the initial performance (medians of signed variants)",
        {
            "constant": min(median["111"], median["011"]),
            "random shared": median["110"],
            "random unshared": median["010"],
        },
    )
    sixty = f"{PROTOTYPE}, 60 draws"
    yield ordering(
        "ablation-sign",
        "Without the sign constraint the median draw does not swim",
        sixty,
        "code",
        ["worst signed", "best unsigned"],
        {"worst signed": min(median[b] for b in signed), "best unsigned": max(median[b] for b in unsigned)},
    )
    yield at_most(
        "ablation-mostly",
        "Share of unsigned draws that swim (return above 100), best unsigned variant",
        sixty,
        "code",
        0.5,
        max(float(np.mean(table[b] > 100)) for b in unsigned),
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

__all__ = ["Config", "experiment"]
