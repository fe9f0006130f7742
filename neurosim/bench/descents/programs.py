"""What training steps have in common: ours by a trainer, a peer's one by one in PyTorch."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from typing import Any

import numpy as np

from neurosim.bench.program import Arrays, Program
from neurosim.learning.bptt import Trainer


class OurSteps(Program):
    """Steps of a trainer, `every` per run."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer, self.training = trainer, trainer.train(1)

    def start(self) -> None:
        """Continue where the last run ended."""

    def advance(self) -> None:
        """Train for some steps."""
        self.training = self.trainer.train(self.training.step + self.trainer.every, after=self.training)

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
