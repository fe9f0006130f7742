"""The compiled part of training: many steps per call, for all seeds at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array, lax

from neurosim.engines.jax.compiled import keep_compiled
from neurosim.learning.bptt.batches import Batches
from neurosim.learning.bptt.model import Model, Parameters
from neurosim.learning.bptt.objective import Objective


class Carry(NamedTuple):
    """What changes from step to step, seeds first.

    parameters, those that are trained; optimiser, its state; first, the loss of the first step; failed, the step that
    broke down or -1; broken, which parameters did (parameters,); stopped, whether this seed's training has ended.
    """

    parameters: Parameters
    optimiser: Any
    first: Array
    failed: Array
    broken: Array
    stopped: Array


class Given(NamedTuple):
    """What does not change: parameters that are not trained, weights of terms, shares of losses, key of the draws."""

    held: Mapping[str, Any]
    weights: Any
    shares: Mapping[str, Any]
    key: Array


class Steps:
    """Steps of gradient descent: `start` makes what `run` takes some steps of; `measure` takes the losses of one batch,
    `slope` their gradient.

    Arguments: model, objective, optimiser; every, the most steps per call; limit, by which multiple of its first value
    a loss counts as exploded.
    """

    def __init__(
        self,
        model: Model,
        objective: Objective,
        optimiser: optax.GradientTransformation,
        every: int,
        limit: float,
    ) -> None:
        self.model, self.objective, self.optimiser = model, objective, optimiser
        self.every, self.limit = every, limit
        keep_compiled()
        self.start = jax.jit(self._start)
        self.run = jax.jit(self._run, static_argnames="varied")
        self.measure = jax.jit(self._measure, static_argnames="varied")
        self.slope = jax.jit(self._slope, static_argnames="varied")

    def _start(self, parameters: Parameters) -> Carry:
        """Return what the first step starts from; parameters have seeds first."""
        parameters = jax.vmap(self.model.project)(parameters)
        seeds = next(iter(parameters.values())).shape[0]
        return Carry(
            parameters,
            jax.vmap(self.optimiser.init)(parameters),
            jnp.full(seeds, jnp.nan, self.model.dtype),
            jnp.full(seeds, -1, jnp.int32),
            jnp.zeros((seeds, len(parameters)), bool),
            jnp.zeros(seeds, bool),
        )

    def _run(
        self,
        batches: Batches,
        given: Given,
        carry: Carry,
        start: Array,
        count: Array,
        varied: tuple[str, ...],
    ) -> tuple[Carry, Array]:
        """Return (carry, rows (seeds, every, terms + parameters)) after `count` steps.

        A row holds the values of the terms and the norms of the gradients. Arguments: start, number of the first step;
        varied, the held parameters that have seeds first. One program serves every start and count.
        """

        def several(given: Given, carry: Carry) -> tuple[Carry, Array]:
            width = len(self.objective.terms) + len(carry.parameters)
            rows = jnp.zeros((self.every, width), self.model.dtype)

            def body(i: Array, at: tuple[Carry, Array]) -> tuple[Carry, Array]:
                carry, row = self._step(batches, given, at[0], start + i)
                return carry, at[1].at[i].set(row)

            return lax.fori_loop(0, count, body, (carry, rows))

        return _over_seeds(several, given, varied, carry)

    def _measure(
        self, batches: Batches, given: Given, parameters: Parameters, varied: tuple[str, ...]
    ) -> Array:
        """Return the values of all losses (seeds, losses) on the first batch of a source."""

        def one(given: Given, parameters: Parameters) -> Array:
            return _losses(given, self._terms(batches, given, jnp.int32(0))(parameters))

        return _over_seeds(one, given, varied, parameters)

    def _slope(
        self, batches: Batches, given: Given, parameters: Parameters, step: Array, varied: tuple[str, ...]
    ) -> Parameters:
        """Return the gradient (seeds, ...) of the objective on the batch of a step, by name."""

        def one(given: Given, parameters: Parameters) -> Parameters:
            terms = self._terms(batches, given, step)
            return self.objective.gradient(terms, parameters, given.weights, given.shares)[0]

        return _over_seeds(one, given, varied, parameters)

    def _terms(self, batches: Batches, given: Given, step: Array) -> Any:
        batch = batches.draw(jax.random.fold_in(given.key, 0), step)
        noise = jax.random.fold_in(jax.random.fold_in(given.key, 1), step)

        def terms(trained: Parameters) -> Array:
            outcome = self.model.outcome({**given.held, **trained}, batch, noise)
            return self.objective.measure(outcome, batch)

        return terms

    def _step(self, batches: Batches, given: Given, carry: Carry, step: Array) -> tuple[Carry, Array]:
        terms = self._terms(batches, given, step)
        gradient, values = self.objective.gradient(terms, carry.parameters, given.weights, given.shares)
        updates, optimiser = self.optimiser.update(gradient, carry.optimiser, carry.parameters)
        parameters = self.model.project(optax.apply_updates(carry.parameters, updates))

        norms = jnp.stack([jnp.linalg.norm(slope.ravel()) for slope in gradient.values()])
        broken = ~(jnp.isfinite(norms) & jnp.stack([jnp.isfinite(p).all() for p in parameters.values()]))
        taught = [list(self.objective.losses).index(name) for name in self.objective.taught]
        loss = _losses(given, values)[jnp.array(taught)].sum()
        first = jnp.where(jnp.isnan(carry.first), loss, carry.first)
        good = jnp.isfinite(loss) & ~broken.any() & (jnp.abs(loss) <= self.limit * jnp.abs(first))
        going = ~carry.stopped & (carry.failed < 0)

        new = Carry(parameters, optimiser, first, carry.failed, carry.broken, carry.stopped)
        kept: Carry = jax.tree.map(lambda after, before: jnp.where(going & good, after, before), new, carry)
        fails = going & ~good
        kept = kept._replace(
            failed=jnp.where(fails, step, kept.failed), broken=jnp.where(fails, broken, kept.broken)
        )
        return kept, jnp.concatenate([values, norms]).astype(self.model.dtype)


def _losses(given: Given, terms: Array) -> Array:
    return given.weights @ terms


def _over_seeds(function: Any, given: Given, varied: tuple[str, ...], argument: Any) -> Any:
    """Return function(given, argument) over the seeds; a single one is not mapped, which compiles to faster code."""
    axes: Any = ({name: 0 if name in varied else None for name in given.held}, 0, 0, 0)
    if given.key.shape[0] > 1:
        return jax.vmap(function, (Given(*axes), 0))(given, argument)
    held = {name: value[0] if name in varied else value for name, value in given.held.items()}
    rest: Mapping[str, Any] = jax.tree.map(lambda x: x[0], given._replace(held={}))._asdict()
    found = partial(function, Given(**{**rest, "held": held}))(jax.tree.map(lambda x: x[0], argument))
    return jax.tree.map(lambda x: x[None], found)
