"""Claims: what a study is known for, checked against what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, SupportsFloat, get_args

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.experiment.units import check_unit
from neurosim.registry import suggest

Kind = Literal["paper-number", "paper-ordering", "code", "theory", "own"]
Verdict = Literal["holds", "fails", "not tested"]


@dataclass(frozen=True)
class Claim:
    """One claim and its verdict.

    Arguments:
        id: a short name.
        statement: one sentence.
        source: where it is claimed (paper and figure or section).
        kind: a number or an ordering in a paper, its code, theory, or a question of our own.
        expected: what the source says.
        measured: what this run found (None if not tested).
        verdict: 'holds', 'fails' or 'not tested'.
        unit: of the measured value.
        note: for example why it was not tested.

    Raises DescriptionError when it is incomplete.
    """

    id: str
    statement: str
    _: KW_ONLY
    source: str
    kind: Kind
    expected: str
    measured: float | str | None
    verdict: Verdict
    unit: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        missing = [name for name in ("id", "statement", "source", "expected") if not getattr(self, name)]
        if missing:
            raise DescriptionError(f"claim '{self.id}': no {', '.join(missing)}")
        for name, choices in (("kind", get_args(Kind)), ("verdict", get_args(Verdict))):
            given = getattr(self, name)
            if given not in choices:
                raise DescriptionError(
                    f"claim '{self.id}': unknown {name} '{given}': {suggest(given, choices)}"
                )
        check_unit(self.unit, f"claim '{self.id}'")

    def json(self) -> dict[str, Any]:
        """Return the claim as plain JSON values; a measured value that is not finite becomes text."""
        values = asdict(self)
        if isinstance(self.measured, float) and not math.isfinite(self.measured):
            values["measured"] = str(self.measured)
        return values


def within(
    id: str,
    statement: str,
    *,
    source: str,
    kind: Kind,
    expected: float,
    tolerance: float,
    measured: float,
    unit: str = "",
    note: str = "",
) -> Claim:
    """Claim that |measured - expected| <= tolerance, all in `unit`; what is not finite never holds."""
    expected, tolerance = _number(id, "expected", expected), _number(id, "tolerance", tolerance)
    if not (math.isfinite(expected) and math.isfinite(tolerance) and tolerance >= 0):
        raise DescriptionError(f"claim '{id}': expected {expected} ± {tolerance} is not a finite range")
    claim = _Measured(id, statement, source, kind, measured, unit, note)
    return claim.judged(f"{expected:g} ± {tolerance:g}", lambda value: abs(value - expected) <= tolerance)


def at_least(
    id: str,
    statement: str,
    *,
    source: str,
    kind: Kind,
    expected: float,
    measured: float,
    unit: str = "",
    note: str = "",
) -> Claim:
    """Claim that measured >= expected, both in `unit`; what is not finite never holds."""
    expected = _number(id, "expected", expected)
    claim = _Measured(id, statement, source, kind, measured, unit, note)
    return claim.judged(f">= {expected:g}", lambda value: value >= expected)


def at_most(
    id: str,
    statement: str,
    *,
    source: str,
    kind: Kind,
    expected: float,
    measured: float,
    unit: str = "",
    note: str = "",
) -> Claim:
    """Claim that measured <= expected, both in `unit`; what is not finite never holds."""
    expected = _number(id, "expected", expected)
    claim = _Measured(id, statement, source, kind, measured, unit, note)
    return claim.judged(f"<= {expected:g}", lambda value: value <= expected)


def ordering(
    id: str,
    statement: str,
    *,
    source: str,
    kind: Kind,
    measured: Mapping[str, float],
    unit: str = "",
    note: str = "",
) -> Claim:
    """Claim that measured values are strictly greater in the order in which they are given.

    Arguments: measured, value by name, the greatest one expected first.
    Raises DescriptionError when there are fewer than two.
    """
    if not isinstance(measured, Mapping):
        raise DescriptionError(
            f"claim '{id}': measured is {str(measured)[:60]!r}: give values by name, as {{'before': 2.0, 'after': 1.0}}"
        )
    if len(measured) < 2:
        raise DescriptionError(
            f"claim '{id}': an order of {len(measured)} values ({', '.join(measured)}): give two or more"
        )
    values = {name: _number(id, f"measured '{name}'", value) for name, value in measured.items()}
    holds = all(map(math.isfinite, values.values())) and all(a > b for a, b in pairwise(values.values()))
    return Claim(
        id,
        statement,
        source=source,
        kind=kind,
        expected=" > ".join(values),
        measured=", ".join(f"{name} {value:.4g}" for name, value in values.items()),
        verdict="holds" if holds else "fails",
        unit=unit,
        note=note,
    )


def not_tested(id: str, statement: str, *, source: str, kind: Kind, expected: str, why: str) -> Claim:
    """State a claim that this run cannot test, and why."""
    if not why:
        raise DescriptionError(f"claim '{id}': say why it was not tested")
    return Claim(
        id,
        statement,
        source=source,
        kind=kind,
        expected=expected,
        measured=None,
        verdict="not tested",
        note=why,
    )


def checked_claims(claims: Any) -> list[Claim]:
    """Return claims as a list; raises DescriptionError for what is no claim, and when an id is used twice."""
    found = list(claims) if isinstance(claims, Iterable) else [claims]
    for claim in found:
        if not isinstance(claim, Claim):
            raise DescriptionError(
                f"claims: {str(claim)[:60]!r} is not a claim: yield within(...), at_least(...), ..."
            )
    ids = [claim.id for claim in found]
    twice = sorted({id for id in ids if ids.count(id) > 1})
    if twice:
        raise DescriptionError(f"claims: id used twice: {', '.join(twice)}")
    return found


def _number(id: str, what: str, value: Any) -> float:
    if getattr(getattr(value, "dim", None), "is_dimensionless", True) is False:
        raise DescriptionError(
            f"claim '{id}': {what} = {value} has a unit of its own: give a number in that of the claim, as v / mV"
        )
    if np.ndim(value) or not isinstance(value, SupportsFloat):
        raise DescriptionError(f"claim '{id}': {what} is {str(value)[:60]!r}: give one number")
    return float(value)


@dataclass(frozen=True)
class _Measured:
    """A claim about one number, before it is judged."""

    id: str
    statement: str
    source: str
    kind: Kind
    measured: Any
    unit: str
    note: str

    def judged(self, expected: str, holds: Callable[[float], bool]) -> Claim:
        value = _number(self.id, "measured", self.measured)
        verdict: Verdict = "holds" if math.isfinite(value) and holds(value) else "fails"
        return Claim(**{**vars(self), "measured": value}, expected=expected, verdict=verdict)
