"""What a learner is made of, and what its compiled steps are handed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from neurosim.engines.jax.precision import named
from neurosim.errors import UnknownNameError, UsageError
from neurosim.learning.bptt.losses import Labelled
from neurosim.learning.bptt.model import Model, Parameters
from neurosim.learning.bptt.slots import slots
from neurosim.learning.protocol.checks import our_errors, require_gradients, require_like, require_scalars
from neurosim.learning.protocol.part import Part
from neurosim.learning.protocol.parts.descend import Descend
from neurosim.learning.protocol.phase import Phase
from neurosim.learning.protocol.steps import Given, Steps
from neurosim.learning.protocol.streams import Shuffled, Source, begun, taken
from neurosim.learning.protocol.training import Names, Training, kind_of
from neurosim.learning.protocol.validation import Validation
from neurosim.registry import suggest
from neurosim.rng.jax_keys import jax_key, jax_keys

FREE = Phase()
"""The phase that changes nothing."""


class Assembly:
    """A model, parts and streams, put together: which parameters each part may change, and the arrays of a step.

    Arguments and errors: as of `Learner`.
    """

    def __init__(
        self,
        model: Model,
        *parts: Part,
        batches: Source | Sequence[Source],
        validation: Validation | None = None,
        every: int = 100,
        limit: float = 1e6,
    ) -> None:
        self.model, self.parts, self.batches = model, parts, batches
        self.validation, self.every, self.limit = validation, every, limit
        self._require_sense()

    @property
    def programs(self) -> int:
        """How many programs have been compiled for steps so far."""
        run: Any = self._steps.run
        return int(run._cache_size())

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of all terms."""
        return tuple(term for part in self._descents for term in part.objective.terms)

    @property
    def losses(self) -> tuple[str, ...]:
        """The names of all losses."""
        return tuple(loss for part in self._descents for loss in part.objective.losses)

    # What fits --------------------------------------------------------------------------------------------------------

    def _require_sense(self) -> None:
        named(self.model.dtype)
        if self.every < 1:
            raise UsageError(f"Learner.every = {self.every}: must be at least 1")
        if not self._sources(FREE):
            raise UsageError("Learner.batches: there are none: give a stream such as Fresh or Shuffled")
        if not self.parts:
            raise UsageError("Learner: no parts: give one, such as Descend(objective, optimiser)")
        kinds = {"part": [p.name for p in self.parts], "term": self.terms, "loss": self.losses}
        for kind, names in kinds.items():
            twice = next((name for name in names if list(names).count(name) > 1), None)
            if twice is not None:
                raise UsageError(f"Learner: {kind} '{twice}' is there twice: give one another name")
        loss = self.validation.loss if self.validation else None
        if loss is not None and loss not in self.losses:
            raise UnknownNameError(f"Validation.loss '{loss}': {suggest(loss, self.losses)}")

    def _require_fits(self, phase: Phase, training: Training) -> None:
        """Refuse a phase that does not fit."""
        for loss in phase.losses:
            if loss not in self.losses:
                raise UnknownNameError(f"Phase.losses: '{loss}': {suggest(loss, self.losses)}")
        names = training.names.parameters
        shapes = {n: np.shape(training.carry.parameters[n])[1:] for n in names}
        factors = phase.factors(shapes, self.model.dtype)
        for name, factor in factors.items():
            if not factor.any() and name in self._decayed:
                raise UsageError(
                    f"Phase.rates: '{name}' is frozen, but its optimiser changes it without a gradient (weight decay): "
                    f"leave it out of the decay by a mask"
                )
        sources = self._sources(phase)
        if len(sources) > 1 and any(hasattr(source, "start") for source in sources):
            raise UsageError(
                "batches that take turns have no state: give one stream, or streams without `start`"
            )
        self._require_labels(sources, phase, training)
        key = jax_key(0, "training", "batches")
        if phase.batches is not None:
            first = _batch(self._source(0, FREE), key)
            for source in sources:
                require_like(first, _batch(source, key), type(source).__name__)

    def _require_labels(self, sources: Sequence[Source], phase: Phase, training: Training) -> None:
        """Refuse sets with labels that no output stands for."""
        terms = [
            t for part in self._descents for t in part.objective.terms.values() if isinstance(t, Labelled)
        ]
        sets = [
            source for source in sources if isinstance(source, Shuffled) and isinstance(source.data, Mapping)
        ]
        if not (terms and sets):
            return
        given, varied = self._given(training, phase)
        held = {name: value[0] if name in varied else value for name, value in given.held.items()}
        trained = {name: np.asarray(value)[0] for name, value in training.carry.parameters.items()}
        for source in sets:
            batch = {**_batch(source, given.key[0]), **({"held": given.slots} if given.slots else {})}
            outcome = jax.eval_shape(self.model.outcome, {**held, **trained}, batch, given.key[0])
            for term in terms:
                term.require(outcome, source.data)

    # The parts of a training ----------------------------------------------------------------------------------------

    def _sources(self, phase: Phase) -> tuple[Source, ...]:
        batches = self.batches if phase.batches is None else phase.batches
        return tuple(map(_typed, batches)) if isinstance(batches, Sequence) else (_typed(batches),)

    def _source(self, step: int, phase: Phase) -> Source:
        sources = self._sources(phase)
        return sources[step // self.every % len(sources)]

    @property
    def _descents(self) -> tuple[Descend, ...]:
        return tuple(part for part in self.parts if isinstance(part, Descend))

    @cached_property
    def names(self) -> dict[str, tuple[str, ...]]:
        """The names of the parameters that each part may change, by name of the part."""
        trainable = self.model.trainable or tuple(self.model.initial(0))
        claims: list[str] = []
        for part in self.parts:
            if tuple(part.patterns) != ("*",):
                claims += part.changes(trainable)
        return {part.name: part.changes(trainable, frozenset(claims)) for part in self.parts}

    @cached_property
    def _steps(self) -> Steps:
        return Steps(self.model, self.parts, self.names, self.every, self.limit)

    @cached_property
    def _decayed(self) -> frozenset[str]:
        initial = self.model.initial(0)
        return frozenset(
            name
            for part in self._descents
            for name in part.decayed({n: jnp.asarray(initial[n]) for n in self.names[part.name]})
        )

    def _initial(self, seeds: np.ndarray, vary: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
        """Return all parameters, seeds first."""
        drawn = [self.model.initial(int(seed)) for seed in seeds]
        found = {name: np.stack([np.asarray(one[name]) for one in drawn]) for name in drawn[0]}
        for name, value in vary.items():
            if name not in found:
                raise UnknownNameError(f"vary: parameter '{name}': {suggest(name, found)}")
            if np.shape(value)[:1] != seeds.shape or np.shape(value)[1:] not in {(), found[name].shape[1:]}:
                raise UsageError(
                    f"vary: '{name}' has shape {np.shape(value)}, must have {found[name].shape}, seeds first"
                )
            each = (
                np.reshape(value, (len(seeds), *[1] * (found[name].ndim - 1)))
                if np.ndim(value) == 1
                else value
            )
            found[name] = np.array(np.broadcast_to(each, found[name].shape))
        return found

    def _initial_of_parts(
        self, seeds: int | Sequence[int], vary: Mapping[str, ArrayLike]
    ) -> dict[str, ArrayLike]:
        """Return what parts vary between seeds."""
        chosen = np.atleast_1d(np.asarray(seeds, np.int64))
        found: dict[str, ArrayLike] = {}
        for part in self.parts:
            found |= {name: value for name, value in part.vary(self, chosen).items() if name not in vary}
        return found

    def _started(self, seeds: int | Sequence[int] | np.ndarray, vary: Mapping[str, ArrayLike]) -> Training:
        chosen = np.atleast_1d(np.asarray(seeds, np.int64))
        parameters = self._initial(chosen, vary)
        names = self.model.trainable or tuple(parameters)
        for name in names:
            if name not in parameters:
                raise UnknownNameError(f"trainable parameter '{name}': {suggest(name, parameters)}")
            if np.iscomplexobj(parameters[name]):
                raise UsageError(
                    f"trainable parameter '{name}' is complex: train its real and imaginary parts"
                )
        trained = self._cast({name: parameters[name] for name in names})
        source = self._source(0, FREE)
        keys = jax_keys(map(int, chosen), "training", "batches")
        with our_errors():
            carry = self._steps.start(trained, source, keys)
        n, known = len(chosen), Names(self.terms, self.losses, names)
        return Training(
            step=0,
            names=known,
            seeds=chosen,
            about=self._about,
            varied={name: np.asarray(value) for name, value in vary.items() if name not in names},
            weights=self._weights(n, FREE)[None],
            since=np.zeros(1, np.int64),
            carry=carry,
            stream=kind_of(source, carry.stream),
            rows=np.zeros((0, n, len(known.terms) + len(names)), self.model.dtype),
            best={name: np.asarray(value) for name, value in carry.parameters.items()},
            least=np.full(n, np.inf),
            waited=np.zeros(n, np.int64),
            ended=np.full(n, -1),
            measured=np.zeros((0, n, len(known.losses)), self.model.dtype),
            evaluations={},
            stages=np.zeros(0, np.int64),
            several=np.ndim(seeds) > 0,
        )

    @cached_property
    def _about(self) -> dict[str, str]:
        """What makes a training this learner's, in words."""
        initial = self.model.initial(0)
        names = sorted(self.model.trainable or initial)
        one = self._cast({name: np.asarray(initial[name])[None] for name in names})
        key = jax_keys([0], "training", "batches")
        kept = jax.eval_shape(self._steps.start, one, self._source(0, FREE), key).states
        weights = {
            loss: {term: np.asarray(weight).tolist() for term, weight in given.items()}
            for part in self._descents
            for loss, given in part.objective.losses.items()
        }
        shares = {
            pattern: {loss: np.asarray(share).tolist() for loss, share in given.items()}
            for part in self._descents
            for pattern, given in part.objective.mix.items()
        }
        return {
            "terms": str(list(self.terms)),
            "weights of terms": str(weights),
            "shares of losses": str(shares),
            "parameters": str({name: one[name].shape[1:] for name in names}),
            "parts": str([part.name for part in self.parts]),
            "states of parts": str(jax.tree.map(lambda x: x.shape[1:], kept)),
            "dtype": self.model.dtype,
        }

    def _cast(self, parameters: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Return parameters in the precision of the model."""
        dtype = self.model.dtype
        return {n: np.asarray(v, None if np.iscomplexobj(v) else dtype) for n, v in parameters.items()}

    def _weights(self, seeds: int, phase: Phase) -> np.ndarray:
        """Return the weights of all terms in all losses (seeds, losses, terms)."""
        found = np.zeros((seeds, len(self.losses), len(self.terms)))
        row = column = 0
        for part in self._descents:
            changed = {loss: w for loss, w in phase.losses.items() if loss in part.objective.losses}
            own = part.objective.weights(seeds, changed)
            found[:, row : row + own.shape[1], column : column + own.shape[2]] = own
            row, column = row + own.shape[1], column + own.shape[2]
        return found

    def _keys(self, training: Training, purpose: str) -> jax.Array:
        return jax_keys(map(int, training.seeds), "training", purpose)

    def _given(self, training: Training, phase: Phase) -> tuple[Given, tuple[str, ...]]:
        """Return what does not change in a phase, and which held parameters differ between its seeds."""
        parameters = self._initial(training.seeds, training.varied)
        held = {name: value for name, value in parameters.items() if name not in training.names.parameters}
        varied = tuple(name for name, value in held.items() if (value != value[:1]).any())
        common = {name: value if name in varied else value[0] for name, value in held.items()}
        seeds, dtype = len(training.seeds), self.model.dtype
        arguments = {
            part.name: jax.tree.map(
                lambda x: np.asarray(x, dtype), part.arguments(self.names[part.name], seeds, phase.losses)
            )
            for part in self.parts
        }
        shapes = {n: np.shape(training.carry.parameters[n])[1:] for n in training.names.parameters}
        factors = phase.factors(shapes, dtype)
        rates = {n: np.broadcast_to(factor, (seeds, *factor.shape)) for n, factor in factors.items()}
        plain = np.array(all((factor == 1).all() for factor in factors.values()))
        keys = self._keys(training, "batches")
        held_slots = slots(phase.clamps, self.model.clampable, dtype)
        return Given(self._cast(common), arguments, rates, plain, held_slots, keys), varied

    def _check(self, training: Training, phase: Phase) -> None:
        """Refuse what cannot be trained, before anything is."""
        given, varied = self._given(training, phase)
        held = {name: value[0] if name in varied else value for name, value in given.held.items()}
        key, first = jax_key(int(training.seeds[0]), "training", "batches"), np.int32(0)
        trained = {name: np.asarray(value)[0] for name, value in training.carry.parameters.items()}
        for source in self._sources(phase):
            batch = _batch(source, key)
            batch = {**batch, "held": given.slots} if given.slots else batch
            outcome = jax.eval_shape(self.model.outcome, {**held, **trained}, batch, key)
            watched = [name for part in self._descents for name in part.watch]
            batch = {**batch, "credit": {name: outcome[name] for name in watched}} if watched else batch
            for part in self._descents:
                require_scalars(part.objective, outcome, batch)
        source = self._source(0, phase)
        carry = training.carry._replace(stream=self._stream(training, source))
        _, rows = self._steps.run(source, given, carry, 0, 1, varied=varied)
        norms = dict(
            zip(training.names.parameters, np.asarray(rows)[:, 0, len(self.terms) :].max(0), strict=True)
        )
        for part in self._descents:
            own = {name: trained[name] for name in self.names[part.name]}

            def terms(parameters: Parameters, part: Descend = part) -> Any:
                batch = taken(source, begun(source, key), key, first)[1]
                batch = {**batch, "held": given.slots} if given.slots else batch
                outcome = self.model.outcome({**held, **trained, **parameters}, batch, key)
                if watched:
                    batch = {**batch, "credit": {n: jnp.zeros_like(outcome[n]) for n in watched}}
                return part.objective.measure(outcome, batch)

            require_gradients(self.model, terms, own, np.array([norms[name] for name in own]))

    def _stream(self, training: Training, source: Source) -> Any:
        """Return the state of a stream: the training's, if its last stream was of the same kind, or a new one."""
        if not hasattr(source, "start"):
            return ()
        keys = self._keys(training, "batches")
        like = jax.eval_shape(self._steps.begin, source, keys)
        if training.stream == kind_of(source, like):
            return jax.tree.unflatten(jax.tree.structure(like), jax.tree.leaves(training.carry.stream))
        return self._steps.begin(source, keys)


def _typed(source: Source) -> Source:
    """Return a stream whose numbers are arrays: Python's and numpy's would each have a program of their own."""
    return jax.tree.map(lambda x: x if isinstance(x, jax.Array) else np.asarray(x), source)


def _batch(source: Source, key: jax.Array) -> Any:
    """Return the shape of the first batch of a stream."""
    return jax.eval_shape(lambda key: taken(source, begun(source, key), key, jnp.int32(0))[1], key)
