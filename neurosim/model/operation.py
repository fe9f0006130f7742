"""What is done to a population every so often, and what ends a run, as data of a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from brian2 import second

from neurosim.errors import DescriptionError
from neurosim.model.parts import check_name, check_reference
from neurosim.model.units import scalar_in_si


@dataclass(frozen=True)
class Operation:
    """Statements that all neurons of a population execute at regular times, at the start of a step: x <- f(x, t).

    Steps are those at the times start + k every, k = 0, 1, ...; the statements come before clamps, graded signals and
    samples of that step. They leave variables marked `(unless refractory)` as they are while a neuron is refractory.

    Arguments:
        target: name of the population.
        statements: in the language of `NeuronModel.reset`, such as "rate = 10*Hz*(1 + rand())".
        every (s): time from one execution to the next, a whole number of steps.
        start (s): time of the first one, rounded to the nearest step.

    Raises DescriptionError for a time that is not positive, or text that is none.
    """

    target: str
    statements: str
    every: Any
    start: Any = field(default_factory=lambda: 0.0 * second)

    def __post_init__(self) -> None:
        check_reference(self.target, "operation: target")
        check_reference(self.statements, f"{self}: statements")
        if not self.statements.strip():
            raise DescriptionError(f"{self}: statements is empty: write what is done, as 'v = 0*mV'")
        if scalar_in_si(self.every, second.dim, f"{self}: every") <= 0:
            raise DescriptionError(f"{self}: every = {self.every} is not positive: give a time")
        if scalar_in_si(self.start, second.dim, f"{self}: start") < 0:
            raise DescriptionError(f"{self}: start = {self.start} is negative: give a time from 0")

    def __str__(self) -> str:
        return f"operation on '{self.target}'"


@dataclass(frozen=True)
class Stop:
    """A condition on the neurons of a population that ends a run: it is looked at after each step.

    A run ends with the first step after which the condition holds for a neuron; the next run takes at least one step.

    Arguments:
        name: what `Simulation.stopped` is when it has ended a run.
        target: name of the population.
        condition: on its variables, such as "v > 20*mV", or on t.
    """

    name: str
    target: str
    condition: str

    def __post_init__(self) -> None:
        check_name(self.name, "stop")
        check_reference(self.target, f"{self}: target")
        check_reference(self.condition, f"{self}: condition")

    def __str__(self) -> str:
        return f"stop '{self.name}'"
