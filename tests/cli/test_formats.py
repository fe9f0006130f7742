"""What commands print reaches every terminal, notebook and program: encodings, widths, JSON, CSV, completion."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurosim.cli import main
from neurosim.markdown import marked, marks
from neurosim.store import Writer, open_results


@pytest.fixture
def call(toy, capsys, monkeypatch):
    """Run one command in this process, 80 columns wide: its exit code and standard output."""
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *words: (main(words), capsys.readouterr().out)


def process(*words, **environment):
    """Run Python in a process of its own, whose output has to be ASCII."""
    env = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, *words], env=env, stdout=subprocess.PIPE, encoding="ascii", check=False
    )


def test_no_name_is_cut_at_80_columns(call):
    from neurosim.model.registries import rules

    lines = call("list", "rules")[1].splitlines()
    shown = {line.split()[0] for line in lines if line.strip()}
    assert set(rules.names()) <= shown
    assert max(map(len, lines)) <= 80
    call("run", "toy", "-q", "--out", "a.h5")
    out = call("claims", "a.h5")[1]
    assert max(map(len, out.splitlines())) <= 80 and "\N{HORIZONTAL ELLIPSIS}" not in out


def test_quiet_is_also_q(call):
    assert call("run", "toy", "-q") == (0, "")


def test_settings_as_json(call):
    found = json.loads(call("settings", "toy", "--preset", "long", "--json")[1])
    assert (found["experiment"], found["preset"]) == ("toy", "long")
    rows = {row["setting"]: row for row in found["settings"]}
    assert rows["steps"]["value"] == 40 and rows["size"]["unit"] == "mV"


def test_a_file_as_json(call):
    call("run", "toy", "-q", "--out", "a.h5")
    found = json.loads(call("show", "a.h5", "--json")[1])
    assert found["status"] == "complete" and found["config"]["steps"] == 4
    assert [claim["verdict"] for claim in found["claims"]] == ["holds", "fails", "not tested"]
    with open_results("a.h5") as results:
        assert found["arrays"].keys() == results.infos().keys()
    assert found["arrays"]["walk/v"]["dims"] == ["copy", "time"] and found["arrays"]["walk/v"]["unit"] == "mV"


def test_claims_as_csv(call):
    call("run", "toy", "-q", "--out", "a.h5")
    rows = list(csv.DictReader(io.StringIO(call("claims", "a.h5", "--csv")[1])))
    assert rows == [
        {
            **row,
            "expected": str(row["expected"]),
            "measured": "" if row["measured"] is None else str(row["measured"]),
        }
        for row in json.loads(call("claims", "a.h5", "--json")[1])
    ]
    assert call("claims", "a.h5", "--csv", "--json")[0] == 2


def test_claims_between_the_marks_of_a_page(call):
    call("run", "toy", "-q", "--out", "a.h5")
    page = Path("page.md")
    begin, end = marks("claims of toy")
    page.write_text(f"# Toy\n\n{begin}\n{end}\n\nlast\n")
    for _ in range(2):  # again gives the same
        assert call("claims", "a.h5", "--page", "page.md")[0] == 0
        text = page.read_text()
        assert text.startswith(f"# Toy\n\n{begin}\n\n") and text.endswith(f"\n\n{end}\n\nlast\n")
    first, *_, last = marked(text, "claims of toy").splitlines()
    assert first == "`neurosim run toy --preset quick --seed 0`: 1 hold, 1 fail, 1 not tested."
    assert last.endswith("| - | not tested |")
    page.write_text(text.replace(end, ""))
    assert call("claims", "a.h5", "--page", "page.md")[0] == 1
    assert page.read_text() == text.replace(end, "")


def test_an_ascii_terminal_is_enough(toy):
    words = "run toy --out a.h5; claims a.h5; show a.h5; settings toy; list"
    code = f"from neurosim.cli import main; print([main(w.split()) for w in {words!r}.split(';')])"
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    done = process("-c", code, **ascii_only)
    assert done.stdout.splitlines()[-1] == "[0, 0, 0, 0, 0]"
    assert "0 ? 0.1" in done.stdout


def test_a_tree_is_plain_text_in_a_notebook(tmp_path, monkeypatch):
    with Writer(tmp_path / "a.h5") as writer:
        writer.write("x/y", [1.0], ("time",), "mV", "a voltage")
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with open_results(tmp_path / "a.h5") as results:
        assert results.tree().splitlines()[1:] == ["└── x/", "    └── y (time: 1) float64 [mV] a voltage"]


def test_commands_and_experiments_are_completed(toy):
    asked = {"_NEUROSIM_COMPLETE": "complete_bash", "COMP_WORDS": "neurosim cla", "COMP_CWORD": "1"}
    assert process("-m", "neurosim", **asked).stdout.split() == ["claims"]
    asked = {**asked, "COMP_WORDS": "neurosim run swimmer_rec", "COMP_CWORD": "2"}
    assert process("-m", "neurosim", **asked).stdout.split() == ["swimmer_recovery"]
