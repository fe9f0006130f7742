"""The report of one result file."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.experiment import find_experiment, one_line, settings_of
from neurosim.experiment.settings import config_from
from neurosim.export.series import series
from neurosim.export.view import network_of, trains
from neurosim.markup import Html, facts, items, picture, table
from neurosim.model.diagram import svg
from neurosim.plot.stored import names
from neurosim.report import interactive
from neurosim.report.page import page, paragraph, section
from neurosim.store import Results

_ORIGIN = (
    "status",
    "error",
    "preset",
    "seed",
    "engine",
    "command",
    "created",
    "finished",
    "git_commit",
    "platform",
)
_MOST_PLOTS = 24
DPI = 130


def file_report(results: Results) -> str:
    """Return the page of a result file: claims, figure, network, plots, settings, citations, origin and versions."""
    held = results.attributes
    title = str(held.get("title") or held.get("experiment") or results.path.name)
    shown = names(results)
    scripts, places = interactive.embedded([_plot(results, name) for name in shown[:_MOST_PLOTS]])
    parts = [
        paragraph(_head(held, results)),
        *_claims(results),
        *_figure(results),
        *_network(results),
    ]
    if places:
        hint = "Drag to zoom, scroll to stretch time, click a name to hide its curve."
        left = len(shown) - len(places)
        more = f" {left} more are drawn by neurosim plot." if left else ""
        parts.append(section("What was recorded", paragraph(hint + more, "note"), *places))
    parts += _settings(results)
    if held.get("citations"):
        parts.append(section("Citations", items(held["citations"])))
    origin = {name: held[name] for name in _ORIGIN if held.get(name) not in (None, "")}
    parts.append(section("Where it comes from", facts({"file": results.path.name, **origin})))
    if held.get("versions"):
        parts.append(section("Versions", facts(held["versions"])))
    return page(title, parts, scripts)


def _head(held: Mapping[str, Any], results: Results) -> str:
    words = [held[name] for name in ("experiment", "preset") if held.get(name)]
    words += [f"seed {held['seed']}"] if "seed" in held else []
    verdicts = [claim["verdict"] for claim in results.claims]
    counts = [f"{verdicts.count(v)} {v}" for v in ("holds", "fails", "not tested") if v in verdicts]
    return ", ".join(map(str, [*words, results.status])) + (
        f"; claims: {', '.join(counts)}" if counts else ""
    )


def _claims(results: Results) -> list[Html]:
    return [section("Claims", results.claims.table())] if results.claims else []


def _figure(results: Results) -> list[Html]:
    """Return the figure of the study, drawn from the file; why not, where that cannot be."""
    name = results.attributes.get("experiment")
    if name is None or results.status != "complete":
        return []
    try:
        experiment = find_experiment(name)
        if experiment.figures is None:
            return []
        _, preset = experiment.preset(results.attributes.get("preset"))
        drawn, png = experiment.figures(config_from(preset, results.config), results), BytesIO()
        drawn.savefig(png, format="png", dpi=DPI)
    except Exception as error:
        return [section("Figure", paragraph(f"The figure cannot be drawn here: {one_line(error)}", "note"))]
    return [section("Figure", picture(png.getvalue(), f"figure of {name}"))]


def _network(results: Results) -> list[Html]:
    try:
        network = network_of(results)
    except (DescriptionError, UnknownNameError) as error:
        return [section("Network", paragraph(f"The network cannot be drawn here: {error}", "note"))]
    return [] if network is None else [section("Network", Html(svg(network)))]


def _plot(results: Results, name: str) -> Any:
    if name in results.populations():
        return interactive.raster(trains(results, name))
    return interactive.curves(series(results, name))


def _settings(results: Results) -> list[Html]:
    if not results.config:
        return []
    try:
        experiment = find_experiment(str(results.attributes.get("experiment")))
        known = settings_of(experiment.config)
    except (DescriptionError, UnknownNameError):
        known = {}
    rows = [
        (
            name,
            _setting(value),
            known[name].unit if name in known else "",
            known[name].doc if name in known else "",
        )
        for name, value in results.config.items()
    ]
    return [section("Settings", table(("setting", "value", "unit", "what it is"), rows))]


def _setting(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
