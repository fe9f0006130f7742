"""Checking a file to the last bit."""

from __future__ import annotations

from pathlib import Path

from neurosim.errors import ResultFileError, shown
from neurosim.store import open_results, read_state
from neurosim.store.image import open_sealed


def verify_file(path: Path) -> None:
    """Read everything that a result file or a state holds, and print what it is and the hash of its content.

    Raises ResultFileError when anything does not fit.
    """
    with open_sealed(path) as file:
        holds_results = "schema" in file.attrs
    if not holds_results:
        print(f"{shown(path)}: whole, a state of {len(read_state(path))} arrays")
        return
    with open_results(path) as results:
        found, stored = results.content_hash(), results.attributes.get("content", "")
        if stored not in ("", found):
            raise ResultFileError(f"{path}: holds other content than its hash says; it was changed by hand")
        status = f", {shown(results.status)}" if results.status else ""
        print(f"{shown(path)}: whole{status}, {len(results.paths())} arrays")
        print(f"content: {found}")
