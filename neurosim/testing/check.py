"""The contract of rules, clause by clause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from neurosim.compiler.equations.network import network_equations
from neurosim.engines import DEFAULT, get_engine, registry
from neurosim.engines.engine import Engine
from neurosim.errors import DescriptionError
from neurosim.model.rule import Rule
from neurosim.model.structural import StructuralRule
from neurosim.testing.clauses.connections import keeps_connections
from neurosim.testing.clauses.copies import continues, same_on_engines, survives_storage
from neurosim.testing.clauses.documentation import documented
from neurosim.testing.clauses.runs import changes_something, keeps_bounds, runs
from neurosim.testing.clauses.time_step import independent_of_dt
from neurosim.testing.companions import as_tried
from neurosim.testing.hosts import HOSTS, Host
from neurosim.testing.report import ContractReport, Outcome
from neurosim.testing.trial import Trial

# Each returns why it does not apply, or an empty string if the rule keeps it; it raises if the rule breaks it.
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
STRUCTURAL_CLAUSES: Mapping[str, Callable[[Trial], str]] = {"keeps its connections": keeps_connections}


def check_rule(
    rule: Rule | type[Rule],
    *,
    engines: Sequence[str | Engine] | None = None,
    seed: int = 0,
    hosts: Sequence[Host] = HOSTS,
) -> ContractReport:
    """Check that a rule keeps the contract of rules, on spiking and on rate networks and on every engine.

    Arguments:
        rule: a class (taken with its default parameters) or an instance.
        engines: names or engines, by default all that are installed and compute in float64, `fused` first; where one is
            enough, the first is used.
        seed: of all random streams.
        hosts: the kinds of network to try it on, at least one of which must have the signals that the rule reads.

    Returns the clauses that were kept and those that do not apply, with the reason.
    Raises ContractError on the first clause that is broken, with the rule, the clause and what was observed.
    """
    kept: list[Outcome] = []
    for outcome in outcomes(rule, engines, seed, hosts):
        kept.append(outcome)
        if outcome.broken:
            break
    report = ContractReport(_name(rule), tuple(kept))
    report.raise_broken()
    return report


def examine_rule(
    rule: Rule | type[Rule],
    *,
    engines: Sequence[str | Engine] | None = None,
    seed: int = 0,
    hosts: Sequence[Host] = HOSTS,
) -> ContractReport:
    """Try every clause of the contract of rules, including those after a broken one.

    Arguments as of `check_rule`. Returns all outcomes; no fault of the rule is raised.
    """
    return ContractReport(_name(rule), tuple(outcomes(rule, engines, seed, hosts)))


def outcomes(
    rule: Rule | type[Rule], engines: Sequence[str | Engine] | None, seed: int, hosts: Sequence[Host]
) -> Iterator[Outcome]:
    """Yield the outcome of each clause of the contract, in order, as it is tried."""
    chosen = [get_engine(e) if isinstance(e, str) else e for e in engines] if engines else _installed()
    try:
        instance = rule.example() if isinstance(rule, type) else rule
    except DescriptionError as error:
        yield Outcome("dimensions", broken=str(error), cause=error)
        return
    for name, of_class in CLASS_CLAUSES.items():
        yield _asked(name, "", partial(of_class, instance))
    refusals: list[str] = []
    for host in hosts:
        if host.spare and not all(refusals):
            continue
        trial = Trial(as_tried(instance), host, [], seed)
        outcome = _asked("dimensions", host.name, trial.missing)
        yield outcome
        if outcome.verdict == "passed":
            yield from _on_host(trial, chosen)
        refusals.append(outcome.skipped)
    if all(refusals):
        reasons = "; ".join(dict.fromkeys(refusals))
        yield Outcome("dimensions", broken=f"no kind of network can have it: {reasons}")


def _on_host(trial: Trial, engines: Sequence[Engine]) -> Iterator[Outcome]:
    """Yield the outcomes on one kind of network, with the engines that run the rule there."""
    equations = network_equations(trial.network(), trial.seed)
    for engine in engines:
        if reasons := engine.refuses(equations):
            yield Outcome(f"runs on '{engine.name}'", trial.host.name, "; ".join(reasons))
        else:
            trial.engines.append(engine)
    clauses = {**CLAUSES, **STRUCTURAL_CLAUSES} if isinstance(trial.rule, StructuralRule) else CLAUSES
    for name, clause in clauses.items() if trial.engines else ():
        outcome = _asked(name, trial.host.name, partial(clause, trial))
        yield outcome
        if name == "runs" and outcome.broken:
            # If the rule does not run to the end, the other clauses would only repeat that fault.
            return


def _asked(clause: str, network: str, answer: Callable[[], str]) -> Outcome:
    """Return the answer of a clause; whatever it raises is turned into one line."""
    try:
        return Outcome(clause, network, answer())
    except Exception as error:
        seen = " ".join(str(error).split()) or type(error).__name__
        return Outcome(clause, network, broken=seen, cause=error)


def _name(rule: Rule | type[Rule]) -> str:
    return (rule if isinstance(rule, type) else type(rule)).__name__


def _installed() -> list[Engine]:
    every = [get_engine(name) for name in sorted(registry.names(), key=lambda name: name != DEFAULT)]
    return [engine for engine in every if engine.dtype == "float64"]
