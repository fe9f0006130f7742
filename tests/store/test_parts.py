"""The parts of an unfinished run: kept, found again, held by one process."""

from contextlib import closing

import numpy as np
import pytest

from neurosim.errors import ResultFileError, UsageError
from neurosim.store import Data, Parts, Spikes, Writer, open_results, write_state
from neurosim.store.provenance import provenance, readable
from neurosim.store.sealed import write_sealed

CONTENTS = {
    "v": Data(np.arange(6.0).reshape(2, 3), ("time", "neuron"), "mV", "potential"),
    "deep/name": Data(["a", "b"], ("item",), "", "names"),
    "cells": Spikes([0.5, 1.5], [3, 1], "ms"),
}


@pytest.fixture
def target(tmp_path):
    return tmp_path / "run.h5"


@pytest.fixture
def parts(target):
    with closing(Parts.create(target, {"seed": 1})) as parts:
        yield parts


def assert_same(found, contents):
    assert found.keys() == contents.keys()
    for name in ("v", "deep/name"):
        assert np.array_equal(found[name].array, contents[name].array)
        assert (found[name].dims, found[name].unit) == (contents[name].dims, contents[name].unit)
    assert found["cells"].times.tolist() == [0.5, 1.5] and found["cells"].ids.tolist() == [3, 1]


def test_a_stage_is_found_when_the_run_is_taken_up_again(target, parts):
    parts.save("trial", CONTENTS, ["A 1999"])
    parts.close()
    with closing(Parts.open(target)) as again:
        assert again.header == {"seed": 1} and again.stages() == ["trial"]
        found, citations = again.load("trial")
    assert_same(found, CONTENTS)
    assert citations == ["A 1999"]


def test_parts_merge_into_one_file(target, parts):
    parts.save("one", CONTENTS, [])
    parts.save("two", CONTENTS, [])
    with parts.result(replace=False):
        pass
    parts.remove()
    assert [path.name for path in target.parent.iterdir()] == ["run.h5"]
    with open_results(target) as results:
        assert results.populations() == ["one.cells", "two.cells"]
        assert results.array("two/deep/name").tolist() == ["a", "b"]
        assert results.info("one/v").dims == ("time", "neuron")


def test_a_checkpoint_lives_until_its_stage_is_done(target, parts):
    assert parts.load_state("walk") is None
    parts.save_state("walk", {"x": 1.5})
    parts.save_state("walk", {"x": 2.5})
    assert parts.load_state("walk") == {"x": 2.5} and parts.stages() == []
    parts.save("walk", {}, [])
    assert parts.load_state("walk") is None and parts.stages() == ["walk"]


def test_the_checkpoint_before_stands_in_for_a_damaged_one(target, parts):
    for x in (1.5, 2.5, 3.5):
        parts.save_state("walk", {"x": x})
    last = parts.folder / "walk.state.h5"
    last.write_bytes(last.read_bytes()[:-1])
    assert parts.load_state("walk") == {"x": 2.5} and parts.stages() == []
    last.unlink()
    assert parts.load_state("walk") == {"x": 2.5}
    before = parts.folder / "walk.before.h5"
    before.write_bytes(before.read_bytes()[:-1])
    with pytest.raises(ResultFileError, match="walk.before.h5"):
        parts.load_state("walk")
    parts.save("walk", {}, [])
    assert sorted(path.name for path in parts.folder.iterdir()) == ["header", "lock", "walk.h5"]


def test_one_process_at_a_time(target, parts):
    for attempt in (Parts.open, lambda path: Parts.create(path, {}, overwrite=True)):
        with pytest.raises(UsageError, match="another process"):
            attempt(target)
    parts.close()
    Parts.open(target).close()


def test_unfinished_runs_are_neither_lost_nor_taken_for_complete(target):
    Parts.create(target, {"seed": 1}).close()
    with pytest.raises(UsageError, match="--resume"):
        Parts.create(target, {"seed": 2})
    with pytest.raises(ResultFileError, match="its run has not ended"):
        open_results(target)
    parts = Parts.create(target, {"seed": 2}, overwrite=True)
    assert parts.header == {"seed": 2}
    parts.remove()
    with pytest.raises(UsageError, match="no unfinished run"):
        Parts.open(target)


