"""Learning from the outside: seeds, phases, evaluation, checkpoints, and what is said when it goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from neurosim.engines.jax.precision import named, precision
from neurosim.errors import RunFailed, UnknownNameError, UsageError
from neurosim.learning.bptt.model import Model, Parameters
from neurosim.learning.protocol.checks import (
    breakdown,
    our_errors,
    require_gradients,
    require_like,
    require_scalars,
)
from neurosim.learning.protocol.clamps import slots
from neurosim.learning.protocol.evaluation import NOTHING, Evaluation
from neurosim.learning.protocol.part import Part
from neurosim.learning.protocol.parts.descend import Descend
from neurosim.learning.protocol.phase import Phase
from neurosim.learning.protocol.steps import Given, Steps
from neurosim.learning.protocol.streams import Source, begun, taken
from neurosim.learning.protocol.training import Names, Training, kind_of, restored
from neurosim.learning.protocol.validation import Validation
from neurosim.registry import suggest
from neurosim.rng.jax_keys import jax_key
from neurosim.store import read_state, write_state

FREE = Phase()
"""The phase that changes nothing."""


class Progress(NamedTuple):
    """How far a training is: step of steps; losses, by name (seeds,), at the last step; validation alike, or empty."""

    step: int
    steps: int
    losses: Mapping[str, np.ndarray]
    validation: Mapping[str, np.ndarray]


class Learner:
    """A model that learns: a chain of parts that change its parameters, in one compiled step.

    At each step a batch is taken from a stream, the parts change the parameters one after the other, and the model's
    constraints project them. All steps run in one compiled program, for all seeds at once. What a protocol changes,
    batches, rates, weights of losses and clamps, is said by a `Phase` and is an argument of that program.
    Arguments: model; parts, such as `Descend(objective, optimiser)`, `Local("rec.w")`, or of your own; batches, a
    stream, or several without a state, which take turns every `every` steps (one program per shape of batches);
    validation; every, steps between measurements on the validation batch, reports of progress and checkpoints; limit,
    by which multiple of its first value a loss counts as exploded.
    Raises DescriptionError for a dtype that is neither float32 nor float64, UsageError when `every` is below 1, no
    part or stream is given or names are there twice, UnknownNameError when validation asks for another loss.
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

    def train(
        self,
        steps: int,
        seeds: int | Sequence[int] = 0,
        *,
        vary: Mapping[str, ArrayLike] | None = None,
        after: Training | None = None,
        phase: Phase = FREE,
        evaluations: Mapping[str, Evaluation] | None = None,
        progress: Callable[[Progress], None] | None = None,
        checkpoint: str | Path | None = None,
    ) -> Training:
        """Return the training after `steps` steps, or fewer if validation ends it.

        Arguments: steps, counted from the start; seeds, of initial parameters, batches and noise: an integer, or
        several to train as many models at once, whose results have seeds first; vary, initial or held values of
        parameters by name, one for each seed (seeds, ...); after, a training to continue from, with its seeds: the
        result has the same bits as if it had not stopped, and to continue twice makes branches; phase, what these steps
        use; evaluations, by name, what to measure on the way, without clamps; progress, called every `every` steps;
        checkpoint, a file that is written as often, for `load`.
        Raises DescriptionError, before anything is trained, naming what no gradient reaches; UsageError and
        UnknownNameError for what does not fit, a training of another learner too; RunFailed when a loss explodes or is
        not finite, with the step and the parameter that went first: the checkpoint stays the last good one.
        """
        with precision(self.model.dtype):
            if after is None:
                varied = {**(vary or {}), **self._initial_of_parts(seeds, vary or {})}
                training = self._started(seeds, varied)
            else:
                after.require(self._about)
                training = after
            with our_errors():
                self._require_fits(phase, training)
                if after is None:
                    self._check(training, phase)
            training = self._weighted(training, phase)
            training = self._evaluated(training, evaluations or {}, steps)
            while training.step < steps and not np.asarray(training.carry.stopped).all():
                training = self._advanced(
                    training, phase, self._until(training.step, steps, evaluations or {})
                )
                if (np.asarray(training.carry.failed) >= 0).any():
                    raise RunFailed(f"training: {breakdown(training)}{_kept(checkpoint)}")
                for part in self.parts:
                    if part.every and training.step % part.every == 0:
                        training = part.between(self, training)
                training = self._evaluated(training, evaluations or {}, steps)
                if training.step % self.every and training.step < steps:
                    continue
                if checkpoint is not None:
                    write_state(checkpoint, training.arrays())
                if progress is not None:
                    progress(_progress(training, steps))
        return training

    def renewed(self, training: Training) -> Training:
        """Return a training at step 0, with the parameters of another: its optimisers and streams start again."""
        with precision(self.model.dtype):
            training.require(self._about)
            seeds = training.seeds if training.several else int(training.seeds[0])
            return self._started(seeds, {**training.varied, **_arrays(training.carry.parameters)})

    def evaluate(
        self, training: Training, evaluation: Evaluation, phase: Phase = FREE, name: str = ""
    ) -> dict[str, np.ndarray]:
        """Return the measures of an evaluation by name, seeds first, of the last parameters of a training.

        Arguments: phase, whose clamps count; name, of the evaluation, which keys its random numbers.
        """
        with precision(self.model.dtype), our_errors():
            given, varied = self._given(training, phase)
            keys = self._keys(training, f"evaluation {name}")
            measures = tuple(evaluation.measures.items())
            found = self._steps.measure(
                evaluation.batches,
                given._replace(key=keys),
                training.carry.parameters,
                varied=varied,
                measures=measures,
            )
        return {name: np.asarray(value) for name, value in found.items()}

    def load(self, path: str | Path) -> Training:
        """Return the training that a checkpoint of this learner holds, to continue from by `train(..., after=...)`.

        Raises ResultFileError when the file is missing or damaged, UsageError when it is of another training.
        """
        return self.restored(read_state(path))

    def restored(self, arrays: Mapping[str, Any]) -> Training:
        """Return the training that arrays (of `Training.arrays`) describe, to continue from.

        Raises UsageError when they are of another training.
        """
        if not {"seeds", "several"} <= arrays.keys():
            raise UsageError("checkpoint: no seeds in it: it is not of a training")
        seeds = [int(seed) for seed in np.atleast_1d(arrays["seeds"])]
        vary = {name.removeprefix("vary/"): v for name, v in arrays.items() if name.startswith("vary/")}
        with precision(self.model.dtype):
            return restored(arrays, self._started(seeds if arrays["several"] else seeds[0], vary))

    def gradient(
        self,
        training: Training,
        held: Mapping[str, ArrayLike] | None = None,
        phase: Phase = FREE,
        of: Sequence[str] = (),
    ) -> dict[str, np.ndarray]:
        """Return the gradient of the objective on the batch of the next step, by name of the parameter, seeds first.

        Arguments: held, values of parameters that are not trained, in place of their own and the same for all seeds;
        phase, what the next step uses; of, in the place of parameters, variables that are `clampable` of the model,
        whose derivatives have the shape (seeds, trials, steps, units). Raises UsageError when no part descends,
        UnknownNameError for another variable.
        """
        with precision(self.model.dtype):
            given, varied = self._given(training, phase)
            chosen = self._cast(held or {})
            given = given._replace(held={**given.held, **chosen})
            source = self._source(training.step, phase)
            carry = training.carry._replace(stream=self._stream(training, source))
            left = tuple(name for name in varied if name not in chosen)
            if of:
                found = self._steps.credit(source, given, carry, training.step, varied=left, of=tuple(of))
            else:
                found = self._steps.slope(source, given, carry, training.step, varied=left)
        return {name: np.asarray(value) for name, value in found.items()}

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
        key = jax_key(0, "training", "batches")
        if phase.batches is not None:
            first = _batch(self._source(0, FREE), key)
            for source in sources:
                require_like(first, _batch(source, key), type(source).__name__)

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
        keys = jnp.stack([jax_key(int(seed), "training", "batches") for seed in chosen])
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
        key = jax_key(0, "training", "batches")[None]
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

    def _weighted(self, training: Training, phase: Phase) -> Training:
        """Return the training with the weights of terms that the next steps use noted."""
        weights = self._weights(len(training.seeds), phase)
        if np.array_equal(weights, training.weights[-1]):
            return training
        return replace(
            training,
            weights=np.concatenate([training.weights, weights[None]]),
            since=np.append(training.since, training.step),
        )

    def _keys(self, training: Training, purpose: str) -> jax.Array:
        return jnp.stack([jax_key(int(seed), "training", purpose) for seed in training.seeds])

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
        key, first = given.key[0], np.int32(0)
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

    def _until(self, step: int, steps: int, evaluations: Mapping[str, Evaluation]) -> int:
        """Return up to which step to go in one call."""
        stops = [steps, (step // self.every + 1) * self.every]
        stops += [(step // part.every + 1) * part.every for part in self.parts if part.every]
        found = (evaluation.at.following(step) for evaluation in evaluations.values())
        return min([*stops, *(stop for stop in found if stop is not None)])

    def _advanced(self, training: Training, phase: Phase, until: int) -> Training:
        """Return the training at a later step, at most `every` further."""
        given, varied = self._given(training, phase)
        source, count = self._source(training.step, phase), until - training.step
        state = self._stream(training, source)
        carry, rows = self._steps.run(
            source, given, training.carry._replace(stream=state), training.step, count, varied=varied
        )
        training = replace(
            training,
            step=until,
            carry=carry,
            stream=kind_of(source, carry.stream),
            rows=np.concatenate([training.rows, np.swapaxes(np.asarray(rows), 0, 1)[:count]]),
        )
        measures = self.validation is not None and training.step % self.every == 0
        return self._validated(training, given, varied) if measures else training

    def _evaluated(self, training: Training, evaluations: Mapping[str, Evaluation], steps: int) -> Training:
        """Return the training with what is due at its step measured."""
        done, step = dict(training.evaluations), training.step
        ended = step >= steps or bool(np.asarray(training.carry.stopped).all())
        for name, evaluation in evaluations.items():
            if "/" in name:
                raise UsageError(f"evaluation '{name}': a name has no '/': give another")
            known = done.get(name, NOTHING)
            due = evaluation.at.following(step - 1) == step or (ended and evaluation.at.includes_end())
            if due and step not in known.steps:
                done[name] = known.with_row(step, self.evaluate(training, evaluation, name=name))
        return replace(training, evaluations=done)

    def _validated(self, training: Training, given: Given, varied: tuple[str, ...]) -> Training:
        assert self.validation is not None
        keys, parameters = self._keys(training, "validation"), training.carry.parameters
        losses = np.asarray(
            self._steps.measure(self.validation.batches, given._replace(key=keys), parameters, varied=varied)[
                "losses"
            ]
        )
        taught = tuple(loss for part in self._descents for loss in part.objective.taught)
        wanted = taught if self.validation.loss is None else (self.validation.loss,)
        value = losses[:, [training.names.losses.index(name) for name in wanted]].sum(-1)
        going = ~np.asarray(training.carry.stopped)
        better = going & (value < training.least)
        waited = np.where(better, 0, training.waited + going)
        stopped = ~going | self.validation.exhausted(waited)
        best = {
            name: np.where(better.reshape(-1, *[1] * (old.ndim - 1)), np.asarray(parameters[name]), old)
            for name, old in training.best.items()
        }
        return replace(
            training,
            carry=training.carry._replace(stopped=jnp.asarray(stopped)),
            best=best,
            least=np.where(better, value, training.least),
            waited=waited,
            ended=np.where(going & stopped, training.step, training.ended),
            measured=np.concatenate([training.measured, losses[None]]),
        )


def _typed(source: Source) -> Source:
    """Return a stream whose numbers are arrays: Python's and numpy's would each have a program of their own."""
    return jax.tree.map(lambda x: x if isinstance(x, jax.Array) else np.asarray(x), source)


def _batch(source: Source, key: jax.Array) -> Any:
    """Return the shape of the first batch of a stream."""
    return jax.eval_shape(lambda key: taken(source, begun(source, key), key, jnp.int32(0))[1], key)


def _arrays(values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {name: np.asarray(value) for name, value in values.items()}


def _progress(training: Training, steps: int) -> Progress:
    last = replace(training, rows=training.rows[-1:], weights=training.weights[-1:], several=True)
    last = replace(last, since=np.zeros(1, np.int64), measured=training.measured[-1:])
    losses, validation = (
        {n: v[:, -1] for n, v in found.items() if v.size} for found in (last.losses, last.validation)
    )
    return Progress(training.step, steps, losses, validation)


def _kept(checkpoint: str | Path | None) -> str:
    path = None if checkpoint is None else Path(checkpoint)
    return f"; {path} holds the last good state" if path is not None and path.exists() else ""
