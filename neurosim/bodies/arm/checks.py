"""Checks of the values that describe the parts of the arm."""

from __future__ import annotations

import math
from collections.abc import Callable

from neurosim.errors import DescriptionError


def require_above(owner: object, low: float, *fields: str) -> None:
    """Raise DescriptionError unless every number in the named fields of `owner` is finite and above `low`."""
    _require(owner, fields, f"must be finite and above {low:g}", lambda value: value > low)


def require_from(owner: object, low: float, *fields: str) -> None:
    """Raise DescriptionError unless every number in the named fields of `owner` is finite and `low` or more."""
    _require(owner, fields, f"must be finite and at least {low:g}", lambda value: value >= low)


def _require(owner: object, fields: tuple[str, ...], rule: str, holds: Callable[[float], bool]) -> None:
    for field in fields:
        value = getattr(owner, field)
        for number in value if isinstance(value, tuple) else (value,):
            if not (math.isfinite(number) and holds(number)):
                raise DescriptionError(f"{type(owner).__name__}.{field} = {value}: {rule}")
