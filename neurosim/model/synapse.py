"""The base of synapse models: what a projection does to its target, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from neurosim.errors import DescriptionError
from neurosim.model.divisors import check_divisors
from neurosim.model.expressions import parse_statements
from neurosim.model.facts import check_facts
from neurosim.model.neuron import fill, parse_equations, texts_of
from neurosim.model.parameters import Described, Option, Parameter
from neurosim.model.registries import enter, synapses
from neurosim.model.rule import Pathway
from neurosim.model.units import DIMENSIONLESS, Dimension, product_of_bases


class SynapseModel(Described):
    """What one connection does, in Brian2's names: `w` its weight, `x_pre` and `x_post` variables of its two ends.

    `{port}` is the variable of the target that receives the input; `output_pre` reads the source's output.

    Facts of a class without equations, one of the two:
        on_pre: a statement run when a spike arrives, such as `{port}_post += w`.
        graded: an expression that is summed over the connections of a target at every step, such as `w * {source}_pre`.

        late: `late = pre.at("{port}_post += w", delay="d")` is a further statement list at spikes of the source, or at
            an event of its neurons, after a delay of its own; any name will do.

    Facts of a class with equations, whose port is an input of the target:
        equations: lines `dx/dt = ... : unit`, `x = ... : unit`, and `n : unit (state)` for a variable that only events
            write; `{unit}` is the unit of the port.
        method: one of exact, exponential_euler, euler, rk2, rk4.
        initial: values of states at the start, by name (a number, a quantity, or the name of a parameter).
        current: what the port receives, if each target keeps one value of a state for all its connections, to which
            `on_pre` adds, such as `x += w`; equations and current read variables of the target, such as `v_post`.
        graded: what the port receives from each connection, if each source keeps one value of a state, which its
            spikes change by `on_pre`, such as `x += 1`; equations read variables of the source, such as `v_pre`.
    """

    on_pre: ClassVar[str | None] = None
    graded: ClassVar[str | None] = None
    equations: ClassVar[str] = ""
    current: ClassVar[str | None] = None
    method: ClassVar[str] = "exact"
    initial: ClassVar[Mapping[str, Any]] = {}
    pathways: ClassVar[Mapping[str, Pathway]] = {}
    port: Any

    def __init_subclass__(cls, *, abstract: bool = False, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        every = {n: fact for base in reversed(cls.__mro__) for n, fact in vars(base).items()}
        cls.pathways = {name: fact for name, fact in every.items() if isinstance(fact, Pathway)}
        if not abstract:
            check_facts(cls, "synapse model", (Parameter, Option, Pathway))
            if "port" not in cls.options:
                raise DescriptionError(
                    f"{cls.__name__} does not say which variable of the target receives it: "
                    "add port = option('g_e', 'variable of the target') and write {port}_post"
                )
            _check(cls)
            enter(synapses, cls)

    def _check_values(self) -> None:
        check_divisors(self._texts, self.values(), type(self).__name__)

    def _texts(self) -> dict[str, str]:
        own = (
            texts_of(parse_equations(self.filled(self.equations), type(self).__name__))
            if self.equations
            else {}
        )
        facts = {"graded": self.graded, "current": self.current}
        own |= {fact: self.filled(text) for fact, text in facts.items() if text is not None}
        parts = [self.on_pre or "", *(pathway.statements for pathway in self.pathways.values())]
        statements = parse_statements(
            self.filled("; ".join(filter(None, parts))), f"{type(self).__name__}.on_pre"
        )
        return own | {f"on_pre, '{s}'": s.expression for s in statements}

    @property
    def end(self) -> Literal["pre", "post"]:
        """Which end of a connection keeps the states of the equations."""
        return "pre" if self.current is None else "post"

    def filled(self, pattern: str, unit: Dimension = DIMENSIONLESS) -> str:
        """Return a fact's text with the chosen port and other options filled in, and the unit of the port."""
        return fill(pattern, {"unit": product_of_bases(unit), **self.chosen()})


def _check(cls: type[SynapseModel]) -> None:
    """Reject facts that do not go together."""
    for name, pathway in cls.pathways.items():
        if pathway.place != "pre" or cls.equations or cls.graded is not None:
            raise DescriptionError(
                f"{cls.__name__}.{name}: a synapse passes on what its source emits: write pre.at(...), in a model with "
                "neither equations nor graded; what spikes of the target do belongs to a rule"
            )
    if cls.equations:
        if (cls.current is None) is (cls.graded is None):
            raise DescriptionError(
                f"{cls.__name__} has equations: give current, if each target keeps the states, or graded, if each "
                "source does"
            )
        if cls.current is not None and re.search(r"\bw\b", cls.current):
            raise DescriptionError(
                f"{cls.__name__}.current reads w, and is one for all connections of a target: the weight enters by "
                "on_pre, such as 'x += w'"
            )
        if cls.current is not None and cls.on_pre is None:
            raise DescriptionError(
                f"{cls.__name__}: nothing reaches its states: give on_pre, such as 'x += w'"
            )
        return
    for name in ("current", "method", "initial"):
        if getattr(cls, name) != getattr(SynapseModel, name):
            raise DescriptionError(f"{cls.__name__}.{name} has no effect without equations: give equations")
    if cls.on_pre is None and cls.graded is None and not cls.pathways:
        raise DescriptionError(f"{cls.__name__} does nothing: give on_pre or graded")
    if cls.on_pre is not None and cls.graded is not None:
        raise DescriptionError(f"{cls.__name__} has on_pre and graded, but no equations: give one of the two")
