"""Further tasks made of a data set: permuted pixels, rotations, corruptions, swapped labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from neurosim.datasets.data import DataSet
from neurosim.errors import UnknownNameError, UsageError
from neurosim.registry import suggest
from neurosim.rng import generator


def permuted(data: DataSet, seed: int) -> DataSet:
    """Return the set with the same permutation of the pixels in all images; the same seed gives the same one."""
    count = data.rows.shape[1]
    order = generator(seed, "permuted pixels").permutation(count)
    return data.changed(
        f"pixels permuted, seed {seed}", images=data.rows[:, order].reshape(data.images.shape)
    )


def rotated(data: DataSet, degrees: float) -> DataSet:
    """Return the set with images rotated about their centre, counter-clockwise; multiples of 90 degrees are exact."""
    turns, rest = divmod(degrees, 90)
    images = np.rot90(data.images, int(turns), axes=(1, 2))
    if rest:
        images = ndimage.rotate(images, rest, axes=(2, 1), reshape=False, order=1)
    return data.changed(f"rotated by {degrees} degrees", images=np.ascontiguousarray(images))


def corrupted(data: DataSet, kind: str, amount: float, seed: int) -> DataSet:
    """Return the set with images corrupted.

    noise: x + amount * standard normal, clipped to 0..1; dropped: a share `amount` of the pixels of each image 0;
    blurred: Gaussian of a width of `amount` pixels; contrast: mean + (1 - amount) (x - mean), of each image.
    Raises UnknownNameError for another kind, UsageError for a negative amount, or a share above 1.
    """
    kinds = ("noise", "dropped", "blurred", "contrast")
    if kind not in kinds:
        raise UnknownNameError(f"corrupted: kind '{kind}': {suggest(kind, kinds)}")
    if amount < 0 or (kind in ("dropped", "contrast") and amount > 1):
        raise UsageError(f"corrupted: amount = {amount} of '{kind}': must be from 0, a share at most 1")
    draw, x = generator(seed, f"corrupted {kind}"), data.images
    if kind == "noise":
        x = np.clip(x + amount * draw.normal(size=x.shape), 0, 1)
    elif kind == "dropped":
        x = x * (draw.random(x.shape) >= amount)
    elif kind == "blurred":
        x = ndimage.gaussian_filter(x, (0, amount, amount))
    else:
        mean = x.mean((1, 2), keepdims=True)
        x = mean + (1 - amount) * (x - mean)
    return data.changed(f"{kind} {amount}, seed {seed}", images=x)


def swapped(data: DataSet, classes: Sequence[int]) -> DataSet:
    """Return the set with the labels of two classes swapped; raises UsageError unless they are two of its classes."""
    pair = [int(c) for c in classes]
    if len(set(pair)) != 2 or not all(0 <= c < data.classes for c in pair):
        raise UsageError(f"swapped: classes = {pair}: give two different ones in 0..{data.classes - 1}")
    order = np.arange(data.classes)
    order[pair] = order[pair[::-1]]
    return data.changed(f"labels {pair[0]} and {pair[1]} swapped", labels=order[data.labels])
