"""The figure of a benchmark: CPU time of every contender, with the memory floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

from neurosim.bench.catalogue import OURS, PEERS
from neurosim.palette import BLUE, PALE

COLUMNS = 3


def draw(results: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write a figure with one panel per case: bars of CPU time, a dashed line at the floor."""
    from matplotlib.figure import Figure

    panels = [(result, case) for result in results for case in result["cases"]]
    rows = -(-len(panels) // COLUMNS)
    columns = min(COLUMNS, len(panels))
    figure = Figure(figsize=(4.6 * columns, 2.6 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis, (result, case) in zip(axes, panels, strict=False):
        _panel(axis, result, case)
    for axis in axes[len(panels) :]:
        axis.set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def _panel(axis: Any, result: Mapping[str, Any], case: Mapping[str, Any]) -> None:
    from matplotlib.ticker import NullFormatter

    contenders = case["contenders"]
    names = [f"neurosim ({OURS})" if name == OURS else PEERS[name].title for name in contenders]
    values = [contender["cpu"] for contender in contenders.values()]
    colours = [BLUE if name == OURS else PALE for name in contenders]
    bars = axis.barh(names, values, color=colours)
    axis.bar_label(bars, [f"{value:.3g}" for value in values], padding=3, fontsize=8)
    axis.axvline(case["floor"]["seconds"], color="black", linestyle="--", linewidth=1, label="memory floor")
    axis.set_xscale("log")
    # Whole decades, so that even a narrow range has distinct marks.
    axis.set_xlim(_decade(min(*values, case["floor"]["seconds"]), floor), _decade(2 * max(values), ceil))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.invert_yaxis()
    axis.set_title(f"{result['workload']}  {case['label']}", fontsize=9, loc="left")
    axis.set_xlabel(f"CPU time (s) for {case['duration']:g} s, one thread", fontsize=8)
    axis.tick_params(labelsize=8)
    axis.legend(fontsize=7, frameon=False, loc="upper right")


def _decade(seconds: float, rounded: Callable[[float], int]) -> float:
    return 10.0 ** rounded(log10(seconds))
