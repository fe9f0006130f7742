"""What the runs of a sweep came to, as one tidy table: a row for each claim of each run."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurosim.errors import ResultFileError
from neurosim.extras import optional
from neurosim.store import open_results
from neurosim.sweep.index import Sweep, read_sweep

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_OF_CLAIM = ("claim", "verdict", "measured", "unit", "measured_text", "expected", "note")


def table(sweep: Sweep | str | Path) -> list[dict[str, Any]]:
    """Return the rows of a sweep: run, state, seed, the settings that it varies, then one claim and its verdict.

    `measured` is a number in `unit`, or None where the measured is no number; then `measured_text` says it. A run that
    is not complete has one row without a claim, whose `note` says why.

    Arguments:
        sweep: a sweep or its folder.

    Raises ResultFileError when there is none.
    """
    sweep = sweep if isinstance(sweep, Sweep) else read_sweep(sweep)
    varied = list(dict.fromkeys(name for run in sweep.runs for name in run.varied))
    rows = []
    for run in sweep.runs:
        state = sweep.state(run)
        head = {
            "run": run.name,
            "state": state,
            "seed": run.seed,
            **{name: _cell(run.config[name]) for name in varied},
        }
        if state != "complete":
            rows.append({**head, **dict.fromkeys(_OF_CLAIM), "note": sweep.failure(run) or None})
            continue
        with open_results(run.file(sweep.folder)) as results:
            claims = results.claims
        rows += [{**head, **_of_claim(claim)} for claim in claims] or [{**head, **dict.fromkeys(_OF_CLAIM)}]
    return rows


def to_csv(rows: list[dict[str, Any]]) -> str:
    """Return rows as CSV text with a line of names."""
    text = StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def to_pandas(sweep: Sweep | str | Path) -> pd.DataFrame:
    """Return `table` as a table of pandas; raises MissingExtra without pandas."""
    with optional():
        import pandas as pd
    return pd.DataFrame(table(sweep))


def to_xarray(sweep: Sweep | str | Path) -> xr.Dataset:
    """Return `measured` and `verdict` over the claims, the seeds and the settings that the sweep varies.

    Runs that are not complete are missing values.
    Raises MissingExtra without xarray and pandas, ResultFileError when no run is complete.
    """
    rows = [row for row in table(sweep) if row["claim"] is not None]
    if not rows:
        raise ResultFileError("no run of the sweep has claims yet: run it first")
    with optional():
        import pandas as pd
        import xarray  # noqa: F401
    axes = [name for name in rows[0] if name not in ("run", "state", *_OF_CLAIM)]
    frame = pd.DataFrame(rows).set_index(["claim", *axes])[["measured", "verdict"]]
    dataset: xr.Dataset = frame.astype({"measured": float}).to_xarray()
    return dataset


def _of_claim(claim: dict[str, Any]) -> dict[str, Any]:
    measured = claim["measured"]
    number = isinstance(measured, int | float)
    return {
        "claim": claim["id"],
        "verdict": claim["verdict"],
        "measured": measured if number else None,
        "unit": claim["unit"],
        "measured_text": None if number else measured,
        "expected": claim["expected"],
        "note": claim["note"],
    }


def _cell(value: Any) -> Any:
    """Return a setting as it stands in a cell: a list as text, since a cell holds one value."""
    return ",".join(map(str, value)) if isinstance(value, list) else value
