"""The commands about files: verify, diff, figure."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from neurosim.cli import main
from neurosim.store import open_results, write_state
from neurosim.store.image import memory_file, seal


@pytest.fixture
def call(toy, capsys, monkeypatch):
    """Run one command in this process: its exit code, standard output and standard error."""
    monkeypatch.setenv("COLUMNS", "140")

    def call(*words):
        code = main(words)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_verify_reads_everything_and_shows_the_hash(call):
    call("run", "toy", "--quiet", "--out", "a.h5")
    with open_results("a.h5") as results:
        content = results.content_hash()
    assert call("verify", "a.h5") == (0, f"a.h5: whole, complete, 5 arrays\ncontent: {content}\n", "")
    assert f" content     {content}" in call("show", "a.h5")[1]
    write_state("state.h5", {"v": 1.0, "w": 2.0})
    assert call("verify", "state.h5") == (0, "state.h5: whole, a state of 2 arrays\n", "")


def test_verify_tells_what_was_changed_by_hand(call):
    with memory_file() as file:
        file.attrs.update(schema="neurosim-result", schema_version=2, content="0" * 64)
        file["x"] = 1.0
        seal(file, Path("a.h5"))
    code, out, err = call("verify", "a.h5")
    assert (code, out) == (1, "")
    assert err == "neurosim: a.h5: holds other content than its hash says; it was changed by hand\n"


def test_diff_names_what_differs(call):
    call("run", "toy", "--quiet", "--out", "a.h5")
    call("run", "toy", "--quiet", "--out", "c.h5", "--seed", "1", "--set", "size=3 mV")
    assert call("diff", "a.h5", "a.h5") == (0, "content: equal\n", "")
    code, out, _ = call("diff", "a.h5", "c.h5")
    assert code == 1 and out.endswith("content: differs\n")
    for text in ("size", "2.0", "3.0", "seed", "walk/v", "8 of 10 values differ", "largest"):
        assert text in out
    code, out, _ = call("diff", "a.h5", "c.h5", "--json")
    found = json.loads(out)
    assert code == 1 and found["equal"] is False
    assert {"kind": "setting", "name": "size", "first": "2.0", "second": "3.0", "note": ""} in found[
        "differences"
    ]
    assert call("diff", "a.h5", "none.h5")[::2] == (1, "neurosim: none.h5: no such file\n")


def test_a_figure_is_drawn_again(call, toy, monkeypatch):
    call("run", "toy", "--quiet", "--out", "a.h5")
    drawn = Path("a.png").read_bytes()
    code, _, err = call("figure", "a.h5")
    assert code == 2 and "a.png exists: choose another name by --out, or replace it with --overwrite" in err
    Path("a.png").unlink()
    assert call("figure", "a.h5") == (0, "figure:  a.png\n", "")
    assert Path("a.png").read_bytes() == drawn
    assert call("figure", "a.h5", "--out", "b.png")[0] == 0 and Path("b.png").read_bytes() == drawn
    assert call("figure", "a.h5", "--out", "b.pdf")[0] == 2
    monkeypatch.setattr(toy, "experiment", replace(toy.experiment, figures=None))
    assert call("figure", "a.h5", "--out", "c.png")[2] == "neurosim: experiment 'toy' has no figure\n"


def test_a_figure_needs_a_complete_run(call, toy, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(toy, "walk", lambda *_: 1 / 0)
        call("run", "toy", "--quiet", "--out", "a.h5")
    code, _, err = call("figure", "a.h5")
    assert (code, err) == (2, "neurosim: a.h5: the run is failed: finish it with --resume\n")
