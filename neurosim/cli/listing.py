"""Lists of experiments, rules, engines and models, and of the settings of an experiment."""

from __future__ import annotations

import importlib
import inspect
import json

from neurosim.cli import names_as_asked
from neurosim.cli.console import console
from neurosim.errors import UsageError
from neurosim.registry import Registry, suggest

REGISTRIES = {"rules": "neurosim.rules", "engines": "neurosim.engines", "models": "neurosim.neurons"}


def show_list(kind: str, *, as_json: bool) -> None:
    """Print the names of one kind with a line about each; raises UsageError for an unknown kind."""
    rows = _rows(kind)
    if as_json:
        print(json.dumps([{"name": name, "summary": summary} for name, summary in rows], indent=2))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False)
    for name, summary in rows:
        table.add_row(Text(name, style="cyan"), Text(summary))
    console().print(table if rows else f"no {kind} are installed")


def show_settings(name: str, preset: str | None) -> None:
    """Print the settings of an experiment with the values of a preset."""
    from rich.table import Table
    from rich.text import Text

    from neurosim.experiment import find_experiment, settings_of

    with names_as_asked():
        experiment = find_experiment(name)
        preset, config = experiment.preset(preset)
    table = Table(
        "setting",
        "value",
        "unit",
        "bounds",
        "what it is",
        title=f"{name}, preset {preset}",
        title_justify="left",
    )
    for key, facts in settings_of(config).items():
        table.add_row(*map(Text, (key, str(getattr(config, key)), facts.unit, facts.bounds(), facts.doc)))
    console().print(table)


def registry_of(kind: str) -> Registry[object]:
    """Return the registry of rules, engines or models; raises UsageError when this installation has none."""
    registry = vars(importlib.import_module(REGISTRIES[kind])).get("registry")
    if not isinstance(registry, Registry):
        raise UsageError(f"{REGISTRIES[kind]} has no registry: no {kind} are installed")
    return registry


def _rows(kind: str) -> list[tuple[str, str]]:
    if kind == "experiments":
        from neurosim.experiment.catalogue import experiment_names, experiment_summary

        return [(name, experiment_summary(name)) for name in experiment_names()]
    if kind not in REGISTRIES:
        raise UsageError(f"unknown kind '{kind}': {suggest(kind, ['experiments', *REGISTRIES])}")
    registry = registry_of(kind)
    return [(name, (inspect.getdoc(registry.get(name)) or "").partition("\n")[0]) for name in registry]
