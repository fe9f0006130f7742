"""What rules of one part do to a variable together: bounds after each change, and no rule undoing another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neurosim.compiler.equations.forms import Limit
from neurosim.compiler.equations.names import part_of
from neurosim.compiler.equations.scope import Scope
from neurosim.errors import DescriptionError
from neurosim.model.expressions import Statement, names_in
from neurosim.model.rule import Bounds
from neurosim.registry import suggest


def limited(bounds: Bounds, owner: str, prefix: str, names: Mapping[str, str], scope: Scope) -> Limit:
    """Return the limit that bounds of a rule set to one of its variables.

    Arguments: bounds; owner, whose they are; prefix, of the rule's names in the network; names, what the rule may speak
    of, each with its name in the network; scope, in which a bound that is a number becomes a constant.
    Raises: DescriptionError when a name is not known.
    """
    if bounds.variable not in names:
        raise DescriptionError(
            f"{scope.where}: {owner}.then bounds '{bounds.variable}': {suggest(bounds.variable, names)}"
        )
    variable = names[bounds.variable]

    def end(bound: float | str, which: str) -> str:
        if isinstance(bound, str) and bound not in ("inf", "-inf"):
            if bound not in names:
                raise DescriptionError(
                    f"{scope.where}: bound '{bound}' is not a parameter: {suggest(bound, names)}"
                )
            if names[bound] not in scope.constants:
                raise DescriptionError(
                    f"{scope.where}: bound '{bound}' changes during a run: give a parameter or a number"
                )
            return names[bound]
        # A number bounds a variable of any unit, so it becomes a constant that carries the unit of the variable.
        name = part_of(prefix, which)
        scope.constants[name] = np.array(float(bound))
        return scope.add(name, scope.dimensions[variable])

    return Limit(owner, variable, end(bounds.low, "low"), end(bounds.high, "high"))


def gated(statement: Statement) -> Statement:
    """Return a statement that does nothing where there is no connection."""
    target, op, expression = statement.target, statement.op, statement.expression
    if op in ("+=", "-="):
        return Statement(target, op, f"mask * ({expression})")
    neutral = target if op == "=" else "1"
    return Statement(target, op, f"mask * ({expression}) + (1 - mask) * {neutral}")


@dataclass(frozen=True)
class Change:
    """What one rule does at one moment ('on_pre', 'on_post' or 'dw')."""

    rule: str
    moment: str
    statements: tuple[Statement, ...]

    @property
    def targets(self) -> frozenset[str]:
        """The variables that it writes."""
        return frozenset(s.target for s in self.statements)

    def held(self, limits: Iterable[Limit]) -> list[Statement]:
        """Return the statements with each limit after the last that writes its variable."""
        found = list(self.statements)
        for limit in limits:
            last = max((at for at, s in enumerate(found, 1) if s.target == limit.variable), default=0)
            if last:
                found.insert(last, limit.statement)
        return found


def check_together(changes: Sequence[Change], where: str) -> None:
    """Refuse a rule that sets a variable which another rule changes, since it would undo what that rule did."""
    for change in changes:
        for statement in change.statements:
            if statement.op != "=" or statement.target in names_in(statement.expression):
                continue
            others = [c.rule for c in changes if c.rule != change.rule and statement.target in c.targets]
            if others:
                raise DescriptionError(
                    f"{where}: {change.rule}.{change.moment} sets '{statement.target}', which {others[0]} changes too: "
                    "keep one of the two rules, or write a change such as 'w += ...'"
                )


def check_limits(
    limits: Sequence[Limit],
    constants: Mapping[str, np.ndarray],
    values: Mapping[str, np.ndarray],
    where: str,
    when: str = "initial ",
) -> None:
    """Reject bounds that leave no value, and values that lie outside them; when, what the values are."""
    for variable in dict.fromkeys(limit.variable for limit in limits):
        own = [limit for limit in limits if limit.variable == variable]
        lowest = max(own, key=lambda limit: np.max(constants[limit.low], initial=-np.inf))
        highest = min(own, key=lambda limit: np.min(constants[limit.high], initial=np.inf))
        low: np.ndarray = np.array(-np.inf)
        high: np.ndarray = np.array(np.inf)
        for limit in own:
            low, high = np.maximum(low, constants[limit.low]), np.minimum(high, constants[limit.high])
        what = "weights" if variable == "w" else f"'{variable}'"
        if np.any(low > high):
            raise DescriptionError(
                f"{where}: {lowest.owner} keeps {what} from {low.max():g} on, {highest.owner} up to {high.min():g} "
                "(SI): no value is left, change the bounds"
            )
        value = values[variable]
        if np.any((value < low) | (value > high)):
            raise DescriptionError(
                f"{where}: {when}{what} from {value.min():g} to {value.max():g} (SI) violate the bounds "
                f"[{low.min():g}, {high.max():g}] of its rule: change them or the bounds"
            )
