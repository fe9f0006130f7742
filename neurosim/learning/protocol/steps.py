"""The compiled part of learning: many steps per call, for all seeds at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from neurosim.engines.jax.compiled import keep_compiled
from neurosim.errors import UsageError
from neurosim.learning.bptt.losses import Term
from neurosim.learning.bptt.model import Model, Parameters
from neurosim.learning.bptt.slots import Slot
from neurosim.learning.protocol.credit import credits
from neurosim.learning.protocol.now import Now, frozen_states, rated
from neurosim.learning.protocol.part import Part
from neurosim.learning.protocol.parts.descend import Descend
from neurosim.learning.protocol.streams import Source, begun, taken


class Carry(NamedTuple):
    """What changes from step to step, seeds first.

    parameters, those that may change; states, of the parts, by name; stream, the state of the batches' source; first,
    the loss of the first step; failed, the step that broke down or -1; broken, which parameters did (parameters,);
    stopped, whether this seed's training has ended.
    """

    parameters: Parameters
    states: Mapping[str, Any]
    stream: Any
    first: Array
    failed: Array
    broken: Array
    stopped: Array


class Given(NamedTuple):
    """What does not change in a call: parameters that are held, arguments of the parts, factors on rates, whether all
    of these are 1, key of the draws.
    """

    held: Mapping[str, Any]
    arguments: Mapping[str, Any]
    rates: Mapping[str, Any]
    plain: Any
    slots: Mapping[str, Slot]
    key: Array


class Steps:
    """Steps of learning: `start` makes what `run` takes some steps of; `measure` takes measures of one batch, `slope`
    the gradient of all that descends.

    Arguments: model; parts; names, of the parameters that each may change; every, the most steps per call; limit, by
    which multiple of its first value a loss counts as exploded.
    """

    def __init__(
        self,
        model: Model,
        parts: Sequence[Part],
        names: Mapping[str, tuple[str, ...]],
        every: int,
        limit: float,
    ) -> None:
        self.model, self.parts, self.names = model, parts, names
        self.descents = [part for part in parts if isinstance(part, Descend)]
        self.every, self.limit = every, limit
        keep_compiled()
        self.start = jax.jit(self._start)
        self.begin = jax.jit(self._begin)
        self.run = jax.jit(self._run, static_argnames="varied")
        self.measure = jax.jit(self._measure, static_argnames=("measures", "varied"))
        self.slope = jax.jit(self._slope, static_argnames="varied")
        self.credit = jax.jit(self._credit, static_argnames=("varied", "of"))

    def _start(self, parameters: Parameters, stream: Source, keys: Array) -> Carry:
        """Return what the first step starts from; parameters have seeds first."""
        parameters = jax.vmap(self.model.project)(parameters)
        seeds = next(iter(parameters.values())).shape[0]

        def states(parameters: Parameters, key: Array) -> dict[str, Any]:
            draws = jax.random.fold_in(key, 0)
            batch: Any
            _, batch = taken(stream, begun(stream, draws), draws, jnp.int32(0))
            return {
                part.name: part.start({name: parameters[name] for name in self.names[part.name]}, batch)
                for part in self.parts
            }

        return Carry(
            parameters,
            jax.vmap(states)(parameters, keys),
            self._begin(stream, keys),
            jnp.full(seeds, jnp.nan, self.model.dtype),
            jnp.full(seeds, -1, jnp.int32),
            jnp.zeros((seeds, len(parameters)), bool),
            jnp.zeros(seeds, bool),
        )

    def _begin(self, stream: Source, keys: Array) -> Any:
        """Return the state of a stream before its first batch, seeds first."""
        return jax.vmap(lambda key: begun(stream, jax.random.fold_in(key, 0)))(keys)

    def _run(
        self,
        batches: Source,
        given: Given,
        carry: Carry,
        start: Array,
        count: Array,
        varied: tuple[str, ...],
    ) -> tuple[Carry, Array]:
        """Return (carry, rows (seeds, every, terms + parameters)) after `count` steps.

        A row holds the values of the terms and the norms of the gradients, or of the changes where none is taken.
        Arguments: start, number of the first step; varied, the held parameters that have seeds first. One program
        serves every start and count.
        """

        def several(given: Given, carry: Carry) -> tuple[Carry, Array]:
            terms = sum(len(part.objective.terms) for part in self.descents)
            rows = jnp.zeros((self.every, terms + len(carry.parameters)), self.model.dtype)

            def body(i: Array, at: tuple[Carry, Array]) -> tuple[Carry, Array]:
                carry, row = self._step(batches, given, at[0], start + i)
                return carry, at[1].at[i].set(row)

            return lax.fori_loop(0, count, body, (carry, rows))

        return _over_seeds(several, given, varied, carry)

    def _measure(
        self,
        batches: Source,
        given: Given,
        parameters: Parameters,
        varied: tuple[str, ...],
        measures: tuple[tuple[str, Term], ...] = (),
    ) -> dict[str, Array]:
        """Return measures by name, seeds first, on the first batch of a stream; without any, all losses (losses,)."""

        def one(given: Given, parameters: Parameters) -> dict[str, Array]:
            now = self._now(batches, given, parameters, {}, begun(batches, _draws(given)), jnp.int32(0))[1]
            outcome = now.outcome
            if measures:
                return {name: jnp.asarray(measure(outcome, now.batch)) for name, measure in measures}
            weights = [given.arguments[part.name][0] for part in self.descents]
            found = [
                own @ part.objective.measure(outcome, now.batch)
                for part, own in zip(self.descents, weights, strict=True)
            ]
            return {"losses": found[0] if len(found) == 1 else jnp.concatenate(found)}

        return _over_seeds(one, given, varied, parameters)

    def _slope(
        self, batches: Source, given: Given, carry: Carry, step: Array, varied: tuple[str, ...]
    ) -> Parameters:
        """Return the gradient (seeds, ...) of what descends on the batch of a step, by name."""

        def one(given: Given, carry: Carry) -> Parameters:
            now = self._now(batches, given, carry.parameters, carry.states, carry.stream, step)[1]
            for part in self.descents:
                part.slope(now)
            return now.gradient

        return _over_seeds(one, given, varied, carry)

    def _credit(
        self,
        batches: Source,
        given: Given,
        carry: Carry,
        step: Array,
        varied: tuple[str, ...],
        of: tuple[str, ...],
    ) -> dict[str, Array]:
        """Return the derivatives (seeds, trials, steps, units) of what descends by variables, on a step's batch."""

        def one(given: Given, carry: Carry) -> dict[str, Array]:
            now = self._now(batches, given, carry.parameters, carry.states, carry.stream, step)[1]
            found: dict[str, Array] = {}
            for part in self.descents:
                part.slope(now)
                slopes = credits(now, of, now.outcome, lambda batch: now.loss(now.before, batch))
                found = {name: found.get(name, 0) + slope for name, slope in slopes.items()}
            return found

        return _over_seeds(one, given, varied, carry)

    def _now(
        self, batches: Source, given: Given, parameters: Parameters, states: Any, stream: Any, step: Array
    ) -> tuple[Any, Now]:
        stream, batch = taken(batches, stream, _draws(given), step)
        batch = {**batch, "held": given.slots} if given.slots else batch
        noise = jax.random.fold_in(jax.random.fold_in(given.key, 1), step)
        rates, arguments = given.rates, given.arguments
        now = Now(
            self.model, batch, noise, step, dict(parameters), dict(parameters), given.held, rates, states,
            arguments, self.names,
        )  # fmt: skip
        return stream, now

    def _step(self, batches: Source, given: Given, carry: Carry, step: Array) -> tuple[Carry, Array]:
        stream, now = self._now(batches, given, carry.parameters, carry.states, carry.stream, step)
        for part in self.parts:
            now.part = part.name
            part.look(now)
        states: Mapping[str, Any] = {}
        for part in self.parts:
            now.part = part.name
            changed, state = part.step(now, carry.states[part.name])
            states = {**states, part.name: state}
            self._require_own(part, changed)
            now.parameters |= changed
        before = carry.parameters
        parameters = {name: now.parameters[name] for name in before}
        parameters, states = lax.cond(
            given.plain, lambda *after: after, partial(self._rated, given.rates, carry), parameters, states
        )
        parameters = self.model.project(parameters)

        gradient = now.notes.get("gradient", {})
        moved = {name: gradient.get(name, parameters[name] - before[name]) for name in before}
        norms = jnp.stack([jnp.linalg.norm(slope.ravel()) for slope in moved.values()])
        broken = ~(jnp.isfinite(norms) & jnp.stack([jnp.isfinite(p).all() for p in parameters.values()]))
        values, loss = self._terms(now)
        first = jnp.where(jnp.isnan(carry.first), loss, carry.first)
        good = jnp.isfinite(loss) & ~broken.any() & (jnp.abs(loss) <= self.limit * jnp.abs(first))
        going = ~carry.stopped & (carry.failed < 0)

        new = Carry(parameters, states, stream, first, carry.failed, carry.broken, carry.stopped)
        kept: Carry = jax.tree.map(lambda after, before: jnp.where(going & good, after, before), new, carry)
        fails = going & ~good
        kept = kept._replace(
            failed=jnp.where(fails, step, kept.failed), broken=jnp.where(fails, broken, kept.broken)
        )
        return kept, jnp.concatenate([values, norms]).astype(self.model.dtype)

    @staticmethod
    def _rated(
        rates: Mapping[str, Array], carry: Carry, after: Parameters, states: Mapping[str, Any]
    ) -> tuple[Parameters, Mapping[str, Any]]:
        """Return parameters and states with the factors of a phase on their changes."""
        parameters = {name: rated(rates[name], old, after[name]) for name, old in carry.parameters.items()}
        return parameters, frozen_states(rates, carry.states, states)

    def _terms(self, now: Now) -> tuple[Array, Array]:
        """Return the values of all terms and the sum of the losses that teach; 0 where nothing descends."""
        values = [now.notes[f"{part.name}/terms"] for part in self.descents]
        losses = [
            (now.arguments[part.name][0] @ found)[jnp.array(part.objective.taught_index)].sum()
            for part, found in zip(self.descents, values, strict=True)
        ]
        if not values:
            return jnp.zeros(0, self.model.dtype), jnp.zeros((), self.model.dtype)
        return (values[0], losses[0]) if len(values) == 1 else (jnp.concatenate(values), sum(losses))

    def _require_own(self, part: Part, changed: Mapping[str, Any]) -> None:
        for name in changed:
            if name not in self.names[part.name]:
                raise UsageError(
                    f"part '{part.name}' changes '{name}', which it does not name: add it to its `patterns`"
                )


def _draws(given: Given) -> Array:
    return jax.random.fold_in(given.key, 0)


def _over_seeds(function: Any, given: Given, varied: tuple[str, ...], argument: Any) -> Any:
    """Return function(given, argument) over the seeds; a single one is not mapped, which compiles to faster code."""
    axes: Any = ({name: 0 if name in varied else None for name in given.held}, 0, 0, None, None, 0)
    if given.key.shape[0] > 1:
        return jax.vmap(function, (Given(*axes), 0))(given, argument)
    held = {name: value[0] if name in varied else value for name, value in given.held.items()}
    rest: Mapping[str, Any] = jax.tree.map(
        lambda x: x[0], given._replace(held={}, plain=(), slots={})
    )._asdict()
    found = partial(function, Given(**{**rest, "held": held, "plain": given.plain, "slots": given.slots}))(
        jax.tree.map(lambda x: x[0], argument)
    )
    return jax.tree.map(lambda x: x[None], found)
