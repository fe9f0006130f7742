"""What a result file holds, and its claims, for people and for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Group
from rich.text import Text

from neurosim.cli.console import console, table
from neurosim.errors import UsageError, shown
from neurosim.store import Results, open_results
from neurosim.store.claims import measured
from neurosim.store.tree import content_tree

CLAIM = ("id", "statement", "source", "kind", "expected", "measured", "unit", "verdict", "note")
STYLES = {"holds": "green", "fails": "bold red", "not tested": "yellow"}
# Not for reading: conventions of the file, and what is shown in a place of its own.
_HIDDEN = {"schema", "schema_version", "magic", "version", "claims"}


def show_file(path: Path, *, as_json: bool) -> None:
    """Print the provenance, the arrays and the claims of a result file, for people or as JSON."""
    with open_results(path) as results:
        if as_json:
            print(json.dumps(_content(results), indent=2, default=_plain))
            return
        facts = table("", "", box=None, show_header=False)
        for name, value in results.attributes.items():
            if name not in _HIDDEN:
                facts.add_row(Text(name, style="cyan"), Text(_fact(value)))
        console().print(
            facts,
            content_tree(results.path, results.infos()),
            *([claims_table(results.claims)] if results.claims else []),
        )


def show_claims(path: Path, *, as_json: bool, as_csv: bool, page: Path | None) -> None:
    """Print the claims of a result file as a table, as a JSON list or as CSV, or put them into a page.

    Raises UsageError for more than one of these.
    """
    if as_json + as_csv + (page is not None) > 1:
        raise UsageError("claims: --json, --csv and --page exclude each other: give one")
    with open_results(path) as results:
        if page is not None:
            from neurosim.markdown import put_into
            from neurosim.report.claims import claims_mark, claims_section

            put_into(page, claims_mark(results), claims_section(results))
        elif as_json:
            print(json.dumps(results.claims, indent=2))
        elif as_csv:
            rows = csv.DictWriter(sys.stdout, CLAIM, extrasaction="ignore", lineterminator="\n")
            rows.writeheader()
            rows.writerows(results.claims)
        elif results.claims:
            console().print(claims_table(results.claims))
        else:
            print(f"{shown(path)}: no claims (status: {shown(results.status)})")


def _content(results: Results) -> dict[str, Any]:
    arrays = {name: asdict(info) for name, info in results.infos().items()}
    return {**results.attributes, "claims": results.claims, "arrays": arrays}


def _plain(value: np.generic | np.ndarray) -> Any:
    return value.tolist()


def claims_table(claims: Sequence[dict[str, Any]]) -> Group:
    """Return claims, as stored in a result file, as a table with a line that counts the verdicts."""
    shown_claims = table("claim", "source", "expected", "measured", "verdict", named=False)
    for claim in claims:
        statement = Text.assemble(shown(claim["statement"]), (f" [{shown(claim['id'])}]", "dim"))
        if claim["note"]:
            statement.append(f"\n{shown(claim['note'])}", style="dim italic")
        source = Text.assemble(shown(claim["source"]), (f"\n{shown(claim['kind'])}", "dim"))
        cells = (Text(shown(text)) for text in (claim["expected"], measured(claim)))
        shown_claims.add_row(statement, source, *cells, _verdict(claim["verdict"]))
    counts = Counter(claim["verdict"] for claim in claims)
    return Group(shown_claims, Text(", ".join(f"{counts[verdict]} {verdict}" for verdict in STYLES)))


def _verdict(verdict: str) -> Text:
    return Text(shown(verdict), style=STYLES.get(verdict, ""))


def _fact(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown(item)}" for name, item in value.items())
    if isinstance(value, list):
        return "\n".join(map(shown, value))
    return shown(value)
