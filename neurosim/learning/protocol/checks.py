"""What is said before training starts, of parameters that no gradient reaches, and when it breaks down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Literal

from neurosim.errors import DescriptionError, NeurosimError, UsageError
from neurosim.learning.bptt.model import Model, Parameters
from neurosim.learning.bptt.objective import Objective
from neurosim.learning.protocol.training import Training


@contextmanager
def our_errors() -> Iterator[None]:
    """Raise the project's errors again, without the notes that JAX adds to what is raised while it traces."""
    try:
        yield
    except NeurosimError as error:
        raise type(error)(*error.args) from None


def require_scalars(objective: Objective, outcome: Any, batch: Any) -> None:
    """Raise DescriptionError unless every term is one real number; of shapes alone, nothing is computed."""
    for name, term in objective.terms.items():
        found = jax.eval_shape(term, outcome, batch)
        one = isinstance(found, jax.ShapeDtypeStruct)
        if not one or found.shape != () or not jnp.issubdtype(found.dtype, jnp.floating):
            what = f"{found.dtype} of shape {found.shape}" if one else type(found).__name__
            raise DescriptionError(f"term '{name}' returns {what}: return one real number, such as a mean")


def require_like(known: Any, other: Any, name: str) -> None:
    """Raise UsageError unless a batch has the names, types and numbers of axes of another; of shapes alone."""
    seen, wanted = _axes(other), _axes(known)
    for path in sorted(seen.keys() | wanted.keys()):
        if seen.get(path) != wanted.get(path):
            raise UsageError(
                f"Phase.batches: {name}: its batch has at '{path}' {seen.get(path, 'nothing')}, the learner's has "
                f"{wanted.get(path, 'nothing')}: give batches of the same names, types and axes"
            )


def _axes(batch: Any) -> dict[str, str]:
    leaves, _ = jax.tree_util.tree_flatten_with_path(batch)
    return {jax.tree_util.keystr(path): f"{leaf.dtype} of {leaf.ndim} axes" for path, leaf in leaves}


def require_gradients(
    model: Model, terms: Callable[[Parameters], Any], trained: Parameters, norms: np.ndarray
) -> None:
    """Raise DescriptionError if no gradient can reach a trained parameter.

    Arguments: terms, from parameters to the values of all terms; trained; norms, of the gradients at the first step: a
    gradient that is not 0 needs no proof.
    """
    unreached = [
        name
        for name, norm in zip(trained, norms, strict=True)
        if norm == 0 and not _reaches(terms, trained, name)
    ]
    if unreached:
        said = "; ".join(f"'{name}': {model.explain(name)}" for name in unreached)
        raise DescriptionError(f"no gradient reaches {said}")


def _reaches(terms: Callable[[Parameters], Any], trained: Parameters, name: str) -> bool:
    """Return whether the derivative of the terms by one parameter depends on the direction at all."""

    def change(direction: Any) -> Any:
        return jax.jvp(
            lambda value: terms({**trained, name: value}), (jnp.asarray(trained[name]),), (direction,)
        )[1]

    program = jax.make_jaxpr(change)(jnp.asarray(trained[name])).jaxpr
    reached = set(program.invars)
    for equation in program.eqns:
        if any(v in reached for v in equation.invars if not isinstance(v, Literal)):
            reached.update(equation.outvars)
    return any(v in reached for v in program.outvars if not isinstance(v, Literal))


def breakdown(training: Training) -> str:
    """Return what broke down at which step, and in which parameter first."""
    seed = int(np.argmax(np.asarray(training.carry.failed) >= 0))
    step = int(training.carry.failed[seed])
    names, terms = training.names.parameters, len(training.names.terms)
    norms, values = training.rows[: step + 1, seed, terms:], training.rows[step, seed, :terms]
    broken = np.asarray(training.carry.broken[seed])
    # All that went at the same step were driven by the one whose gradient had grown most until then.
    last = norms[max(step - 1, 0)]
    growth = np.nan_to_num(last / np.where(norms[0] > 0, norms[0], 1), nan=np.inf)
    first = int(np.argmax(np.where(broken, growth, -1) if broken.any() else growth))
    wrong = [name for name, value in zip(training.names.terms, values, strict=True) if not np.isfinite(value)]
    what = (
        f"term '{wrong[0]}' is {values[training.names.terms.index(wrong[0])]}"
        if wrong
        else "a gradient or parameter is not finite"
        if broken.any()
        else "the loss exploded"
    )
    return (
        f"step {step}, seed {training.seeds[seed]}: {what}; first in '{names[first]}', whose gradient had norm "
        f"{norms[0, first]:.3g} at step 0 and {last[first]:.3g} at step {max(step - 1, 0)}"
    )
