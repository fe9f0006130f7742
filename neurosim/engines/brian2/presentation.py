"""Presentations in Brian2: what each adds to the changes of rules with the clock 'sample', made after the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brian2.equations.equations import SingleEquation

from neurosim.engines.brian2.text import Names, Order, code, parameter, run_code, written
from neurosim.model.expressions import Statement
from neurosim.model.units import DIMENSIONLESS, Dimension


def presentation_equations(
    changes: Mapping[str, str], dimensions: Mapping[str, Dimension], names: Names, share: str
) -> list[SingleEquation]:
    """Return the variables that hold the sums of changes, and `share`, what one presentation has in them."""
    if not changes:
        return []
    sums = [parameter(f"sum_{names[name]}", dimensions[name]) for name in changes]
    return [parameter(share, DIMENSIONLESS, "shared"), *sums]


@dataclass(frozen=True)
class Turn:
    """Statements, and Brian2's objects that work out the totals they read, which run before them."""

    totals: Sequence[Any] = ()
    statements: Sequence[Statement] = ()


class Presentation:
    """The code of one group for presentations; it is prepared with the network and runs when it is called.

    Arguments: group, of Brian2; changes, by state; adding, the totals that they read; turns, what follows the changes;
    names, in Brian2's terms; share, the name of the share of one presentation in the sums.
    """

    def __init__(
        self,
        group: Any,
        changes: Mapping[str, str],
        adding: Turn,
        turns: Sequence[Turn],
        names: Names,
        share: str,
        order: Order,
    ) -> None:
        self._share = group.variables[share].get_value()
        new = {names[name]: written(text, names) for name, text in changes.items()}
        add = [f"sum_{name} += {share} * ({text})" for name, text in new.items()]
        make = [line for name in new for line in (f"{name} += sum_{name}", f"sum_{name} = 0")]
        self._sums = [group.variables[f"sum_{name}"].get_value() for name in new]
        self._own: list[Any] = []

        def prepared(text: str) -> Any:
            self._own.append(run_code(group, text, "end", order))
            return self._own[-1]

        self._adding = [*adding.totals, prepared("\n".join(add))]
        self._making = [prepared("\n".join(make))]
        for turn in turns:
            self._making += turn.totals
            if turn.statements:
                self._making.append(prepared(code(turn.statements, names)))

    def begin_with(self, items: Sequence[Any]) -> None:
        """Run objects of Brian2 before anything is added up."""
        self._adding = [*items, *self._adding]

    def rest(self) -> None:
        """Take the code out of the schedule, once Brian2 has prepared it."""
        for item in self._own:
            item.active = False

    def discard(self) -> None:
        """Forget what was added up."""
        for held in self._sums:
            held[:] = 0

    def accumulate(self, share: float) -> None:
        """Add `share` of the changes that the present state asks for."""
        self._share[:] = share
        for item in self._adding:
            item.run()

    def scale(self, factor: float) -> None:
        """Multiply what was added up by a factor."""
        for values in self._sums:
            values *= factor

    def apply(self) -> None:
        """Make the changes that were added up."""
        for item in self._making:
            item.run()
