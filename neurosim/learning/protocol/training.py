"""What training came to, and its way to a file and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from neurosim.errors import UnknownNameError, UsageError
from neurosim.learning.protocol.evaluation import Measured
from neurosim.learning.protocol.steps import Carry
from neurosim.registry import suggest


@dataclass(frozen=True)
class Names:
    """Names of what is counted: terms, losses, and trained parameters."""

    terms: tuple[str, ...]
    losses: tuple[str, ...]
    parameters: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Training:
    """A training so far; everything has seeds first if it was given several.

    A training is a value: to continue from it twice makes two branches.
    Fields: step, number of steps done; names; seeds (seeds,); about, what makes it the learner's that made it, in
    words; varied, what `vary` gave of parameters that are held, by name; weights, of terms in losses, for each change
    of them (changes, seeds, losses, terms), and since, the steps from which they count (changes,); carry, all that
    the next step depends on; stream, the kind of stream that its state is of; rows (steps, seeds, terms +
    parameters); best, the parameters that did best in validation; least, their validation loss (seeds,); waited,
    measurements since (seeds,); ended, the step after which validation ended a seed's training, or -1 (seeds,);
    measured (measurements, seeds, losses), of validation; evaluations, by name; stages, the steps at which stages
    ended (stages,); several, whether seeds are an axis of results.
    """

    step: int
    names: Names
    seeds: np.ndarray
    about: Mapping[str, str]
    varied: Mapping[str, np.ndarray]
    weights: np.ndarray
    since: np.ndarray
    carry: Carry
    stream: str
    rows: np.ndarray
    best: Mapping[str, np.ndarray]
    least: np.ndarray
    waited: np.ndarray
    ended: np.ndarray
    measured: np.ndarray
    evaluations: Mapping[str, Measured]
    stages: np.ndarray
    several: bool

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """The trained parameters by name: the best in validation if there was one, otherwise the last."""
        chosen = self.best if len(self.measured) else self.carry.parameters
        return {name: self._seen(np.asarray(value)) for name, value in chosen.items()}

    @property
    def last(self) -> dict[str, np.ndarray]:
        """The trained parameters by name after the last step."""
        return {name: self._seen(np.asarray(value)) for name, value in self.carry.parameters.items()}

    @property
    def terms(self) -> dict[str, np.ndarray]:
        """The value of each term at each step, before its update (steps,)."""
        return self._columns(self.names.terms, self.rows)

    @property
    def losses(self) -> dict[str, np.ndarray]:
        """The value of each loss at each step, before its update (steps,)."""
        terms = self.rows[..., None, : len(self.names.terms)]
        piece = np.searchsorted(self.since, np.arange(len(self.rows)), side="right") - 1
        return self._columns(self.names.losses, (self.weights[piece] * terms).sum(-1))

    @property
    def gradient_norms(self) -> dict[str, np.ndarray]:
        """The norm of the gradient of each parameter at each step, before clipping, or of its change where none is
        taken (steps,).
        """
        return self._columns(self.names.parameters, self.rows[..., len(self.names.terms) :])

    @property
    def validation(self) -> dict[str, np.ndarray]:
        """The value of each loss in each measurement on the validation batch (measurements,)."""
        return self._columns(self.names.losses, self.measured)

    @property
    def stopped(self) -> np.ndarray:
        """The step after which validation ended the training, or -1."""
        return self._seen(self.ended)

    def measures(self, evaluation: str) -> Measured:
        """Return what an evaluation has measured; values (times, ...), seeds first if there are several.

        Raises UnknownNameError for another evaluation.
        """
        if evaluation not in self.evaluations:
            raise UnknownNameError(f"evaluation '{evaluation}': {suggest(evaluation, self.evaluations)}")
        found = self.evaluations[evaluation]
        return Measured(found.steps, {n: self._seen(np.swapaxes(v, 0, 1)) for n, v in found.values.items()})

    def require(self, about: Mapping[str, str]) -> None:
        """Raise UsageError unless this training is of a learner that `about` describes."""
        for name, wanted in about.items():
            if self.about.get(name) != wanted:
                raise UsageError(
                    f"after: a training of another learner: its {name} are {self.about.get(name)}, this learner's "
                    f"{wanted}: continue it with the learner that made it"
                )

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it as arrays by name, for `neurosim.store.write_state`."""
        measured = {
            f"evaluation/{name}/{measure}": values
            for name, found in self.evaluations.items()
            for measure, values in {
                **{f"of/{m}": v for m, v in found.values.items()},
                "steps": found.steps,
            }.items()
        }
        return {
            **measured,
            **{f"about/{name}": _bytes(text) for name, text in self.about.items()},
            "about stream": _bytes(self.stream),
            "step": np.array(self.step),
            "several": np.array(self.several),
            **{name: np.asarray(getattr(self, name)) for name in _PLAIN},
            **{f"carry/{name}": np.asarray(getattr(self.carry, name)) for name in _FLAGS},
            **{f"vary/{name}": np.asarray(v) for name, v in self.varied.items()},
            **{f"best/{name}": np.asarray(v) for name, v in self.best.items()},
            **{f"parameters/{name}": np.asarray(v) for name, v in self.carry.parameters.items()},
            **_leaves("state", self.carry.states),
            **_leaves("stream", self.carry.stream),
        }

    def _columns(self, names: tuple[str, ...], values: np.ndarray) -> dict[str, np.ndarray]:
        return {name: self._seen(values[..., column].T) for column, name in enumerate(names)}

    def _seen(self, value: np.ndarray) -> np.ndarray:
        return value if self.several else value[0]


