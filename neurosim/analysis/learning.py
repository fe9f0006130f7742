"""Measures of learning: kernels of gradients, alignment, sharpness, rank, and the variance that a subspace captures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurosim.errors import UsageError
from neurosim.extras import optional
from neurosim.rng import generator

with optional():
    import jax
    import jax.numpy as jnp
    from jax.flatten_util import ravel_pytree

Outputs = Callable[[Any], Any]


def tangent_kernel(
    outputs: Callable[..., Any], parameters: Any, held: Any = None, several: bool = False
) -> np.ndarray:
    """Return the tangent kernel K_ij = sum over parameters of df_i/dp df_j/dp (outputs, outputs).

    Column j is the change of f along the gradient of f_j: one pass backward and one forward, so that the Jacobian is
    never stored.

    Arguments:
        outputs: f, from parameters to an array, which is flattened; if there are values that are held, from
            (parameters, held).
        parameters: any pytree of floats.
        held: any pytree of what the outputs depend on besides, by which no derivative is taken.
        several: whether all arrays have points, such as moments of a training, first; then so has what is returned.

    Source: Jacot, Gabriel and Hongler 2018, arXiv 1806.07572.
    """

    def at(point: tuple[Any, Any]) -> Any:
        parameters, held = point

        def flat(p: Any) -> Any:
            return jnp.ravel(outputs(p) if held is None else outputs(p, held))

        value, back = jax.vjp(flat, parameters)

        def column(unit: Any) -> Any:
            return jax.jvp(flat, (parameters,), back(unit))[1]

        return jax.lax.map(column, jnp.eye(value.size, dtype=value.dtype))

    found = jax.jit(lambda points: jax.lax.map(at, points) if several else at(points))
    return np.asarray(found((parameters, held)))


def alignment(a: np.ndarray, b: np.ndarray, centred: bool = False) -> float:
    """Return the cosine <a, b>/(|a| |b|) of two arrays, such as kernels or gradients; 0 where one is 0.

    Arguments:
        a, b: arrays of the same shape.
        centred: whether kernels (samples, samples) are centred first: H a H, H = 1 - 1/n.

    Raises UsageError when shapes differ. Source: Cortes, Mohri and Rostamizadeh 2012, JMLR 13:795.
    """
    x, y = np.asarray(a, float), np.asarray(b, float)
    if x.shape != y.shape:
        raise UsageError(f"alignment: arrays of {x.shape} and {y.shape}: give two of the same shape")
    if centred:
        x, y = (k - k.mean(0) - k.mean(1)[:, None] + k.mean() for k in (x, y))
    norm = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float((x * y).sum()) / norm if norm else 0.0


def target_alignment(kernel: np.ndarray, targets: np.ndarray) -> float:
    """Return the alignment of a kernel, centred, with the targets: y^T K y/(|K| |y|**2), y centred.

    Arguments:
        kernel: K (samples, samples).
        targets: y, one per sample.

    Source: Cortes, Mohri and Rostamizadeh 2012, JMLR 13:795.
    """
    y = np.asarray(targets, float) - np.mean(targets)
    return alignment(kernel, np.outer(y, y), centred=True)


def sharpness(
    loss: Callable[[Any], Any], parameters: Any, steps: int = 100, seed: int = 0, several: bool = False
) -> Any:
    """Return the largest eigenvalue, by size, of the Hessian of a loss: power iteration on products with it.

    Arguments:
        loss: from parameters to a number.
        parameters: any pytree of floats.
        steps: of the iteration.
        seed: of the initial direction.
        several: whether all arrays have points, such as moments of a training, first; then so has what is returned.

    Raises UsageError when steps is below 1.
    """
    if steps < 1:
        raise UsageError(f"sharpness: steps = {steps}: must be at least 1")
    draw = generator(seed, "sharpness")
    size = sum(np.size(leaf[0] if several else leaf) for leaf in jax.tree.leaves(parameters))
    start = draw.normal(size=size)

    def largest(point: Any) -> Any:
        flat, unravel = ravel_pytree(point)
        slope = jax.grad(lambda p: loss(unravel(p)))

        def product(v: Any) -> Any:
            return jax.jvp(slope, (flat,), (v,))[1]

        def step(_: Any, v: Any) -> Any:
            changed = product(v)
            norm = jnp.linalg.norm(changed)
            return jnp.where(norm > 0, changed / jnp.where(norm > 0, norm, 1), v)

        first = jnp.asarray(start / np.linalg.norm(start), flat.dtype)
        v = jax.lax.fori_loop(0, steps, step, first)
        return jnp.vdot(v, product(v))

    if several:
        return np.asarray(jax.jit(lambda points: jax.lax.map(largest, points))(parameters))
    return float(jax.jit(largest)(parameters))


def fisher_diagonal(log_likelihoods: Outputs, parameters: Any) -> Any:
    """Return the diagonal of the empirical Fisher information, mean over samples of (d log p/d parameter)**2.

    Arguments:
        log_likelihoods: from parameters to log p of each sample, shape (samples,).
        parameters: any pytree of floats.

    Returns it in the structure of the parameters.
    """
    value, back = jax.vjp(lambda p: jnp.ravel(log_likelihoods(p)), parameters)
    start = jax.tree.map(jnp.zeros_like, parameters)

    def add(total: Any, unit: Any) -> tuple[Any, None]:
        (slope,) = back(unit)
        return jax.tree.map(lambda t, s: t + s**2 / value.size, total, slope), None

    return jax.tree.map(np.asarray, jax.lax.scan(add, start, jnp.eye(value.size, dtype=value.dtype))[0])


def effective_rank(matrix: np.ndarray) -> float:
    """Return exp(entropy of the normalised singular values): n for n equal ones, 1 for a matrix of rank one.

    Source: Roy and Vetterli 2007, EUSIPCO. A matrix of zeros has rank 0.
    """
    values = np.linalg.svd(np.asarray(matrix, float), compute_uv=False)
    shares = values[values > 0] / values.sum() if values.any() else values[:0]
    return float(np.exp(-(shares * np.log(shares)).sum())) if shares.size else 0.0


def captured(samples: np.ndarray, rows: np.ndarray) -> float:
    """Return the fraction of sum |x|**2 (not centred) that lies in the span of rows: |P x|**2/|x|**2.

    Arguments:
        samples: shape (samples, neurons).
        rows: shape (directions, neurons), not necessarily orthonormal.

    Raises UsageError when the numbers of neurons differ.
    """
    x, h = np.asarray(samples, float), np.asarray(rows, float)
    if x.shape[-1] != h.shape[-1]:
        raise UsageError(
            f"captured: samples of {x.shape[-1]} neurons, rows of {h.shape[-1]}: give the same neurons"
        )
    _, values, right = np.linalg.svd(h, full_matrices=False)
    basis = right[values > 1e-12 * values.max(initial=0)]
    total = float((x**2).sum())
    return float(((x @ basis.T) ** 2).sum()) / total if total else 0.0
