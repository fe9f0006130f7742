"""A random walk and some spikes: a study for the tests.

It has two stages; the second one keeps a checkpoint after every step.
"""

from dataclasses import dataclass
from time import sleep

import numpy as np

from neurosim.errors import RunFailed
from neurosim.experiment import (
    Claim,
    Data,
    Experiment,
    Results,
    RunContext,
    Spikes,
    Stage,
    at_least,
    not_tested,
    parallel_map,
    setting,
    within,
)
from neurosim.rng import generator

# Replaced by tests that stop a run while it draws.
figure_pause = sleep
# The stages whose work was done in this process, in order.
WORKED: list[str] = []


@dataclass(frozen=True)
class Config:
    steps: int = setting(4, "steps of the walk", low=1, high=1000)
    size: float = setting(2.0, "size of a step", "mV", low=0)
    pause: float = setting(0.0, "wait after each step", "s", low=0)
    start: str = setting("zero", "where the walk starts", choices=("zero", "one"))
    gains: tuple[float, ...] = setting((1.0, 2.0), "gain of each copy", low=0)
    breaks: bool = setting(False, "whether the walk breaks down half way")
    figure_breaks: bool = setting(False, "whether the figure cannot be drawn")


def spikes(config: Config, run: RunContext) -> dict[str, Data | Spikes]:
    WORKED.append("firing")
    run.cite("Toy rule 1901")
    times = [generator(run.seed, f"spikes {i}").random() for i in range(3)]
    return {
        "cells": Spikes(np.sort(times), [0, 1, 2]),
        "names": Data(["a", "b", "ç"], ("neuron",), "", "names of the neurons"),
    }


def walk(config: Config, run: RunContext, stage: Stage) -> dict[str, Data | Spikes]:
    WORKED.append("walk")
    state = stage.restored() or {"path": np.full(1, float(config.start == "one"))}
    path = state["path"]
    while len(path) <= config.steps:
        step = generator(run.seed, f"step {len(path)}").normal() * config.size
        path = np.append(path, path[-1] + step)
        stage.checkpoint({"path": path})
        stage(len(path) - 1, config.steps, "walking")
        sleep(config.pause)
        if config.breaks and len(path) > config.steps / 2:
            raise RunFailed("walk: v is not finite at step 3; use a smaller step")
    copies = parallel_map(lambda gain: gain * path, config.gains, run.workers)
    return {
        "time": Data(np.arange(len(path)) * 0.5, ("time",), "ms", "time"),
        "v": Data(np.array(copies), ("copy", "time"), "mV", "where the walk is"),
    }


def run(config: Config, run: RunContext) -> None:
    run.stage("firing", lambda stage: spikes(config, run))
    run.stage("walk", lambda stage: walk(config, run, stage))


def claims(config: Config, results: Results) -> list[Claim]:
    v = results.array("walk/v")
    return [
        within(
            "start",
            "The walk starts at zero.",
            source="Toy 1900, Fig. 1",
            kind="theory",
            expected=0.0,
            tolerance=0.1,
            measured=v[0, 0],
            unit="mV",
        ),
        at_least(
            "end",
            "The walk gets far.",
            source="Toy 1900, Table 2",
            kind="paper-number",
            expected=1e6,
            measured=v[0, -1],
            unit="mV",
        ),
        not_tested(
            "live",
            "Animals walk too.",
            source="Toy 1900, p. 3",
            kind="paper-ordering",
            expected="some",
            why="needs an animal",
        ),
    ]


def figure(config: Config, results: Results):
    from matplotlib.figure import Figure

    figure_pause(config.pause)
    if config.figure_breaks:
        raise ValueError("no ink")
    drawing = Figure()
    drawing.subplots().plot(results.array("walk/time"), results.array("walk/v").T)
    return drawing


def movie(config: Config, results: Results):
    from matplotlib.animation import FuncAnimation
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(1, 1))
    time, v = results.array("walk/time"), results.array("walk/v")[0]
    (line,) = drawing.subplots().plot(time, v)
    return FuncAnimation(drawing, lambda k: line.set_data(time[:k], v[:k]), frames=len(v))


experiment = Experiment(
    name="toy",
    title="A toy",
    citation="Toy 1900, J. Toys 1:1",
    config=Config,
    presets={"quick": Config(), "long": Config(steps=40)},
    run=run,
    claims=claims,
    figures=figure,
    movie=movie,
)
