"""Settings of the study of continual learning by orthogonal projection and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.errors import UsageError
from neurosim.experiment import setting

INPUTS = {"digits": 64, "fashion": 784}
MAIN = ("sequential", "lateral", "principal")
MORE = ("replay", "consolidated", "sequential_random", "lateral_random", "sequential_sign", "lateral_sign")
TRAINERS = ("bptt", "ottt", "dsr")
SPIKING = tuple(f"{arm}_{trainer}" for trainer in TRAINERS for arm in ("sequential", "lateral"))


@dataclass(frozen=True)
class Config:
    """Settings of the study; defaults are the published sizes and rates, presets shorten what takes long."""

    seeds: int = setting(5, "networks of every arm, with weights and orders of batches of their own", low=2)
    data: str = setting("fashion", "images whose pixels are permuted", choices=tuple(INPUTS))
    folder: str = setting("", "folder of Fashion-MNIST; empty for that of the Debian package")
    train_images: int = setting(9000, "training images of each task", low=10, high=60_000)
    test_images: int = setting(1000, "test images of each task", low=10, high=10_000)
    tasks: int = setting(10, "permutations that are learned one after the other", low=2, high=100)
    epochs: int = setting(1, "passes through the images of a task", low=1)
    batch: int = setting(64, "images in a batch", low=1)
    hidden: int = setting(800, "neurons of each hidden layer", low=2)
    rate: float = setting(0.1, "learning rate of stochastic gradient descent", low=0.0)
    first: tuple[int, ...] = setting(
        (80, 200, 100), "lateral neurons for the first task: for the inputs of the three layers", low=1
    )
    later: tuple[int, ...] = setting(
        (70, 70, 50, 50, 50, 30, 30, 30, 10),
        "lateral neurons added for each later task; the last repeats",
        low=0,
    )
    lateral_rates: tuple[float, ...] = setting(
        (1e-3, 1e-2, 1e-2), "learning rates of the lateral weights by layer", low=0.0
    )
    repeats: int = setting(5, "updates of the lateral weights for each batch", low=1)
    more: tuple[str, ...] = setting(
        (*MORE, *SPIKING), f"arms beside {', '.join(MAIN)}", choices=(*MORE, *SPIKING)
    )
    spike_steps: int = setting(6, "steps of spiking networks that 'bptt' and 'ottt' train", low=1)
    drive: float = setting(
        2.0,
        "factor of the input of neurons that 'bptt' trains; with the published 1 they stay silent",
        low=0.0,
    )
    rate_steps: int = setting(20, "steps of spiking networks that 'dsr' trains", low=1)
    memory: int = setting(50, "images of each class that are kept for replay", low=1)
    replay_batch: int = setting(50, "images of each task in a batch of the replay", low=1)
    replay_epochs: int = setting(1, "passes through what is kept after each task", low=1)
    replay_rate: float = setting(0.01, "learning rate of the replay", low=0.0)
    consolidation: float = setting(20.0, "strength of elastic weight consolidation, lambda", low=0.0)
    sampled: int = setting(2000, "training images of which the exact subspace is taken", low=10)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Neurons that each of the three layers receives from."""
        return INPUTS[self.data], self.hidden, self.hidden

    @property
    def arms(self) -> tuple[str, ...]:
        """The names of all arms."""
        return (*MAIN, *dict.fromkeys(self.more))

    def added(self, task: int) -> tuple[int, ...]:
        """Return the number of lateral neurons of each layer that a task adds."""
        return self.first if task == 0 else (self.later[min(task, len(self.later)) - 1],) * 3

    def require_sense(self) -> None:
        """Raise UsageError for numbers of lateral neurons that do not fit."""
        for name in ("first", "lateral_rates"):
            if len(getattr(self, name)) != 3:
                raise UsageError(
                    f"setting '{name}': {getattr(self, name)}: give one for each of the three layers"
                )
        if not self.later:
            raise UsageError("setting 'later': empty: give at least one number")
        for layer, size in enumerate(self.sizes):
            total = sum(self.added(task)[layer] for task in range(self.tasks))
            if total > size:
                raise UsageError(
                    f"settings 'first' and 'later': {total} lateral neurons of layer {layer + 1} for {self.tasks} "
                    f"tasks, but only {size} neurons to span: lower them"
                )


PRESETS = {
    "quick": Config(
        data="digits",
        train_images=1000,
        test_images=397,
        tasks=4,
        epochs=5,
        hidden=100,
        first=(20, 32, 24),
        later=(9,),
        batch=32,
        lateral_rates=(1e-2, 1e-2, 1e-2),
        rate_steps=8,
    ),
    "fashion": Config(tasks=5, epochs=4, hidden=200, first=(80, 60, 40), later=(30,), more=()),
    "paper": Config(),
}
