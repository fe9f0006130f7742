"""Clauses about repeating a run: on another engine, from the stored description, and after an interruption."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from neurosim.engines.engine import Engine
from neurosim.engines.recordings import Spikes
from neurosim.engines.simulation import Simulation
from neurosim.model.serial import digest, from_json, to_json
from neurosim.testing.report import broken
from neurosim.testing.trial import STEPS, Trial

RTOL = 1e-9


def same_on_engines(trial: Trial) -> str:
    """Engines of the same precision give the same spikes, and the same watched variables to 1e-9 of the largest."""
    first = trial.reference
    others = [engine for engine in trial.engines[1:] if engine.dtype == first.dtype]
    for other in others:
        _compare(trial, first, other)
    return "" if others else f"only the engine '{first.name}' runs it in {first.dtype}"


def _compare(trial: Trial, first: Engine, other: Engine) -> None:
    names = f"'{first.name}' and '{other.name}'"
    a, b = trial.finished(first), trial.finished(other)
    for key, mine in a.recordings().items():
        theirs = b.recordings()[key]
        if not isinstance(mine, Spikes) or not isinstance(theirs, Spikes):
            continue
        if not (np.array_equal(mine.steps, theirs.steps) and np.array_equal(mine.ids, theirs.ids)):
            broken(
                f"engines {names} disagree on {key}: {mine.ids.size} and {theirs.ids.size} spikes: report it"
            )
    left, right = trial.values(a), trial.values(b)
    for name in left:
        apart = np.abs(left[name] - right[name]).max()
        if not apart <= RTOL * np.abs(left[name]).max():
            broken(f"engines {names} disagree on {name} by {apart:g} (SI): report it")


def survives_storage(trial: Trial) -> str:
    """The network rebuilt from its JSON form has the same digest and ends with the same bits."""
    network = trial.network()
    copy = from_json(json.loads(json.dumps(to_json(network))))
    if digest(copy) != digest(network):
        broken("the network rebuilt from JSON has another digest: keep all of the rule's data in parameters")
    again = trial.run(trial.reference, copy, STEPS)
    _same_bits(trial.finished(trial.reference), again, "the network rebuilt from JSON")
    return ""


def continues(trial: Trial) -> str:
    """Stopped half-way and continued in a newly compiled simulation, it ends with the same bits on every engine."""
    for engine in trial.engines:
        what = f"on engine '{engine.name}' the interrupted run"
        _same_bits(trial.finished(engine), trial.continued(engine), what)
    return ""


def _same_bits(whole: Simulation, other: Simulation, what: str) -> None:
    wrong = different(whole.state(), other.state())
    if wrong:
        broken(f"{what} ends with another '{wrong}': keep all state of the rule in declared variables")


def different(a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray]) -> str:
    """Return the name of the first array that differs between two states, an empty string if none does."""
    names = dict.fromkeys([*a, *b])
    return next((n for n in names if n not in a or n not in b or not np.array_equal(a[n], b[n])), "")
