"""A hash of the content of a result file that does not depend on when, where or with how many workers it was made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from neurosim.store.data import Data

# What differs between two runs with the same results: time, place, versions, and conventions of the file.
NOT_CONTENT = frozenset(
    {
        "NX_class",
        "command",
        "content",
        "created",
        "default",
        "finished",
        "git_commit",
        "magic",
        "platform",
        "run",
    }
    | {"schema", "schema_version", "version", "versions"}
)


def content_hash(attributes: Mapping[str, Any], arrays: Iterable[tuple[str, Data]]) -> str:
    """Return the SHA-256, in hexadecimal digits, of the settings, seed, claims and arrays of a run.

    What counts of an array is its path, type, dims, unit, description and values, bit for bit (in little-endian byte
    order).

    Arguments:
        attributes: those of the root, decoded.
        arrays: each with its path, in any order.
    """
    facts = {name: value for name, value in attributes.items() if name not in NOT_CONTENT}
    found = sorted([path, *_described(item)] for path, item in arrays)
    text = json.dumps([facts, found], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _described(item: Data) -> list[Any]:
    return [*_hashed(item.array), list(item.array.shape), list(item.dims), item.unit, item.long_name]


def _hashed(array: np.ndarray) -> tuple[str, str]:
    """Return the type of an array and the SHA-256 of its values."""
    if array.dtype.kind == "U":
        # The width of a text type is that of the longest text, or the width that was asked for.
        return "text", hashlib.sha256(json.dumps(array.tolist()).encode()).hexdigest()
    small = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return small.dtype.str, hashlib.sha256(np.ascontiguousarray(small).tobytes()).hexdigest()
