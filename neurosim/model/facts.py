"""The facts of a class that describes a model or a rule: which it may state, and that none of them is ignored."""

from __future__ import annotations

import numbers
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from neurosim.errors import DescriptionError, brief
from neurosim.registry import suggest

# What a fact may be, by the beginning of its annotation in the base class.
_KINDS: Mapping[str, tuple[Any, str]] = {
    "ClassVar[str | None]": ((str, type(None)), "text"),
    "ClassVar[str]": (str, "text"),
    "ClassVar[Literal": (str, "text"),
    "ClassVar[bool]": (bool, "True or False"),
    "ClassVar[Mapping": (Mapping, "a dictionary"),
    "ClassVar[tuple": (tuple, "a tuple"),
}


def check_facts(cls: type, kind: str, parts: tuple[type, ...], more: Iterable[str] = ()) -> None:
    """Reject whatever a class states that would have no effect, and a fact of the wrong type.

    Arguments:
        cls: the class, whose base classes annotate the facts.
        kind: what the class is, for messages.
        parts: types of facts that may have any name, such as parameters.
        more: names of text facts that follow from other facts of the class.

    Raises DescriptionError for anything else that is public; methods, properties and nested classes are allowed.
    """
    declared = {n: a for base in reversed(cls.__mro__[1:]) for n, a in _annotations(base).items()}
    declared |= dict.fromkeys(more, "ClassVar[str]")
    for name, value in vars(cls).items():
        if name.startswith("_") or isinstance(value, parts) or _is_code(value):
            continue
        where = f"{cls.__name__}.{name}"
        if name not in declared:
            raise DescriptionError(f"{where} is not a fact of a {kind}: {_advice(name, value, declared)}")
        for annotation, (wanted, word) in _KINDS.items():
            if declared[name].startswith(annotation) and not isinstance(value, wanted):
                hint = (
                    ": write it in quotes, and a number as the name of a parameter" if word == "text" else ""
                )
                raise DescriptionError(f"{where} = {brief(value)} is not {word}{hint or f': give {word}'}")


def check_fields(cls: type) -> None:
    """Reject a class that overrides a field of a dataclass with a plain value, which its instances would not have."""
    fields = {name for base in cls.__mro__[1:] for name in vars(base).get("__dataclass_fields__", ())}
    for name in vars(cls):
        if name in fields and name not in _annotations(cls) and not _is_code(vars(cls)[name]):
            value = vars(cls)[name]
            raise DescriptionError(
                f"{cls.__name__}.{name} = {brief(value)} does not change the field '{name}': decorate the class with "
                f"@dataclass(frozen=True) and write '{name}: {type(value).__name__} = {brief(value)}'"
            )


def _annotations(cls: type) -> dict[str, str]:
    return {n: str(annotation) for n, annotation in vars(cls).get("__annotations__", {}).items()}


# Facts that the base classes collect from the others; nobody writes them.
_GATHERED = {"gains", "offsets", "options", "parameters", "pathways", "places", "signals", "totals", "traces"}


def _is_code(value: Any) -> bool:
    return callable(value) or hasattr(value, "__get__")


def _advice(name: str, value: Any, declared: Mapping[str, str]) -> str:
    declared = {n: a for n, a in declared.items() if n not in _GATHERED and not n.startswith("_")}
    fits = [
        n
        for n, a in declared.items()
        if re.search(rf"\b{type(value).__name__}\b", a) and not isinstance(value, str)
    ]
    if fits and isinstance(value, bool | Mapping | tuple):
        return suggest(name, fits)
    if fits:
        return f"write {fits[0]} = {brief(value)}"
    if isinstance(value, numbers.Number | np.ndarray):
        return f"declare a constant by {name} = parameter({brief(value)}, 'what it means')"
    facts = [n for n, a in declared.items() if a.startswith(("ClassVar[str", "ClassVar[Literal"))]
    hint = suggest(name, facts if isinstance(value, str) else declared)
    return f"{hint} (a {'text' if isinstance(value, str) else 'value'} of your own begins with an underscore)"
