"""What synaptic rules see of the two ends of a projection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from neurosim.compiler.equations.forms import End, Held, Level, PopulationEquations, Wiring
from neurosim.compiler.equations.names import part_of
from neurosim.compiler.equations.scope import Scope
from neurosim.errors import SignalMissing
from neurosim.model.expressions import Statement
from neurosim.model.rule import RuleSignal
from neurosim.model.units import DIMENSIONLESS
from neurosim.registry import suggest


@dataclass
class Signals:
    """Finds the expressions of signals; the activity of spikes becomes a trace, to which each spike adds.

    Arguments: ends, the populations at 'pre' and 'post'; wiring; scope; traces, of the projection, where new ones are
    added; graded, whether its synapse is graded, so that variables of the source reach it after the delay; events, that
    take the place of spikes, by end.
    """

    ends: Mapping[End, PopulationEquations]
    wiring: Wiring
    scope: Scope
    traces: dict[str, Held]
    graded: bool = False
    events: Mapping[str, str] = field(default_factory=dict)
    _tails: dict[str, list[Statement]] = field(default_factory=lambda: {"pre": [], "post": []})

    def take_tails(self) -> dict[str, list[Statement]]:
        """Return what spikes of each end add to activities, of the signals read since the last call."""
        tails, self._tails = self._tails, {"pre": [], "post": []}
        return tails

    def level(self, end: End) -> Level:
        """Return where a trace of one end is kept: per edge where spikes of one neuron arrive apart."""
        return "edge" if end == "pre" and self.wiring.delays is not None else end

    def read(self, signal: RuleSignal, name: str, title: str) -> str:
        """Return the expression of a signal.

        Arguments: name, of the trace that it may become; title, for messages.
        Raises SignalMissing if the population does not have it.
        """
        end: End = "pre" if signal.place == "pre" else "post"
        population = self.ends[end]
        if signal.name == "gain":
            if not population.graded:
                raise SignalMissing(
                    f"{title}: '{population.name}' has no gain of its output: use a rate population"
                )
            return " * ".join(self._seen(gain, end) for gain in population.output_gains) or "1"
        if signal.name == "activity":
            return self._graded_activity(end) if population.graded else self._spike_activity(end, name, title)
        if signal.name not in population.dimensions:
            raise SignalMissing(
                f"{title}: it needs '{signal.name}', which '{population.name}' does not have: "
                f"{suggest(signal.name, population.dimensions)}"
            )
        if signal.number and population.dimensions[signal.name] is not DIMENSIONLESS:
            raise SignalMissing(
                f"{title}: it needs '{signal.name}' of '{population.name}' without unit: use rate units"
            )
        return self._seen(signal.name, end)

    def _seen(self, name: str, end: End) -> str:
        """Return the name of what the synapse sees of a variable of an end."""
        here = part_of(name, end)
        delay = self.wiring.dendritic if end == "post" else self.wiring.delay if self.graded else 0
        return self.scope.late(here) if delay and name not in self.ends[end].constants else here

    def needs_spikes(self, end: str, title: str, extra: str = "") -> None:
        """Refuse a rule at spikes of a population that has none; extra, statements that it could do without."""
        population = self.ends["pre" if end == "pre" else "post"]
        if not population.spiking and end not in self.events:
            raise SignalMissing(
                f"{title}: it needs spikes of '{population.name}', which does not spike: use a spiking population, or "
                + (f"remove on_{end}" if extra else "a rule with the clock 'continuous'")
            )

    def _graded_activity(self, end: End) -> str:
        """Return the expression of a graded output over its reference."""
        output = self._seen("output", end)
        if self.scope.dimensions[output] is DIMENSIONLESS:
            return output
        reference = part_of("reference", end)
        if reference not in self.scope.constants:
            self.scope.made(reference, self.ends[end].described.reference_rate)
        return f"{output}/{reference}"

    def _spike_activity(self, end: End, trace: str, title: str) -> str:
        """Return the name of a new trace, a filtered spike train over its reference."""
        population = self.ends[end]
        if not population.spiking and end not in self.events:
            raise SignalMissing(
                f"{title}: '{population.name}' has no activity: use a spiking or rate population"
            )
        self.scope.declare(trace, DIMENSIONLESS)
        window = self.scope.made(part_of(trace, "window"), population.described.activity_window)
        reference = self.scope.made(part_of(trace, "reference"), population.described.reference_rate)
        self.traces[trace] = Held(self.level(end), f"-{trace}/{window}", 0.0, end)
        self._tails[end].append(Statement(trace, "+=", f"1/({window}*{reference})"))
        return trace
