"""In what two result files differ, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.text import Text

from neurosim.cli.console import console, table
from neurosim.cli.exit_codes import DONE, FAILED
from neurosim.errors import shown
from neurosim.store import differences, open_results


def show_differences(first: Path, second: Path, *, as_json: bool) -> int:
    """Print the differences of two result files; return 0 if their content is equal, else 1."""
    with open_results(first) as one, open_results(second) as two:
        found = list(differences(one, two))
        equal = one.content_hash() == two.content_hash()
    if as_json:
        print(json.dumps({"equal": equal, "differences": [asdict(item) for item in found]}, indent=2))
        return DONE if equal else FAILED
    if found:
        rows = table("", "name", shown(first), shown(second), "")
        for item in found:
            rows.add_row(*(Text(shown(text)) for text in asdict(item).values()))
        console().print(rows)
    print("content: equal" if equal else "content: differs")
    return DONE if equal else FAILED
