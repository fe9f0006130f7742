"""The contract of rules, clause by clause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from neurosim.engines import DEFAULT, get_engine, registry
from neurosim.engines.engine import Engine
from neurosim.engines.expand import expand
from neurosim.errors import ContractError
from neurosim.model.rule import Rule
from neurosim.testing.clauses_class import documented
from neurosim.testing.clauses_copy import continues, same_on_engines, survives_storage
from neurosim.testing.clauses_dt import independent_of_dt
from neurosim.testing.clauses_run import changes_something, keeps_bounds, runs
from neurosim.testing.hosts import HOSTS, Host
from neurosim.testing.report import ContractReport, Outcome
from neurosim.testing.trial import Trial

# Each returns why it does not apply, or an empty text if the rule keeps it; it raises if the rule breaks it.
CLASS_CLAUSES: Mapping[str, Callable[[Rule], str]] = {"documentation": documented}
CLAUSES: Mapping[str, Callable[[Trial], str]] = {
    "runs": runs,
    "changes something": changes_something,
    "keeps its bounds": keeps_bounds,
    "independent of dt": independent_of_dt,
    "engines agree": same_on_engines,
    "survives storage": survives_storage,
    "continues after a stop": continues,
}


def check_rule(
    rule: Rule | type[Rule],
    *,
    engines: Sequence[str | Engine] | None = None,
    seed: int = 0,
    hosts: Sequence[Host] = HOSTS,
) -> ContractReport:
    """Check that a rule keeps the contract of rules, on spiking and on rate networks and on every engine.

    Arguments: rule, a class (taken with its default parameters) or an instance; engines, names or engines, by default
    all that are installed and compute in float64, `fused` first (where one is enough the first is used); seed, of
    everything random; hosts, the kinds of network to try it on, at least one of which must have the signals that the
    rule needs.
    Returns the clauses that were kept and those that do not apply, with the reason.
    Raises ContractError on the first clause that is broken, with the rule, the clause and what was seen.
    """
    instance = rule() if isinstance(rule, type) else rule
    chosen = [get_engine(e) if isinstance(e, str) else e for e in engines] if engines else _installed()
    check = _Check(instance)
    for name, of_class in CLASS_CLAUSES.items():
        check.ask(name, "", partial(of_class, instance))
    trials = [trial for host in hosts if (trial := check.admitted(host, chosen, seed)) is not None]
    if not trials:
        reasons = "; ".join(dict.fromkeys(outcome.skipped for outcome in check.outcomes if outcome.skipped))
        raise ContractError(f"{check.name}: dimensions: no kind of network can have it: {reasons}")
    for trial in trials:
        for name, clause in CLAUSES.items():
            check.ask(name, trial.host.name, partial(clause, trial))
    return ContractReport(check.name, tuple(check.outcomes))


def _installed() -> list[Engine]:
    every = [get_engine(name) for name in sorted(registry.names(), key=lambda name: name != DEFAULT)]
    return [engine for engine in every if engine.dtype == "float64"]


class _Check:
    """The outcomes so far, and the name of the rule for messages."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.name = type(rule).__name__
        self.outcomes: list[Outcome] = []

    def ask(self, clause: str, network: str, answer: Callable[[], str]) -> str:
        """Note the answer of a clause and return it; whatever it raises becomes one line that names the clause."""
        try:
            skipped = answer()
        except Exception as error:
            seen = " ".join(str(error).split()) or type(error).__name__
            where = f"{clause} ({network})" if network else clause
            raise ContractError(f"{self.name}: {where}: {seen}") from error
        self.outcomes.append(Outcome(clause, network, skipped))
        return skipped

    def admitted(self, host: Host, engines: Sequence[Engine], seed: int) -> Trial | None:
        """Return the trial of the rule on a host with the engines that run it, or None if there is none."""
        trial = Trial(self.rule, host, engines, seed)
        if self.ask("dimensions", host.name, trial.missing):
            return None
        expanded = expand(trial.network(), seed)
        refused = {engine.name: engine.refuses(expanded) for engine in engines}
        trial.engines = [engine for engine in engines if not refused[engine.name]]
        for name, reasons in refused.items():
            if reasons:
                self.outcomes.append(Outcome(f"runs on '{name}'", host.name, "; ".join(reasons)))
        return trial if trial.engines else None
