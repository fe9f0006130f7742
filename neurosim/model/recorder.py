"""Recorders: which stream of samples or spikes is taken from a network, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from brian2 import second

from neurosim.errors import DescriptionError, brief
from neurosim.model.parts import check_name, check_reference, from_one
from neurosim.model.reductions import Reduction
from neurosim.model.units import scalar_in_si
from neurosim.model.values import indices


@dataclass(frozen=True)
class Recorder:
    """A stream of spikes or of samples of a variable, and the reductions that say what is kept of it.

    A sample at step k is the state at time k dt, together with the graded signals computed from it; one that is taken
    after a step is what the step, learning included, has made of the state, with the definitions that follow from it:
    what `Simulation.get` returns then. Graded inputs are those of the start of the step in both cases, so that a
    stateless neuron that reads a state is one step behind it.

    A spike of a population carries values as they are when the threshold is compared, before any reset; a spike of a
    projection arrives at one of its synapses, and carries values as they are before plasticity.

    Arguments:
        target: name of the population or projection, or of some neurons, such as "cells[:80]", or of an event, such as
            "cells.burst".
        variable: 'spikes', a state, or 'w'.
        every: steps between two samples (states only).
        indices: a subset of neurons or edges (all if omitted).
        after: whether samples are taken after steps, the first after `every` steps (states only).
        values: names of variables of the neuron or edge that are stored with each spike (spikes only).
        start (s): from when on; by default from the start.
        stop (s): up to when, this moment not included; by default without end.
        name: the name under which the recording is found, by default 'target.variable'.
        reduce: what is kept in place of the stream, such as `Variance()` or `Rate(10)`; of several, each reduces what
            the one before it gives.
    """

    target: str
    variable: str = "spikes"
    every: int = 1
    indices: tuple[int, ...] | None = None
    after: bool = False
    values: tuple[str, ...] = ()
    start: Any = None
    stop: Any = None
    name: str | None = None
    reduce: tuple[Reduction, ...] = ()

    def __post_init__(self) -> None:
        for attribute in ("target", "variable"):
            check_reference(getattr(self, attribute), f"recorder: {attribute}")
        if self.name is not None:
            check_name(self.name, "recorder")
        where = f"recorder of '{self.key}'"
        if not isinstance(self.after, bool):
            raise DescriptionError(f"{where}: after = {brief(self.after)}: give True or False")
        if self.after and self.spikes:
            raise DescriptionError(f"{where}: spikes are those of a step: leave after = True out")
        if self.indices is not None:
            object.__setattr__(self, "indices", indices(self.indices, f"{where}: indices"))
            if not self.indices:
                raise DescriptionError(
                    f"{where}: indices is empty: give at least one, or leave it out for all"
                )
        object.__setattr__(self, "every", from_one(self.every, f"{where}: every"))
        if self.every > 1 and self.spikes:
            raise DescriptionError(
                f"{where}: all spikes of a step are recorded: leave every = {self.every} out"
            )
        self._check_values(where)
        self._check_times(where)
        self._check_reductions(where)

    @property
    def key(self) -> str:
        """The name under which the recording is found: its own, or 'target.variable'."""
        return f"{self.target}.{self.variable}" if self.name is None else self.name

    @property
    def spikes(self) -> bool:
        """Whether it is a stream of spikes."""
        return self.variable == "spikes"

    @property
    def plain(self) -> bool:
        """Whether all that an engine samples is kept as it is."""
        return not (self.reduce or self.values) and self.start is None and self.stop is None

    @property
    def trigger(self) -> str | None:
        """The population, or some of its neurons, whose spikes a reduction waits for."""
        return next((stage.trigger for stage in self.reduce if stage.trigger is not None), None)

    def _check_values(self, where: str) -> None:
        given = (self.values,) if isinstance(self.values, str) else tuple(self.values)
        for name in given:
            check_reference(name, f"{where}: values")
        if given and not self.spikes:
            raise DescriptionError(
                f"{where}: values = {brief(given)} are those at spikes: record 'spikes', or each variable"
            )
        if len(set(given)) < len(given) or "spikes" in given:
            raise DescriptionError(f"{where}: values = {brief(given)}: name each variable once")
        object.__setattr__(self, "values", given)

    def _check_times(self, where: str) -> None:
        times = {name: getattr(self, name) for name in ("start", "stop")}
        si = {n: scalar_in_si(t, second.dim, f"{where}: {n}") for n, t in times.items() if t is not None}
        for name, time in si.items():
            if time < 0:
                raise DescriptionError(f"{where}: {name} = {times[name]} is negative: give a time from 0")
        if "stop" in si and si["stop"] <= si.get("start", 0.0):
            raise DescriptionError(f"{where}: stop = {self.stop} is not after its start: raise it")

    def _check_reductions(self, where: str) -> None:
        given = self.reduce if isinstance(self.reduce, tuple | list) else (self.reduce,)
        object.__setattr__(self, "reduce", tuple(given))
        kind = "spikes" if self.spikes else "samples"
        for stage in given:
            if not isinstance(stage, Reduction):
                raise DescriptionError(f"{where}: reduce holds {brief(stage)}: give reductions, as Mean()")
            if stage.takes != kind:
                what = f"after {kind} it is never reached" if kind == "nothing" else f"not of {kind}"
                raise DescriptionError(
                    f"{where}: {type(stage).__name__} is a reduction of {stage.takes}, {what}: change reduce"
                )
            kind = stage.gives
        if self.trigger is not None and self.every > 1:
            raise DescriptionError(f"{where}: windows are made of every step: leave every = {self.every} out")
        if self.values and given:
            raise DescriptionError(
                f"{where}: reduce keeps no values at spikes: leave values or reduce out, or add two recorders"
            )
