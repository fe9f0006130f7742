"""Values as HTML: tables and lists, for notebooks and reports. All text is escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

MARKS: Final = {"holds": ("holds", "✓"), "fails": ("fails", "✗"), "not tested": ("untested", "–")}


@dataclass(frozen=True)
class Html:
    """Text that is HTML already; all other text is escaped where it is put into a page."""

    text: str


def html(value: Any) -> str:
    """Return a value as HTML: text escaped, numbers short, nothing for None."""
    if isinstance(value, Html):
        return value.text
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return escape(str(value))


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Html:
    """Return a table, which scrolls where the screen is too narrow."""
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="number">{html(cell)}</td>'
            if isinstance(cell, int | float) and not isinstance(cell, bool)
            else f"<td>{html(cell)}</td>"
            for cell in row
        )
        + "</tr>"
        for row in rows
    )
    return Html(f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>')


def facts(values: Mapping[str, Any]) -> Html:
    """Return names and values as a table without heads."""
    rows = "".join(f"<tr><th>{escape(k)}</th><td>{html(v)}</td></tr>" for k, v in values.items())
    return Html(f'<div class="wide"><table><tbody>{rows}</tbody></table></div>')


def items(texts: Iterable[Any]) -> Html:
    """Return a list."""
    return Html(f"<ul>{''.join(f'<li>{html(text)}</li>' for text in texts)}</ul>")


def verdict(text: str) -> Html:
    """Return a verdict with a sign, so that it is not told by colour alone."""
    kind, mark = MARKS.get(text, ("untested", "?"))
    return Html(f'<span class="{kind}">{mark} {escape(text)}</span>')


def picture(png: bytes, text: str) -> Html:
    """Return a PNG picture inside the page; text says what it shows."""
    data = base64.b64encode(png).decode()
    return Html(f'<img alt="{escape(text)}" src="data:image/png;base64,{data}">')
