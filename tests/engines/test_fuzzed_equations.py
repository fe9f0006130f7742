"""Whatever text an equation is: it is an equation error at once, or it has one value, the same on all engines."""

import contextlib
import gc
import time
from itertools import product

import numpy as np
import pytest

from neurosim import Network, NeuronModel, Population, Recorder, parameter, simulate
from neurosim.compiler.equations.network import network_equations
from neurosim.compiler.schedule.order import lower
from neurosim.errors import EngineRefusal, NeurosimError
from neurosim.model.evaluate import NUMPY, evaluate
from neurosim.model.expressions import CONSTANTS
from tests.engines.fuzzed_equations import texts

SECONDS = 0.1
VALUES = (-3.5, -1.0, -0.3, 0.0, 0.3, 1.0, 2.0, 7.25, 1e5)
PAIRS = np.array([*product(VALUES, VALUES)])
P = 0.7


def described(given):
    """Return a network of neurons of which each definition is one of the texts."""
    lines = [
        "x : 1 (state)",
        "y : 1 (state)",
        *(f"f{number} = {text} : 1" for number, text in enumerate(given)),
    ]
    model = type("FuzzedUnit", (NeuronModel,), {"equations": "\n".join(lines), "p": parameter(P, "a number")})
    unit = Population("a", len(PAIRS), model(), {"x": PAIRS[:, 0], "y": PAIRS[:, 1]})
    return Network("fuzzed").add(unit, *(Recorder("a", f"f{number}") for number in range(len(given))))


def accepted(text):
    """Return whether a text is an expression; what is none is one line, and both are found in time."""
    gc.disable()
    began = time.process_time()
    try:
        lower(network_equations(described([text]), 0))
        refusal = None
    except NeurosimError as error:
        refusal = str(error)
    took = time.process_time() - began
    gc.enable()
    assert took < SECONDS or again(text) < SECONDS, text
    assert refusal is None or refusal.isprintable(), text
    # A line of its own is a definition of its own.
    return refusal is None and ":" not in text


def again(text):
    """Return the time that a text takes which nothing remembers: the first of its kind may meet what is loaded late."""
    began = time.process_time()
    with contextlib.suppress(NeurosimError):
        lower(network_equations(described([f"{text} "]), 0))
    return time.process_time() - began


GROUP = {"fused": 10, "brian2": 100, "jax": 100}
"""How many texts share a program: a compiler's time for one grows faster than its length where it is long."""


def values(engine, given):
    """Return the values of texts on an engine, finite or not."""
    size = GROUP[engine]
    groups = [given[first : first + size] for first in range(0, len(given), size)]
    return [value for group in groups for value in _values(engine, group)]


def _values(engine, given):
    try:
        simulation = simulate(described(given), engine=engine)
    except EngineRefusal:
        # Of a few texts Brian2 (SymPy) cannot tell whether they are 0.
        assert engine == "brian2"
        half = len(given) // 2
        return [*_values(engine, given[:half]), *_values(engine, given[half:])] if half else [None]
    pieces = simulation.core.advance(1, {})
    return [np.array(pieces[f"a.f{number}"][1][0], dtype=float) for number in range(len(given))]


def sure(text, rng, times):
    """Return where the last bits of all functions and operations make no difference to a value, and the largest one."""
    known = {"x": PAIRS[:, 0], "y": PAIRS[:, 1], "p": P, **CONSTANTS}

    def inexact(function):
        return lambda *operands: function(*operands) * (1 + 1e-13 * rng.uniform(-1, 1))

    kept = [name for name, function in NUMPY.items() if function is np.float64]
    table = {n: f if n in kept or _truth(n) else inexact(f) for n, f in NUMPY.items()}
    with np.errstate(all="ignore"):
        found = [np.broadcast_to(evaluate(text, known), len(PAIRS)).astype(float)]
        found += [
            np.broadcast_to(evaluate(text, known, table), len(PAIRS)).astype(float) for _ in range(times)
        ]
        low, high = np.min(found, axis=0), np.max(found, axis=0)
        close = high - low <= 1e-9 * np.maximum(np.abs(low), np.abs(high))
    same = np.all(np.isnan(found), axis=0) | (np.all(np.equal(found, found[0]), axis=0))
    return same | close


def _truth(name):
    return getattr(name, "__name__", "") in {"Not", "And", "Or", "Lt", "LtE", "Gt", "GtE", "Eq", "NotEq"}


def check(number, seed, compared=None):
    """Try a number of texts, and compare the values of those that are expressions, or of the first of them."""
    rng = np.random.default_rng(seed)
    given = [text for text in texts(rng, number) if accepted(text)]
    assert 0.3 * number < len(given) < 0.7 * number
    given = given[:compared]
    reference = values("brian2", given)
    for engine in ("fused", "jax"):
        for text, wanted, other in zip(given, reference, values(engine, given), strict=True):
            if wanted is None:
                continue
            wrong = ~(np.isclose(other, wanted, rtol=1e-8, atol=1e-12, equal_nan=True))
            if wrong.any():
                wrong &= sure(text, rng, 100)
            assert not wrong.any(), (
                f"{engine}: {text!r} at {PAIRS[wrong][0]}: {other[wrong][0]}, not {wanted[wrong][0]}"
            )


@pytest.mark.parametrize("seed", [0])
def test_any_text_is_an_error_or_has_one_value_on_all_engines(seed):
    check(300, seed, compared=30)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 101))
def test_a_hundred_thousand_texts_are_errors_or_have_one_value_on_all_engines(seed):
    check(1000, seed)
