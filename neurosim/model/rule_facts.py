"""What a rule says of itself, for lists and for pages of documentation."""

from __future__ import annotations

import inspect

from neurosim.model.rule import Modulator, NeuronRule, Rule, SynapticRule


def kind(rule: type[Rule]) -> str:
    """Return what a rule acts on: 'synaptic', 'neuron' or 'structural', the base class that it was made from."""
    line = rule.__mro__
    return line[line.index(Rule) - 1].__name__.removesuffix("Rule").lower()


def signals(rule: type[Rule]) -> list[str]:
    """Return what a rule reads: 'pre.activity', 'post.v', 'post.spikes', and modulators by their population."""
    read = [f"{signal.place}.{signal.name}" for signal in rule.signals.values()]
    if issubclass(rule, SynapticRule):
        events = {"pre.spikes": rule.on_pre or rule.efficacy, "post.spikes": rule.on_post}
        read += [name for name, statements in events.items() if statements]
    if issubclass(rule, NeuronRule) and rule.on_spike:
        read.append("own.spikes")
    return [*read, *(o.default for o in rule.options.values() if isinstance(o, Modulator))]


def summary(rule: type[Rule]) -> str:
    """Return the first line of a rule's docstring."""
    return (inspect.getdoc(rule) or "").partition("\n")[0]


def facts(name: str, rule: type[Rule]) -> dict[str, object]:
    """Return what `neurosim list rules --json` tells about a rule."""
    return {
        "name": name,
        "kind": kind(rule),
        "clock": rule.clock,
        "signals": signals(rule),
        "summary": summary(rule),
        "source": rule.citation(),
    }
