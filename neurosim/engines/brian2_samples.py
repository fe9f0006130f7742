"""Rules with the clock 'sample' in Brian2: what each presentation adds, and the change after the last one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from brian2.equations.equations import SingleEquation

from neurosim.engines.brian2_text import Names, Order, code, parameter, run_code
from neurosim.model.expressions import Statement, rename
from neurosim.model.units import DIMENSIONLESS, Dimension


def sample_equations(
    changes: Mapping[str, str], dimensions: Mapping[str, Dimension], names: Names
) -> list[SingleEquation]:
    """Return the variables that hold the sums of changes, and the share that one presentation has in them."""
    if not changes:
        return []
    sums = [parameter(f"sum_{names[name]}", dimensions[name]) for name in changes]
    return [parameter("share", DIMENSIONLESS, "shared"), *sums]


def samples_of(
    group: Any, changes: Mapping[str, str], after: Iterable[Statement], names: Names, order: Order
) -> list[Samples]:
    """Return the code of a group's changes, none if nothing changes."""
    return [Samples(group, changes, after, names, order)] if changes else []


class Samples:
    """The code of one group for the clock 'sample'; it is prepared with the network and runs when it is called.

    Arguments: group, of Brian2; changes, by state; after, statements that follow them; names, in Brian2's terms.
    """

    def __init__(
        self, group: Any, changes: Mapping[str, str], after: Iterable[Statement], names: Names, order: Order
    ) -> None:
        self.group = group
        new = {names[name]: rename(text, names) for name, text in changes.items()}
        add = [f"sum_{name} += share * ({text})" for name, text in new.items()]
        make = [line for name in new for line in (f"{name} += sum_{name}", f"sum_{name} = 0")]
        self._add = run_code(group, "\n".join(add), "end", order)
        self._make = run_code(group, "\n".join([*make, code(after, names)]), "end", order)

    def rest(self) -> None:
        """Take the code out of the schedule, once Brian2 has prepared it."""
        self._add.active = self._make.active = False

    def accumulate(self, share: float) -> None:
        """Add `share` of the changes that the present state asks for."""
        self.group.variables["share"].get_value()[:] = share
        self._add.run()

    def apply(self) -> None:
        """Make the changes that were added up, and start anew."""
        self._make.run()
