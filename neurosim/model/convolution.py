"""Convolution: connections from the window of an image at each position, with kernels that all positions share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.model.connectivity import Connectivity, Pairs
from neurosim.model.values import whole


@dataclass(frozen=True, eq=False)
class Kernel:
    """The weights of a convolution, a matrix (features, inputs) that every position uses.

    described, the convolution; features, of all channels; index, the place in the weights of each edge; patch, the
    source at each input of each position (positions, inputs of all channels), -1 outside of the image. A weight stands
    at input * features + feature. Neuron feature * positions + position is the target.
    """

    described: Convolution
    features: int
    index: np.ndarray
    patch: np.ndarray

    @property
    def inputs(self) -> int:
        """Number of weights of a feature."""
        return self.patch.shape[1] // self.described.groups

    @property
    def positions(self) -> int:
        """Number of positions."""
        return self.patch.shape[0]

    @property
    def size(self) -> int:
        """Number of weights."""
        return self.inputs * self.features


@dataclass(frozen=True)
class Convolution(Connectivity):
    """Windows of an image, at each position, to features, with one kernel per feature that all positions share.

    y[f, p] = sum over inputs j of w[f, j] x[window j at position p]. Neurons of the source are numbered by channel, row
    and column, those of the target by feature, row and column. The weight is a matrix (features, channels * rows *
    columns of the window), or an array (features, channels, rows, columns); rules of the clock 'sample' change kernels
    by the mean over positions of what they ask for at each.
    Source: Fukushima 1980, Biol. Cybern. 36:193, doi:10.1007/BF00344251.

    Arguments:
        image: (channels, height, width) of the source.
        kernel: side of the window in pixels, or (height, width).
        stride: distance of positions in pixels.
        padding: rows and columns of zeros around the image.
        per_channel: whether each channel has features of its own, as in pooling, where the weight is 1 over the number
            of pixels of the window; all channels else go to all features.
    """

    image: tuple[int, int, int]
    kernel: Any
    stride: int = 1
    padding: int = 0
    per_channel: bool = False

    def __post_init__(self) -> None:
        given = {"image": self.image, "kernel": self.kernel}
        given["kernel"] = (self.kernel, self.kernel) if np.ndim(self.kernel) == 0 else self.kernel
        for name, count in (("image", 3), ("kernel", 2)):
            value = given[name]
            if np.ndim(value) != 1 or len(value) != count:
                what = "(channels, height, width)" if count == 3 else "a side, or (height, width)"
                raise DescriptionError(f"Convolution: {name} = {value!r}: give {what}")
            sizes = tuple(whole(v, f"Convolution: {name}") for v in value)
            if min(sizes) < 1:
                raise DescriptionError(f"Convolution: {name} = {value!r}: give sizes from 1")
            object.__setattr__(self, name, sizes)
        if whole(self.stride, "Convolution: stride") < 1:
            raise DescriptionError(f"Convolution: stride = {self.stride}: give one from 1")
        if not 0 <= whole(self.padding, "Convolution: padding") < min(self.kernel):
            raise DescriptionError(
                f"Convolution: padding = {self.padding}: give one from 0, below the kernel"
            )
        if min(self.output) < 1:
            raise DescriptionError(f"{self}: the window is larger than the image: use a smaller kernel")

    @property
    def output(self) -> tuple[int, int]:
        """Rows and columns of positions; the target has as many neurons for each feature."""
        height, width = (
            (size + 2 * self.padding - side) // self.stride + 1
            for size, side in zip(self.image[1:], self.kernel, strict=True)
        )
        return height, width

    @property
    def groups(self) -> int:
        """Number of parts of the channels that do not mix."""
        return self.image[0] if self.per_channel else 1

    def pairs(self, sources: int, targets: int, rng: np.random.Generator, where: str) -> Pairs:
        """Return every input of every window, by feature, position and input."""
        pre, post, _, _ = self._layout(sources, targets, where)
        return pre, post

    def shared(self, sources: int, targets: int, where: str) -> Kernel | None:
        """Return the weights that edges share, None for a subclass that has pairs of its own."""
        if type(self).pairs is not Convolution.pairs:
            return None
        _, _, index, patch = self._layout(sources, targets, where)
        return Kernel(self, targets // len(patch), index, patch)

    def _layout(
        self, sources: int, targets: int, where: str
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return source, target and place in the weights of each edge, and the patches."""
        if sources != np.prod(self.image):
            raise DescriptionError(
                f"{where}: {sources} sources for an image {self.image}: give the source {np.prod(self.image)} neurons"
            )
        patch = self._patches()
        positions, features = len(patch), targets // len(patch)
        if targets % positions or features < 1 or features % self.groups:
            per = f"{self.groups} x " if self.per_channel else ""
            raise DescriptionError(
                f"{where}: {targets} targets for {positions} positions: give the target a multiple of {per}{positions} "
                "neurons"
            )
        inputs = patch.shape[1] // self.groups
        group = np.arange(features) // (features // self.groups)
        pre = patch.reshape(positions, self.groups, inputs)[:, group].swapaxes(0, 1)
        feature, position, place = np.meshgrid(
            np.arange(features), np.arange(positions), np.arange(inputs), indexing="ij"
        )
        there = pre >= 0
        post, index = feature * positions + position, place * features + feature
        return pre[there].astype(np.int32), post[there].astype(np.int32), index[there], patch

    def _patches(self) -> np.ndarray:
        """Return the source at each input of each position, -1 outside of the image."""
        channels, height, width = self.image
        image = np.arange(channels * height * width).reshape(self.image)
        beside = (self.padding, self.padding)
        image = np.pad(image, ((0, 0), beside, beside), constant_values=-1)
        view: Any = np.lib.stride_tricks.sliding_window_view  # its types lack axes
        windows = view(image, self.kernel, axis=(1, 2))
        windows = windows[:, :: self.stride, :: self.stride]
        return windows.transpose(1, 2, 0, 3, 4).reshape(np.prod(self.output), -1).copy()
