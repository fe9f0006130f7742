"""One nervous system that swims in water and crawls on agar, its lesions, and a rule for a weak side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.bodies.worm import worm
from neurosim.circuits.worm import UNITS, WormCircuit
from neurosim.engines import get_engine
from neurosim.experiment import Data, Experiment, RunContext, Stage, parallel_map
from neurosim.experiments.worm.claims import claims
from neurosim.experiments.worm.config import PRESETS, Config
from neurosim.experiments.worm.figure import figure, movie
from neurosim.experiments.worm.measures import MEANING, UNIT, Gait, gait
from neurosim.model.rule import NeuronRule
from neurosim.model.units import second
from neurosim.rules import HomeostaticGain

Array = NDArray[np.float64]
CITATION = (
    "Boyle, Berri, Cohen 2012, Gait modulation in C. elegans: an integrated neuromechanical model, Front. Comput. "
    "Neurosci. 6:10, doi:10.3389/fncom.2012.00010"
)
RULES = ("none", "gain")


class _Study:
    """The runs of one study: nothing in them is drawn at random."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run
        self.dt = config.every * WormCircuit().dt

    def gaits(self, stage: Stage) -> dict[str, Data]:
        """Let the worm move in every medium."""
        runs = parallel_map(
            lambda m: self.moved(WormCircuit(), m), self.config.media, self.run.workers, stage
        )
        lengths, rods = (np.array(each) for each in zip(*runs, strict=True))
        time = self.dt * np.arange(lengths.shape[1])
        return {
            "medium": Data(np.array(self.config.media), ("medium",), "", "0 for water, 1 for agar"),
            "time": Data(time, ("time",), "s", "of a sample"),
            "length": Data(
                lengths, ("medium", "time", "muscle"), "m", "dorsal, then ventral, from head to tail"
            ),
            "rods": Data(
                rods, ("medium", "time", "rod", "axis"), "", "x (m), y (m) and angle (rad) of each rod"
            ),
            **_of_gaits([self.measured(*run) for run in runs], ("medium",)),
        }

    def lesions(self, stage: Stage) -> dict[str, Data]:
        """Let worms with lesions move in water and on agar."""
        whole, front, none = (1.0,) * UNITS, self.config.front, (0.0,) * UNITS
        third = UNITS // 3
        circuits = {
            "none": WormCircuit(),
            "stretch cut in front": WormCircuit(stretch=none[:front] + whole[front:]),
            "stretch cut behind": WormCircuit(stretch=whole[:front] + none[front:]),
            "front third silent": WormCircuit(silent=tuple(range(third))),
            "middle third silent": WormCircuit(silent=tuple(range(third, 2 * third))),
            "rear third silent": WormCircuit(silent=tuple(range(2 * third, UNITS))),
        }
        jobs = [(circuit, medium) for circuit in circuits.values() for medium in (0.0, 1.0)]
        found = parallel_map(lambda job: self.measured(*self.moved(*job)), jobs, self.run.workers, stage)
        return {
            "lesion": Data(np.array(list(circuits)), ("lesion",), "", "what is done to the circuit"),
            "medium": Data(np.array([0.0, 1.0]), ("medium",), "", "0 for water, 1 for agar"),
            **_of_gaits(found, ("lesion", "medium")),
        }

    def recovery(self, stage: Stage) -> dict[str, Data]:
        """Weaken what dorsal muscles receive in mid-motion, with a homeostatic gain of the muscles and without."""
        config = self.config
        jobs = [
            (rule, medium, factor) for rule in RULES for medium in (0.0, 1.0) for factor in config.weakened
        ]
        targets = {medium: self.activity(medium) for medium in (0.0, 1.0)}
        found = parallel_map(lambda job: self.weakened(*job, targets[job[1]]), jobs, self.run.workers, stage)
        windows = {
            "before": config.healthy,
            "after": config.healthy + config.window,
            "end": config.healthy + config.recovery,
        }
        gaits = [
            self.measured_in(lengths, rods, end - config.window, end)
            for lengths, rods, _ in found
            for end in windows.values()
        ]
        shape = (len(RULES), 2, len(config.weakened))
        dims = ("rule", "medium", "factor")
        center = np.array([rods[:, :, :2].mean(axis=1) for _, rods, _ in found])
        return {
            "rule": Data(np.array(RULES), ("rule",), "", "of the muscles"),
            "medium": Data(np.array([0.0, 1.0]), ("medium",), "", "0 for water, 1 for agar"),
            "factor": Data(np.array(config.weakened), ("factor",), "", "of what dorsal muscles receive"),
            "moment": Data(np.array(list(windows)), ("moment",), "", "window of measurement"),
            "time": Data(self.dt * np.arange(center.shape[1]), ("time",), "s", "of a sample"),
            "centre": Data(
                center.reshape(*shape, -1, 2), (*dims, "time", "axis"), "m", "mean position of the rods"
            ),
            "gain": Data(
                np.array([gain for *_, gain in found]).reshape(*shape, -1),
                (*dims, "muscle"), "", "gain of each muscle at the end",
            ),
            **_of_gaits(gaits, (*dims, "moment"), (*shape, len(windows))),
        }  # fmt: skip

    def moved(self, circuit: WormCircuit, medium: float) -> tuple[Array, Array]:
        """Return the lengths (time, 96) and the rods (time, 49, 3) of a worm."""
        network = circuit.network(("length", "rods"), self.config.every)
        simulation = get_engine(self.run.engine).compile(network, self.run.seed, {"body": worm(medium)})
        simulation.run(self.config.duration * second)
        return _recorded(simulation.recordings())

    def activity(self, medium: float) -> Array:
        """Return the mean activation of each muscle of a healthy worm."""
        network = WormCircuit().network(("muscle",), self.config.every)
        simulation = get_engine(self.run.engine).compile(network, self.run.seed, {"body": worm(medium)})
        simulation.run(self.config.healthy * second)
        recordings: Mapping[str, Any] = simulation.recordings()
        found: Array = recordings["muscle.output"].values[-round(self.config.window / self.dt) :].mean(axis=0)
        return found

    def weakened(self, rule: str, medium: float, factor: float, target: Array) -> tuple[Array, Array, Array]:
        """Return lengths, rods and the gains at the end of a worm whose dorsal side becomes weak."""
        config = self.config
        rules: tuple[NeuronRule, ...] = ()
        if rule == "gain":
            rules = (HomeostaticGain(beta=config.rate / second, target=target),)
        network = WormCircuit(rules=rules).network(("length", "rods"), config.every)
        simulation = get_engine(self.run.engine).compile(network, self.run.seed, {"body": worm(medium)})
        simulation.run(config.healthy * second)
        simulation.set("junction.w", WormCircuit(dorsal=factor).junctions())
        simulation.run(config.recovery * second)
        gain = simulation.get("muscle.homeostatic_gain_g") if rules else np.ones(len(target))
        return *_recorded(simulation.recordings()), np.array(gain)

    def measured(self, length: Array, rods: Array) -> Gait:
        """Return the gait after it has settled."""
        first = round(self.config.settling * len(rods))
        return gait(length[first:], rods[first:], self.dt)

    def measured_in(self, length: Array, rods: Array, begin: float, end: float) -> Gait:
        """Return the gait between two times (s)."""
        window = slice(round(begin / self.dt), round(end / self.dt))
        return gait(length[window], rods[window], self.dt)


def _recorded(recordings: Mapping[str, Any]) -> tuple[Array, Array]:
    length, rods = (recordings[f"{name}.output"].values for name in ("length", "rods"))
    return length, rods.reshape(len(rods), -1, 3)


def _of_gaits(gaits: Sequence[Gait], dims: tuple[str, ...], shape: tuple[int, ...] = ()) -> dict[str, Data]:
    values = np.array(gaits).reshape(*(shape or (len(gaits),)), len(Gait._fields))
    if not shape and len(dims) > 1:
        values = values.reshape(-1, 2, len(Gait._fields))
    return {
        name: Data(values[..., k], dims, UNIT[name], MEANING[name]) for k, name in enumerate(Gait._fields)
    }


def run(config: Config, run: RunContext) -> None:
    """Run all stages."""
    run.cite(CITATION)
    run.cite(HomeostaticGain.citation())
    study = _Study(config, run)
    for name in ("gaits", "lesions", "recovery"):
        run.stage(name, partial(getattr(study, name)))


experiment = Experiment(
    name="worm",
    title="A worm that swims in water and crawls on agar with one nervous system",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
    movie=movie,
)

__all__ = ["Config", "experiment"]
