"""The root attributes of a result file, decoded and checked: what a run was, and its outcome."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import h5py
from h5py import h5a

from neurosim.store import schema
from neurosim.store.plain import MAX_ATTRIBUTES, NotPlain, attribute

_CLAIM = ("id", "statement", "source", "kind", "expected", "verdict", "unit", "note")


def facts_of(file: h5py.File) -> dict[str, Any]:
    """Return the root attributes by name, those in JSON decoded; raises NotPlain for one of another kind."""
    if h5a.get_num_attrs(file.id) > MAX_ATTRIBUTES:
        raise NotPlain(f"has more than {MAX_ATTRIBUTES} attributes")
    facts = {}
    for name in file.attrs:
        if not isinstance(name, str) or not name.isprintable():
            raise NotPlain("has an attribute whose name is not valid")
        value = attribute(file, name)
        facts[name] = _decoded(name, value) if name in schema.JSON_ATTRIBUTES else value
    for name, (right, words) in _RIGHT.items():
        if name in facts and not right(facts[name]):
            raise NotPlain(f"attribute '{name}' is not {words}")
    return facts


def _decoded(name: str, value: Any) -> Any:
    try:
        return json.loads(value, parse_constant=_no_constant)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotPlain(f"attribute '{name}' is not JSON text") from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _is_claim(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(field), str) for field in _CLAIM)
        and "measured" in value
        and isinstance(value["measured"], str | int | float | None)
    )


def _texts(value: Any) -> bool:
    return all(map(_is_text, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


# What each must be, as a test and in words.
_RIGHT: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "status": (_is_text, "text"),
    "experiment": (_is_text, "text"),
    "preset": (_is_text, "text"),
    "config": (lambda value: isinstance(value, dict), "settings by name"),
    "versions": (lambda value: isinstance(value, dict) and _texts(value.values()), "versions by name"),
    "citations": (lambda value: isinstance(value, list) and _texts(value), "a list of texts"),
    "claims": (lambda value: isinstance(value, list) and all(map(_is_claim, value)), "a list of claims"),
}
