"""One self-contained page: HTML with its style, its pictures and its scripts inside."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from neurosim.markup import Html, html

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


def section(title: str, *content: Html) -> Html:
    """Return a part of the page under a heading."""
    return Html(f"<section><h2>{escape(title)}</h2>{''.join(part.text for part in content)}</section>\n")


def paragraph(text: Any, kind: str = "") -> Html:
    """Return a paragraph, of a class of the style if one is given."""
    return Html(f'<p class="{kind}">{html(text)}</p>')


def page(title: str, parts: Iterable[Html], scripts: str = "") -> str:
    """Return a whole page."""
    body = "".join(part.text for part in parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style>{scripts}</head>\n<body><h1>{escape(title)}</h1>\n{body}</body></html>\n"
    )
