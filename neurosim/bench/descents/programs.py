"""What training steps have in common: ours by a learner, a peer's one by one in PyTorch."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from typing import Any

import numpy as np

from neurosim.bench.program import Arrays, Program
from neurosim.learning.protocol import Learner


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
