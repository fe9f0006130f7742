"""Means over trials as products of matrices: the same numbers as the mean of what each trial gives."""

import ast
import operator

import numpy as np
import pytest

from neurosim.compiler.schedule.contraction import Kind, contracted
from neurosim.model.evaluate import NUMPY, evaluate
from neurosim.rng import generator

UNITS, TRIALS = 5, 7
KINDS = {name: Kind(rows=True, varies=True) for name in "xuy"}
KINDS |= {"W": Kind(rows=True, columns=True), "g": Kind(rows=True), "p": Kind(varies=True)}
ONE = {
    **NUMPY, ast.MatMult: operator.matmul, "tril": np.tril, "sum": np.sum, "mean": np.mean, "max": np.max,
    "solve": np.linalg.solve, "diag": lambda a: np.diag(a[:, 0]) if a.shape[1] == 1 else np.diag(a)[:, None],
}  # fmt: skip


def values():
    """Values of all names, those that vary as (units, trials), and probabilities of the trials."""
    rng = generator(0, "contraction")
    found = {name: rng.normal(size=(UNITS, TRIALS)) for name in "xuy"}
    found |= {"W": rng.normal(size=(UNITS, UNITS)), "g": rng.normal(size=(UNITS, 1)), "eta": 0.3}
    shares = rng.random(TRIALS)
    return {**found, "p": rng.normal(size=(1, TRIALS))}, shares / shares.sum()


def batched(shares):
    return {
        **ONE,
        "outer": lambda a, b: (a * shares) @ b.T,
        "across": lambda a: a @ shares[:, None],
        "total": lambda a: a.sum(0, keepdims=True),
        "average": lambda a: a.mean(0, keepdims=True),
        "highest": lambda a: a.max(0, keepdims=True),
    }


@pytest.mark.parametrize(
    "text",
    [
        "eta * exp(2*(u - max(u)))/sum(exp(2*(u - max(u)))) * (x.T - u*W)",
        "eta * (y @ x.T - y @ y.T @ W)",
        "eta * (y @ x.T - tril(y @ y.T) @ W)",
        "W - y @ (y.T @ W) + W @ x @ x.T",
        "eta * (y*x.T - g*W)",
        "eta * (y.T*int(x > 0.5) - W)**2",
        "-W * (y @ y.T) @ W / 3",
        "eta * (y - W @ x) @ x.T",
        "(x @ y.T).T * u",
        "sum(x) * mean(y) * y @ x.T / max(u)",
        "(W - x.T) * (u - x.T) * y / mean(u**2)",
        "-(u - g)**2 + W",
        "solve(W, y) @ x.T",
        "p * y @ x.T - p*p*W",
        "diag(diag(y @ y.T)) @ W + g.T * W",
    ],
)
def test_the_mean_over_trials_is_that_of_each_trial(text):
    known, shares = values()
    found = contracted(text, lambda name: KINDS.get(name, Kind()))
    assert found is not None
    each = lambda t: {n: v[:, t : t + 1] if KINDS.get(n, Kind()).varies else v for n, v in known.items()}  # noqa: E731
    expected = sum(share * evaluate(text, each(t), ONE) for t, share in enumerate(shares))
    parts = {name: evaluate(p.expression, known, batched(shares)) for name, p in found.parts.items()}
    for name, part in found.parts.items():
        assert parts[name].shape == (UNITS if part.rows else 1, UNITS if part.columns else 1)
    np.testing.assert_allclose(
        evaluate(found.expression, {**known, **parts}, NUMPY), expected, rtol=1e-12, atol=1e-13
    )
    assert not {node for node in ast.walk(ast.parse(found.expression)) if isinstance(node, ast.MatMult)}


@pytest.mark.parametrize(
    "text", ["abs(y*x.T - W)", "tril(y @ x.T) * y", "exp(y @ x.T)", "(y @ x.T) @ (x @ y.T)", "g"]
)
def test_what_is_no_sum_of_outer_products_is_left_alone(text):
    assert contracted(text, lambda name: KINDS.get(name, Kind())) is None
