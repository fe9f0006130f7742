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
    # Its own docstring: one that is inherited speaks of another rule.
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
    absent = [name for name in sorted(symbols(rule)) if not re.search(rf"(?<![A-Za-z_]){name}\b", text)]
    if absent:
        broken(f"the docstring does not mention {', '.join(absent)}: say what each symbol is")
    return ""


def symbols(rule: Rule) -> set[str]:
    """Return the parameters, signals, modulators, traces, gains and offsets in a rule's equations."""
    texts = [trace.derivative for trace in rule.traces.values() if trace.derivative]
    if isinstance(rule, SynapticRule):
        statements = [s for event in (rule.on_pre, rule.on_post) for s in parse_statements(event, "rule")]
        texts += [s.expression for s in statements]
        texts += [text for text in (rule.dw, rule.dW, rule.efficacy) if text]
        bounds = [rule.then.low, rule.then.high] if rule.then else []
        texts += [b for b in bounds if isinstance(b, str)]
    if isinstance(rule, StructuralRule):
        # What its `step` does with them is code.
        texts += [*rule.parameters, *rule.signals, *rule.traces, *rule.gradients]
    if isinstance(rule, NeuronRule):
        texts += [getattr(rule, f"d{name}", None) or "0" for name in (*rule.gains, *rule.offsets)]
        texts += [s.expression for s in parse_statements(rule.on_spike, "rule")]
    known = {*rule.parameters, *rule.signals, *rule.traces, *rule.modulators}
    known |= set(rule.gradients) if isinstance(rule, StructuralRule) else set()
    if isinstance(rule, NeuronRule):
        known |= {*rule.gains, *rule.offsets}
    return known & set().union(*(names_in(text) for text in texts))
