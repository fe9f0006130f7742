"""What a result file holds, and its claims, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from neurosim.cli.console import console
from neurosim.store import open_results
from neurosim.store.tree import content_tree, shown

STYLES = {"holds": "green", "fails": "bold red", "not tested": "yellow"}
# Not for reading: conventions of the file, and what is shown in a place of its own.
_HIDDEN = {"schema", "schema_version", "magic", "version", "claims"}


def show_file(path: Path) -> None:
    """Print the provenance, the tree of arrays and the claims of a result file."""
    with open_results(path) as results:
        facts = Table(box=None, show_header=False)
        for name, value in results.attributes.items():
            if name not in _HIDDEN:
                facts.add_row(Text(name, style="cyan"), Text(_fact(value)))
        console().print(
            facts,
            content_tree(results.path, results.infos()),
            *([claims_table(results.claims)] if results.claims else []),
        )


def show_claims(path: Path, *, as_json: bool) -> None:
    """Print the claims of a result file as a table or as a JSON list."""
    with open_results(path) as results:
        if as_json:
            print(json.dumps(results.claims, indent=2))
        elif results.claims:
            console().print(claims_table(results.claims))
        else:
            print(f"{path}: no claims (status: {results.status})")


def claims_table(claims: Sequence[dict[str, Any]]) -> Group:
    """Return claims, as stored in a result file, as a table with a line that counts the verdicts."""
    table = Table("claim", "source", "expected", "measured", "verdict")
    for claim in claims:
        statement = Text.assemble(shown(claim["statement"]), (f" [{shown(claim['id'])}]", "dim"))
        if claim["note"]:
            statement.append(f"\n{shown(claim['note'])}", style="dim italic")
        source = Text.assemble(shown(claim["source"]), (f"\n{shown(claim['kind'])}", "dim"))
        cells = (Text(shown(_with_unit(claim, field))) for field in ("expected", "measured"))
        table.add_row(statement, source, *cells, _verdict(claim["verdict"]))
    counts = Counter(claim["verdict"] for claim in claims)
    return Group(table, Text(", ".join(f"{counts[verdict]} {verdict}" for verdict in STYLES)))


def _verdict(verdict: str) -> Text:
    return Text(shown(verdict), style=STYLES.get(verdict, ""))


def _with_unit(claim: dict[str, Any], field: str) -> str:
    value = claim[field]
    if value is None:
        return "-"
    return f"{value:.4g} {claim['unit']}".rstrip() if isinstance(value, float | int) else str(value)


def _fact(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown(item)}" for name, item in value.items())
    if isinstance(value, list):
        return "\n".join(map(shown, value))
    return shown(value)
