"""Clauses about the class alone: what its docstring says."""

from __future__ import annotations

import inspect
import re

from neurosim.model.expressions import names_in, parse_statements
from neurosim.model.rule import NeuronRule, Rule, SynapticRule
from neurosim.model.structural import StructuralRule
from neurosim.testing.report import broken

_EQUATION = re.compile(r"[A-Za-z_]\w*(/d?\w+)?\s*[-+*/]?=\s*\S")


def documented(rule: Rule) -> str:
    """The docstring has an equation, every symbol of the equations and a 'Source:'; every parameter says what it is."""
    # Its own docstring: an inherited one describes another rule.
    text = inspect.cleandoc(vars(type(rule)).get("__doc__") or "")
    if not text:
        broken("no docstring: say what the rule does, its equation and its source")
    if not _EQUATION.search(text):
        broken("no equation in the docstring: write it as 'dw/dt = ...' or 'w += ...'")
    if not type(rule).citation():
        broken("no line 'Source: authors year, journal, doi' in the docstring: add one")
    unsaid = [name for name, declared in rule.parameters.items() if not declared.doc.strip()]
    if unsaid:
        broken(f"the parameter {unsaid[0]} has no description: parameter(default, 'what it means')")
    words = " ".join(text.partition("\nSource:")[0].split())
    used = symbols(rule)
    absent = [name for name in sorted(used) if not re.search(rf"(?<![A-Za-z_]){name}\b", words)]
    if absent:
        broken(f"the docstring does not mention {', '.join(absent)}: say what each symbol is")
    # Parameters have a description of their own.
    unexplained = [name for name in sorted(used - {*rule.parameters}) if not explained(name, words)]
    if unexplained:
        name = unexplained[0]
        broken(
            f"the docstring does not say what {name} is: write '{name} ... (unit)', as in 'x activity (1)'"
        )
    return ""


def explained(name: str, words: str) -> bool:
    """Tell whether words follow a symbol: 'x presynaptic activity', 'x, y traces'; a long name may explain itself."""
    others = r"(, \w+)*( and \w+)?"
    speaks = r"|\(" if len(name) > 3 else ""
    return bool(re.search(rf"(?<![\w*/+-]){name}{others} (?:= )?(?:[A-Za-z]{{2}}{speaks})", words))


def symbols(rule: Rule) -> set[str]:
    """Return what a docstring must explain: the weight if it changes, all that is declared, parameters if used."""
    texts = [trace.derivative or "" for trace in rule.traces.values()]
    declared = {*rule.signals, *rule.traces, *rule.modulators}
    if isinstance(rule, SynapticRule):
        events = (rule.on_pre, rule.on_post, rule.after)
        statements = [s for event in events for s in parse_statements(event, "rule")]
        texts += [s.expression for s in statements]
        texts += [text for text in (rule.dw, rule.dW, rule.efficacy, rule.gate) if text]
        texts += [total.expression for total in rule.totals.values()]
        weights = {"w": rule.dw or any(s.target == "w" for s in statements), "W": rule.dW}
        declared |= {*rule.totals, *(name for name, changed in weights.items() if changed)}
    if isinstance(rule, SynapticRule | NeuronRule) and rule.then:
        texts += [str(bound) for bound in (rule.then.low, rule.then.high)]
    if isinstance(rule, StructuralRule):
        # How its `step` uses them is code.
        texts += rule.parameters
        declared |= {*rule.gradients}
    if isinstance(rule, NeuronRule):
        texts += [getattr(rule, f"d{name}", None) or "" for name in (*rule.gains, *rule.offsets)]
        texts += [s.expression for s in parse_statements(rule.on_spike, "rule")]
        declared |= {*rule.gains, *rule.offsets}
    used = set().union(*(names_in(text) for text in texts if text))
    return declared | (used & {*rule.parameters})
