"""Training from the outside: seeds, validation, checkpoints, and what is said when it goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import ArrayLike

from neurosim.engines.jax.precision import named, precision
from neurosim.errors import RunFailed, UnknownNameError, UsageError
from neurosim.learning.bptt.batches import Batches
from neurosim.learning.bptt.checks import breakdown, our_errors, require_gradients, require_scalars
from neurosim.learning.bptt.model import Model, Parameters
from neurosim.learning.bptt.objective import Objective
from neurosim.learning.bptt.steps import Given, Steps
from neurosim.learning.bptt.training import Names, Training, restored
from neurosim.learning.bptt.validation import Validation
from neurosim.registry import suggest
from neurosim.rng.jax_keys import jax_key
from neurosim.store import read_state, write_state


class Progress(NamedTuple):
    """How far a training is: step of steps; losses, by name (seeds,), at the last step; validation alike, or empty."""

    step: int
    steps: int
    losses: Mapping[str, np.ndarray]
    validation: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Trainer:
    """Gradient descent of the losses of a model by back-propagation through time.

    At each step a batch is drawn, the gradients of the objective are taken, the optimiser changes the parameters, and
    the model's constraints project them. All steps run in one compiled program, for all seeds at once.
    Arguments: model; batches, a source of them, or several, which take turns every `every` steps (one program per shape
    of batches); objective; optimiser, of optax, clipping and schedule included:
    `optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))`; validation; every, steps between measurements on
    the validation batch, reports of progress and checkpoints; limit, by which multiple of its first value a loss counts
    as exploded.
    Raises DescriptionError for a dtype that is neither float32 nor float64, UsageError when `every` is below 1 or no
    source is given, UnknownNameError when validation asks for a loss that does not exist.
    """

    model: Model
    batches: Batches | Sequence[Batches]
    objective: Objective
    optimiser: optax.GradientTransformation
    validation: Validation | None = None
    every: int = 100
    limit: float = 1e6

    def __post_init__(self) -> None:
        named(self.model.dtype)
        if self.every < 1:
            raise UsageError(f"Trainer.every = {self.every}: must be at least 1")
        if not self._sources:
            raise UsageError("Trainer.batches: there are none: give a source such as Fresh or Shuffled")
        loss = self.validation.loss if self.validation else None
        if loss is not None and loss not in self.objective.losses:
            raise UnknownNameError(f"Validation.loss '{loss}': {suggest(loss, self.objective.losses)}")

    def train(
        self,
        steps: int,
        seeds: int | Sequence[int] = 0,
        *,
        vary: Mapping[str, ArrayLike] | None = None,
        after: Training | None = None,
        progress: Callable[[Progress], None] | None = None,
        checkpoint: str | Path | None = None,
    ) -> Training:
        """Return the training after `steps` steps, or fewer if validation ends it.

        Arguments: steps, counted from the start; seeds, of initial parameters, batches and noise: an integer, or
        several to train as many models at once, whose results have seeds first; vary, initial or held values of
        parameters by name, one for each seed (seeds, ...); after, a training to go on from, with its seeds: the result
        has the same bits as if it had not stopped; progress, called every `every` steps; checkpoint, a file that is
        written as often, for `load`.
        Raises DescriptionError, before anything is trained, naming what no gradient reaches; UsageError and
        UnknownNameError for what does not fit; RunFailed when a loss explodes or is not finite, with the step and the
        parameter that went first: the checkpoint stays the last good one.
        """
        with precision(self.model.dtype):
            training = self._started(seeds, vary or {}) if after is None else after
            given, varied = self._given(training)
            if after is None:
                with our_errors():
                    self._check(training, given, varied)
            while training.step < steps and not np.asarray(training.carry.stopped).all():
                training = self._advanced(training, given, varied, steps)
                if (np.asarray(training.carry.failed) >= 0).any():
                    raise RunFailed(f"training: {breakdown(training)}{_kept(checkpoint)}")
                if checkpoint is not None:
                    write_state(checkpoint, training.arrays())
                if progress is not None:
                    progress(_progress(training, steps))
        return training

    def load(self, path: str | Path) -> Training:
        """Return the training that a checkpoint of this trainer holds, to go on from by `train(..., after=...)`.

        Raises ResultFileError when the file is missing or damaged, UsageError when it is of another training.
        """
        return self.restored(read_state(path))

    def restored(self, arrays: Mapping[str, Any]) -> Training:
        """Return the training that arrays (of `Training.arrays`) describe, to go on from by `train(..., after=...)`.

        Raises UsageError when they are of another training.
        """
        if not {"seeds", "several"} <= arrays.keys():
            raise UsageError("checkpoint: no seeds in it: it is not of a training")
        seeds = [int(seed) for seed in np.atleast_1d(arrays["seeds"])]
        vary = {name.removeprefix("vary/"): v for name, v in arrays.items() if name.startswith("vary/")}
        with precision(self.model.dtype):
            return restored(arrays, self._started(seeds if arrays["several"] else seeds[0], vary))

    def gradient(
        self, training: Training, held: Mapping[str, ArrayLike] | None = None
    ) -> dict[str, np.ndarray]:
        """Return the gradient of the objective on the batch of the next step, by name of the parameter, seeds first.

        Arguments: held, values of parameters that are not trained, in place of their own and the same for all seeds.
        """
        with precision(self.model.dtype):
            given, varied = self._given(training)
            chosen = self._cast(held or {})
            given = given._replace(held={**given.held, **chosen})
            source = self._sources[training.step // self.every % len(self._sources)]
            left = tuple(name for name in varied if name not in chosen)
            found = self._steps.slope(source, given, training.carry.parameters, training.step, varied=left)
        return {name: np.asarray(value) for name, value in found.items()}

    # The parts of a training ----------------------------------------------------------------------------------------

    @property
    def _sources(self) -> tuple[Batches, ...]:
        return tuple(self.batches) if isinstance(self.batches, Sequence) else (self.batches,)

    @cached_property
    def _steps(self) -> Steps:
        return Steps(self.model, self.objective, self.optimiser, self.every, self.limit)

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

    def _started(self, seeds: int | Sequence[int], vary: Mapping[str, ArrayLike]) -> Training:
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
        carry = self._steps.start(trained)
        n, known = len(chosen), Names(tuple(self.objective.terms), tuple(self.objective.losses), names)
        return Training(
            step=0,
            names=known,
            seeds=chosen,
            varied={name: np.asarray(value) for name, value in vary.items()},
            weights=self.objective.weights(n),
            carry=carry,
            rows=np.zeros((0, n, len(known.terms) + len(names)), self.model.dtype),
            best={name: np.asarray(value) for name, value in carry.parameters.items()},
            least=np.full(n, np.inf),
            waited=np.zeros(n, np.int64),
            ended=np.full(n, -1),
            measured=np.zeros((0, n, len(known.losses)), self.model.dtype),
            several=np.ndim(seeds) > 0,
        )

    def _cast(self, parameters: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Return parameters in the precision of the model."""
        dtype = self.model.dtype
        return {n: np.asarray(v, None if np.iscomplexobj(v) else dtype) for n, v in parameters.items()}

    def _given(self, training: Training) -> tuple[Given, tuple[str, ...]]:
        """Return what does not change in a training, and which held parameters differ between its seeds."""
        parameters = self._initial(training.seeds, training.varied)
        held = {name: value for name, value in parameters.items() if name not in training.names.parameters}
        varied = tuple(name for name, value in held.items() if (value != value[:1]).any())
        common = {name: value if name in varied else value[0] for name, value in held.items()}
        shares = self.objective.shares(training.names.parameters, len(training.seeds))
        keys = jnp.stack([jax_key(int(seed), "training", "batches") for seed in training.seeds])
        dtype = self.model.dtype
        weights = np.asarray(training.weights, dtype)
        return Given(self._cast(common), weights, self._cast(shares), keys), varied

    def _check(self, training: Training, given: Given, varied: tuple[str, ...]) -> None:
        """Refuse what cannot be trained, before anything is."""
        held = {name: value[0] if name in varied else value for name, value in given.held.items()}
        key, first = given.key[0], np.int32(0)
        trained = {name: np.asarray(value)[0] for name, value in training.carry.parameters.items()}
        for source in self._sources:
            batch = jax.eval_shape(source.draw, key, first)
            outcome = jax.eval_shape(self.model.outcome, {**held, **trained}, batch, key)
            require_scalars(self.objective, outcome, batch)
        _, rows = self._steps.run(self._sources[0], given, training.carry, 0, 1, varied=varied)

        def terms(trained: Parameters) -> Any:
            batch = self._sources[0].draw(key, first)
            return self.objective.measure(self.model.outcome({**held, **trained}, batch, key), batch)

        norms = np.asarray(rows)[:, 0, len(self.objective.terms) :].max(axis=0)
        require_gradients(self.model, terms, trained, norms)

    def _advanced(self, training: Training, given: Given, varied: tuple[str, ...], steps: int) -> Training:
        """Return the training at the next multiple of `every` steps, or at the last step."""
        turn, done = divmod(training.step, self.every)
        count = min(self.every - done, steps - training.step)
        source = self._sources[turn % len(self._sources)]
        carry, rows = self._steps.run(source, given, training.carry, training.step, count, varied=varied)
        new = np.swapaxes(np.asarray(rows), 0, 1)[:count]
        training = replace(
            training,
            step=training.step + count,
            carry=carry,
            rows=np.concatenate([training.rows, new]),
        )
        measures = self.validation is not None and training.step % self.every == 0
        return self._validated(training, given, varied) if measures else training

    def _validated(self, training: Training, given: Given, varied: tuple[str, ...]) -> Training:
        assert self.validation is not None
        keys = jnp.stack([jax_key(int(seed), "training", "validation") for seed in training.seeds])
        parameters = training.carry.parameters
        losses = np.asarray(
            self._steps.measure(self.validation.batches, given._replace(key=keys), parameters, varied=varied)
        )
        wanted = self.objective.taught if self.validation.loss is None else (self.validation.loss,)
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


def _progress(training: Training, steps: int) -> Progress:
    last = replace(training, rows=training.rows[-1:], measured=training.measured[-1:], several=True)
    losses, validation = (
        {n: v[:, -1] for n, v in found.items() if v.size} for found in (last.losses, last.validation)
    )
    return Progress(training.step, steps, losses, validation)


def _kept(checkpoint: str | Path | None) -> str:
    path = None if checkpoint is None else Path(checkpoint)
    return f"; {path} holds the last good state" if path is not None and path.exists() else ""
