"""Claims: what a study is known for, checked against what was measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, SupportsFloat, get_args

import numpy as np

from neurosim.errors import DescriptionError

Kind = Literal["paper-number", "paper-ordering", "code", "theory", "own"]
Verdict = Literal["holds", "fails", "not tested"]


@dataclass(frozen=True)
class Claim:
    """One claim and its verdict.

    Arguments: id, a short name; statement, one sentence; source, where it is claimed (paper and figure or section);
    kind, a number or an ordering in a paper, its code, theory, or a question of our own; expected, what the source
    says; measured, what we found (None if not tested); verdict; unit of the measured value; note, for example why it
    was not tested.
    Raises DescriptionError when it is incomplete.
    """

    id: str
    statement: str
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
        if self.kind not in get_args(Kind) or self.verdict not in get_args(Verdict):
            raise DescriptionError(
                f"claim '{self.id}': kind '{self.kind}', verdict '{self.verdict}'; "
                f"kinds are {', '.join(get_args(Kind))}, verdicts {', '.join(get_args(Verdict))}"
            )

    def json(self) -> dict[str, Any]:
        """Return the claim as plain JSON values; a measured value that is not finite becomes text."""
        values = asdict(self)
        if isinstance(self.measured, float) and not math.isfinite(self.measured):
            values["measured"] = str(self.measured)
        return values


def within(
    id: str,
    statement: str,
    source: str,
    kind: Kind,
    expected: float,
    tolerance: float,
    measured: float,
    unit: str = "",
    note: str = "",
) -> Claim:
    """Claim that |measured - expected| <= tolerance, all in `unit`; what is not finite never holds."""
    if not (math.isfinite(expected) and math.isfinite(tolerance) and tolerance >= 0):
        raise DescriptionError(f"claim '{id}': expected {expected} ± {tolerance} is not a finite range")
    holds = abs(measured - expected) <= tolerance
    return _judged(id, statement, source, kind, f"{expected:g} ± {tolerance:g}", measured, holds, unit, note)


def at_least(
    id: str,
    statement: str,
    source: str,
    kind: Kind,
    expected: float,
    measured: float,
    unit: str = "",
    note: str = "",
) -> Claim:
    """Claim that measured >= expected, both in `unit`; what is not finite never holds."""
    return _judged(
        id, statement, source, kind, f">= {expected:g}", measured, measured >= expected, unit, note
    )


def at_most(
    id: str,
    statement: str,
    source: str,
    kind: Kind,
    expected: float,
    measured: float,
    unit: str = "",
    note: str = "",
) -> Claim:
    """Claim that measured <= expected, both in `unit`; what is not finite never holds."""
    return _judged(
        id, statement, source, kind, f"<= {expected:g}", measured, measured <= expected, unit, note
    )


def ordering(
    id: str,
    statement: str,
    source: str,
    kind: Kind,
    expected: Sequence[str],
    measured: Mapping[str, float],
    unit: str = "",
    note: str = "",
) -> Claim:
    """Claim that the measured values, by name, are strictly greater in the expected order of names.

    Arguments: expected, names from the greatest to the smallest; measured, value by name.
    Raises DescriptionError when a name is missing, there are fewer than two, or one is given twice.
    """
    if set(expected) != set(measured) or len(set(expected)) != len(expected) or len(expected) < 2:
        raise DescriptionError(f"claim '{id}': order of {list(expected)} asked of measured {list(measured)}")
    values = [float(measured[name]) for name in expected]
    holds = all(map(math.isfinite, values)) and all(a > b for a, b in pairwise(values))
    shown = ", ".join(f"{name} {value:.4g}" for name, value in zip(expected, values, strict=True))
    return Claim(
        id, statement, source, kind, " > ".join(expected), shown, "holds" if holds else "fails", unit, note
    )


def not_tested(id: str, statement: str, source: str, kind: Kind, expected: str, why: str) -> Claim:
    """State a claim that this run cannot test, and why."""
    if not why:
        raise DescriptionError(f"claim '{id}': say why it was not tested")
    return Claim(id, statement, source, kind, expected, None, "not tested", note=why)


def checked_claims(claims: Any) -> list[Claim]:
    """Return claims as a list; raises DescriptionError for what is no claim, and when an id is used twice."""
    found = list(claims) if isinstance(claims, Iterable) else [claims]
    for claim in found:
        if not isinstance(claim, Claim):
            raise DescriptionError(
                f"claims: {str(claim)[:60]!r} is none: yield within(...), at_least(...), ..."
            )
    ids = [claim.id for claim in found]
    twice = sorted({id for id in ids if ids.count(id) > 1})
    if twice:
        raise DescriptionError(f"claims: id used twice: {', '.join(twice)}")
    return found


def _judged(
    id: str,
    statement: str,
    source: str,
    kind: Kind,
    expected: str,
    measured: float,
    holds: bool,
    unit: str,
    note: str,
) -> Claim:
    if np.ndim(measured) or not isinstance(measured, SupportsFloat):
        raise DescriptionError(f"claim '{id}': measured is {str(measured)[:60]!r}: give one number")
    value = float(measured)
    verdict: Verdict = "holds" if holds and math.isfinite(value) else "fails"
    return Claim(id, statement, source, kind, expected, value, verdict, unit, note)
