"""Tables in Markdown, and text between marks of a page, which a command replaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from neurosim.errors import ResultFileError


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(text: str) -> str:
    """Return a text as it stands in a cell of a table: in one line, and nothing in it means anything in Markdown."""
    return re.sub(r"([\\`*_|<~])", r"\\\1", " ".join(text.split()))


def marks(name: str) -> tuple[str, str]:
    """Return the lines before and after the text of that name in a page."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def marked(page: str, name: str) -> str | None:
    """Return the text between the marks of that name in a page, or None if it has none, or not once each."""
    begin, end = marks(name)
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        return None
    return page.split(begin)[1].split(end)[0].strip()


def put_into(page: Path, name: str, text: str) -> None:
    """Replace the text between the marks of that name in a page; raises ResultFileError if it has no such marks."""
    begin, end = marks(name)
    old = page.read_text("utf-8")
    if marked(old, name) is None:
        raise ResultFileError(
            f"{page}: no place for the tables: add the lines '{begin}' and '{end}' once each"
        )
    before, after = old.split(begin)[0], old.split(end)[1]
    page.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}", "utf-8")
