"""What a check of the contract found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from neurosim.errors import ContractError


def broken(seen: str) -> NoReturn:
    """Raise ContractError with what was seen; `check_rule` adds the rule and the clause."""
    raise ContractError(seen)


@dataclass(frozen=True)
class Outcome:
    """One clause on one kind of network ('' if it concerns the class alone).

    skipped, why the clause does not apply; empty if it passed.
    """

    clause: str
    network: str = ""
    skipped: str = ""

    def __str__(self) -> str:
        name = f"{self.clause} ({self.network})" if self.network else self.clause
        return f"{name}: {f'not applicable: {self.skipped}' if self.skipped else 'passed'}"


@dataclass(frozen=True)
class ContractReport:
    """The clauses that a rule keeps and those that do not apply to it; a clause that is broken raises instead."""

    rule: str
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> tuple[Outcome, ...]:
        """The clauses that were tried and kept."""
        return tuple(o for o in self.outcomes if not o.skipped)

    @property
    def skipped(self) -> tuple[Outcome, ...]:
        """The clauses that do not apply, each with its reason."""
        return tuple(o for o in self.outcomes if o.skipped)

    def __str__(self) -> str:
        head = (
            f"{self.rule} keeps the contract: {len(self.passed)} passed, {len(self.skipped)} not applicable"
        )
        return "\n".join([head, *(f"  {outcome}" for outcome in self.outcomes)])
