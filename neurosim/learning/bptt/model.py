"""What is trained: parameters by name, what comes of them, and what they are held to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jax import Array

from neurosim.engines.jax.precision import precision
from neurosim.learning.bptt.slots import Clampable, Clamps, slots
from neurosim.rng.jax_keys import jax_key

Parameters = dict[str, Array]


def _free(parameters: Parameters) -> Parameters:
    return parameters


def unexplained(name: str) -> str:
    """Return the reason for no gradient where nothing more is known."""
    return "the losses do not depend on it, or only through steps, rounding or comparisons: leave it out of `trainable`"


@dataclass(frozen=True)
class Model:
    """Parameters by name, and a differentiable function of them.

    Arguments: initial, from a seed (integer) to all parameters by name, arrays of any shape;
    outcome(parameters, batch, key), what comes of a batch, any pytree: pure, of JAX arrays; key, of its random numbers;
    trainable, names of the parameters that are trained, all of them if empty;
    project, from trained parameters to the nearest allowed ones, applied after each update;
    dtype, 'float32' or 'float64', of the parameters;
    explain, from the name of a parameter that no gradient reaches to the reason, for messages;
    lived, like `outcome`, but returns (outcome, memory), a pytree that `learned` reads: the state after the batch;
    learned, from (all parameters, memory, batch, names) to what rules of the model itself make of the named parameters;
    matrices, (sources, targets) of the parameters that are weights between all pairs, in this order when flat;
    clampable, what phases and `run` may clamp, by name.
    """

    initial: Callable[[int], Mapping[str, Any]]
    outcome: Callable[[Parameters, Any, Array], Any]
    trainable: tuple[str, ...] = ()
    project: Callable[[Parameters], Parameters] = _free
    dtype: str = "float32"
    explain: Callable[[str], str] = unexplained
    lived: Callable[[Parameters, Any, Array], tuple[Any, Any]] | None = None
    learned: Callable[[Parameters, Any, Any, Sequence[str]], Parameters] | None = None
    matrices: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    clampable: Mapping[str, Clampable] = field(default_factory=dict)

    def live(self, parameters: Parameters, batch: Any, key: Array) -> tuple[Any, Any]:
        """Return (outcome, memory); memory is empty where the model has none."""
        if self.lived is not None:
            return self.lived(parameters, batch, key)
        return self.outcome(parameters, batch, key), ()

    def run(self, parameters: Mapping[str, Any], batch: Any, clamps: Clamps = (), seed: int = 0) -> Any:
        """Return what comes of a batch.

        Arguments: parameters, by name, such as `training.last`; those that are left out have their initial values;
        batch; clamps, of what the model names as `clampable`; seed, of initial values and of the model's random
        numbers. Raises what `slots` does for a clamp that does not fit.
        """
        with precision(self.dtype):
            held = slots(clamps, self.clampable, self.dtype)
            given = {**self.initial(seed), **parameters}
            return self.outcome(
                given, {**batch, "held": held} if held else batch, jax_key(seed, "model", "run")
            )

    def matrix(self, name: str, value: Any) -> Any:
        """Return weights between all pairs as a matrix (targets, sources), any other parameter as it is."""
        return value.reshape(self.matrices[name]).T if name in self.matrices else value

    def flat(self, name: str, value: Any) -> Any:
        """Return the weights that a matrix (targets, sources) holds, any other parameter as it is."""
        return value.T.reshape(-1) if name in self.matrices else value
