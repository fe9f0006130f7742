"""Pages of the catalogue in Markdown: one for each family of rules, and an index."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from neurosim.model.parameters import Parameter
from neurosim.model.registries import rules
from neurosim.model.rule import Modulator, Rule
from neurosim.model.rule_facts import equations, family, kind, signals, summary
from neurosim.model.units import dimension_of, unit_name

INDEX = "README.md"
ABOUT = {
    "hebbian": "Weights that follow the joint activity of the two neurons.",
    "spike timing": "Weights that follow the times of single spikes before and after the synapse.",
    "modulated": "Weights that wait for a third factor, such as reward: a modulator of the network.",
    "homeostatic": "Weights, gains and thresholds that keep a neuron at its target.",
    "gain control and short term": "Gains that follow the statistics of the input, and synapses that tire or warm up.",
    "structural": "Rules that make and remove connections.",
    "metaplasticity": "Hidden variables of the synapse that decide how long a change is remembered.",
}
ACTS_ON = {
    "synaptic": "the weights of a projection",
    "neuron": "the neurons of a population",
    "structural": "the connections of a projection",
}


def families() -> dict[str, list[type[Rule]]]:
    """Return the rules of this project by family, each in alphabetical order."""
    own = [rules.get(name) for name in rules.names()]
    found: dict[str, list[type[Rule]]] = {name: [] for name in ABOUT}
    for rule in own:
        if rule.__module__.startswith("neurosim.rules."):
            found.setdefault(family(rule), []).append(rule)
    return {name: held for name, held in found.items() if held}


def pages(held: Mapping[str, list[type[Rule]]] | None = None) -> dict[str, str]:
    """Return the text of every page by the name of its file; held, rules by family, by default ours."""
    held = families() if held is None else held
    return {INDEX: _index(held), **{f"{slug(name)}.md": _page(name, some) for name, some in held.items()}}


def slug(name: str) -> str:
    """Return the name of a family as it stands in the names of files."""
    return name.replace(" ", "-")


def _index(held: Mapping[str, list[type[Rule]]]) -> str:
    lines = [
        "# Rules",
        "",
        "Every rule of neurosim, with its equations, parameters, source, and the fact that its tests check. The pages",
        "are written from the classes by `neurosim docs-rules docs/rules`. A rule of your own: [Add a",
        "rule](../add-a-rule.md).",
    ]
    for name, some in held.items():
        lines += ["", f"## [{title(name)}]({slug(name)}.md)", "", ABOUT.get(name, ""), ""]
        lines += ["| rule | clock | reads | what it does |", "|---|---|---|---|"]
        for rule in some:
            anchor = f"{slug(name)}.md#{rule.__name__.lower()}"
            reads = ", ".join(signals(rule)) or "the weight alone"
            lines.append(f"| [{rule.__name__}]({anchor}) | {rule.clock} | {reads} | {summary(rule)} |")
    return "\n".join(lines) + "\n"


def title(name: str) -> str:
    """Return the heading of a family."""
    return f"{name[0].upper()}{name[1:]} rules" if name != "metaplasticity" else "Metaplasticity"


def _page(name: str, some: list[type[Rule]]) -> str:
    about = [ABOUT[name], ""] if name in ABOUT else []
    picture = f"![What each rule of this page does]({slug(name)}.png)"
    lines = [f"# {title(name)}", "", *about, picture, "", "All panels are made by `neurosim docs-rules`."]
    for rule in some:
        lines += ["", *_section(rule)]
    lines += ["", "[All rules](README.md)"]
    return "\n".join(lines) + "\n"


def _section(rule: type[Rule]) -> list[str]:
    reads = ", ".join(f"`{name}`" for name in signals(rule)) or "the weight alone"
    lines = [f"## {rule.__name__}", "", summary(rule), "", *_words(rule), ""]
    if written := equations(rule):
        lines += ["```text", *written, "```", ""]
    if rule.parameters or rule.options:
        lines += ["| parameter | default | unit | bounds | meaning |", "|---|---|---|---|---|"]
        lines += [_parameter(name, declared) for name, declared in rule.parameters.items()]
        lines += [_option(name, choice) for name, choice in rule.options.items()]
        lines.append("")
    lines += [
        f"- acts on: {ACTS_ON.get(kind(rule), kind(rule))}",
        f"- clock: {rule.clock}",
        f"- reads: {reads}",
    ]
    lines.append(f"- source: {rule.citation()}")
    if checked := rule.section("Checked"):
        lines.append(f"- checked: {checked}")
    return lines


def _words(rule: type[Rule]) -> list[str]:
    """Return the docstring between its first line and 'Source:'."""
    text = (inspect.getdoc(rule) or "").partition("\n")[2]
    lines = text.split("\nSource:")[0].strip().splitlines()
    # What Markdown would take for emphasis.
    return [line.replace("*", r"\*").replace("_", r"\_") for line in lines]


def _parameter(name: str, declared: Parameter) -> str:
    unit = "of the weight" if declared.of_weight else unit_name(declared.dimension)
    default = "must be given" if declared.required else number(declared.default)
    bounds = [f"≥ {number(declared.low)}"] if declared.low is not None else []
    bounds += [f"≤ {number(declared.high)}"] if declared.high is not None else []
    return f"| `{name}` | {default} | {unit} | {', '.join(bounds)} | {declared.doc} |"


def _option(name: str, choice: Any) -> str:
    what = "population" if isinstance(choice, Modulator) else "name"
    return f"| `{name}` | `{choice.default}` | {what} | {', '.join(choice.choices)} | {choice.doc} |"


def number(value: Any) -> str:
    """Return a number or quantity in a few figures, with a unit as Brian2 writes it; rates in 1/s are bare numbers."""
    figure, _, unit = str(value).partition(" ")
    name = unit_name(dimension_of(value))
    if name == "Hz":
        return f"{float(value):g}"
    if "/" in name:  # Brian2 writes these as products of base units
        return f"{float(value):g} {name}"
    return f"{float(figure):g} {unit}".strip()
