"""What a rule states about itself, for lists and for pages of documentation."""

from __future__ import annotations

import inspect

from neurosim.model.registries import rules
from neurosim.model.rule import Modulator, NeuronRule, Rule, SynapticRule
from neurosim.model.structural import Gradient

FAMILIES = {"synaptic": "hebbian", "neuron": "homeostatic"}


def kind(rule: type[Rule]) -> str:
    """Return what a rule acts on: 'synaptic', 'neuron' or 'structural', after the base class that it is made from."""
    base = next(cls for cls in rule.__mro__ if rules.held(cls.__name__) is not cls)
    return base.__name__.removesuffix("Rule").lower()


def signals(rule: type[Rule]) -> list[str]:
    """Return what a rule reads: 'pre.activity', 'post.v', 'post.spikes', and modulators by their population."""
    read = [f"{signal.place}.{signal.name}" for signal in rule.signals.values()]
    if issubclass(rule, SynapticRule):
        events = {"pre.spikes": rule.on_pre or rule.efficacy, "post.spikes": rule.on_post}
        read += [name for name, statements in events.items() if statements]
        named = (f"{p.place}.{p.event or 'spikes'}" for p in rule.pathways.values())
        read += [name for name in dict.fromkeys(named) if name not in read]
    if issubclass(rule, NeuronRule) and rule.on_spike:
        read.append("own.spikes")
    return [*read, *(o.default for o in rule.options.values() if isinstance(o, Modulator | Gradient))]


def family(rule: type[Rule]) -> str:
    """Return the family that a rule names, or the one that follows from what it acts on and when."""
    if rule.family or kind(rule) not in FAMILIES:
        return rule.family or kind(rule)
    if any(isinstance(o, Modulator) for o in rule.options.values()):
        return "modulated"
    return "spike timing" if rule.clock == "spike" else FAMILIES[kind(rule)]


def summary(rule: type[Rule]) -> str:
    """Return the first sentence of a rule's docstring, its first line."""
    return (inspect.getdoc(rule) or "").partition("\n")[0]


def equations(rule: type[Rule]) -> list[str]:
    """Return what a rule does as lines: how its variables evolve, what changes when, bounds."""
    each = {"pre": "presynaptic neuron", "post": "postsynaptic neuron", "own": "neuron", "synapse": "synapse"}
    lines = []
    for name, trace in rule.traces.items():
        start = f", {trace.initial} at the start" if trace.initial else ""
        course = f"d{name}/dt = {trace.derivative}" if trace.derivative else name
        lines.append(f"{course}   (per {each[trace.place]}{start})")
    if issubclass(rule, SynapticRule):
        lines += _synaptic(rule)
    if issubclass(rule, NeuronRule):
        lines += [
            _change(rule, name, getattr(rule, f"d{name}", None)) for name in (*rule.gains, *rule.offsets)
        ]
        lines += [f"at a spike: {rule.on_spike}"] if rule.on_spike else []
    if issubclass(rule, SynapticRule | NeuronRule) and rule.then:
        lines.append(f"bounds: {rule.then.low} <= {rule.then.variable} <= {rule.then.high}")
    return lines


def _synaptic(rule: type[SynapticRule]) -> list[str]:
    lines = [
        f"{name} = sum of {total.expression} over the connections onto a neuron"
        for name, total in rule.totals.items()
    ]
    lines += [_change(rule, name, text) for name, text in (("w", rule.dw), ("W", rule.dW)) if text]
    moments = {
        "passed on at a presynaptic spike": rule.efficacy,
        "at a presynaptic spike": rule.on_pre,
        "at a postsynaptic spike": rule.on_post,
        "after all changes of a step": rule.after,
    }
    lines += [f"{moment}: {text}" for moment, text in moments.items() if text]
    for name, path in rule.pathways.items():
        when = f"{path.event or 'a spike'} of the {path.place}synaptic neuron"
        after = f", {path.delay} later" if path.delay is not None else ""
        lines.append(f"{name}, at {when}{after}: {path.statements}")
    if rule.passes == "after":
        lines.append("a spike is passed on after what it changes")
    if rule.gate:
        lines.append(f"gate: every change of w times {rule.gate}")
    return lines


def _change(rule: type[Rule], name: str, text: str | None) -> str:
    sampled = rule.clock == "sample"
    return f"after a presentation: {name} += {text}" if sampled else f"d{name}/dt = {text or '0'}"


def facts(name: str, rule: type[Rule]) -> dict[str, object]:
    """Return what `neurosim list rules --json` tells about a rule."""
    return {
        "name": name,
        "family": family(rule),
        "kind": kind(rule),
        "clock": rule.clock,
        "signals": signals(rule),
        "summary": summary(rule),
        "source": rule.citation(),
    }
