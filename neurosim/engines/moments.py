"""The state of a simulation as arrays by name, the same on all engines, and whether one fits a simulation.

'owner.variable' are values in SI units, those of connections in the order of the description; 'spikes/owner/steps' and
'spikes/owner/ids', spikes on their way; 'past/owner.variable', values on their way, those of the oldest step first;
'refractory/owner', steps until a neuron may spike again, negative once it may; 'source/owner', the spikes that a source
will emit; 'set/owner.variable', what users have set; 'parameter/name', 'external/name', 'step', 'identity/...'. What
one engine keeps beside that, to continue with the same bits, begins with its name: 'fused/...' and 'jax/...'
(definitions that are stored between steps, traces as they are scaled), 'brian2/...' (event-driven traces since their
last spikes).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.engines import requests
from neurosim.engines.core import LONG_AGO, Core
from neurosim.errors import ResultFileError
from neurosim.model.serial import to_json
from neurosim.model.source import LENGTH, LIST, OWN, PLACE
from neurosim.rng.draws import NEVER

State = dict[str, np.ndarray]

ENGINES = ("brian2", "fused", "jax")
IDENTITY = {
    "identity/network": "is of another network",
    "identity/dt": "is of another time step",
    "identity/seed": "is of another seed",
    "identity/wiring": "is of other connections",
}
NO_SPIKES = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32)
"""Steps and neurons of no spikes."""


def moment(core: Core) -> State:
    """Return the present state of what runs."""
    found = {f"{o}.{n}": given(core.equations, o, n, core.get(o, n)) for o, n in values(core.equations)}
    found |= {f"refractory/{name}": core.refractory(name) for name in core.resting}
    for name, depth in core.equations.flights.items():
        found[f"spikes/{name}/steps"], found[f"spikes/{name}/ids"] = core.flight(name, depth)
    for (owner, name), depth in core.equations.remembered.items():
        found[f"past/{owner}.{name}"] = core.past(owner, name, depth)
    found |= {f"source/{name}": integer.copy() for name, integer in core.sources().items()}
    found |= {f"external/{name}": np.array(external.save()) for name, external in core.externals.items()}
    found |= {f"{core.kind}/{name}": value for name, value in core.extra().items()}
    return {**found, "step": np.array(core.now, dtype=np.int64)}


def take_over(core: Core, state: Mapping[str, np.ndarray]) -> None:
    """Continue from a state that fits."""
    core.set_step(int(state["step"]))
    for owner, name in values(core.equations):
        core.put(owner, name, requests.as_held(core.equations, owner, name, state[f"{owner}.{name}"]))
    for owner in (*core.equations.populations, *core.equations.projections):
        core.follow(owner)
    for name in core.resting:
        core.set_refractory(name, state[f"refractory/{name}"])
    for name, integer in core.sources().items():
        integer[:] = state[f"source/{name}"]
    for name, external in core.externals.items():
        if f"external/{name}" in state:
            external.load(state[f"external/{name}"])
    core.launch({n: (state[f"spikes/{n}/steps"], state[f"spikes/{n}/ids"]) for n in core.equations.flights})
    for owner, name in core.equations.remembered:
        core.set_past(owner, name, state[f"past/{owner}.{name}"])
    own = f"{core.kind}/"
    core.set_extra({name.removeprefix(own): v for name, v in state.items() if name.startswith(own)})


def beginning(core: Core, first: Callable[[str, str, np.ndarray], np.ndarray]) -> State:
    """Return the state of step 0 with the present constants; first, gives the start of a variable from that described.

    Externals have no part in it: they keep their state.
    """
    equations = core.equations
    described: dict[tuple[str, str], np.ndarray] = {}
    for p in equations.populations.values():
        described |= {(p.name, n): np.zeros(p.size) for n in p.ports}
        described |= {(p.name, n): v for n, v in p.states.items()}
    for k in equations.projections.values():
        described |= {(k.name, n): v for n, v in k.states.items()}
        described |= {(k.name, n): np.asarray(t.initial) for n, t in k.traces.items()}
    found = {f"{o}.{n}": given(equations, o, n, first(o, n, v)) for (o, n), v in described.items()}
    for owner in (*equations.populations, *equations.projections):
        constants = equations.part(owner).constants
        found |= {f"{owner}.{n}": given(equations, owner, n, core.get(owner, n)) for n in constants}
    found |= {f"refractory/{name}": np.array(LONG_AGO) for name in core.resting}
    found |= {f"source/{name}": integer for name, integer in fresh_sources(equations).items()}
    for (owner, name), depth in equations.remembered.items():
        found[f"past/{owner}.{name}"] = np.zeros((depth, equations.populations[owner].size))
    for name in equations.flights:
        found[f"spikes/{name}/steps"], found[f"spikes/{name}/ids"] = NO_SPIKES
    return {**found, "step": np.array(0)}


def given(equations: NetworkEquations, owner: str, name: str, held: np.ndarray) -> np.ndarray:
    """Return a copy of a variable in the order of the description."""
    return np.array(requests.as_given(equations, owner, name, np.asarray(held)))


def values(equations: NetworkEquations) -> Iterator[tuple[str, str]]:
    """Yield (owner, variable) of all constants, states, ports and traces."""
    for p in equations.populations.values():
        yield from ((p.name, n) for n in (*p.constants, *p.states, *p.ports))
    for k in equations.projections.values():
        yield from ((k.name, n) for n in (*k.constants, *k.states, *k.traces))


def fresh_sources(equations: NetworkEquations) -> State:
    """Return the states of spike sources at step 0."""
    return {
        p.name: p.source.pack(p.size, equations.network.step, equations.seed, p.name)[1]
        for p in equations.populations.values()
        if p.source is not None
    }


# What fits -------------------------------------------------------------------------------------------------------


def identity(equations: NetworkEquations) -> State:
    """Return what a state has to share with a simulation: digests of network, seed and connections, and the time step.

    What is recorded, and what ends a run, is left out: a state serves whoever looks at the network.
    """
    data = to_json(equations.network)
    parts = [part for part in data["parts"] if part["part"] not in ("Recorder", "Stop")]
    described = json.dumps({**data, "dt": None, "parts": parts}, sort_keys=True)
    wiring = hashlib.sha256()
    for projection in equations.projections.values():
        delays = None if projection.delays is None else projection.delays.astype(np.int32)
        for array in (projection.edges.first, projection.edges.listed, delays):
            wiring.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
    return {
        "identity/network": _digest(described.encode()),
        "identity/dt": np.array(equations.network.step),
        "identity/seed": _digest(str(equations.seed).encode()),
        "identity/wiring": np.frombuffer(wiring.digest(), dtype=np.uint8),
    }


def _digest(content: bytes) -> np.ndarray:
    return np.frombuffer(hashlib.sha256(content).digest(), dtype=np.uint8)


def checked(equations: NetworkEquations, kind: str, own: State, state: Mapping[str, Any]) -> State:
    """Return a state once it has the keys, shapes and kinds of `own` and finite values; raises ResultFileError."""
    others = tuple(f"{name}/" for name in ENGINES if name != kind)
    found = {name: np.asarray(value) for name, value in state.items() if not name.startswith(others)}
    for name, word in IDENTITY.items():
        if name in found and not np.array_equal(found[name], own[name]):
            raise ResultFileError(
                f"state: it {word}: restore a state of this network, or take_over(...) named values of it"
            )
    # Of another engine: this one finds what it needs of its own from what is common.
    foreign = not any(name.startswith(f"{kind}/") for name in found)
    wanted = {name for name in own if not name.startswith(("set/", *([f"{kind}/"] if foreign else [])))}
    for name in sorted(wanted | found.keys()):
        expected = own.get(name.removeprefix("set/"))
        if name not in found or expected is None or not _fits(found[name], expected, name):
            raise _unfit(name, "is missing, unknown or of another shape")
        if found[name].dtype.kind == "f":
            # A constant may be infinite, as a bound that is none.
            kept = np.isfinite(found[name]) | (found[name] == expected)
            if not kept.all():
                raise _unfit(name, "is not finite")
    _check_moment(equations, found)
    return found


def _fits(value: np.ndarray, own: np.ndarray, name: str) -> bool:
    same = value.ndim == 1 if name.startswith("spikes/") else value.shape == own.shape
    return same and value.dtype.kind in "biuf" and np.can_cast(value.dtype, own.dtype, "same_kind")


def _check_moment(equations: NetworkEquations, state: State) -> None:
    now = int(state["step"])
    if now < 0:
        raise _unfit("step", "is negative")
    for name, depth in equations.flights.items():
        _check_spikes(state, name, now, depth, equations.populations[name].size)
    for name, fresh in fresh_sources(equations).items():
        _check_source(state[f"source/{name}"], fresh, now, equations.populations[name].size, name)


def _check_spikes(state: State, name: str, now: int, depth: int, size: int) -> None:
    """Refuse spikes on their way that no run leaves behind: outside the delay, out of order, of unknown neurons."""
    steps, ids = (state[f"spikes/{name}/{part}"].astype(np.int64) for part in ("steps", "ids"))
    right = steps.shape == ids.shape and not np.any((ids < 0) | (ids >= size))
    right = right and not np.any((steps < max(now - depth, 0)) | (steps >= now))
    if not right or np.any(np.diff(steps * size + ids) <= 0):
        raise _unfit(f"spikes/{name}", "holds spikes that no run leaves on their way")


def _check_source(integer: np.ndarray, fresh: np.ndarray, now: int, size: int, name: str) -> None:
    """Refuse a list of coming spikes that no run leaves behind; fresh, that of step 0."""
    place, length, own = int(integer[PLACE]), int(integer[LENGTH]), integer[OWN:LIST]
    right = 0 <= place <= length <= integer.size - LIST
    coming = integer[LIST + place : LIST + length] if right else integer[:0]
    if fresh[LENGTH]:
        # All spikes are listed from the start.
        right = (
            right and place < length and np.array_equal(np.delete(integer, PLACE), np.delete(fresh, PLACE))
        )
    else:
        # Cells that are drawn later follow those that are listed.
        last = int(coming[-1]) if coming.size else now * size
        right = right and own[0] >= 0 and own[1] >= min(last, NEVER - 1)
    ordered = np.all((np.diff(coming) > 0) | (coming[1:] >= NEVER - 1))
    if not right or not ordered or (coming.size and coming[0] < now * size):
        raise _unfit(f"source/{name}", "lists spikes that no run leaves to come")


def _unfit(name: str, what: str) -> ResultFileError:
    return ResultFileError(f"state: '{name}' {what}: restore a state of this network")
