"""Running benchmarks from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from neurosim.cli.console import console
from neurosim.cli.exit_codes import names_as_asked
from neurosim.errors import ResultFileError, UsageError


def report_benchmarks(file: Path, *, page: Path | None, figure: Path | None) -> None:
    """Print the tables of a file of measurements in Markdown, or put them into a page; a figure goes to a file.

    Raises ResultFileError if the file does not hold measurements, or the page has no marks.
    """
    from neurosim.bench.figure import draw
    from neurosim.bench.markdown import MARK, section
    from neurosim.markdown import put_into

    try:
        results = json.loads(file.read_text("utf-8"))
        text = section(results)
    except OSError as error:
        raise ResultFileError(f"{file}: cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, LookupError) as error:
        raise ResultFileError(
            f"{file}: not what `neurosim bench --json` prints ({type(error).__name__}): measure again"
        ) from error
    if page is None:
        print(text, end="")
    else:
        put_into(page, MARK, text)
    if figure is not None:
        draw(results, figure)


def run_benchmarks(name: str, *, rounds: int, peers: list[str], figure: Path | None, as_json: bool) -> None:
    """Measure one workload or all, or one comparison of training steps; print tables or JSON.

    A figure of workloads goes to a file. Raises UsageError for an unknown name, or a peer or figure of a comparison.
    """
    from neurosim.bench.catalogue import PEERS, WORKLOADS, peer, workload
    from neurosim.bench.descents.descent import DESCENTS
    from neurosim.bench.figure import draw
    from neurosim.bench.report import tables
    from neurosim.bench.runner import measure

    if name in DESCENTS:
        if peers or figure is not None:
            raise UsageError(f"bench {name}: has one peer and no figure: leave --peer and --figure out")
        return _run_descent(name, rounds, as_json)
    with names_as_asked():
        workloads = [workload(each) for each in (WORKLOADS if name == "all" else [name])]
        chosen = [each for each in peers if peer(each)] or list(PEERS)
    results: list[dict[str, Any]] = []
    for each in workloads:
        results.append(measure(each, chosen, rounds, say=_said))
        _print([] if as_json else tables(results[-1]))
    if as_json:
        print(json.dumps(results, indent=1))
    if figure is None and not as_json:
        figure = Path("results") / f"bench-{name}.png"
    if figure is not None:
        draw(results, figure)
        print(f"figure: {figure}", file=sys.stderr)


def _run_descent(name: str, rounds: int, as_json: bool) -> None:
    from neurosim.bench.descents.measure import descent_table, measure_descent

    result = measure_descent(name, rounds, say=_said)
    if as_json:
        print(json.dumps(result, indent=1))
    else:
        _print([descent_table(result)])


def _said(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print(shown: Iterable[Any]) -> None:
    for table in shown:
        console().print(table)
        print()
