"""From (seed, entity, purpose) to the key of a random stream."""

from __future__ import annotations

import hashlib
import json
import operator
from typing import SupportsIndex

import numpy as np

from neurosim.errors import DescriptionError


def stream_key(seed: SupportsIndex, entity: str, purpose: str) -> np.uint64:
    """Return the 64-bit key of one stream: the BLAKE2b hash of the triple, the same on every machine.

    Arguments:
        seed: an integer >= 0.
        entity: who draws ('E', 'swimmer').
        purpose: what for ('xi', 'initial v').

    Raises DescriptionError when the seed is negative or not an integer, or a name is not text.
    """
    return np.uint64(int.from_bytes(_digest(8, seed, entity, purpose), "little"))


def generator(seed: SupportsIndex, purpose: str) -> np.random.Generator:
    """Return a numpy generator for set-up work (connectivity, initial states): Philox keyed by (seed, purpose).

    Arguments:
        seed: an integer >= 0.
        purpose: what is drawn ('connectivity E to I').

    Raises DescriptionError as `stream_key` does.
    """
    key = int.from_bytes(_digest(16, seed, "", purpose), "little")
    return np.random.Generator(np.random.Philox(key=key))


def _digest(size: int, seed: SupportsIndex, entity: str, purpose: str) -> bytes:
    try:
        number = operator.index(seed)
    except TypeError:
        raise DescriptionError(f"seed: {seed!r} is not an integer; give a whole number >= 0") from None
    if number < 0:
        raise DescriptionError(f"seed: {number} is negative; give a whole number >= 0")
    for role, name in (("entity", entity), ("purpose", purpose)):
        if not isinstance(name, str):
            raise DescriptionError(f"{role} of a random stream: {name!r} is not text; give a name")
    # JSON keeps ("a", "bc") and ("ab", "c") apart, which plain joining would not.
    text = json.dumps([number, entity, purpose])
    return hashlib.blake2b(text.encode(), digest_size=size, person=b"neurosim").digest()
