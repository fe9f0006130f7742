"""The claims of a run as stored in its file: a list that notebooks show as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurosim.markup import Html, html, table, verdict


class Claims(list[dict[str, Any]]):
    """Claims with their verdicts, one dictionary each."""

    def _repr_html_(self) -> str:
        return self.table().text

    def table(self) -> Html:
        """Return a row for each claim as HTML."""
        heads = ("verdict", "claim", "expected", "measured", "source")
        rows = [(verdict(c["verdict"]), _statement(c), c["expected"], measured(c), c["source"]) for c in self]
        return table(heads, rows)


def _statement(claim: dict[str, Any]) -> Html:
    note = f'<br><span class="note">{html(claim["note"])}</span>' if claim["note"] else ""
    return Html(f'<div class="claim">{html(claim["statement"])}{note}</div>')


def measured(claim: Mapping[str, Any]) -> str:
    """Return what a claim measured with its unit, '-' if it was not tested."""
    value = claim["measured"]
    if value is None:
        return "-"
    text = f"{value:.4g}" if isinstance(value, int | float) else str(value)
    return f"{text} {claim['unit']}".strip()
