"""What a sweep is asked for, and what its folder holds."""

import json

import pytest

from neurosim.errors import ResultFileError, UnknownNameError, UsageError
from neurosim.sweep import make_sweep, planned, read_sweep, seeds_from, table, to_csv, to_pandas, to_xarray
from neurosim.sweep.work import work

pytestmark = pytest.mark.usefixtures("toy")


@pytest.mark.parametrize(
    ("text", "seeds"), [("0:3", [0, 1, 2]), ("4", [4]), ("0,3,7", [0, 3, 7]), ("1, 5:7", [1, 5, 6])]
)
def test_seeds(text, seeds):
    assert seeds_from(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "1:", "-1", "3:3", "1,1", "0:3,2", "1.5"])
def test_what_is_no_list_of_seeds_is_refused(text):
    with pytest.raises(UsageError, match="seeds '"):
        seeds_from(text)


def test_every_combination_is_a_run():
    runs = planned("toy", [0, 1], ["size=1, 2 mV", "gains=1,2;3"])
    assert [run.name for run in runs] == [
        f"size={size}-gains={gains}-seed{seed}"
        for size in ("1.0", "2.0")
        for gains in ("1.0_2.0", "3.0")
        for seed in (0, 1)
    ]
    assert runs[0].varied == {"size": 1.0, "gains": [1.0, 2.0]} and runs[0].config["steps"] == 4
    assert (runs[0].preset, runs[0].engine) == ("quick", "fused")


@pytest.mark.parametrize(
    ("alternatives", "message"),
    [
        (["size"], "write NAME=VALUE,VALUE"),
        (["size=1,,2"], "write NAME=VALUE,VALUE"),
        (["size=1,x"], "'x' is not a number"),
        (["sice=1"], "did you mean 'size'"),
        (["size=1", "size=2"], "given twice: list its values"),
        (["size=1,1.0"], "'size=1.0-seed0' is asked for twice"),
        (["size=-1"], "at least 0"),
    ],
)
def test_alternatives_that_cannot_be_are_refused(alternatives, message):
    with pytest.raises(UsageError, match=message):
        planned("toy", [0], alternatives)


def test_names_that_are_not_there_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'toy'"):
        planned("toi", [0])
    with pytest.raises(UnknownNameError, match="did you mean 'quick'"):
        planned("toy", [0], preset="quik")


def test_a_sweep_grows_and_keeps_to_one_study(tmp_path):
    folder = tmp_path / "s"
    make_sweep(folder, planned("toy", [0], ["size=1"]))
    grown = make_sweep(folder, planned("toy", [0, 1], ["size=1,2"]))
    assert read_sweep(folder) == grown and len(grown.runs) == 4
    with pytest.raises(UsageError, match="sweep of another preset"):
        make_sweep(folder, planned("toy", [0], preset="long"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("")
    with pytest.raises(UsageError, match="is no sweep, and not empty"):
        make_sweep(tmp_path / "other", planned("toy", [0]))


def test_a_folder_that_is_no_sweep_is_refused(tmp_path):
    with pytest.raises(ResultFileError, match="is no sweep"):
        read_sweep(tmp_path)
    (tmp_path / "sweep.json").write_text("{")
    with pytest.raises(ResultFileError, match="damaged"):
        read_sweep(tmp_path)
    (tmp_path / "sweep.json").write_text(json.dumps({"format": 9, "runs": []}))
    with pytest.raises(ResultFileError, match="format 9 is not 1"):
        read_sweep(tmp_path)


@pytest.fixture
def done(tmp_path):
    """Four runs: two complete, one failed, one open."""
    sweep = make_sweep(tmp_path / "s", planned("toy", [0, 1], ["breaks=no,yes"]))
    for run in sweep.runs[:3]:
        work(run, str(sweep.folder))
    return sweep


def test_runs_are_complete_failed_or_open(done):
    assert [done.state(run) for run in done.runs] == ["complete", "complete", "failed", "open"]
    assert done.failure(done.runs[2]) == "walk: v is not finite at step 3; use a smaller step"
    path = done.runs[0].file(done.folder)
    content = bytearray(path.read_bytes())
    content[-50] ^= 1
    path.write_bytes(content)
    assert done.state(done.runs[0]) == "open"
    # A file of another run under the name of this one does not count.
    path.write_bytes(done.runs[1].file(done.folder).read_bytes())
    assert done.state(done.runs[0]) == "open"


def test_the_table_is_tidy(done):
    rows = table(done.folder)
    assert len(rows) == 3 + 3 + 1 + 1
    assert rows[0] == {
        "run": "breaks=False-seed0",
        "state": "complete",
        "seed": 0,
        "breaks": False,
        "claim": "start",
        "verdict": "holds",
        "measured": 0.0,
        "unit": "mV",
        "measured_text": None,
        "expected": "0 ± 0.1",
        "note": "",
    }
    assert rows[6]["state"] == "failed" and rows[6]["claim"] is None and "not finite" in rows[6]["note"]
    lines = to_csv(rows).splitlines()
    assert lines[0].startswith("run,state,seed,breaks,claim,verdict,measured") and len(lines) == 9


def test_the_table_in_pandas_and_xarray(done):
    pandas, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    frame = to_pandas(done)
    assert isinstance(frame, pandas.DataFrame) and (frame.verdict == "holds").sum() == 2
    dataset = to_xarray(done)
    assert isinstance(dataset, xarray.Dataset) and set(dataset.sizes) == {"claim", "seed", "breaks"}
    assert float(dataset.measured.sel(claim="start", seed=1, breaks=False)) == 0.0
    empty = make_sweep(done.folder.parent / "empty", planned("toy", [0]))
    with pytest.raises(ResultFileError, match="no run of the sweep has claims yet"):
        to_xarray(empty)
