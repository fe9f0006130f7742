"""Lists of experiments, rules, engines, models and circuits, and of the settings of an experiment."""

from __future__ import annotations

import importlib
import inspect
import json
from typing import Any

from neurosim.cli.console import console, table
from neurosim.cli.exit_codes import names_as_asked
from neurosim.errors import UsageError
from neurosim.registry import Registry, suggest

REGISTRIES = {
    "rules": "neurosim.rules",
    "engines": "neurosim.engines",
    "models": "neurosim.neurons",
    "circuits": "neurosim.circuits",
}


def show_list(kind: str, *, as_json: bool) -> None:
    """Print the names of one kind with a line about each; raises UsageError for an unknown kind."""
    rows = _rows(kind)
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    from rich.text import Text

    # What stands apart: the summary is the last column, and the source a line below it.
    heads = [head for head in (rows[0] if rows else ()) if head not in ("family", "summary", "source")]
    shown = table(*heads, "", box=None, show_header=len(heads) > 1)
    for row in rows:
        name, *cells = (", ".join(v) if isinstance(v, list) else str(v) for v in map(row.get, heads))
        about = Text(row["summary"])
        if row.get("source"):
            about.append(f"\n{row['source']}", style="dim")
        shown.add_row(Text(name, style="cyan"), *map(Text, cells), about)
    console().print(shown if rows else f"no {kind} are installed")


def show_settings(name: str, preset: str | None, *, as_json: bool) -> None:
    """Print the settings of an experiment with the values of a preset, as a table or as JSON."""
    from rich.text import Text

    from neurosim.experiment import find_experiment, settings_of

    with names_as_asked():
        experiment = find_experiment(name)
        preset, config = experiment.preset(preset)
    rows = [
        {
            "setting": key,
            "value": getattr(config, key),
            "unit": facts.unit,
            "bounds": facts.bounds(),
            "what it is": facts.doc,
        }
        for key, facts in settings_of(config).items()
    ]
    if as_json:
        print(json.dumps({"experiment": experiment.name, "preset": preset, "settings": rows}, indent=2))
        return
    shown = table(*rows[0], title=f"{experiment.name}, preset {preset}", title_justify="left")
    for row in rows:
        shown.add_row(*(Text(str(cell)) for cell in row.values()))
    console().print(shown)


def registry_of(kind: str) -> Registry[object]:
    """Return the registry of rules, engines, models or circuits; raises UsageError when this installation has none."""
    registry = vars(importlib.import_module(REGISTRIES[kind])).get("registry")
    if not isinstance(registry, Registry):
        raise UsageError(f"{REGISTRIES[kind]} has no registry: no {kind} are installed")
    return registry


def _rows(kind: str) -> list[dict[str, Any]]:
    if kind == "experiments":
        from neurosim.experiment.catalogue import experiment_names, experiment_summary

        return [{"name": name, "summary": experiment_summary(name)} for name in experiment_names()]
    if kind not in REGISTRIES:
        raise UsageError(f"unknown kind '{kind}': {suggest(kind, ['experiments', *REGISTRIES])}")
    registry = registry_of(kind)
    if kind == "rules":
        from neurosim.model.registries import rules
        from neurosim.model.rule_facts import facts

        return [facts(name, rules.get(name)) for name in registry]
    return [
        {"name": name, "summary": (inspect.getdoc(registry.get(name)) or "").partition("\n")[0]}
        for name in registry
    ]
