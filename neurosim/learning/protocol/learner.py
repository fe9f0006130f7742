"""Learning from the outside: seeds, phases, evaluation, checkpoints, and what is said when it goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from neurosim.engines.jax.compiled import without_collection
from neurosim.engines.jax.precision import precision
from neurosim.errors import RunFailed, UsageError
from neurosim.learning.protocol.assembly import FREE, Assembly
from neurosim.learning.protocol.checks import breakdown, our_errors
from neurosim.learning.protocol.evaluation import NOTHING, Evaluation
from neurosim.learning.protocol.phase import Phase
from neurosim.learning.protocol.steps import Given
from neurosim.learning.protocol.training import Training, kind_of, restored
from neurosim.store import read_state, write_state


class Progress(NamedTuple):
    """How far a training is: step of steps; losses, by name (seeds,), at the last step; validation alike, or empty."""

    step: int
    steps: int
    losses: Mapping[str, np.ndarray]
    validation: Mapping[str, np.ndarray]


class Learner(Assembly):
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
            with our_errors(), without_collection():
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

    # What a call of `train` is made of

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
