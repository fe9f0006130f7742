"""Tables of what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from neurosim.bench.catalogue import OURS, PEERS

Numbers = Mapping[str, Any]


def tables(result: Numbers) -> Iterator[Table]:
    """Yield a table per case and one of the targets."""
    for case in result["cases"]:
        yield case_table(result, case)
    yield targets_table(result)


def case_table(result: Numbers, case: Numbers) -> Table:
    """Return one row per contender, the memory floor among them."""
    head = f"{result['workload']}  {result['title']}: {case['label']}"
    size = f"{case['duration']:g} s of network time, {case['synapses']:,} synapses"
    about = f"{size}, medians of {result['rounds']} rounds"
    table = Table(title=f"{head}\n{about}", title_justify="left", box=None)
    table.add_column("")
    names = (
        "CPU s",
        "wall s",
        "over ours",
        "over floor",
        "build s",
        "memory MB",
        "B/synapse",
        "spikes",
        "agreement",
    )
    for name in names:
        table.add_column(name, justify="left" if name == "agreement" else "right")
    floor = case["floor"]["seconds"]
    ours = case["contenders"][OURS]["cpu"]
    speeds = sorted({round(part["bandwidth"] / 1e9) for part in case["floor"]["parts"]})
    at = f"{'-'.join(map(str, (speeds[0], speeds[-1])[: len(speeds)]))} GB/s"
    table.add_row("memory floor", f"{floor:.3g}", "", f"{floor / ours:.2f}", "1.00", "", "", "", "", at)
    for name, contender in case["contenders"].items():
        table.add_row(*_row(name, contender, floor))
    for name, reason in case["missing"].items():
        table.add_row(PEERS[name].title, *[""] * 8, f"not measured: {reason}")
    return table


def _row(name: str, contender: Numbers, floor: float) -> list[str]:
    build = " / ".join(f"{spent['cpu']:.2g}" for spent in contender["build"].values())
    agreement = contender["agreement"]
    return [
        f"neurosim ({OURS})" if name == OURS else PEERS[name].title,
        f"{contender['cpu']:.3g}",
        f"{contender['wall']:.3g}",
        f"{contender['ratio']:.2f}",
        f"{contender['cpu'] / floor:.2f}",
        build,
        f"{contender['memory'] / 1e6:.0f}",
        f"{contender['bytes_per_synapse']:.0f}",
        "" if agreement["spikes"] is None else f"{agreement['spikes']:,}",
        "" if name == OURS else _words(agreement),
    ]


def _words(agreement: Numbers) -> str:
    words = []
    if agreement["identical"]:
        words.append("spikes identical")
    elif agreement["parted_at"] is not None:
        words.append(f"spikes part at step {agreement['parted_at']:,}")
    words += [f"{name} within {error:.1e}" for name, error in agreement["error"].items() if error < 1e-3]
    return ", ".join(words)


def targets_table(result: Numbers) -> Table:
    """Return one row per target."""
    table = Table(
        "case", "what", "wanted", "measured", "verdict", title="targets", title_justify="left", box=None
    )
    for target in result["targets"]:
        wanted = f"at least {target['low']:g}" if target["low"] is not None else f"at most {target['high']:g}"
        aim = "" if target["aim"] is None else f" (aim {target['aim']:g})"
        measured = "" if target["measured"] is None else f"{target['measured']:.3g}"
        verdict = {True: "holds", False: "fails", None: "not measured"}[target["holds"]]
        table.add_row(target["label"], target["what"], wanted + aim, measured, verdict)
    return table
