"""What was measured as a section of a page, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from neurosim.bench.catalogue import OURS, PEERS
from neurosim.bench.report import CASE_COLUMNS, TARGET_COLUMNS, about, case_rows, short, target_rows
from neurosim.markdown import table

Numbers = Mapping[str, Any]
MARK = "measured"
"""The name of the place in a page at which the section stands."""


def section(results: Sequence[Numbers]) -> str:
    """Return the whole section: machine, summary, where a peer is better, a table per case, targets."""
    parts = [
        _machine(results[0]["machine"]),
        "### Summary\n\nOur CPU time, the floor's over ours, and the CPU time of each peer over ours.",
        table(
            ("case", "CPU s", "share of the floor", *(PEERS[p].title for p in _peers(results))),
            _summary(results),
        ),
        _better(results),
        *(part for result in results for part in _workload(result)),
    ]
    return "\n\n".join(parts) + "\n"


def _machine(machine: Mapping[str, str]) -> str:
    place = [machine[key] for key in ("processor", "system") if machine.get(key)]
    versions = [f"{k} {v}" for k, v in machine.items() if k not in ("processor", "system", "cores", "load")]
    where = f"{', '.join(place)}, {machine['cores']} cores, load {machine['load']}, one thread each"
    return f"Measured on {where}; {', '.join(versions)}."


def _cases(results: Sequence[Numbers]) -> Iterator[tuple[Numbers, Numbers]]:
    for result in results:
        for case in result["cases"]:
            yield result, case


def _name(result: Numbers, case: Numbers) -> str:
    return f"{result['workload'].upper()}, {case['label']}"


def _peers(results: Sequence[Numbers]) -> list[str]:
    return [p for p in PEERS if any(p in case["contenders"] for _, case in _cases(results))]


def _summary(results: Sequence[Numbers]) -> Iterator[list[str]]:
    """Yield a row per case: our time, the share of the floor, and the ratio of each peer's CPU time to ours."""
    for result, case in _cases(results):
        ours = case["contenders"][OURS]["cpu"]
        ratios = {name: short(contender["ratio"]) for name, contender in case["contenders"].items()}
        row = [_name(result, case), short(ours), f"{case['floor']['share']:.2f}"]
        yield row + [ratios.get(peer, "") for peer in _peers(results)]


def _better(results: Sequence[Numbers]) -> str:
    rows = [
        f"- {PEERS[name].title} is faster than neurosim on {_name(result, case)}: {1 / contender['ratio']:.2f} times."
        for result, case in _cases(results)
        for name, contender in case["contenders"].items()
        if contender["ratio"] < 1
    ]
    rows += [
        f"- {PEERS[name].title} needs less memory than neurosim on {_name(result, case)}: "
        f"{contender['memory'] / 1e6:.0f} MB instead of {case['contenders'][OURS]['memory'] / 1e6:.0f} MB."
        for result, case in _cases(results)
        for name, contender in case["contenders"].items()
        if contender["memory"] < case["contenders"][OURS]["memory"]
    ]
    return "### Where a peer is better\n\n" + ("\n".join(rows) or "Nowhere in this run.")


def _workload(result: Numbers) -> Iterator[str]:
    yield f"### {result['workload'].upper()}: {result['title']}"
    for case in result["cases"]:
        yield f"{case['label']}: {about(result, case)}."
        yield table(("", *CASE_COLUMNS), case_rows(case))
    yield table(TARGET_COLUMNS, target_rows(result))