def test_damaged_parts_are_refused(target, parts):
    parts.save("trial", CONTENTS, [])
    parts.close()
    segment = parts.folder / "trial.h5"
    segment.write_bytes(segment.read_bytes()[:-9])
    with pytest.raises(ResultFileError, match="trial.h5"):
        parts.load("trial")
    header = parts.folder / "header"
    header.write_bytes(header.read_bytes()[:-1] + b"?")
    with pytest.raises(ResultFileError, match="header: damaged"):
        Parts.open(target)
    header.write_bytes(b"{}")
    with pytest.raises(UsageError, match="holds 'header', which is not part of a run"):
        Parts.open(target)


def test_a_kill_before_the_header_leaves_a_name_that_is_free(target):
    folder = target.with_name("run.h5.parts")
    folder.mkdir()
    (folder / "lock").touch()
    (folder / f".{'0' * 16}.tmp").write_bytes(b"half a header")
    with pytest.raises(UsageError, match="no unfinished run to resume .* start it without --resume"):
        Parts.open(target)
    Parts.create(target, {}).remove()
    assert list(target.parent.iterdir()) == []


def foreign_file(folder):
    folder.mkdir()
    (folder / "thesis.tex").write_text("mine")


def foreign_result(folder):
    """A result file of somebody who likes the name, but no header."""
    folder.mkdir()
    write_state(folder / "mine.h5", {"x": 1})


def foreign_link(folder):
    other = folder.with_name("elsewhere")
    other.mkdir()
    folder.symlink_to(other)


@pytest.mark.parametrize("make", [foreign_file, foreign_result, foreign_link])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_somebody_else_is_left_alone(target, make, overwrite):
    folder = target.with_name("run.h5.parts")
    make(folder)
    before = sorted(folder.rglob("*"))
    with pytest.raises(UsageError, match="move it away, or choose another name"):
        Parts.create(target, {}, overwrite=overwrite)
    with pytest.raises(UsageError, match="move it away, or choose another name"):
        Parts.open(target)
    assert sorted(folder.rglob("*")) == before


def test_what_somebody_puts_among_the_parts_stays(target, parts):
    (parts.folder / "notes.txt").write_text("mine")
    parts.save("trial", CONTENTS, [])
    parts.remove()
    assert [path.name for path in target.parent.rglob("*.*")] == ["run.h5.parts", "notes.txt"]


@pytest.mark.parametrize("header", [b"[]", b'{"attributes": 1, "overwrite": true}', b"[" * 100_000, b"\xff"])
def test_a_crafted_header_is_one_line(target, header):
    folder = target.with_name("run.h5.parts")
    folder.mkdir()
    write_sealed(folder / "header", header)
    with pytest.raises(ResultFileError, match="header: of another version of neurosim"):
        Parts.open(target)


def test_a_result_replaces_no_other_one(target, parts):
    """Not even one that appeared while the run was under way; what this run has left itself it replaces."""
    parts.header["run"] = "a"
    for status in ("interrupted", "complete"):
        with parts.result(replace=False) as writer:
            writer.set_attributes(run="a", status=status)
        assert parts.left() == status
    with Writer(target, overwrite=True) as writer:
        writer.set_attributes(run="b")
    before = target.read_bytes()
    assert parts.left() is None
    with pytest.raises(UsageError, match="exists already"), parts.result(replace=False):
        pass
    assert target.read_bytes() == before
    with parts.result(replace=True) as writer:
        writer.set_attributes(run="a", status="complete")
    assert parts.left() == "complete"


def test_a_population_is_one_name(target, parts):
    with pytest.raises(ResultFileError, match="'trial.a/b': not a name"):
        parts.save("trial", {"a/b": Spikes([1.0], [0])}, [])


def test_only_data_and_spikes_are_kept(target, parts):
    with pytest.raises(ResultFileError, match="result 'x' is ndarray; give Data"):
        parts.save("trial", {"x": np.zeros(3)}, [])
    assert parts.stages() == []


def test_provenance_names_versions_commit_and_command():
    facts = provenance(["neurosim", "run", "a b"])
    assert facts["command"] == "neurosim run 'a b'"
    assert {"python", "neurosim", "numpy", "h5py"} <= set(facts["versions"])
    assert facts["created"].endswith("+00:00")
    assert readable("\udcff") == "\\udcff"
