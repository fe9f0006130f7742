"""Tables of what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from neurosim.bench.catalogue import OURS, PEERS

Numbers = Mapping[str, Any]
CASE_COLUMNS = (
    "CPU s",
    "wall s",
    "over ours",
    "over floor",
    "start s",
    "memory MB",
    "B/synapse",
    "spikes",
    "agreement",
)
TARGET_COLUMNS = ("case", "what", "wanted", "measured", "verdict")


def tables(result: Numbers) -> Iterator[Table]:
    """Yield a table per case and one of the targets."""
    for case in result["cases"]:
        head = f"{result['workload']}  {result['title']}: {case['label']}"
        table = Table(title=f"{head}\n{about(result, case)}", title_justify="left", box=None)
        table.add_column("")
        for name in CASE_COLUMNS:
            table.add_column(name, justify="left" if name == "agreement" else "right")
        for row in case_rows(case):
            table.add_row(*row)
        yield table
    targets = Table(*TARGET_COLUMNS, title="targets", title_justify="left", box=None)
    for row in target_rows(result):
        targets.add_row(*row)
    yield targets


def about(result: Numbers, case: Numbers) -> str:
    """Return the size of a case and of the measurement."""
    size = f"{case['duration']:g} s of network time, {case['synapses']:,} synapses"
    return f"{size}, medians of {result['rounds']} rounds"


def short(number: float) -> str:
    """Return a number with three significant digits, large ones in whole numbers."""
    return f"{number:.3g}" if abs(number) < 1000 else f"{number:,.0f}"


def case_rows(case: Numbers) -> Iterator[list[str]]:
    """Yield a row per contender, including the memory floor, then those that could not be measured."""
    floor = case["floor"]["seconds"]
    speeds = sorted({round(part["bandwidth"] / 1e9) for part in case["floor"]["parts"]})
    at = f"{'-'.join(map(str, (speeds[0], speeds[-1])[: len(speeds)]))} GB/s"
    yield ["memory floor", short(floor), "", short(case["floor"]["share"]), "1", "", "", "", "", at]
    for name, contender in case["contenders"].items():
        yield _row(name, contender, floor)
    for name, reason in case["missing"].items():
        yield [PEERS[name].title, *[""] * 8, f"not measured: {reason}"]


def _row(name: str, contender: Numbers, floor: float) -> list[str]:
    build = " / ".join(f"{spent['cpu']:.2g}" for spent in contender["build"].values())
    agreement = contender["agreement"]
    return [
        f"neurosim ({OURS})" if name == OURS else PEERS[name].title,
        short(contender["cpu"]),
        short(contender["wall"]),
        short(contender["ratio"]),
        short(contender["cpu"] / floor),
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
    words += [f"law of {name} within {d:.3f}" for name, d in agreement["distance"].items()]
    return ", ".join(words)


def target_rows(result: Numbers) -> Iterator[list[str]]:
    """Yield a row per target."""
    for target in result["targets"]:
        wanted = f"at least {target['low']:g}" if target["low"] is not None else f"at most {target['high']:g}"
        aim = "" if target["aim"] is None else f" (aim {target['aim']:g})"
        measured = "" if target["measured"] is None else short(target["measured"])
        verdict = {True: "holds", False: "fails", None: "not measured"}[target["holds"]]
        yield [target["label"], target["what"], wanted + aim, measured, verdict]
