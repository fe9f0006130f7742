"""A network as something to train: alone on recorded sequences, or as the controller of a body."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurosim.engines.jax import NetworkFunctions, Surrogate, compile_functions
from neurosim.engines.jax.refusals import external_reasons
from neurosim.errors import EngineRefusal, UnknownNameError, UsageError
from neurosim.learning.bptt.model import Model, Parameters, unexplained
from neurosim.learning.bptt.slots import Clampable
from neurosim.model.expressions import names_in
from neurosim.model.network import Network
from neurosim.model.recorder import Recorder
from neurosim.registry import suggest

STEPWISE = re.compile(r"\b(int|floor|ceil|round|sign|timestep)\s*\(|//|%|[<>]|==")


def network_model(
    network: Network,
    trainable: tuple[str, ...],
    *,
    dtype: str = "float32",
    surrogate: Surrogate | None = None,
    detach_reset: bool = False,
    masks: Mapping[str, Any] | None = None,
    steps: int | None = None,
    clampable: Sequence[str] = (),
) -> Model:
    """Return a network as a model: a batch of inputs in, what its recorders took out.

    A batch is a mapping with 'inputs', by population (trials, steps, size), or (trials, size) for what is held over the
    trial, and whatever loss terms read; with 'lengths' (trials,), only that many last steps are run; with 'start', by
    'population.state' (trials, size), trials begin in these states (SI units). The outcome is by 'target.variable'
    (trials, steps, units).
    Arguments: network; trainable, names of parameters as `compile_functions` has them ('rec.w', 'a.tau', 'a.bias');
    steps, of a trial, needed where all inputs are held; clampable, the variables 'population.variable' and weights
    'projection.w' that phases may clamp or credit is asked of; the others as of `compile_functions`. Signs, masks and
    bounds are kept; a clamp holds in training too. What rules of the network change, a part `Local` of a learner
    keeps.
    Raises DescriptionError, EngineRefusal and UnknownNameError as `compile_functions` and its `trainable` do,
    UsageError if nothing is recorded.
    """
    options = {"dtype": dtype, "surrogate": surrogate, "detach_reset": detach_reset, "masks": masks}
    plain = compile_functions(network, **options)  # type: ignore[arg-type]
    plain.trainable(*trainable)
    sizes_of = _clampable(plain, clampable)
    network = _recorded(network, clampable)
    functions = compile_functions(network, **options) if clampable else plain  # type: ignore[arg-type]
    for name in functions.program.equations.columns:
        raise EngineRefusal(
            f"network '{network.name}': Column '{name}' of a clamp is an input of runs: in training, put the clamp "
            "into a Phase"
        )
    for reason in external_reasons(functions.program):
        raise EngineRefusal(f"network '{network.name}' cannot be trained on its own: {reason}")
    if not network.recorders:
        raise UsageError(
            f"network '{network.name}': nothing is recorded: add a Recorder of what the loss terms read"
        )

    @lru_cache(maxsize=128)
    def drawn(seed: int) -> Parameters:
        if seed == functions.program.equations.seed:
            return functions.parameters
        found = compile_functions(network, seed, **options)  # type: ignore[arg-type]
        for name in network.projections:
            same = zip(functions.edges(name), found.edges(name), strict=True)
            if not all(np.array_equal(one, other) for one, other in same):
                raise UsageError(
                    f"projection '{name}': other connections for seed {seed}: fix them by Edges, or train one seed"
                )
        return found.parameters

    def initial(seed: int) -> Parameters:
        return dict(drawn(seed))

    def lived(parameters: Parameters, batch: Mapping[str, Any], key: Array) -> tuple[Parameters, Parameters]:
        inputs, held, trials, count = checked_batch(functions, batch, steps)
        skip = count - batch["lengths"] if "lengths" in batch else None
        slots = batch.get("held", {})
        weights = {n: slot for n, slot in slots.items() if n.split(".")[0] not in network.populations}
        parameters = {**parameters, **{n: slot.on_weights(parameters[n]) for n, slot in weights.items()}}
        imposed = {n: slot.rows(batch, trials, count) for n, slot in slots.items() if n not in weights}
        keys = jax.vmap(partial(_streams, functions), out_axes=-1)(jax.random.split(key, trials))
        state = functions.init(parameters, keys, trials)
        begun = {**{f"{n}.value": value for n, value in held.items()}, **_begun(functions, batch, trials)}
        state |= {name: value.T.astype(state[name].dtype) for name, value in begun.items()}
        rows = {name: jnp.moveaxis(value, 0, -1) for name, value in inputs.items()}
        state, recordings = functions.run(parameters, state, rows, None if rows else count, skip, imposed)
        return {name: jnp.moveaxis(value, -1, 0) for name, value in recordings.items()}, state

    def outcome(parameters: Parameters, batch: Mapping[str, Any], key: Array) -> Parameters:
        return lived(parameters, batch, key)[0]

    def learned(parameters: Parameters, state: Parameters, batch: Any, names: Sequence[str]) -> Parameters:
        if "counts" in batch:
            raise UsageError("batch: rules learn from whole batches: use Shuffled without partial=True")
        state = functions.apply(parameters, functions.accumulate(parameters, state))
        for name in names:
            if name not in state:
                raise UsageError(f"part 'Local': no rule of network '{network.name}' changes '{name}'")
        # What only rules of the clock 'sample' write may have no axis of trials: it is their mean already.
        return {n: state[n] if state[n].ndim == 1 else state[n].mean(-1) for n in names}

    equations = functions.program.equations
    sizes = {
        name: (equations.populations[p.source].size, equations.populations[p.target].size)
        for name, p in equations.projections.items()
        if p.dense
    }
    return Model(
        initial,
        outcome,
        trainable,
        functions.project,
        dtype,
        lambda name: _reason(functions, name),
        lived,
        learned,
        {f"{name}.w": size for name, size in sizes.items()},
        sizes_of,
    )


def _recorded(network: Network, names: Sequence[str]) -> Network:
    """Return a network that also records what may be clamped: so it is kept as arrays."""
    known = {recorder.key for recorder in network.recorders}
    ends = [name.split(".", 1) for name in dict.fromkeys(names) if name not in known]
    found = copy(network)
    found.recorders = [
        *network.recorders,
        *(Recorder(owner, "".join(variable)) for owner, *variable in ends if owner in network.populations),
    ]
    return found


def _clampable(functions: NetworkFunctions, names: Sequence[str]) -> dict[str, Clampable]:
    """Return what may be clamped; raises UnknownNameError and EngineRefusal for what cannot."""
    found: dict[str, Clampable] = {}
    equations = functions.program.equations
    populations, dt = equations.populations, equations.network.step
    for name in names:
        owner, _, variable = name.partition(".")
        if owner not in populations:
            value = functions.trainable(name)[name]
            if owner not in equations.projections or variable != "w" or not value.ndim:
                raise EngineRefusal(
                    f"clampable '{name}': neither a variable of a population nor weights, one per connection: name one"
                )
            dimension = equations.projections[owner].dimensions["w"]
            found[name] = Clampable(len(value), dimension, dt, True)
            continue
        known = [f"{owner}.{v}" for v in (*populations[owner].states, *populations[owner].definitions)]
        if name not in known:
            raise UnknownNameError(f"clampable '{name}': {suggest(name, known)}")
        used = [*populations[owner].dynamics.values(), *populations[owner].definitions.values()]
        if variable in populations[owner].definitions and any(variable in names_in(text) for text in used):
            raise EngineRefusal(
                f"clampable '{name}': other equations of '{owner}' are written with it: clamp what these follow from"
            )
        found[name] = Clampable(populations[owner].size, populations[owner].dimensions[variable], dt, False)
    return found


def controller(
    functions: NetworkFunctions,
    parameters: Mapping[str, Any],
    sense: Callable[[Any, Any], Mapping[str, Array]],
    output: str,
) -> tuple[Callable[[Any, Any, Any], tuple[Any, Array]], Callable[[int], Any]]:
    """Return (control, start): a network as a controller for `neurosim.tasks.rollout`, and its memory for a batch.

    Arguments: functions, parameters, of the network; sense, from (observation, cue) to the network's inputs by
    population, each (batch, size); output, the population whose output (batch, size) drives the body.
    Raises UnknownNameError for another population.
    """
    populations = functions.program.equations.populations
    if output not in populations:
        raise UnknownNameError(f"controller: output '{output}': {suggest(output, populations)}")
    take = jax.vmap(functions.bind(parameters))

    def control(memory: Any, observation: Any, cue: Any) -> tuple[Any, Array]:
        memory, outputs = take(memory, sense(observation, cue))
        return memory, outputs[output]

    def start(batch: int) -> Any:
        state = functions.init(parameters)
        return jax.tree.map(lambda x: jnp.broadcast_to(x, (batch, *x.shape)), state)

    return control, start


def checked_batch(
    functions: NetworkFunctions, batch: Mapping[str, Any], steps: int | None
) -> tuple[Parameters, Parameters, int, int]:
    """Return the inputs of a batch, by step and held, the number of trials and of steps."""
    if not isinstance(batch, Mapping) or not batch.get("inputs"):
        raise UsageError("batch: no 'inputs': give a mapping with inputs by population (trials, steps, size)")
    inputs = {name: jnp.asarray(value) for name, value in batch["inputs"].items()}
    populations = functions.program.equations.populations
    for name in inputs:
        if name not in populations:
            raise UnknownNameError(f"batch: input '{name}': {suggest(name, populations)}")
    held = {n: v for n, v in inputs.items() if v.ndim == 2 and "value" in populations[n].states}
    by_step = {n: v for n, v in inputs.items() if n not in held and v.ndim == 3}
    trials = next(iter(inputs.values())).shape[0]
    count = next((v.shape[1] for v in by_step.values()), steps)
    for name, value in inputs.items():
        size = populations[name].size
        if value.shape not in {(trials, count, size), (trials, size) if name in held else ()}:
            raise UsageError(
                f"batch: input '{name}' has shape {value.shape}, must have "
                f"(trials, steps, {size}), with as many trials and steps as the others"
            )
    if count is None:
        raise UsageError("batch: all inputs are held: say for how long by network_model(..., steps=...)")
    lengths = batch.get("lengths")
    if lengths is not None and np.shape(lengths) != (trials,):
        raise UsageError(
            f"batch: 'lengths' has shape {np.shape(lengths)}, must have ({trials},), one per trial"
        )
    return by_step, held, trials, count


def _begun(functions: NetworkFunctions, batch: Mapping[str, Any], trials: int) -> Parameters:
    """Return the states in which the trials of a batch begin, where it says so."""
    populations = functions.program.equations.populations.values()
    sizes = {f"{p.name}.{state}": p.size for p in populations for state in p.states}
    found = {name: jnp.asarray(value) for name, value in batch.get("start", {}).items()}
    for name, value in found.items():
        if name not in sizes:
            raise UnknownNameError(f"batch: start '{name}': {suggest(name, sizes)}")
        if value.shape != (trials, sizes[name]):
            raise UsageError(
                f"batch: start '{name}' has shape {value.shape}, must have ({trials}, {sizes[name]}), trials first"
            )
    return found


def _streams(functions: NetworkFunctions, key: Array) -> Parameters:
    """Return keys of the network's random numbers in one trial."""
    keys = functions.keys()
    return {
        name: jax.random.bits(jax.random.fold_in(key, number), np.shape(words), "uint32")
        for number, (name, words) in enumerate(keys.items())
    }


def _reason(functions: NetworkFunctions, name: str) -> str:
    """Return why no gradient reaches a parameter, by the statement that is to blame if there is one."""
    owner, _, variable = name.partition(".")
    population = functions.program.equations.populations.get(owner)
    if population is not None and population.refractory == variable:
        return "a refractory period counts whole steps"
    for text in _statements(functions, owner):
        if variable in names_in(text) and STEPWISE.search(text):
            return f"'{text}' is a step function of it"
    return unexplained(name)


def _statements(functions: NetworkFunctions, owner: str) -> Iterator[str]:
    population = functions.program.equations.populations.get(owner)
    yield from dict(population.definitions).values() if population is not None else ()
    for block in functions.program.blocks:
        if block.owner == owner:
            yield from (line.expression for line in block.statements)
