"""The complete state of a simulation of the reference engine as arrays, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from neurosim.engines.brian2.machine import Machine
from neurosim.engines.brian2.text import memory
from neurosim.errors import ResultFileError

State = dict[str, np.ndarray]


def arrays(machine: Machine) -> Iterator[tuple[str, np.ndarray]]:
    """Yield every array that steps change or a user may set, by name: those of Brian2's groups and of spike sources."""
    for name, population in machine.populations.items():
        yield from _named(name, population.group)
    for name, projection in machine.projections.items():
        for synapses in projection.objects:
            yield from _named(f"{name}/{synapses.name.partition('_')[2]}", synapses)
    for name, source in machine.sources.items():
        yield f"{name}/source", source.integer


def _named(owner: str, group: Any) -> Iterator[tuple[str, np.ndarray]]:
    return ((f"{owner}/{name}", array) for name, array in memory(group).items())


def save(machine: Machine, named: Mapping[str, np.ndarray]) -> State:
    """Return the state of all parts; named, values of the named parameters."""
    state = {name: array.copy() for name, array in arrays(machine)}
    state |= {f"parameter/{name}": value.copy() for name, value in named.items()}
    state |= {f"external/{name}": np.array(body.function.save()) for name, body in machine.bodies.items()}
    for name, flight in machine.flights.items():
        state[f"{name}/flight/steps"], state[f"{name}/flight/ids"] = flight.save()
    return state | {"step": np.array(machine.step.number, dtype=np.int64)}


def load(machine: Machine, named: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
    """Take over a state; raises ResultFileError, before anything is changed, if it is of another network."""
    _check(save(machine, named), state)
    machine.step.number = int(state["step"])
    for name, array in arrays(machine):
        array[:] = state[name]
    for name, value in named.items():
        value[:] = state[f"parameter/{name}"]
    for name, body in machine.bodies.items():
        body.function.load(np.asarray(state[f"external/{name}"]))
    for name, flight in machine.flights.items():
        flight.load(np.asarray(state[f"{name}/flight/steps"]), np.asarray(state[f"{name}/flight/ids"]))
    machine.refill_queues()


def _check(own: State, state: Mapping[str, Any]) -> None:
    for name in sorted(own.keys() ^ state.keys()):
        word = "lacks" if name in own else "has an unknown"
        raise ResultFileError(
            f"restore: the state {word} '{name}': give a state of the same network and engine"
        )
    for name, array in own.items():
        if "/flight/" not in name and np.shape(state[name]) != array.shape:
            raise ResultFileError(
                f"restore: '{name}' has the shape {np.shape(state[name])}, not {array.shape}: "
                "give a state of the same network"
            )
