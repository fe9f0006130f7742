"""Exact integration of linear equations by the matrix exponential, which no coincidence of time constants upsets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosim.compiler.equations.names import shown
from neurosim.errors import DescriptionError
from neurosim.model.evaluate import NUMPY, Table, evaluate
from neurosim.model.expressions import names_in


@dataclass(frozen=True)
class Linear:
    """dx/dt = A x + s: the system of one population or of one set of traces.

    states, names of x; matrix, the text of A's entries that are not 0 by (row, column); offsets, the text of s by row,
    split into those of constants alone and those of inputs, which are held during the step.
    """

    states: tuple[str, ...]
    matrix: Mapping[tuple[int, int], str]
    constant_offsets: Mapping[int, str]
    input_offsets: Mapping[int, str]

    def alone(self, i: int) -> bool:
        """Return whether no other state follows a state, nor it another or an input."""
        alone = all(row == column for row, column in self.matrix if i in (row, column))
        return alone and i not in self.input_offsets

    def reach(self, frozen: frozenset[str] = frozenset()) -> np.ndarray:
        """Return a boolean matrix: does x_i after a step depend on x_j (or s_j) before, with `frozen` states held."""
        n = len(self.states)
        reached = np.eye(n, dtype=bool)
        for _ in range(n):
            for i, j in self.matrix:
                if self.states[i] not in frozen:
                    reached[i] |= reached[j]
        return reached


def propagate(
    linear: Linear, values: Mapping[str, Any], dt: float, frozen: frozenset[str], owner: str = ""
) -> tuple[np.ndarray, ...]:
    """Return (P, Q, c) with x(t + dt) = P x + Q s_inputs + c, each with trailing axes (..., n, n) or (..., n).

    Arguments: values, constants in SI units, 0-d or one per unit (then the results have a leading axis); dt (s);
    frozen, names of states whose derivative is 0; owner, the population or projection, for the message.
    P = exp(A dt), Q = integral of exp(A u) from 0 to dt.
    Raises DescriptionError if they are not finite.
    """
    n = len(linear.states)
    with np.errstate(all="ignore"):
        a, offsets = augmented(linear, values, frozen)
        gone = {i: np.isneginf(a[..., i, i]) for i in range(n) if linear.alone(i)}
        gone = {i: where for i, where in gone.items() if where.any()}
        if gone:
            a = a.copy()
        for i, where in gone.items():
            a[..., i, i] = np.where(where, -1 / dt, a[..., i, i])
        scale = balance(a, dt)
        full = expm(a * dt * (scale[None, :] / scale[:, None])) * (scale[:, None] / scale[None, :])
        p, q = full[..., :n, :n], full[..., :n, n:]
        c = constant_part(q, {i: v for i, v in offsets.items() if i not in gone})
        for i, where in gone.items():
            p[..., i, i] = np.where(where, 0.0, p[..., i, i])
            if i in offsets:
                c[..., i] = np.where(where, _limit(linear, values, i), q[..., i, i] * offsets[i])
    if not all(np.isfinite(part).all() for part in (p, q, c)):
        raise DescriptionError(f"'{owner}': its constants give no finite step: {at_fault(linear, values)}")
    return p, q, c


def _limit(linear: Linear, values: Mapping[str, Any], i: int) -> Any:
    """Return where a state goes whose time constant is 0: the ratio of its offset and its rate."""
    near = {name: np.where(np.asarray(value) == 0, 2.0**-60, value) for name, value in values.items()}
    return evaluate(linear.constant_offsets[i], near) / -evaluate(linear.matrix[i, i], near)


def at_fault(linear: Linear, values: Mapping[str, Any]) -> str:
    """Return which constants to look at: those of 0 that the equations read, those below, or all."""
    texts = (*linear.matrix.values(), *linear.constant_offsets.values())
    read = sorted(frozenset().union(*map(names_in, texts)) & values.keys())
    zero, below = ([n for n in read if np.any(test(values[n], 0))] for test in (np.equal, np.less))
    low = zero or below
    of = ", ".join(f"{shown(name)} = {np.min(values[name]):g}" for name in low or read)
    return f"{of} (SI): " + ("give time constants above 0" if low else "change them, or lower dt")


def expm(a: np.ndarray) -> np.ndarray:
    """Return the exponentials of matrices (..., n, n), all at once: SciPy's function takes them one by one.

    exp(A) = (sum of (A/2^k)^m / m! over m)^(2^k), with k such that the norm of A/2^k is at most 1/2. A state that does
    not change by itself keeps a coefficient of exactly 1. Each matrix is squared as often as it needs, since squaring
    costs digits.
    """
    flat, one = a.reshape(-1, *a.shape[-2:]), np.eye(a.shape[-1])
    norms = np.abs(flat).sum(axis=-1).max(axis=-1)
    squarings = np.ceil(np.log2(np.clip(norms, 0.5, _HUGE))).astype(int) + 1
    result = np.empty_like(flat)
    for times in np.unique(squarings):
        chosen = squarings == times
        scaled = flat[chosen] / 2.0**times
        power = one + scaled / _TERMS
        for m in range(_TERMS - 1, 0, -1):
            power = one + scaled @ power / m
        for _ in range(times):
            power = power @ power
        result[chosen] = power
    return result.reshape(a.shape)


_TERMS = 14  # 0.5^15 / 15! is below the precision of float64
_HUGE = 1e30  # beyond this the result is 0 or infinite anyway


def augmented(
    linear: Linear, values: Mapping[str, Any], frozen: frozenset[str], table: Table = NUMPY, library: Any = np
) -> tuple[Any, dict[int, Any]]:
    """Return (M, s): the matrix M, shape (..., 2n, 2n), with exp(M dt) = (P Q; 0 1), and constant offsets s by row.

    Arguments: as of `propagate`; table and library, what evaluates expressions and holds arrays.
    """
    n = len(linear.states)
    entries = {(i, j): evaluate(text, values, table) for (i, j), text in linear.matrix.items()}
    offsets = {i: evaluate(text, values, table) for i, text in linear.constant_offsets.items()}
    shape = np.broadcast_shapes(*(np.shape(v) for v in (*entries.values(), *offsets.values())), ())
    held = [i for i, name in enumerate(linear.states) if name in frozen]
    entries |= {(i, n + i): 1.0 for i in range(n)}
    flat = [
        library.broadcast_to(0.0 if i in held else entries.get((i, j), 0.0), shape)
        for i in range(2 * n)
        for j in range(2 * n)
    ]
    return library.stack(flat, axis=-1).reshape(*shape, 2 * n, 2 * n), offsets


def constant_part(q: Any, offsets: Mapping[int, Any], library: Any = np) -> Any:
    """Return Q s for constant offsets by row, shape (..., n)."""
    terms = (q[..., :, j] * library.asarray(value)[..., None] for j, value in offsets.items())
    return sum(terms, library.zeros_like(q[..., 0]))


def balance(a: np.ndarray, dt: float) -> np.ndarray:
    """Return powers of two that bring the couplings near 1/dt, so that small units (nS, pF) cost no accuracy."""
    size = np.abs(a).reshape(-1, *a.shape[-2:]).max(axis=0)
    i, j = np.nonzero(size * ~np.eye(len(size), dtype=bool))
    if not i.size:
        return np.ones(len(size))
    # log2 d_i - log2 d_j = log2(|a_ij| dt) in the least-squares sense.
    rows = np.zeros((i.size, len(size)))
    rows[np.arange(i.size), i], rows[np.arange(i.size), j] = 1.0, -1.0
    logs, *_ = np.linalg.lstsq(rows, np.log2(size[i, j] * dt), rcond=None)
    return np.exp2(np.rint(logs))
