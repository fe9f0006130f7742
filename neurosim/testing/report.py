"""What a check of the contract found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from neurosim.errors import ContractError


def broken(seen: str) -> NoReturn:
    """Raise ContractError with what was observed; the check adds the rule and the clause."""
    raise ContractError(seen)


@dataclass(frozen=True)
class Outcome:
    """One clause on one kind of network ('' if it concerns only the class).

    `skipped` says why the clause does not apply, `broken` what was observed if the rule breaks it; both are empty if
    the clause passed.
    """

    clause: str
    network: str = ""
    skipped: str = ""
    broken: str = ""
    cause: Exception | None = field(default=None, repr=False, compare=False)

    @property
    def title(self) -> str:
        """The clause and the kind of network."""
        return f"{self.clause} ({self.network})" if self.network else self.clause

    @property
    def verdict(self) -> str:
        """'passed', 'not applicable' or 'broken'."""
        return "broken" if self.broken else "not applicable" if self.skipped else "passed"

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.title, self.verdict, self.broken or self.skipped)))


@dataclass(frozen=True)
class ContractReport:
    """The clauses that a rule keeps, those that do not apply to it, and those that it breaks."""

    rule: str
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> tuple[Outcome, ...]:
        """The clauses that were tried and kept."""
        return tuple(o for o in self.outcomes if o.verdict == "passed")

    @property
    def skipped(self) -> tuple[Outcome, ...]:
        """The clauses that do not apply, each with its reason."""
        return tuple(o for o in self.outcomes if o.verdict == "not applicable")

    @property
    def broken(self) -> tuple[Outcome, ...]:
        """The clauses that were tried and broken, each with what was observed."""
        return tuple(o for o in self.outcomes if o.verdict == "broken")

    @property
    def summary(self) -> str:
        """One line with the numbers of clauses."""
        keeps = f"breaks {len(self.broken)} clauses of" if self.broken else "keeps"
        return (
            f"{self.rule} {keeps} the contract: {len(self.passed)} passed, {len(self.skipped)} not applicable"
        )

    def raise_broken(self) -> None:
        """Raise ContractError for the first clause that is broken, if there is one."""
        for outcome in self.broken:
            raise ContractError(f"{self.rule}: {outcome.title}: {outcome.broken}") from outcome.cause

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"  {outcome}" for outcome in self.outcomes)])
