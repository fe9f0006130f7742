"""Writing a new rule, and checking one."""

from __future__ import annotations

import json
from pathlib import Path

from neurosim.cli.console import console, table
from neurosim.cli.exit_codes import names_as_asked

STYLES = {"passed": "green", "not applicable": "dim", "broken": "bold red"}


def write_rule(name: str, folder: Path) -> None:
    """Write the template of a rule and of its test, and print what to do next."""
    from neurosim.testing import new_rule

    rule, test = new_rule(name, folder)
    print(f"rule:  {rule}\ntest:  {test}\nnext:  neurosim check-rule {rule}\n       python -m pytest {test}")


def show_check(target: str, *, engines: list[str], seed: int, as_json: bool) -> None:
    """Print what each clause of the contract of rules comes to; raises ContractError if one is broken."""
    from neurosim.testing import examine_rule, load_rule

    with names_as_asked():
        rule = load_rule(target)
        report = examine_rule(rule, engines=engines or None, seed=seed)
    if as_json:
        rows = [
            {
                "clause": o.clause,
                "network": o.network,
                "verdict": o.verdict,
                "reason": o.broken or o.skipped,
            }
            for o in report.outcomes
        ]
        print(json.dumps(rows, indent=2))
    else:
        from rich.text import Text

        shown = table("clause", "network", "verdict", "why", title=report.summary, title_justify="left")
        for o in report.outcomes:
            verdict = Text(o.verdict, style=STYLES[o.verdict])
            shown.add_row(Text(o.clause), Text(o.network), verdict, Text(o.broken or o.skipped))
        console().print(shown)
    report.raise_broken()
