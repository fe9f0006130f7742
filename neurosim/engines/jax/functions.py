"""A network as pure functions over arrays: for gradients, and for batches of inputs, of parameters and of seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from neurosim.compiler.equations.network import network_equations
from neurosim.compiler.schedule.order import lower
from neurosim.compiler.schedule.program import Program
from neurosim.compiler.schedule.sharing import shared
from neurosim.engines.jax import fixed
from neurosim.engines.jax import state as states
from neurosim.engines.jax.arithmetic import SLOPE
from neurosim.engines.jax.compiled import keep_compiled
from neurosim.engines.jax.constraints import constraints
from neurosim.engines.jax.context import Settings
from neurosim.engines.jax.held import Held
from neurosim.engines.jax.precision import check, named, precision
from neurosim.engines.jax.presentations import accumulate, apply_sums
from neurosim.engines.jax.products import PRODUCT
from neurosim.engines.jax.refusals import reasons
from neurosim.engines.jax.sources import Sources
from neurosim.engines.jax.step import Result, take_step
from neurosim.engines.jax.surrogate import Surrogate
from neurosim.engines.jax.trials import repeated, trials_of
from neurosim.errors import EngineRefusal, UnknownNameError, UsageError
from neurosim.model.network import Network
from neurosim.registry import suggest

Values = dict[str, Array]
Given = Mapping[str, Any]

KEPT = jax.checkpoint_policies.save_from_both_policies(
    jax.checkpoint_policies.dots_saveable, jax.checkpoint_policies.save_only_these_names(PRODUCT, SLOPE)
)
"""What is kept of a step for backward passes."""


class NetworkFunctions:
    """A network as functions without side effects, for `jax.jit`, `grad`, `vmap` and `scan`; see `compile_functions`.

    parameters, the initial value of everything that may be chosen anew, in SI units: constants, weights and initial
    states by 'owner.variable', named parameters by name. Weights are flat, one per edge in the order of `edges`.
    Wherever a function takes parameters, it takes any part of them by name; the rest have their initial values.
    """

    def __init__(self, program: Program, settings: Settings, masks: Given) -> None:
        self.program = program
        self.settings = settings
        self._constraints = constraints(program, masks)
        plain = states.parameters(program)
        self._scales = fixed.scales(program, plain)
        self._states = states.state_names(program)
        self._shared = shared(program)
        self._step, self._run = jax.jit(self._one), jax.jit(self._many, static_argnames="steps")
        self._accumulate, self._apply = jax.jit(self._add), jax.jit(self._change)
        with precision(settings.dtype):
            masked = {name: self._constraints.masked(name, value) for name, value in plain.items()}
            # Cast by numpy: to cast on the device is a program of its own for every shape.
            self.parameters = {n: jax.device_put(np.asarray(v, settings.dtype)) for n, v in masked.items()}

    def trainable(self, *names: str) -> Values:
        """Return the named parameters, to be changed and handed back; raises UnknownNameError on another name."""
        return {name: self.parameters[self._known(name)] for name in names}

    def project(self, parameters: Given) -> Values:
        """Return the nearest allowed parameters: signs, masks, and the bounds that models and rules declare."""
        return {
            name: self._constraints.project(self._known(name), value) for name, value in parameters.items()
        }

    def edges(self, projection: str) -> tuple[np.ndarray, np.ndarray]:
        """Return (pre, post), the units that each edge of a projection joins, in the order of its weights."""
        found = self.program.equations.projections[projection]
        return found.pre, found.post

    def keys(self, seed: int | None = None) -> dict[str, np.ndarray]:
        """Return the keys of the random numbers that are drawn in a run, by default those of the network's seed.

        To draw with many seeds at once, stack the keys of each and map `init` over them.
        """
        return states.keys(self.program, self._seed(seed))

    def sources(self, steps: int, seed: int | None = None) -> dict[str, np.ndarray]:
        """Return the spikes of all spike sources from step 0, shape (steps, size): inputs for `run`."""
        rasters = Sources(self.program, self._seed(seed)).rasters(0, steps)
        return {name: raster.astype(self.settings.dtype) for name, raster in rasters.items()}

    def init(
        self,
        parameters: Given | None = None,
        keys: Given | None = None,
        trials: int | None = None,
    ) -> Values:
        """Return the state at step 0, arrays by name; what follows from a complex parameter is complex.

        Arguments: keys, from `keys`; trials, how many trials `step` and `run` take at once from this state, which then
        has an axis of trials last, as have keys, inputs and all that comes out; only the clock, `step`, and what
        nothing but rules of the clock 'sample' writes (weights, gains) have none: they learn from the mean over trials.
        Trials share their parameters; this is faster than to map over them, most of all with gradients. By default one,
        no axis.
        Raises UsageError for keys of another shape.
        """
        given = self._complete(parameters or {})
        state = states.initial_state(self.program, given, self.keys(), self.settings.dtype)
        if any(map(jnp.iscomplexobj, given.values())):
            state = self._promoted(given, state)
        state = state if trials is None else repeated(state, trials, self._shared)
        for name, key in (keys or {}).items():
            if name not in state or jnp.shape(key) != state[name].shape:
                shape = (2,) if trials is None else (2, trials)
                raise UsageError(
                    f"init: key '{name}' of shape {jnp.shape(key)}: give those of `keys`, as {shape}"
                )
            state[name] = jnp.asarray(key)
        return state

    def step(self, parameters: Given, state: Given, inputs: Given | None = None) -> tuple[Values, Values]:
        """Return (state, outputs) after one step.

        Arguments: inputs, by population: values (size,) of signal populations, which else keep their value, and spikes
        (size,), 0 or 1, of spike sources. Externals are left to the caller: what they read is in the outputs or the
        state, what they write is an input.
        Outputs are graded outputs (size,) in SI units, and spikes (size,), 0 or 1, by population.
        If the state is one of many trials (see `init`), inputs and outputs are (size, trials), or an input (size, 1) if
        it is the same in all. Raises UsageError for another shape.
        """
        return self._step(parameters, state, inputs or {})

    def bind(self, parameters: Given) -> Callable[[Given, Given], tuple[Values, Values]]:
        """Return `step` with its parameters given, for a loop of your own: what follows from them is made once."""
        take = self._take(self._complete(parameters))
        return lambda state, inputs: take(dict(state), self._rows(inputs, state))[:2]

    def run(
        self,
        parameters: Given,
        state: Given,
        inputs: Given | None = None,
        steps: int | None = None,
        skip: int | Array | None = None,
        held: Mapping[str, Held] | None = None,
    ) -> tuple[Values, Values]:
        """Return (state, recordings) after a number of steps.

        Arguments: inputs, as of `step` with a leading axis of steps; steps, if there are no inputs; skip, number of
        rows in front that are padding, or one number per trial: the state, its clock included, stays as it is until
        they are over; held, what is imposed on variables, as rows (steps, size, trials), by 'owner.variable': a
        state, or a definition that projections or recorders read. Recordings are by 'target.variable', one row per
        step whatever the recorder's `every`; spikes are 0 or 1. If the state is one of many trials (see `init`),
        inputs and recordings are (steps, size, trials).
        """
        if not inputs and steps is None:
            raise UsageError("run: without inputs the number of steps is open: give steps=...")
        return self._run(parameters, state, inputs or {}, skip, held or {}, steps=steps)

    def accumulate(self, parameters: Given, state: Given, share: float | Array = 1.0) -> Values:
        """Return the state with `share` of the change that rules with the clock 'sample' ask for added to its sums.

        What all trials of a batch share changes by the mean over trials, or, with a share for each trial (trials,), by
        the sum of these shares.
        """
        return self._accumulate(parameters, state, share)

    def apply(self, parameters: Given, state: Given) -> Values:
        """Return the state after the changes that `accumulate` added up."""
        return self._apply(parameters, state)

    # What is compiled ------------------------------------------------------------------------------------------------

    def _one(self, parameters: Given, state: Given, inputs: Given) -> tuple[Values, Values]:
        return self.bind(parameters)(state, inputs)

    def _many(
        self,
        parameters: Given,
        state: Given,
        inputs: Given,
        skip: Array | None,
        held: Mapping[str, Held],
        steps: int | None,
    ) -> tuple[Values, Values]:
        take, state = self._take(self._complete(parameters)), dict(state)
        bases = {name: one.basis for name, one in held.items()}
        by_step = {name: one._replace(basis=None) for name, one in held.items()}

        # Backward passes work a step out again but for what is dear, products and slopes: to keep all takes longer.
        @partial(jax.checkpoint, prevent_cse=False, policy=KEPT)
        def body(state: Values, at: tuple[Values, Mapping[str, Held]]) -> tuple[Values, Values]:
            now = {name: one._replace(basis=bases[name]) for name, one in at[1].items()}
            state, _, samples = take(state, at[0], now)
            return state, samples

        inputs = self._rows(inputs, state)
        rows = (inputs, by_step)
        if skip is None:
            return lax.scan(body, state, rows, length=steps)

        def padded(state: Values, at: tuple[Array, Any]) -> tuple[Values, Values]:
            new, samples = body(state, at[1])
            begun = at[0] >= skip
            kept = {n: v if n in self._shared else jnp.where(begun, v, state[n]) for n, v in new.items()}
            return kept, samples

        length = next((len(row) for row in inputs.values()), steps)
        state["step"] = jnp.broadcast_to(state["step"], jnp.shape(skip))  # trials begin one after the other
        return lax.scan(padded, state, (jnp.arange(length), rows))

    def _add(self, parameters: Given, state: Given, share: Any) -> Values:
        fixed_values = self._fixed(self._complete(parameters))
        return accumulate(self.program, self.settings, fixed_values, dict(state), share)

    def _change(self, parameters: Given, state: Given) -> Values:
        return apply_sums(self.program, self.settings, self._fixed(self._complete(parameters)), dict(state))

    def _seed(self, seed: int | None) -> int:
        return self.program.equations.seed if seed is None else seed

    def _known(self, name: str) -> str:
        owner, _, variable = name.partition(".")
        name = ".".join(self.program.equations.home(owner, variable)) if variable else name
        if name not in self.parameters:
            raise UnknownNameError(f"parameter '{name}': {suggest(name, self.parameters)}")
        return name

    def _complete(self, parameters: Given) -> Values:
        check(self.settings.dtype)
        named = {self._known(name): value for name, value in parameters.items()}
        given = {name: self._fitting(name, self._cast(value)) for name, value in named.items()}
        return {**self.parameters, **given}

    def _fitting(self, name: str, value: Array) -> Array:
        shape = self.parameters[name].shape
        population = self.program.equations.populations.get(name.partition(".")[0])
        if value.shape not in {(), shape} and (population is None or value.shape != (population.size,)):
            raise UsageError(
                f"parameter '{name}': a value of shape {value.shape} for one of shape {shape}: change it"
            )
        return value if value.ndim else jnp.broadcast_to(value, shape)

    def _cast(self, value: Any) -> Array:
        value = jnp.asarray(value)
        return value if jnp.iscomplexobj(value) else value.astype(self.settings.dtype)

    def _rows(self, inputs: Given, state: Given) -> Values:
        populations, trials = self.program.equations.populations, trials_of(state, self._shared)
        known = {n: u.size for n, u in populations.items() if u.source is not None or "value" in u.states}
        known |= {name: width for name, (width, _) in self.program.equations.columns.items()}
        for name in inputs:
            if name not in known:
                raise UnknownNameError(f"input '{name}' is no signal or spike source: {suggest(name, known)}")
            shape, whole = jnp.shape(inputs[name])[-2:], (known[name], *trials)
            if trials and shape not in {whole, (whole[0], 1)}:
                raise UsageError(
                    f"input '{name}': shape {jnp.shape(inputs[name])} does not end with {whole}: let it"
                )
        return {name: self._cast(value) for name, value in inputs.items()}

    def _fixed(self, given: Values) -> dict[str, Any]:
        found = {name: value for name, value in given.items() if name not in self._states}
        found |= {name: self._constraints.masked(name, given[name]) for name in self._constraints.masks}
        found |= fixed.tables(self.program, self.settings.dtype)
        found |= fixed.tied_weights(self.program, given)
        found |= fixed.refractory_steps(self.program, given)
        return {**found, **fixed.traced_coefficients(self.program, given, self._scales)}

    def _take(self, given: Values) -> Callable[..., Result]:
        return partial(take_step, self.program, self.settings, self._fixed(given))

    def _promoted(self, given: Values, state: Values) -> Values:
        """Make complex what a step makes complex, until nothing changes."""
        sources = [
            population
            for population in self.program.equations.populations.values()
            if population.source is not None
        ]
        silent = {population.name: jnp.zeros(population.size, self.settings.dtype) for population in sources}
        for _ in state:
            after, _, _ = jax.eval_shape(self._take(given), state, silent)
            if all(after[name].dtype == value.dtype for name, value in state.items()):
                break
            state = {name: value.astype(after[name].dtype) for name, value in state.items()}
        return state


def _reductions(network: Network) -> Iterator[str]:
    """Yield a reason for every recorder that keeps something else than samples of every step."""
    for stop in network.stops.values():
        yield f"{stop}: functions take as many steps as they are asked for: remove it, or use simulate(...)"
    for recorder in network.recorders:
        if not recorder.plain:
            yield (
                f"recorder of '{recorder.key}': functions return rows of samples: leave values, start, stop and reduce "
                "out, and work on the rows, or use simulate(...)"
            )


def compile_functions(
    network: Network,
    seed: int = 0,
    dtype: Any = "float32",
    *,
    surrogate: Surrogate | None = None,
    detach_reset: bool = False,
    masks: Given | None = None,
) -> NetworkFunctions:
    """Return a network as pure functions `init`, `step` and `run` over arrays.

    Arguments: seed, of all random streams; dtype, 'float32' or 'float64' (then call the functions inside
    `with jax.enable_x64(True):`); surrogate, the derivative of a spike in backward passes; detach_reset, whether
    gradients ignore what a reset does to the variable that the threshold compares; masks, of weights by projection, one
    value per edge or a matrix (targets, sources), false where there is no connection whatever training does.
    Raises DescriptionError if the description does not hold together, EngineRefusal for what JAX cannot do.
    """
    program = lower(network_equations(network, seed))
    found = [*_reductions(network), *reasons(program)]
    if found:
        raise EngineRefusal(f"engine 'jax' cannot run network '{network.name}': {'; '.join(found)}")
    keep_compiled()
    settings = Settings(named(dtype), surrogate or Surrogate(), detach_reset)
    return NetworkFunctions(program, settings, masks or {})
