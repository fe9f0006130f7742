"""The claims of a run as a section of a page, in Markdown."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from neurosim.errors import ResultFileError
from neurosim.markdown import cell, table
from neurosim.store import Results
from neurosim.store.claims import measured

COUNTED = {"holds": "hold", "fails": "fail", "not tested": "not tested"}


def claims_mark(results: Results) -> str:
    """Return the name of the place in a page at which the claims of this study stand."""
    return f"claims of {results.attributes.get('experiment')}"


def claims_section(results: Results) -> str:
    """Return what was run, how many claims hold, and a row for each.

    Raises ResultFileError if the file has no claims.
    """
    if not results.claims:
        raise ResultFileError(f"{results.path}: no claims (status: {results.status})")
    held, verdicts = results.attributes, [claim["verdict"] for claim in results.claims]
    counts = ", ".join(f"{verdicts.count(verdict)} {word}" for verdict, word in COUNTED.items())
    run = f"neurosim run {held.get('experiment')} --preset {held.get('preset')} --seed {held.get('seed')}"
    run += _chosen(str(held.get("command") or ""))
    rows = table(("claim", "expected", "measured", "verdict"), map(_row, results.claims))
    return f"`{run}`: {counts}.\n\n{rows}"


def _chosen(command: str) -> str:
    """Return the options of a command that change what a study gives beside its preset and seed."""
    words, found = shlex.split(command), list[str]()
    for word, value in zip(words, [*words[1:], ""], strict=True):
        if word in ("--set", "--engine"):
            found += [word, value]
        elif word.startswith(("--set=", "--engine=")):
            found.append(word)
    return f" {shlex.join(found)}" if found else ""


def _row(claim: Mapping[str, Any]) -> list[str]:
    statement = claim["statement"] + (f" ({claim['note']})" if claim["note"] else "")
    return [cell(text) for text in (statement, claim["expected"], measured(claim), claim["verdict"])]
