"""Measures of learning against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurosim.analysis.learning import (
    alignment,
    captured,
    effective_rank,
    fisher_diagonal,
    sharpness,
    tangent_kernel,
    target_alignment,
)
from neurosim.errors import UsageError

DRAW = np.random.default_rng(0)


def test_the_tangent_kernel_is_that_of_the_jacobian():
    x, p = DRAW.normal(size=(5, 3)), {"w": DRAW.normal(size=3), "v": np.array(0.7)}

    def outputs(p):
        return p["v"] * jnp.tanh(x @ p["w"])

    with jax.enable_x64(True):
        rows = jax.jacrev(outputs)(p)
        jacobian = np.concatenate([rows["w"], rows["v"][:, None]], axis=1)
        np.testing.assert_allclose(tangent_kernel(outputs, p), jacobian @ jacobian.T, rtol=1e-10)
        # With v held, at two points; each has the kernel of the rows of w.
        several = {"w": np.stack([p["w"], -2 * p["w"]])}, {"v": np.array([0.7, 0.5])}
        found = tangent_kernel(lambda p, held: outputs({**p, **held}), *several, several=True)
        np.testing.assert_allclose(found[0], rows["w"] @ rows["w"].T, rtol=1e-10)
        second = jax.jacrev(outputs)({"w": several[0]["w"][1], "v": 0.5})["w"]
        np.testing.assert_allclose(found[1], second @ second.T, rtol=1e-10)


def test_sharpness_is_the_largest_eigenvalue_of_the_hessian():
    turn = np.linalg.qr(DRAW.normal(size=(4, 4)))[0]
    hessian = turn @ np.diag([-5.0, 3.0, 1.0, 0.1]) @ turn.T
    with jax.enable_x64(True):
        assert sharpness(lambda p: 0.5 * p["x"] @ hessian @ p["x"], {"x": np.ones(4)}) == pytest.approx(
            -5, rel=1e-9
        )
        assert sharpness(lambda p: p["x"].sum(), {"x": np.ones(4)}) == 0
        # Of (x1^4 + x2^4)/12, whose Hessian is diag(x1^2, x2^2), at several points.
        points = np.array([[1.0, 2.0], [3.0, 1.0]])
        found = sharpness(lambda p: (p["x"] ** 4).sum() / 12, {"x": points}, several=True)
        assert found == pytest.approx([4, 9])
    with pytest.raises(UsageError, match="steps = 0"):
        sharpness(lambda p: p, np.ones(1), 0)


def test_the_fisher_information_of_a_gaussian_is_one_over_its_variance():
    samples = DRAW.normal(1.0, 2.0, 4000)
    found = fisher_diagonal(lambda p: -0.5 * ((samples - p["mean"]) / 2.0) ** 2, {"mean": np.float32(1.0)})
    assert found["mean"] == pytest.approx(np.mean(((samples - 1) / 4) ** 2), rel=1e-3)
    assert found["mean"] == pytest.approx(0.25, rel=0.1)


def test_alignment_rank_and_capture_have_their_closed_forms():
    y = DRAW.normal(size=6)
    assert alignment(np.outer(y, y), np.outer(y, y)) == pytest.approx(1)
    assert alignment(np.ones((6, 6)), np.outer(y, y), centred=True) == 0
    assert alignment(np.array([1.0, 0]), np.array([1.0, 1.0])) == pytest.approx(np.sqrt(0.5))
    assert effective_rank(np.eye(5)) == pytest.approx(5) and effective_rank(np.outer(y, y)) == pytest.approx(
        1
    )
    assert effective_rank(np.zeros((2, 2))) == 0
    assert effective_rank(np.diag([3.0, 1.0])) == pytest.approx(
        np.exp(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    )
    x = DRAW.normal(size=(20, 4))
    assert captured(x, np.eye(4)[:2]) == pytest.approx((x[:, :2] ** 2).sum() / (x**2).sum())
    assert captured(x, np.array([[1.0, 0, 0, 0], [2.0, 0, 0, 0]])) == pytest.approx(
        (x[:, 0] ** 2).sum() / (x**2).sum()
    )
    with pytest.raises(UsageError, match="samples of 4 neurons, rows of 3"):
        captured(x, np.eye(3))
    with pytest.raises(UsageError, match=r"arrays of \(2,\) and \(3,\)"):
        alignment(np.ones(2), np.ones(3))


def test_a_kernel_is_aligned_with_its_own_targets():
    y = DRAW.normal(3.0, 1.0, size=6)
    centred = y - y.mean()
    assert target_alignment(np.outer(y, y), y) == pytest.approx(1)
    assert target_alignment(np.eye(6), y) == pytest.approx(
        1 / 5**0.5
    )  # of the centred identity, whose norm is sqrt(5)
    across = np.linalg.svd(np.stack([centred, np.ones(6)]))[2][2]
    assert target_alignment(np.outer(across, across), y) == pytest.approx(0, abs=1e-12)
