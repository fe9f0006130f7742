"""One self-contained page: HTML with its style, its pictures and its scripts inside."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 0.5rem 1rem 3rem; color: #222; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.7rem 0.3rem 0; border-bottom: 1px solid #ddd; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
img, svg { max-width: 100%; height: auto; } code { overflow-wrap: anywhere; }
.holds { color: #00674b; } .fails { color: #a84300; font-weight: bold; } .untested { color: #666; }
.claim { min-width: 11rem; }
.note { color: #555; font-size: 0.85rem; } li { overflow-wrap: anywhere; }
"""
MARKS = {"holds": ("holds", "✓"), "fails": ("fails", "✗"), "not tested": ("untested", "–")}


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


def section(title: str, *content: Html) -> Html:
    """Return a part of the page under a heading."""
    return Html(f"<section><h2>{escape(title)}</h2>{''.join(part.text for part in content)}</section>\n")


def paragraph(text: Any, kind: str = "") -> Html:
    """Return a paragraph, of a class of the style if one is given."""
    return Html(f'<p class="{kind}">{html(text)}</p>')


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


def picture(png: bytes, text: str) -> Html:
    """Return a PNG picture inside the page; text says what it shows."""
    data = base64.b64encode(png).decode()
    return Html(f'<img alt="{escape(text)}" src="data:image/png;base64,{data}">')


def verdict(text: str) -> Html:
    """Return a verdict with a sign, so that it is not told by colour alone."""
    kind, mark = MARKS.get(text, ("untested", "?"))
    return Html(f'<span class="{kind}">{mark} {escape(text)}</span>')


def page(title: str, parts: Iterable[Html], scripts: str = "") -> str:
    """Return a whole page."""
    body = "".join(part.text for part in parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style>{scripts}</head>\n<body><h1>{escape(title)}</h1>\n{body}</body></html>\n"
    )
