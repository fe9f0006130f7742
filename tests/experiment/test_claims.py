"""A claim holds when what was measured says so, and never otherwise."""

import json
import math

import numpy as np
import pytest
from brian2 import ms, mV
from hypothesis import given
from hypothesis import strategies as st

from neurosim.errors import DescriptionError
from neurosim.experiment import Claim, at_least, at_most, not_tested, ordering, within
from neurosim.experiment.claims import checked_claims

SAID = "A statement."
WHERE = {"source": "Someone 2000, Fig. 1", "kind": "paper-number"}
NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, st.floats(0, 1e3), NUMBERS)
def test_within_is_a_distance(expected, tolerance, measured):
    claim = within("c", SAID, **WHERE, expected=expected, tolerance=tolerance, measured=measured)
    assert (claim.verdict == "holds") == (abs(measured - expected) <= tolerance)


@given(NUMBERS, NUMBERS)
def test_at_least_and_at_most_are_inequalities(expected, measured):
    assert (at_least("c", SAID, **WHERE, expected=expected, measured=measured).verdict == "holds") == (
        measured >= expected
    )
    assert (at_most("c", SAID, **WHERE, expected=expected, measured=measured).verdict == "holds") == (
        measured <= expected
    )


@pytest.mark.parametrize("measured", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_never_holds(measured):
    claims = [
        within("a", SAID, **WHERE, expected=0.0, tolerance=1e300, measured=measured),
        at_least("b", SAID, **WHERE, expected=0.0, measured=measured),
        at_most("c", SAID, **WHERE, expected=0.0, measured=measured),
        ordering("d", SAID, **WHERE, measured={"x": 1.0, "y": measured}),
        ordering("e", SAID, **WHERE, measured={"x": measured, "y": 1.0}),
    ]
    assert [claim.verdict for claim in claims] == ["fails"] * 5
    assert json.loads(json.dumps(claims[0].json(), allow_nan=False))["measured"] == str(measured)


@given(st.lists(NUMBERS, min_size=2, max_size=5))
def test_ordering_is_strict_and_complete(values):
    names = [f"n{i}" for i in range(len(values))]
    claim = ordering("c", SAID, **WHERE, measured=dict(zip(names, values, strict=True)))
    strictly_falling = values == sorted(values, reverse=True) and len(set(values)) == len(values)
    assert (claim.verdict == "holds") == strictly_falling
    assert claim.expected == " > ".join(names)


@pytest.mark.parametrize(
    "make",
    [
        lambda: within("c", SAID, **WHERE, expected=math.nan, tolerance=1.0, measured=1.0),
        lambda: within("c", SAID, **WHERE, expected=1.0, tolerance=-1.0, measured=1.0),
        lambda: ordering("c", SAID, **WHERE, measured={"a": 1.0}),
        lambda: not_tested("c", SAID, **WHERE, expected="some", why=""),
        lambda: at_least("c", SAID, **WHERE | {"source": ""}, expected=1.0, measured=1.0),
        lambda: at_least("c", SAID, **WHERE | {"kind": "hearsay"}, expected=1.0, measured=1.0),
        lambda: Claim("c", SAID, **WHERE, expected="1", measured=1.0, verdict="maybe"),
        lambda: checked_claims([not_tested("c", SAID, **WHERE, expected="some", why="no data")] * 2),
    ],
)
def test_claims_that_say_nothing_are_refused(make):
    with pytest.raises(DescriptionError, match="claim"):
        make()


def test_a_claim_that_is_not_tested_says_why():
    claim = not_tested("c", SAID, **WHERE, expected="0.7", why="the data are not public")
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
        claim("c", "s", source="me", kind="own", expected=1.0, measured=np.ones(3))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: within("c", SAID, **WHERE, expected=-65, tolerance=1, measured=-65 * mV),
            "measured = -65. mV",
        ),
        (
            lambda: within("c", SAID, **WHERE, expected=-65 * mV, tolerance=1, measured=-65),
            "expected = -65. mV",
        ),
        (
            lambda: within("c", SAID, **WHERE, expected=-65, tolerance=1 * mV, measured=-65),
            "tolerance = 1. mV",
        ),
        (lambda: at_least("c", SAID, **WHERE, expected=1 * ms, measured=1.0), "expected = 1. ms"),
        (lambda: at_most("c", SAID, **WHERE, expected=1.0, measured=1 * ms), "measured = 1. ms"),
        (lambda: ordering("c", SAID, **WHERE, measured={"a": 1 * mV, "b": 0.0}), "measured 'a' = 1. mV"),
    ],
)
def test_a_quantity_does_not_lose_its_unit(make, message):
    with pytest.raises(DescriptionError) as raised:
        make()
    assert message in str(raised.value) and "has a unit of its own: give a number" in str(raised.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "theorie"}, "claim 'c': unknown kind 'theorie': did you mean 'theory'?"),
        ({"unit": "furlong"}, "claim 'c': unknown unit 'furlong'"),
        ({"unit": "milivolt"}, "claim 'c': unknown unit 'milivolt'; did you mean 'mvolt'?"),
        ({"unit": mV}, "claim 'c': unit = mV: write its name, as unit='mV'"),
        ({"measured": "1"}, "claim 'c': measured is '1': give one number"),
        ({"expected": None}, "claim 'c': expected is 'None': give one number"),
    ],
)
def test_what_is_wrong_with_a_claim_is_named(change, message):
    with pytest.raises(DescriptionError) as raised:
        at_least("c", SAID, **{**WHERE, "expected": 1.0, "measured": 1.0, **change})
    assert str(raised.value).startswith(message)


def test_an_ordering_is_of_values_by_name():
    with pytest.raises(DescriptionError, match=r"measured is '\[2, 1\]': give values by name, as \{'before'"):
        ordering("c", SAID, **WHERE, measured=[2, 1])
