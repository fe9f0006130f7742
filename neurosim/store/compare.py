"""How two result files differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from neurosim.store.data import Info
from neurosim.store.reader import Results

# Compared item by item, or never equal.
_APART = {"claims", "config", "versions", "content", "created", "finished", "run"}
ABSENT = "-"


@dataclass(frozen=True)
class Difference:
    """One difference: the kind of thing, its name, what each file contains, and for arrays where and by how much."""

    kind: Literal["fact", "setting", "version", "claim", "array"]
    name: str
    first: str
    second: str
    note: str = ""


def differences(first: Results, second: Results) -> Iterator[Difference]:
    """Yield how two result files differ: facts, settings, versions, claims and arrays, but not when they were made.

    For arrays of equal shape the largest absolute difference is given, and the values of both there.
    """
    facts = [{k: v for k, v in r.attributes.items() if k not in _APART} for r in (first, second)]
    claims = [{claim["id"]: claim for claim in r.claims} for r in (first, second)]
    versions = [r.attributes.get("versions", {}) for r in (first, second)]
    yield from _unequal("fact", *facts)
    yield from _unequal("setting", first.config, second.config)
    yield from _unequal("version", *versions)
    for name in sorted(claims[0].keys() | claims[1].keys()):
        one, two = (side.get(name, {}) for side in claims)
        changed = [field for field in sorted({*one, *two}) if one.get(field) != two.get(field)]
        if changed:
            shown = (", ".join(f"{f} {side.get(f, ABSENT)}" for f in changed) for side in (one, two))
            yield Difference("claim", name, *shown)
    for path in sorted({*first.paths(), *second.paths()}):
        found = _of_array(first, second, path)
        if found is not None:
            yield found


def _unequal(
    kind: Literal["fact", "setting", "version"], first: Mapping[str, Any], second: Mapping[str, Any]
) -> Iterator[Difference]:
    for name in sorted(first.keys() | second.keys()):
        one, two = (_text(side[name]) if name in side else ABSENT for side in (first, second))
        if one != two:
            yield Difference(kind, name, one, two)


def _text(value: Any) -> str:
    plain = value.tolist() if isinstance(value, np.ndarray) else value
    return plain if isinstance(plain, str) else json.dumps(plain)


def _of_array(first: Results, second: Results, path: str) -> Difference | None:
    one, two = (side.infos().get(path) for side in (first, second))
    if one != two:
        return Difference("array", path, _described(one), _described(two))
    return _of_values(path, first.array(path), second.array(path))


def _described(info: Info | None) -> str:
    if info is None:
        return ABSENT
    return f"{info.dtype} {info.shape} {info.dims} [{info.unit or '1'}] {info.long_name}"


def _of_values(path: str, one: np.ndarray, two: np.ndarray) -> Difference | None:
    other = np.asarray(one != two) & ~(_nan(one) & _nan(two))
    if not other.any():
        same = one.dtype.kind == "U" or one.tobytes() == two.tobytes()
        return None if same else Difference("array", path, "", "", "equal values, but other bits")
    place, distance = _farthest(one, two, other)
    note = f"{int(other.sum())} of {other.size} values differ; {distance} at {list(map(int, place))}"
    return Difference("array", path, str(one[place]), str(two[place]), note)


def _farthest(one: np.ndarray, two: np.ndarray, other: np.ndarray) -> tuple[tuple[Any, ...], str]:
    """Return where two arrays differ most, and by how much; where they first differ if there is no distance."""
    if one.dtype.kind == "U":
        return tuple(np.argwhere(other)[0]), "first"
    kind = complex if one.dtype.kind == "c" else float
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(one.astype(kind) - two.astype(kind))
    # A number on one side only is infinitely far.
    distance = np.where(other, np.nan_to_num(distance, nan=np.inf), -1.0)
    place = np.unravel_index(int(np.argmax(distance)), distance.shape)
    return place, f"largest difference {distance[place]:.6g}"


def _nan(array: np.ndarray) -> Any:
    return np.isnan(array) if array.dtype.kind in "fc" else np.zeros(array.shape, dtype=bool)