_PLAIN = ("seeds", "weights", "since", "rows", "least", "waited", "ended", "measured", "stages")
_FLAGS = ("first", "failed", "broken", "stopped")
_GROWING = {"rows": 1, "measured": 1, "weights": 1, "since": 1, "stages": 1}
"""How many axes of an array change as a training proceeds."""


def kind_of(stream: Any, state: Any) -> str:
    """Return in words of which kind a stream's state is, empty if it has none."""
    leaves = [(np.shape(x), str(x.dtype)) for x in jax.tree.leaves(state)]
    return f"{type(stream).__qualname__} {jax.tree.structure(state)} {leaves}" if leaves else ""


def restored(arrays: Mapping[str, Any], like: Training) -> Training:
    """Return the training that `arrays` describe.

    Arguments: arrays, from `Training.arrays`; like, a training at step 0 of the learner that is to continue.
    Raises UsageError when the arrays are those of another training.
    """
    expected = {name: value for name, value in like.arrays().items() if not _free(name)}
    about = {n.removeprefix("about/"): _text(v) for n, v in arrays.items() if n.startswith("about/")}
    if strange := sorted(expected.keys() ^ {name for name in arrays if not _free(name)}):
        which = "missing" if strange[0] in expected else "not of this training"
        raise UsageError(f"checkpoint: '{strange[0]}' is {which}")
    for name, other in expected.items():
        one, axis = arrays[name], _GROWING.get(name, 0)
        if np.shape(one)[axis:] != other.shape[axis:] or np.asarray(one).dtype != other.dtype:
            raise UsageError(
                f"checkpoint: '{name}' has shape {np.shape(one)}, this training has {other.shape}: it is another's"
            )
    for name, wanted in like.about.items():
        if about.get(name) != wanted:
            raise UsageError(
                f"checkpoint: its {name} are {about.get(name)}, this learner's {wanted}: it is another's"
            )
    stream = [arrays[f"stream/{n}"] for n in range(sum(name.startswith("stream/") for name in arrays))]
    parameters = {name: arrays[f"parameters/{name}"] for name in like.names.parameters}
    flags = {name: np.asarray(arrays[f"carry/{name}"]) for name in _FLAGS}
    states = _with_leaves("state", like.carry.states, arrays)
    return Training(
        step=int(arrays["step"]),
        names=like.names,
        about=like.about,
        varied={name: arrays[f"vary/{name}"] for name in like.varied},
        carry=Carry(parameters, states, stream, **flags),  # type: ignore[arg-type]
        stream=_text(arrays["about stream"]),
        best={name: arrays[f"best/{name}"] for name in like.best},
        evaluations=_evaluations(arrays),
        several=bool(arrays["several"]),
        **{name: np.asarray(arrays[name]) for name in _PLAIN},
    )


def _free(name: str) -> bool:
    """Return whether an array may be missing, or there in any shape."""
    return name.startswith(("evaluation/", "stream/", "about"))


def _evaluations(arrays: Mapping[str, Any]) -> dict[str, Measured]:
    steps = {
        n.split("/")[1]: v for n, v in arrays.items() if n.startswith("evaluation/") and n.endswith("/steps")
    }
    return {
        name: Measured(
            np.asarray(at),
            {
                key.removeprefix(f"evaluation/{name}/of/"): np.asarray(value)
                for key, value in arrays.items()
                if key.startswith(f"evaluation/{name}/of/")
            },
        )
        for name, at in steps.items()
    }


def _leaves(name: str, tree: Any) -> dict[str, np.ndarray]:
    return {f"{name}/{number}": np.asarray(leaf) for number, leaf in enumerate(jax.tree.leaves(tree))}


def _with_leaves(name: str, tree: Any, arrays: Mapping[str, Any]) -> Any:
    leaves, shape = jax.tree.flatten(tree)
    return jax.tree.unflatten(shape, [arrays[f"{name}/{n}"] for n in range(len(leaves))])


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8).copy()


def _text(values: Any) -> str:
    return np.asarray(values, np.uint8).tobytes().decode()
