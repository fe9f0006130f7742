"""Labelled images, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from neurosim.errors import UsageError
from neurosim.rng import generator


@dataclass(frozen=True, eq=False)
class DataSet:
    """Labelled images.

    Arguments: name; images (samples, height, width), float; labels (samples,), integers from 0; classes, how many;
    provenance, facts by name for the result file: source, licence, checksum, and what was done since.
    Raises UsageError when images and labels differ in number, or a label lies outside 0..classes - 1.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    classes: int
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.images.ndim != 3 or self.labels.shape != self.images.shape[:1]:
            raise UsageError(
                f"data set '{self.name}': images {self.images.shape} and labels {self.labels.shape}: give (samples, "
                "height, width) and (samples,)"
            )
        wrong = np.flatnonzero((self.labels < 0) | (self.labels >= self.classes))
        if wrong.size or self.labels.dtype.kind not in "iu":
            what = f"{self.labels[wrong[0]]} of sample {wrong[0]}" if wrong.size else f"{self.labels.dtype}"
            raise UsageError(
                f"data set '{self.name}': label {what} is not an integer in 0..{self.classes - 1}: correct the labels"
            )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def rows(self) -> np.ndarray:
        """The images as rows (samples, height * width)."""
        return self.images.reshape(len(self), -1)

    def changed(self, what: str, **changes: Any) -> DataSet:
        """Return the set with some fields replaced and a line about it added to its provenance."""
        done = [*self.provenance.get("changes", []), what]
        return replace(self, **changes, provenance={**self.provenance, "changes": done})

    def scaled(self, mean: float = 0.0, deviation: float = 1.0) -> DataSet:
        """Return the set with images (x - mean)/deviation; raises UsageError unless deviation is above 0."""
        if not deviation > 0:
            raise UsageError(f"data set '{self.name}': deviation = {deviation}: must be above 0")
        return self.changed(f"scaled by {mean}, {deviation}", images=(self.images - mean) / deviation)

    def some(self, count: int, seed: int) -> DataSet:
        """Return `count` samples drawn without replacement; raises UsageError when there are fewer."""
        if not 1 <= count <= len(self):
            raise UsageError(
                f"data set '{self.name}': {count} samples of {len(self)}: must be between 1 and that"
            )
        chosen = generator(seed, f"samples of {self.name}").permutation(len(self))[:count]
        return self._chosen(chosen, f"{count} samples, seed {seed}")

    def split(self, train: int, seed: int) -> tuple[DataSet, DataSet]:
        """Return (training set of `train` samples, test set of the rest); raises UsageError when one is empty."""
        if not 1 <= train < len(self):
            raise UsageError(
                f"data set '{self.name}': {train} of {len(self)} for training: leave some on each side"
            )
        order = generator(seed, f"split of {self.name}").permutation(len(self))
        parts = (("training", order[:train]), ("test", order[train:]))
        first, second = (self._chosen(chosen, f"{name} part, seed {seed}") for name, chosen in parts)
        return first, second

    def batch(self, population: str) -> dict[str, Any]:
        """Return inputs and labels as a network model takes them, held over the steps of a trial.

        Arguments: population, the signals that see the images.
        """
        return {"inputs": {population: self.rows}, "label": self.labels.astype(np.int32)}

    def _chosen(self, chosen: np.ndarray, what: str) -> DataSet:
        return self.changed(what, images=self.images[chosen], labels=self.labels[chosen])
