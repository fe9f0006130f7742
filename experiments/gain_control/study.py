"""Adaptation in visual cortex by gain control: input gains in a fixed recurrent ring that learn to code efficiently."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from neurosim.analysis.gains import patterns_of_moment
from neurosim.circuits.orientation_ring import TAU, OrientationRing
from neurosim.engines import get_engine
from neurosim.engines.simulation import Simulation
from neurosim.experiment import Data, Experiment, RunContext, Stage, parallel_map
from neurosim.experiments.gain_control.benucci import recorded_adaptation
from neurosim.experiments.gain_control.claims import claims
from neurosim.experiments.gain_control.config import PRESETS, Config
from neurosim.experiments.gain_control.figure import figure
from neurosim.experiments.gain_control.measures import SUMMARY, Adaptation, optimal_adaptation
from neurosim.rng import generator
from neurosim.rules import EfficientGain

Array = NDArray[np.float64]
CITATION = (
    "after Duong, Bredenberg, Heeger, Simoncelli 2023, Adaptive coding efficiency in recurrent cortical circuits "
    "via gain control, arXiv 2305.19869; data after Benucci, Saleem, Carandini 2013, Nat. Neurosci. 16:724, "
    "doi:10.1038/nn.3382"
)
STEP = 3 * TAU
GAINS = "input.efficient_gain_g"


class _Study:
    """The pieces of one run, with its seed, engine and workers."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run

    def adaptation(self, stage: Stage) -> dict[str, Data]:
        """Learn gains by the batch rule for equal and for biased stimuli, and measure tuning curves in the circuit."""
        arms = self.config.arms()
        jobs = [(ring, biased) for ring in arms.values() for biased in (False, True)]
        found = parallel_map(lambda job: self.learned(*job), jobs, self.run.workers, stage)
        shape = (len(arms), 2, self.config.neurons)
        best = [ring.optimal_gains(self.probability(ring, biased)) for ring, biased in jobs]
        gains, curves = (np.array(each) for each in zip(*found, strict=True))
        curves = curves.reshape(*shape, -1)
        measured = [
            Adaptation(ring, before, after, self.probability(ring, True))
            for ring, (before, after) in zip(arms.values(), curves, strict=True)
        ]
        ring = self.config.ring()
        state, kept = ("arm", "state", "neuron"), ("arm", "neuron")
        each = {name: np.array([getattr(one, name) for one in measured]) for name in _MEASURES}
        return {
            "arm": Data(np.array(list(arms)), ("arm",), "", "circuit"),
            "state": Data(
                np.array(["equal", "biased"]), ("state",), "", "stimuli that the gains are learned for"
            ),
            "neuron": Data(ring.preferred, ("neuron",), "degree", "preferred orientation of the input"),
            "stimulus": Data(ring.orientations, ("stimulus",), "degree", "orientation of the stimulus"),
            "probability": Data(
                self.probability(ring, True), ("stimulus",), "", "biased probability of stimuli"
            ),
            "gain": Data(gains.reshape(shape), state, "", "gains learned by the batch rule"),
            "optimum": Data(np.array(best).reshape(shape), state, "", "gains of the closed form"),
            "curve": Data(curves, (*state, "stimulus"), "", "responses of the circuit"),
            "dynamics": Data(
                self.deviation(arms, gains.reshape(shape), curves),
                ("arm",),
                "",
                "largest deviation of responses from A (g f)",
            ),
            "shift": Data(
                each["shifts"],
                kept,
                "degree",
                "shift of the preferred orientation, positive away from the adapter",
            ),
            "maximum": Data(each["maxima"], kept, "", "normalised maximum after adaptation, 1 before"),
            "minimum": Data(each["minima"], kept, "", "normalised minimum after adaptation, 0 before"),
            "variation": Data(
                each["variations"],
                ("arm", "when"),
                "",
                "variation of mean responses to biased stimuli, before and after",
            ),
            "covariance": Data(
                each["covariances"],
                ("arm", "condition", "neuron", "other"),
                "",
                "covariance: equal; biased before; biased after",
            ),
            "distance": Data(
                each["distances"],
                ("arm", "when"),
                "",
                "distance of covariance from that with equal stimuli, before and after",
            ),
            "summary": Data(each["summary"], ("arm", "measure"), "", ", ".join(SUMMARY)),
        }

    def probability(self, ring: OrientationRing, biased: bool) -> Array:
        return ring.biased(self.config.share, self.config.width) if biased else ring.uniform

    def learned(self, ring: OrientationRing, biased: bool) -> tuple[Array, Array]:
        """Return the gains (N,) that the batch rule ends with, and the responses of the circuit with them (N, S)."""
        config, probability = self.config, self.probability(ring, biased)
        hessian, _ = ring.equations(probability)
        eta = config.batch_rate / 2 / float(np.linalg.eigvalsh(hessian)[-1])
        simulation = self.simulation(ring, eta)
        batch = patterns_of_moment((ring.inputs * probability) @ ring.inputs.T, 1e-10)
        for _ in range(config.batch_updates):
            simulation.present({"drive": batch}, config.batch_steps * STEP)
        return np.array(simulation.get(GAINS)), self.responses(simulation, ring)

    def responses(self, simulation: Simulation, ring: OrientationRing) -> Array:
        """Return what the ring responds to each stimulus (N, S), its gains at rest."""
        found = []
        for stimulus in ring.inputs.T:
            simulation.run(self.config.batch_steps * STEP, {"drive": stimulus})
            found.append(np.array(simulation.get("ring.r")))
        return np.array(found).T

    def simulation(self, ring: OrientationRing, eta: float) -> Simulation:
        return get_engine(self.run.engine).compile(ring.network(eta), self.run.seed)

    def deviation(self, arms: dict[str, OrientationRing], gains: Array, curves: Array) -> Array:
        expected = [
            [ring.curves(one) for one in pair] for ring, pair in zip(arms.values(), gains, strict=True)
        ]
        return np.abs(curves - np.array(expected)).max(axis=(1, 2, 3))

    def online(self, stage: Stage) -> dict[str, Data]:
        """Learn gains on line from stimuli drawn with biased probabilities, from each seed."""
        ring = self.config.ring()
        courses = np.array(
            parallel_map(partial(self.course, ring), range(self.config.seeds), self.run.workers, stage)
        )
        best = ring.optimal_gains(self.probability(ring, True))
        return {
            "presentation": Data(self.checks, ("presentation",), "", "stimuli shown"),
            "gain": Data(courses, ("seed", "presentation", "neuron"), "", "gains"),
            "deviation": Data(
                np.abs(courses / best - 1),
                ("seed", "presentation", "neuron"),
                "",
                "relative deviation of gains from the closed form",
            ),
        }

    @property
    def checks(self) -> NDArray[np.int64]:
        """The numbers of presentations after which gains are kept."""
        return np.unique(np.linspace(0, self.config.online_stimuli, 51).round().astype(int))

    def course(self, ring: OrientationRing, seed: int) -> Array:
        """Return the gains at the checks of one on-line run, (checks, N)."""
        probability = self.probability(ring, True)
        rng = generator(self.run.seed, f"stimuli {seed}")
        shown = rng.choice(probability.size, self.config.online_stimuli, p=probability)
        simulation, found = self.simulation(ring, self.config.online_eta), [np.ones(ring.neurons)]
        for part in np.split(shown, self.checks[1:-1]):
            for stimulus in part:
                simulation.present({"drive": ring.inputs[:, stimulus]}, self.config.online_steps * STEP)
            found.append(np.array(simulation.get(GAINS)))
        return np.array(found)

    # Closed form ----------------------------------------------------------------------------------------------

    def sweep(self, stage: Stage) -> dict[str, Data]:
        """Measure optimal adaptation over concentrations of tuning, recurrent weights and widths of the adapter."""
        config = self.config
        grid = [config.ring(drive=f, excitation=w) for f in config.drives for w in config.excitations]
        summaries = self.summaries([(ring, config.width) for ring in grid], stage)
        broad = self.summaries([(config.ring(), width) for width in config.widths], stage)
        shape = (len(config.drives), len(config.excitations), len(SUMMARY))
        return {
            "drive": Data(np.array(config.drives), ("drive",), "", "concentration of the input's tuning"),
            "excitation": Data(np.array(config.excitations), ("excitation",), "", "recurrent weight"),
            "measure": Data(np.array(SUMMARY), ("measure",), "", "measure of adaptation"),
            "summary": Data(
                summaries.reshape(shape), ("drive", "excitation", "measure"), "", "optimal adaptation"
            ),
            "width": Data(np.array(config.widths), ("width",), "degree", "width of the adapter"),
            "by_width": Data(
                broad, ("width", "measure"), "", "optimal adaptation to an adapter of that width"
            ),
        }

    def random_sets(self, stage: Stage) -> dict[str, Data]:
        """Measure optimal adaptation of rings with random parameters."""
        rng = generator(self.run.seed, "random sets")
        rings = [_random_ring(self.config, rng) for _ in range(self.config.draws)]
        found = self.summaries([(ring, self.config.width) for ring in rings], stage)
        names = ("drive", "excitation", "spread", "inhibition", "inhibition_spread", "activity_cost")
        parameters = [[getattr(ring, name) for name in (*names, "homeostatic_cost")] for ring in rings]
        return {
            "parameter": Data(np.array([*names, "homeostatic_cost"]), ("parameter",), "", "what was drawn"),
            "parameters": Data(np.array(parameters), ("draw", "parameter"), "", "parameters of the ring"),
            "exact": Data(
                np.array([ring.decoder == "exact" for ring in rings]),
                ("draw",),
                "",
                "whether the decoder is exact",
            ),
            "measure": Data(np.array(SUMMARY), ("measure",), "", "measure of adaptation"),
            "summary": Data(found, ("draw", "measure"), "", "optimal adaptation"),
        }

    def summaries(self, jobs: Sequence[tuple[OrientationRing, float]], stage: Stage) -> Array:
        def one(job: tuple[OrientationRing, float]) -> Array:
            return optimal_adaptation(job[0], self.config.share, job[1]).summary

        return np.array(parallel_map(one, jobs, self.run.workers, stage))


_MEASURES = ("shifts", "maxima", "minima", "variations", "covariances", "distances", "summary")


def _random_ring(config: Config, rng: np.random.Generator) -> OrientationRing:
    """Return a stable ring with random parameters."""

    def between(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    return config.ring(
        drive=between(1, 6),
        excitation=rng.uniform(0.3, 0.93),
        spread=between(0.5, 8),
        inhibition=float(rng.choice([0.0, rng.uniform(0, 1)])),
        inhibition_spread=between(0.2, 2),
        activity_cost=between(1e-3, 5),
        homeostatic_cost=between(1e-3, 1),
        decoder=str(rng.choice(["ridge", "exact"])),
    )


def run(config: Config, run: RunContext) -> None:
    """Run all stages."""
    study = _Study(config, run)
    run.cite(CITATION, EfficientGain.citation())
    if config.recordings:
        run.stage("recordings", partial(recorded_adaptation, config.recordings))
    run.stage("adaptation", study.adaptation)
    run.stage("online", study.online)
    run.stage("sweep", study.sweep)
    run.stage("random_sets", study.random_sets)


experiment = Experiment(
    name="gain_control",
    title="Adaptation of orientation tuning by gain control in a recurrent circuit",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
