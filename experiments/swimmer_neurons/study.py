"""The swimmer's circuit with leaky and with spiking neurons in the loop, and with weights of the connectome."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.bodies.swimmer import Swimmer
from neurosim.circuits.celegans_swimmer import SwimmerCircuit
from neurosim.circuits.neuronal_swimmer import DT, KINDS, PERIOD, NeuronalSwimmer
from neurosim.circuits.ventral_cord import VentralCord
from neurosim.datasets.connectome import SOURCES
from neurosim.experiment import Data, Experiment, RunContext, Stage, parallel_map
from neurosim.experiments.swimmer_neurons.claims import claims
from neurosim.experiments.swimmer_neurons.config import PRESETS, Config
from neurosim.experiments.swimmer_neurons.figure import figure
from neurosim.experiments.swimmer_neurons.measures import MEANING, UNIT, Swim, measured
from neurosim.learning.arena import Arena, Controller, Episode
from neurosim.rng import generator

Array = NDArray[np.float64]
Arm = tuple[Controller, Array]
CITATION = (
    "Bhattasali, Zador, Engel 2022, Neural Circuit Architectural Priors for Embodied Control, NeurIPS, "
    "arXiv 2201.05242 (circuit and body; leaky and spiking neurons are of this project)"
)
W_C = (-1.0, -0.5, 0.0)
SHOWN = 2
"""Periods at the end of an episode whose traces are kept."""


class _Study:
    """The episodes of one run, with its seed, engine and workers; every arm has the same starts."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run

    def neurons(self, stage: Stage) -> dict[str, Data]:
        """Swim with every kind of neuron, and as published."""
        published = SwimmerCircuit(self.config.n_links - 1)
        arms = {"30 ms": (published, published.initial())} | {kind: self.arm(kind) for kind in KINDS}
        found = self.compared(arms, stage)
        return {
            "arm": Data(np.array(list(arms)), ("arm",), "", "circuit, of 2 ms but for the first"),
            **found,
        }

    def traces(self, stage: Stage) -> dict[str, Data]:
        """Record neurons and joints of one episode of each kind, and the spikes."""
        found: dict[str, Data] = {}
        last = round(SHOWN * PERIOD / DT)
        time = np.arange(last) * DT
        for kind in KINDS:
            record = ("b", "cell") if kind == "spiking" else ("b",)
            recorded: Any = self.episode(self.arm(kind), 0, record).recordings
            for name, unit in (("angle", "rad"), ("b", "")):
                text = f"{name} of {kind} neurons, from head to tail"
                values = recorded[f"{name}.output"].values[-last:]
                found[f"{kind}_{name}"] = Data(values, ("time", f"{name}_place"), unit, text)
        spikes = recorded["cell.spikes"]
        begin = self.config.duration - last * DT
        shown = np.asarray(spikes.times) >= begin
        found["spike_time"] = Data(np.asarray(spikes.times)[shown] - begin, ("spike",), "s", "of each spike")
        found["spike_cell"] = Data(np.asarray(spikes.ids)[shown], ("spike",), "", "cell of each spike")
        u = np.linspace(0.0, 1.0, 201)
        return {
            "time": Data(time, ("time",), "s", "from the first sample that is kept"),
            **found,
            "input": Data(u, ("input",), "", "what a pool receives"),
            "curve": Data(self.curve(u), ("input",), "", "its rate over that of a full input"),
        }

    def delays(self, stage: Stage) -> dict[str, Data]:
        """Swim with leaky and spiking neurons of several mean delays."""
        delays = self.config.delays
        arms = {(kind, tau): self.arm(kind, tau=tau) for kind in ("leaky", "spiking") for tau in delays}
        return {
            "kind": Data(np.array(["leaky", "spiking"]), ("kind",), "", "of neurons"),
            "delay": Data(np.array(delays), ("delay",), "s", "mean delay"),
            **self.compared(arms, stage, ("kind", "delay"), (2, len(delays))),
        }

    def pools(self, stage: Stage) -> dict[str, Data]:
        """Swim with pools of several sizes."""
        arms = {size: self.arm("spiking", cells=size) for size in self.config.pools}
        sizes = Data(np.array(self.config.pools), ("size",), "", "spiking neurons for each B neuron")
        return {"size": sizes, **self.compared(arms, stage, ("size",))}

    def contralateral(self, stage: Stage) -> dict[str, Data]:
        """Swim with several weights of contralateral inhibition."""
        arms = {(kind, w): self.arm(kind, [1.0, 1.0, 1.0, w]) for kind in KINDS for w in W_C}
        return {
            "kind": Data(np.array(KINDS), ("kind",), "", "of neurons"),
            "w_c": Data(np.array(W_C), ("w_c",), "", "contralateral weight"),
            **self.compared(arms, stage, ("kind", "w_c"), (len(KINDS), len(W_C))),
        }

    def cord(self, stage: Stage) -> dict[str, Data]:
        """Swim with weights that vary along the body as connectomes do."""
        joints = self.config.n_links - 1
        vectors = {table: VentralCord(table).swimmer_weights(joints) for table in SOURCES}
        even = vectors["cook2019"].reshape(3, 2, joints)  # w_p with w_o, w_i, w_c; two sides
        vectors["cook2019, sides alike"] = np.broadcast_to(
            even.mean(axis=1, keepdims=True), even.shape
        ).ravel()
        arms = {(name, kind): self.arm(kind, v) for name, v in vectors.items() for kind in KINDS}
        weights = np.array([vector[2 * joints :].reshape(2, 2, joints) for vector in vectors.values()])
        return {
            "table": Data(np.array(list(vectors)), ("table",), "", "where the weights are from"),
            "kind": Data(np.array(KINDS), ("kind",), "", "of neurons"),
            "weights": Data(
                weights, ("table", "weight", "side", "joint"), "",
                "w_i and w_c of each joint, dorsal and ventral, from head to tail",
            ),
            **self.compared(arms, stage, ("table", "kind"), (len(vectors), len(KINDS))),
        }  # fmt: skip

    # Pieces ---------------------------------------------------------------------------------------------------

    def arm(self, kind: str, vector: Any = None, tau: float | None = None, cells: int | None = None) -> Arm:
        """Return a controller with its weights, (4,) or unshared, constant ones if omitted."""
        config, joints = self.config, self.config.n_links - 1
        circuit = SwimmerCircuit(
            joints, shared=vector is None or len(vector) == 4, period=round(PERIOD / DT), dt=DT
        )
        controller = NeuronalSwimmer(circuit, kind, tau or config.tau, cells or config.cells)
        return controller, controller.initial() if vector is None else np.asarray(vector, float)

    def curve(self, u: Array) -> Array:
        """Return the rate of a pool at the inputs u, over that of a full input."""
        pool = NeuronalSwimmer(kind="spiking", cells=self.config.cells)
        curve: Array = pool.rate(u) / pool.rate(1.0)
        return curve

    def episode(self, arm: Arm, start: int, record: tuple[str, ...] = ()) -> Episode:
        """Run an arm from a start."""
        controller, vector = arm
        make_body = partial(Swimmer, self.config.n_links, DT, controller.dt)
        seed = 1000 * self.run.seed + start
        arena = Arena(controller, make_body, self.run.engine, ("angle", "heading", *record), seed=seed)
        steps = round(self.config.duration / controller.dt)
        return arena.episode(vector, generator(self.run.seed, f"start {start}"), steps)

    def compared(
        self,
        arms: dict[Any, Arm],
        stage: Stage,
        dims: tuple[str, ...] = ("arm",),
        shape: tuple[int, ...] = (),
    ) -> dict[str, Data]:
        """Return the measures of each arm from each start."""
        starts = self.config.starts
        jobs = [(arm, start) for arm in arms.values() for start in range(starts)]
        swims = parallel_map(
            lambda job: measured(self.episode(*job), job[0][0].dt), jobs, self.run.workers, stage
        )
        table = np.array(swims).reshape(*(shape or (len(arms),)), starts, len(Swim._fields))
        return {
            name: Data(table[..., k], (*dims, "start"), UNIT[name], MEANING[name])
            for k, name in enumerate(Swim._fields)
        }


def run(config: Config, run: RunContext) -> None:
    """Run all stages."""
    run.cite(CITATION)
    for source in SOURCES.values():
        run.cite(source)
    study = _Study(config, run)
    for name in ("neurons", "traces", "delays", "pools", "contralateral", "cord"):
        run.stage(name, getattr(study, name))


experiment = Experiment(
    name="swimmer_neurons",
    title="A swimmer with leaky and with spiking neurons, and with weights of the connectome",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figure,
)

__all__ = ["Config", "experiment"]
