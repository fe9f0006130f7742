"""What learning steps have in common: ours by a learner or by presentations, a peer's one by one."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from typing import Any

import numpy as np

from neurosim.bench.program import Arrays, Program
from neurosim.engines import simulate
from neurosim.learning.protocol import Learner
from neurosim.model.network import Network


class OurSteps(Program):
    """Steps of a learner, `every` per run."""

    def __init__(self, learner: Learner) -> None:
        self.learner, self.training = learner, learner.train(1)

    def start(self) -> None:
        """Continue where the last run ended."""

    def advance(self) -> None:
        """Train for some steps."""
        self.training = self.learner.train(self.training.step + self.learner.every, after=self.training)

    def results(self) -> Arrays:
        """Return the losses."""
        (losses,) = self.training.losses.values()
        return {"losses": losses}


class TorchSteps(Program):
    """Steps written in PyTorch, `steps` per run."""

    def __init__(self, steps: int) -> None:
        self.torch: Any = importlib.import_module("torch")
        self.torch.set_num_threads(1)
        self.steps = steps
        self.prepare()
        self.losses = [self.step()]

    @abstractmethod
    def prepare(self) -> None:
        """Create all that the steps require."""

    @abstractmethod
    def step(self) -> float:
        """Take one training step and return its loss."""

    def start(self) -> None:
        """Continue where the last run ended."""

    def advance(self) -> None:
        """Train for some steps."""
        self.losses += [self.step() for _ in range(self.steps)]

    def results(self) -> Arrays:
        """Return the losses."""
        return {"losses": np.array(self.losses)}


class Presented(Program):
    """Presentations of batches of patterns to a network, `steps` per run; its losses are the squares of its weights."""

    network: Network
    projection: str
    engine: str

    def __init__(self, steps: int) -> None:
        self.steps, self.losses = steps, list[float]()
        self.prepare()
        self.simulation = simulate(self.network, self.engine)
        self.take()

    @abstractmethod
    def prepare(self) -> None:
        """Make the network and what is shown to it."""

    @abstractmethod
    def present(self, number: int) -> None:
        """Present a batch."""

    def take(self) -> None:
        """Present a batch, and take note of what that came to in the first ten."""
        self.present(len(self.losses))
        w = np.asarray(self.simulation.get(f"{self.projection}.w")) if len(self.losses) < 10 else np.zeros(1)
        self.losses.append(float(np.sum(w**2)))

    def start(self) -> None:
        """Go on where the last run ended."""

    def advance(self) -> None:
        """Present some batches."""
        for _ in range(self.steps):
            self.take()

    def results(self) -> Arrays:
        """Return the sums of the squares of all weights."""
        return {"losses": np.array(self.losses)}


class NumpySteps(Program):
    """The same steps as products of matrices in numpy."""

    w: np.ndarray

    def __init__(self, steps: int) -> None:
        self.steps, self.losses = steps, list[float]()
        self.prepare()
        self.take()

    @abstractmethod
    def prepare(self) -> None:
        """Make weights and what is shown."""

    @abstractmethod
    def step(self, number: int) -> None:
        """Take a learning step."""

    def take(self) -> None:
        """Take a learning step, and take note of what that came to in the first ten."""
        self.step(len(self.losses))
        self.losses.append(float(np.sum(self.w**2)) if len(self.losses) < 10 else 0.0)

    def start(self) -> None:
        """Go on where the last run ended."""

    def advance(self) -> None:
        """Take some steps."""
        for _ in range(self.steps):
            self.take()

    def results(self) -> Arrays:
        """Return the sums of the squares of all weights."""
        return {"losses": np.array(self.losses)}
