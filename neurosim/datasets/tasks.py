"""Further tasks made of a data set: permuted pixels, rotations, corruptions, swapped labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from neurosim.datasets.data import DataSet
from neurosim.errors import UnknownNameError, UsageError
from neurosim.registry import suggest
from neurosim.rng import generator

Images = NDArray[Any]


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

    noise: x + amount * standard normal; shot: amount * Poisson(x/amount), x >= 0; brightness: x + amount, these three
    clipped to 0..1; dropped: a share `amount` of the pixels of each image 0; impulse: the same, one half 0 and one half
    1; blurred: Gaussian of a width of `amount` pixels; contrast: mean + (1 - amount) (x - mean), of each image; jpeg:
    after compression of x in 0..1 with a quality of 100 (1 - amount), from 1. An amount of 0 changes nothing but what
    clipping and compression do.
    Raises UnknownNameError for another kind, UsageError for a negative amount, a share above 1, or images outside 0..1
    that are to be drawn from or compressed.
    """
    if kind not in KINDS:
        raise UnknownNameError(f"corrupted: kind '{kind}': {suggest(kind, KINDS)}")
    if not amount >= 0 or (kind in SHARES and amount > 1):
        raise UsageError(f"corrupted: amount = {amount} of '{kind}': must be from 0, a share at most 1")
    if kind in ("shot", "jpeg") and not (data.images.min() >= 0 and data.images.max() <= 1):
        raise UsageError(f"corrupted: '{kind}' of images outside 0..1: corrupt them before they are scaled")
    x = KINDS[kind](data.images, amount, generator(seed, f"corrupted {kind}"))
    return data.changed(f"{kind} {amount}, seed {seed}", images=x)


def swapped(data: DataSet, classes: Sequence[int]) -> DataSet:
    """Return the set with the labels of two classes swapped; raises UsageError unless they are two of its classes."""
    pair = [int(c) for c in classes]
    if len(set(pair)) != 2 or not all(0 <= c < data.classes for c in pair):
        raise UsageError(f"swapped: classes = {pair}: give two different ones in 0..{data.classes - 1}")
    order = np.arange(data.classes)
    order[pair] = order[pair[::-1]]
    return data.changed(f"labels {pair[0]} and {pair[1]} swapped", labels=order[data.labels])


def _noise(x: Images, amount: float, draw: np.random.Generator) -> Images:
    return np.clip(x + amount * draw.normal(size=x.shape), 0, 1)


def _shot(x: Images, amount: float, draw: np.random.Generator) -> Images:
    return np.clip(amount * draw.poisson(x / amount), 0, 1) if amount else x


def _brightness(x: Images, amount: float, draw: np.random.Generator) -> Images:
    return np.clip(x + amount, 0, 1)


def _dropped(x: Images, amount: float, draw: np.random.Generator) -> Images:
    return np.asarray(x * (draw.random(x.shape) >= amount))


def _impulse(x: Images, amount: float, draw: np.random.Generator) -> Images:
    hit = draw.random(x.shape)
    return np.where(hit < amount, np.where(hit < amount / 2, 0.0, 1.0), x)


def _blurred(x: Images, amount: float, draw: np.random.Generator) -> Images:
    return np.asarray(ndimage.gaussian_filter(x, (0, amount, amount)))


def _contrast(x: Images, amount: float, draw: np.random.Generator) -> Images:
    mean = x.mean((1, 2), keepdims=True)
    return np.asarray(mean + (1 - amount) * (x - mean))


def _jpeg(x: Images, amount: float, draw: np.random.Generator) -> Images:
    quality = max(round(100 * (1 - amount)), 1)

    def compressed(image: Images) -> Images:
        packed = BytesIO()
        Image.fromarray(np.round(255 * image).astype(np.uint8)).save(packed, "JPEG", quality=quality)
        return np.asarray(Image.open(packed)) / 255.0

    return np.stack([compressed(image) for image in x])


KINDS: dict[str, Callable[[Images, float, np.random.Generator], Images]] = {
    "noise": _noise,
    "shot": _shot,
    "brightness": _brightness,
    "dropped": _dropped,
    "impulse": _impulse,
    "blurred": _blurred,
    "contrast": _contrast,
    "jpeg": _jpeg,
}
SHARES = ("dropped", "impulse", "contrast", "jpeg")
