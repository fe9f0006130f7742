"""The figures of the catalogue: one for each family, a panel for each rule, chosen by what the rule is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from neurosim.catalogue.efficient import gains
from neurosim.catalogue.elements import grown, rewired
from neurosim.catalogue.panel import Panel
from neurosim.catalogue.rate import memory, step, weights
from neurosim.catalogue.spiking import protected, train, window
from neurosim.catalogue.structural import turnover
from neurosim.catalogue.whitening import feedback, turning
from neurosim.errors import NeurosimError
from neurosim.model.registries import rules
from neurosim.model.rule import NeuronRule, Rule, SynapticRule
from neurosim.model.rule_facts import family
from neurosim.model.structural import StructuralRule
from neurosim.palette import PALE, colour
from neurosim.plot import letters

COLUMNS = 3


def panel(rule: Rule) -> Panel:
    """Return what the panel of a rule shows; raises NeurosimError if no network of the catalogue suits the rule."""
    about = family(type(rule))
    if isinstance(rule, NeuronRule):
        return _of_neurons(rule)
    if isinstance(rule, StructuralRule):
        return rewired(rule) if rule.beside else turnover(rule)
    assert isinstance(rule, SynapticRule)
    if rule.efficacy:
        return protected(rule) if rule.modulators else train(rule)
    if any(signal.name == "gain" for signal in rule.signals.values()):
        return turning(rule)
    if about == "metaplasticity" and rule.clock != "spike":
        return memory(rule)
    if rule.after:
        return weights(rule, beside=(rules.get("Hebb")(),))
    if rule.clock == "spike":
        return window(rule)
    return step(rule) if about == "homeostatic" else weights(rule)


def _of_neurons(rule: NeuronRule) -> Panel:
    if rule.modulators:
        return gains(rule)
    if any(gain.multiplies == "output" for gain in rule.gains.values()):
        return feedback(rule)
    # A rule with nothing but variables serves other rules.
    return step(rule) if rule.gains or rule.offsets else grown(rule)


def draw(family_rules: Sequence[type[Rule]], path: Path) -> None:
    """Run the simulations of a family of rules and write its figure."""
    from matplotlib.figure import Figure

    columns = min(COLUMNS, len(family_rules))
    rows = -(-len(family_rules) // columns)
    figure = Figure(figsize=(3.6 * columns, 2.7 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    explained: set[tuple[str, ...]] = set()
    for axis, rule in zip(axes, family_rules, strict=False):
        axis.set_title(rule.__name__, fontsize=10)
        try:
            shown = panel(rule.example())
        except NeurosimError as error:
            axis.set_axis_off()
            axis.text(0, 0.5, fill(f"not shown: {error}", 48), fontsize=7, in_layout=False)
            continue
        _draw(axis, shown, legend=tuple(shown.curves) not in explained)
        explained.add(tuple(shown.curves))
    letters(axes[: len(family_rules)])
    for axis in axes[len(family_rules) :]:
        axis.set_visible(False)
    figure.savefig(path, dpi=110)


def _draw(axis: Any, shown: Panel, legend: bool) -> None:
    for number, (label, (x, y)) in enumerate(shown.curves.items()):
        axis.plot(x, y, color=colour(number), label=label or None, linewidth=1.3)
    for mark in shown.marks:
        axis.axvline(mark, color=PALE, linestyle=":", linewidth=1)
    if shown.logarithmic:
        axis.set_xscale("log")
        axis.set_yscale("log")
    else:
        axis.axhline(0, color=PALE, linewidth=0.5)
    axis.set_xlabel(f"{shown.x}\n{shown.note}" if shown.note else shown.x, fontsize=8)
    axis.set_ylabel(shown.y, fontsize=8)
    axis.tick_params(labelsize=7)
    if legend and len(shown.curves) > 1:
        axis.legend(fontsize=6, frameon=False)
