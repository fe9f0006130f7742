"""Measures a training step of ours and of a peer in interleaved rounds, and shows the result."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from neurosim.bench.descents.descent import DESCENTS
from neurosim.bench.machine import machine
from neurosim.bench.session import Session
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.registry import suggest


def measure_descent(
    name: str, rounds: int = 5, say: Callable[[str], None] = lambda text: None
) -> dict[str, Any]:
    """Measure a comparison, each contender in a process and on a thread of its own.

    Arguments:
        name: of a comparison.
        rounds: number of rounds, over which medians are taken.
        say: called with a line about each round.

    Returns a JSON-like dictionary: CPU and wall time per training step (s), the ratio of CPU times in each round,
    its median and the verdict, the largest relative difference of the first losses if both take the same steps, or why
    the peer was not measured; with it the CPU and wall time of our first step where the cache is filled.
    Raises UnknownNameError, DescriptionError for no rounds, RunFailed if a contender fails.
    """
    if name not in DESCENTS:
        raise UnknownNameError(f"unknown comparison '{name}': {suggest(name, DESCENTS)}")
    if rounds < 1:
        raise DescriptionError(f"bench: rounds = {rounds}: give at least 1")
    descent = DESCENTS[name]
    missing = descent.missing()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="neurosim-bench-")))
        sessions = {}
        for contender in ("ours", *(("peer",) if missing is None else ())):
            words = ["neurosim.bench.descents.worker", name, contender]
            sessions[contender] = stack.enter_context(Session(contender, words, folder, folder / "cache"))
        build = {who: session.ask("build") for who, session in sessions.items()}
        words = ["neurosim.bench.descents.worker", name, "ours"]
        with Session("again", words, folder, folder / "cache") as again:
            warm = again.ask("build")
        said = f"{build['ours']['cpu']:.1f} s of CPU time, with a filled cache {warm['cpu']:.1f} s"
        say(f"{name}: first step after {said}")
        runs: dict[str, list[Mapping[str, Any]]] = {who: [] for who in sessions}
        for number in range(rounds):
            for who, session in sessions.items():
                runs[who].append(session.ask("run"))
            say(f"{name}: round {number + 1} of {rounds} done")
        losses = {who: session.ask("losses")["losses"][:10] for who, session in sessions.items()}
    found: dict[str, Any] = {
        "comparison": name,
        "title": descent.title,
        "peer": descent.peer,
        "missing": missing,
        "low": descent.low,
        "aim": descent.aim,
        "start": descent.start,
        "warm": warm,
        "contenders": {who: {**_summary(build[who], runs[who]), "losses": losses[who]} for who in sessions},
        "machine": machine(),
    }
    if missing is None:
        ratios = [p["cpu"] / o["cpu"] for o, p in zip(runs["ours"], runs["peer"], strict=True)]
        ratio = statistics.median(ratios)
        found |= {"ratios": ratios, "ratio": ratio, "holds": ratio >= descent.low}
        if descent.same:
            found["difference"] = _difference(losses["ours"], losses["peer"])
    return found


def descent_table(result: Mapping[str, Any]) -> Table:
    """Return one row per contender and one for the verdict."""
    table = Table(title=f"{result['comparison']}  {result['title']}", title_justify="left", box=None)
    table.add_column("")
    for head in ("CPU ms per step", "wall ms per step", "first step, CPU s"):
        table.add_column(head, justify="right")
    titles = {"ours": "neurosim", "peer": result["peer"]}
    for who, spent in result["contenders"].items():
        first = f"{spent['build']['cpu']:.2g}" + (f" / {result['warm']['cpu']:.2g}" if who == "ours" else "")
        table.add_row(titles[who], f"{1e3 * spent['cpu']:.3g}", f"{1e3 * spent['wall']:.3g}", first)
    if result["start"] is not None:
        limits, took = result["start"], (result["contenders"]["ours"]["build"]["cpu"], result["warm"]["cpu"])
        met = "holds" if all(t <= most for t, most in zip(took, limits, strict=True)) else "fails"
        table.add_row("first step", "", f"wanted at most {limits[0]:g} / {limits[1]:g}", met)
    wanted = f"at least {result['low']:.3g} (aim {result['aim']:g})"
    if result["missing"] is not None:
        table.add_row(result["peer"], f"not measured: {result['missing']}")
    else:
        verdict = "holds" if result["holds"] else "fails"
        table.add_row("ratio", f"{result['ratio']:.3g}", f"wanted {wanted}", verdict)
    if "difference" in result:
        table.add_row("first losses differ by", f"{result['difference']:.1e}")
    return table


def _summary(build: Mapping[str, Any], runs: list[Mapping[str, Any]]) -> dict[str, Any]:
    kinds = ("cpu", "wall")
    medians = {kind: statistics.median(run[kind] for run in runs) for kind in kinds}
    return {**medians, "build": build, "rounds": {kind: [run[kind] for run in runs] for kind in kinds}}


def _difference(ours: list[float], peer: list[float]) -> float:
    """Return the largest relative difference of the first losses, before rounding has grown."""
    return float(np.max(np.abs(np.array(ours) / np.array(peer) - 1)))
