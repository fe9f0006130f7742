"""`neurosim plot FILE WHAT`: a figure of what a result file holds."""

import numpy as np
import pytest

from neurosim.cli import main
from neurosim.store import Writer


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Writer("run.h5") as writer:
        writer.write("walk/time", np.arange(5.0), ("time",), "ms", "time")
        writer.write("walk/v", np.zeros((5, 2)), ("time", "copy"), "mV", "where the walk is")
        writer.write_spikes("firing.cells", [1.0, 2.0, 4.0], [0, 1, 0])
        writer.set_attributes(status="complete")
    return "run.h5"


def test_without_a_name_it_lists_what_can_be_drawn(file, capsys):
    assert main(["plot", file]) == 0
    assert capsys.readouterr().out.split() == ["firing.cells", "walk/v"]


@pytest.mark.parametrize(
    ("words", "figure"),
    [
        (["firing.cells"], "run-firing.cells.png"),
        (["firing.cells", "--as", "rates"], "run-firing.cells-rates.png"),
        (["walk/v"], "run-walk-v.png"),
        (["walk/v", "--out", "v.svg"], "v.svg"),
    ],
)
def test_it_writes_a_figure_and_says_where(file, tmp_path, capsys, words, figure):
    assert main(["plot", file, *words]) == 0
    assert capsys.readouterr().out == f"figure:  {figure}\n"
    head = (tmp_path / figure).read_bytes()[:8]
    assert head == b"\x89PNG\r\n\x1a\n" if figure.endswith("png") else head.startswith(b"<?xml")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["walk/w"], 2, "no array 'walk/w': did you mean 'walk/v'?"),
        (["walk/v", "--as", "raster"], 2, "'walk/v' is an array, which cannot be drawn as 'raster'"),
        (["walk/v", "--out", "v.txt"], 2, "v.txt: the name of a figure ends in one of .png, .svg, .pdf"),
        (["walk/v", "--out", "taken.png"], 2, "taken.png exists"),
        (["walk/v", "--out", "nowhere/v.png"], 1, "nowhere/v.png: cannot be written"),
    ],
)
def test_what_cannot_be_is_one_line(file, tmp_path, capsys, words, code, message):
    (tmp_path / "taken.png").write_text("")
    assert main(["plot", file, *words]) == code
    said = capsys.readouterr()
    assert said.out == "" and message in said.err and said.err.count("\n") == 1
