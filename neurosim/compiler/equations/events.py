"""Events of neurons: each is a population of its own, whose neurons spike where the condition of the event is true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from neurosim.compiler.equations.forms import PopulationEquations, Ref, Variables
from neurosim.compiler.equations.names import CLOCK, event_population
from neurosim.errors import DescriptionError
from neurosim.model.expressions import Statement, names_in, substitute_all
from neurosim.model.neuron import NeuronModel


class _Occurrence(NeuronModel, abstract=True):
    """What answers to an event has no equations: its condition reads the neuron that the event is of."""


@dataclass
class Event:
    """An event of the neurons of a population while it is written out: a condition, and statements where it is true."""

    condition: str
    statements: list[Statement] = field(default_factory=list)


def events_of(
    population: PopulationEquations, events: Mapping[str, Event], taken: Mapping[str, object]
) -> Iterator[PopulationEquations]:
    """Yield what answers to each event of a population: its neurons see the variables of those of the population.

    Arguments: taken, names that are no longer free.
    Raises DescriptionError where the name of one is taken.
    """
    for event, what in events.items():
        name = event_population(population.name, event)
        if name in taken:
            raise DescriptionError(f"'{name}' stands for event '{event}' of '{population.name}': rename it")
        condition = substitute_all(what.condition, population.definitions)
        statements = tuple(
            Statement(s.target, s.op, substitute_all(s.expression, population.definitions))
            for s in what.statements
        )
        texts = (condition, *(s.expression for s in statements), *(s.target for s in statements))
        read = frozenset().union(*map(names_in, texts)) & population.dimensions.keys() - CLOCK.keys()
        refs = {n: population.refs.get(n, Ref(population.name, n, "own")) for n in sorted(read)}
        dims = {**CLOCK, **{n: population.dimensions[n] for n in read}}
        described = replace(
            population.described, name=name, model=_Occurrence(), initial={}, rules=(), substeps=1
        )
        yield PopulationEquations(
            Variables(dims, {}, {}, {}, refs),
            described,
            threshold=condition,
            reset=statements,
            event=(population.name, event),
        )
