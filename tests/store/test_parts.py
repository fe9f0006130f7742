"""The parts of an unfinished run: kept, found again, held by one process."""

from contextlib import closing

import numpy as np
import pytest

from neurosim.errors import ResultFileError, UsageError
from neurosim.store import Data, Parts, Spikes, Writer, open_results
from neurosim.store.provenance import provenance, readable

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
    with Writer(target, overwrite=True) as writer:
        parts.merge(writer)
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
    (parts.folder / "header").write_bytes(b"{}")
    with pytest.raises(ResultFileError, match="header"):
        Parts.open(target)


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
