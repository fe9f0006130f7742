"""The report of a sweep: what became of every claim over seeds and settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from neurosim.markup import Html, facts, items
from neurosim.markup import table as as_table
from neurosim.report import interactive
from neurosim.report.page import page, paragraph, section
from neurosim.store import open_results
from neurosim.sweep import Sweep, table

_OWN = ("run", "state", "seed", "claim", "verdict", "measured", "unit", "measured_text", "expected", "note")


def sweep_report(sweep: Sweep) -> str:
    """Return the page of a sweep: claims by setting, measured values, failures, settings, citations and versions."""
    rows = table(sweep)
    states = [sweep.state(run) for run in sweep.runs]
    first = next((run for run, state in zip(sweep.runs, states, strict=True) if state == "complete"), None)
    held: Mapping[str, Any] = {}
    if first is not None:
        with open_results(first.file(sweep.folder)) as results:
            held = results.attributes
    about = sweep.runs[0] if sweep.runs else None
    title = f"Sweep: {held.get('title') or (about.experiment if about else sweep.folder.name)}"
    counts = ", ".join(f"{states.count(s)} {s}" for s in ("complete", "failed", "open") if s in states)
    claimed = [row for row in rows if row["claim"] is not None]
    varied = [name for name in (rows[0] if rows else {}) if name not in _OWN]
    scripts, places = interactive.embedded(_plots(claimed, varied))
    parts = [paragraph(f"{len(sweep.runs)} runs: {counts}")]
    if claimed:
        parts.append(section("Claims", _summary(claimed, varied)))
    if places:
        parts.append(
            section(
                "Measured values", paragraph("Drag to zoom, click a name to hide its dots.", "note"), *places
            )
        )
    failures = [f"{run.name}: {why}" for run in sweep.runs if (why := sweep.failure(run))]
    if failures:
        parts.append(section("Failures", items(failures)))
    if about is not None:
        same = {k: v for k, v in about.config.items() if k not in varied}
        head = {"experiment": about.experiment, "preset": about.preset, "engine": about.engine}
        seeds = ", ".join(str(seed) for seed in sorted({run.seed for run in sweep.runs}))
        parts.append(
            section("Settings", facts({**head, "seeds": seeds, **{k: str(v) for k, v in same.items()}}))
        )
    if held.get("citations"):
        parts.append(section("Citations", items(held["citations"])))
    if held.get("versions"):
        parts.append(section("Versions", facts(held["versions"])))
    return page(title, parts, scripts)


def _summary(rows: list[dict[str, Any]], varied: list[str]) -> Html:
    """Return a row for each claim and setting: how many runs hold, and median and range of what they measured."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[(row["claim"], *(row[name] for name in varied))].append(row)
    lines = []
    for key, group in groups.items():
        verdicts = [row["verdict"] for row in group]
        numbers = [row["measured"] for row in group if row["measured"] is not None]
        middle = f"{np.median(numbers):.4g} {group[0]['unit']}".strip() if numbers else None
        span = f"{min(numbers):.4g} to {max(numbers):.4g}" if len(numbers) > 1 else None
        counts = [verdicts.count(verdict) for verdict in ("holds", "fails", "not tested")]
        lines.append((*(str(part) for part in key), *counts, group[0]["expected"], middle, span))
    return as_table(("claim", *varied, "holds", "fails", "not tested", "expected", "median", "range"), lines)


def _plots(rows: list[dict[str, Any]], varied: list[str]) -> list[Any]:
    """Return a plot of each claim with numbers: over the one setting of numbers that varies, or else over seeds."""
    numeric = [name for name in varied if all(_number(row[name]) for row in rows)]
    along = numeric[0] if numeric else "seed"
    apart = [name for name in varied if name != along]
    plots = []
    for claim in dict.fromkeys(row["claim"] for row in rows):
        own = [row for row in rows if row["claim"] == claim and row["measured"] is not None]
        if len(own) < 2:
            continue
        groups: dict[str, tuple[list[float], list[float]]] = {}
        for row in own:
            name = ", ".join(f"{k} {row[k]}" for k in apart) or "runs"
            x, y = groups.setdefault(name, ([], []))
            x.append(float(row[along]))
            y.append(float(row["measured"]))
        unit = own[0]["unit"]
        plots.append(interactive.dots(claim, along, f"measured ({unit})" if unit else "measured", groups))
    return plots


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
