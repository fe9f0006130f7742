"""A network at its fixed points as something to train."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from neurosim.engines.jax import NetworkFunctions, compile_functions, settle
from neurosim.engines.jax.settling import Report
from neurosim.engines.settling import Settle
from neurosim.errors import UsageError
from neurosim.learning.bptt.model import Model, Parameters
from neurosim.learning.bptt.network import checked_batch

_ONCE = Settle()


class Settlement(NamedTuple):
    """What a batch came to: state, of the network, trials last; inputs by population (size, trials); report."""

    state: Parameters
    inputs: Parameters
    report: Report


def fixed_point_model(
    functions: NetworkFunctions,
    trainable: tuple[str, ...],
    how: Settle = _ONCE,
    more: Mapping[str, float] | None = None,
) -> Model:
    """Return a network whose trials are run until they settle as a model.

    A batch has 'inputs', by population (trials, size). The outcome of a trial is that of its fixed point: graded
    outputs by 'population.output' (trials, 1, units), and 'settled' (trials,), whether there is one; what is of a trial
    that did not settle is not a number. The memory of a batch is a `Settlement`, which `respond` and `adjoint` take.
    No gradient is taken through the loop that settles: a part `Supplied` follows what these give.

    Arguments:
        functions: the network, from `compile_functions`; weights given as arrays are the same for all seeds.
        trainable: names of the parameters that learn, as `compile_functions` has them.
        how: tolerance, damping and number of steps.
        more: further parameters that the network does not read, such as the weight of a penalty.

    Raises UnknownNameError for a parameter that there is not.
    """
    functions.trainable(*trainable)
    settling, further = replace(how, unsettled="leave out"), dict(more or {})

    @lru_cache(maxsize=128)
    def drawn(seed: int) -> Parameters:
        network, dtype = functions.program.equations.network, functions.settings.dtype
        return compile_functions(network, seed, dtype).parameters

    def initial(seed: int) -> Parameters:
        return {**drawn(seed), **{name: jnp.asarray(value) for name, value in further.items()}}

    def lived(parameters: Parameters, batch: Mapping[str, Any], key: Array) -> tuple[Any, Settlement]:
        by_step, held, trials, _ = checked_batch(functions, batch, 1)
        if by_step:
            raise UsageError(f"batch: input '{next(iter(by_step))}' changes by step: give one that is held")
        own = {name: value for name, value in parameters.items() if name not in further}
        inputs = {name: value.T for name, value in held.items()}
        state, report = settle(functions, own, functions.init(own, trials=trials), inputs, settling)
        outputs = functions.bind(own)(state, inputs)[1]
        seen = {f"{name}.output": value.T[:, None] for name, value in outputs.items()}
        return {**seen, "settled": report.converged}, Settlement(state, inputs, report)

    return Model(
        initial,
        lambda parameters, batch, key: lived(parameters, batch, key)[0],
        trainable,
        functions.project,
        functions.settings.dtype,
        lived=lived,
    )
