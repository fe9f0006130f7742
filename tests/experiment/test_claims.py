"""A claim holds when what was measured says so, and never otherwise."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosim.errors import DescriptionError
from neurosim.experiment import Claim, at_least, at_most, not_tested, ordering, within
from neurosim.experiment.claims import checked_claims

WHERE = ("A statement.", "Someone 2000, Fig. 1", "paper-number")
NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, st.floats(0, 1e3), NUMBERS)
def test_within_is_a_distance(expected, tolerance, measured):
    claim = within("c", *WHERE, expected, tolerance, measured)
    assert (claim.verdict == "holds") == (abs(measured - expected) <= tolerance)


@given(NUMBERS, NUMBERS)
def test_at_least_and_at_most_are_inequalities(expected, measured):
    assert (at_least("c", *WHERE, expected, measured).verdict == "holds") == (measured >= expected)
    assert (at_most("c", *WHERE, expected, measured).verdict == "holds") == (measured <= expected)


@pytest.mark.parametrize("measured", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_never_holds(measured):
    claims = [
        within("a", *WHERE, 0.0, 1e300, measured),
        at_least("b", *WHERE, 0.0, measured),
        at_most("c", *WHERE, 0.0, measured),
        ordering("d", *WHERE, ["x", "y"], {"x": 1.0, "y": measured}),
        ordering("e", *WHERE, ["x", "y"], {"x": measured, "y": 1.0}),
    ]
    assert [claim.verdict for claim in claims] == ["fails"] * 5
    assert json.loads(json.dumps(claims[0].json(), allow_nan=False))["measured"] == str(measured)


@given(st.lists(NUMBERS, min_size=2, max_size=5))
def test_ordering_is_strict_and_complete(values):
    names = [f"n{i}" for i in range(len(values))]
    claim = ordering("c", *WHERE, names, dict(zip(names, values, strict=True)))
    strictly_falling = values == sorted(values, reverse=True) and len(set(values)) == len(values)
    assert (claim.verdict == "holds") == strictly_falling
    assert claim.expected == " > ".join(names)


@pytest.mark.parametrize(
    "make",
    [
        lambda: within("c", *WHERE, math.nan, 1.0, 1.0),
        lambda: within("c", *WHERE, 1.0, -1.0, 1.0),
        lambda: ordering("c", *WHERE, ["a", "b"], {"a": 1.0}),
        lambda: ordering("c", *WHERE, ["a"], {"a": 1.0}),
        lambda: not_tested("c", *WHERE, "some", ""),
        lambda: within("c", "A statement.", "", "paper-number", 1.0, 1.0, 1.0),
        lambda: within("c", "A statement.", "Someone", "hearsay", 1.0, 1.0, 1.0),
        lambda: Claim("c", *WHERE, "1", 1.0, "maybe"),
        lambda: checked_claims([not_tested("c", *WHERE, "some", "no data")] * 2),
    ],
)
def test_claims_that_say_nothing_are_refused(make):
    with pytest.raises(DescriptionError, match="claim"):
        make()


def test_a_claim_that_is_not_tested_says_why():
    claim = not_tested("c", *WHERE, "0.7", "the data are not public")
    assert claim.json() == {
        "id": "c",
        "statement": "A statement.",
        "source": "Someone 2000, Fig. 1",
        "kind": "paper-number",
        "expected": "0.7",
        "measured": None,
        "verdict": "not tested",
        "unit": "",
        "note": "the data are not public",
    }


@pytest.mark.parametrize("claim", [at_least, at_most])
def test_a_claim_is_about_one_number(claim):
    with pytest.raises(DescriptionError, match=r"claim 'c': measured is '\[1. 1. 1.\]': give one number"):
        claim("c", "s", "me", "own", 1.0, np.ones(3))
