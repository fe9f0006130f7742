"""The hash of the content: equal for what is equal, and for nothing else; `differences` says what differs."""

import dataclasses
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim.experiment import new_run
from neurosim.store import Writer, differences, open_results
from neurosim.store.provenance import provenance

ARRAYS = {
    "v": (np.arange(6.0).reshape(2, 3), ("time", "neuron"), "mV", "potential"),
    "names": (np.array(["a", "β", ""]), ("neuron",), "", "names"),
    "on": (np.array([True, False]), ("time",), "", "on"),
    "deep/z": (np.array([1 + 2j, np.nan]), ("time",), "1/s", "phase"),
}
FACTS = {"seed": 3, "status": "complete", "config": {"tau": 5.0, "rule": "oja"}, "title": "A"}


def written(path, arrays, **facts):
    with Writer(path, overwrite=True) as writer:
        for name, item in arrays.items():
            writer.write(name, *item)
        writer.write_spikes("cells", [0.5, 1.0], [1, 0])
        writer.set_attributes(**FACTS | facts)
    with open_results(path) as results:
        assert results.attributes["content"] == results.content_hash()
        return results.content_hash()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.h5"


def test_time_machine_and_order_do_not_count(path):
    first = written(path, ARRAYS, **provenance(["neurosim", "run"]))
    other = provenance(["neurosim", "other"]) | {"platform": "Other-1", "created": "2000", "finished": "2001"}
    backwards = {
        name: (item[0].astype(item[0].dtype.newbyteorder(">")), *item[1:])
        for name, item in reversed(ARRAYS.items())
    }
    backwards["names"] = (ARRAYS["names"][0].astype("U50"), *ARRAYS["names"][1:])
    assert written(path, backwards, **other | {"versions": {"numpy": "1"}, "git_commit": "abc"}) == first


CHANGES = {
    "a value": {"v": (np.arange(6.0).reshape(2, 3) + 1e-12, ("time", "neuron"), "mV", "potential")},
    "a bit": {"deep/z": (np.array([1 + 2j, complex(np.nan, -0.0)]), ("time",), "1/s", "phase")},
    "the type": {"v": (np.arange(6.0, dtype="f4").reshape(2, 3), ("time", "neuron"), "mV", "potential")},
    "the unit": {"v": (*ARRAYS["v"][:2], "V", "potential")},
    "the meaning": {"v": (*ARRAYS["v"][:3], "current")},
    "a dimension": {"v": (ARRAYS["v"][0], ("step", "neuron"), "mV", "potential")},
    "a text": {"names": (np.array(["a", "b", ""]), ("neuron",), "", "names")},
    "one more": {"w": (np.array(1), (), "", "w")},
}


@pytest.mark.parametrize("change", CHANGES)
def test_all_else_counts_and_is_named(tmp_path, change):
    one, two = tmp_path / "one.h5", tmp_path / "two.h5"
    assert written(one, ARRAYS) != written(two, ARRAYS | CHANGES[change])
    with open_results(one) as first, open_results(two) as second:
        found = list(differences(first, second))
    assert [(item.kind, item.name) for item in found] == [("array", *CHANGES[change])]


def test_settings_seed_and_claims_count_and_are_named(tmp_path):
    claim = dict.fromkeys(("statement", "source", "kind", "expected", "unit", "note"), "x")
    claim |= {"id": "c", "measured": 1.0, "verdict": "holds"}
    one, two = tmp_path / "one.h5", tmp_path / "two.h5"
    facts = [
        {"seed": 3, "config": {"tau": 5.0, "n": [1, 2]}, "claims": [claim], "versions": {"numpy": "1"}},
        {
            "seed": 4,
            "config": {"tau": 6.0, "n": [1, 2]},
            "claims": [claim | {"measured": 2.0, "verdict": "fails"}],
            "versions": {"numpy": "2"},
        },
    ]
    assert written(one, ARRAYS, **facts[0]) != written(two, ARRAYS, **facts[1])
    with open_results(one) as first, open_results(two) as second:
        found = [dataclasses.astuple(item) for item in differences(first, second)]
        assert list(differences(first, first)) == []
    assert found == [
        ("fact", "seed", "3", "4", ""),
        ("setting", "tau", "5.0", "6.0", ""),
        ("version", "numpy", "1", "2", ""),
        ("claim", "c", "measured 1.0, verdict holds", "measured 2.0, verdict fails", ""),
    ]


@settings(max_examples=30)
@given(
    st.lists(st.floats(width=32), min_size=1, max_size=6).flatmap(
        lambda a: st.tuples(st.just(a), st.lists(st.floats(width=32), min_size=len(a), max_size=len(a)))
    )
)
def test_the_largest_difference_is_where_it_is(tmp_path_factory, lists):
    one, two = (np.array(values) for values in lists)
    writers = [Writer(tmp_path_factory.getbasetemp() / name) for name in ("a.h5", "b.h5")]
    for writer, values in zip(writers, (one, two), strict=True):
        writer.write("x", values, ("n",))
    found = list(differences(*(writer.results() for writer in writers)))
    equal = (one == two) | (np.isnan(one) & np.isnan(two))
    if equal.all():
        assert (found == []) == (one.tobytes() == two.tobytes())
        return
    with np.errstate(invalid="ignore"):
        distance = np.where(equal, -1, np.nan_to_num(np.abs(one - two), nan=np.inf))
    place = int(np.argmax(distance))
    assert f"{(~equal).sum()} of {len(one)} values differ" in found[0].note
    assert found[0].note.endswith(f"largest difference {distance[place]:.6g} at [{place}]")
    assert (found[0].first, found[0].second) == (str(one[place]), str(two[place]))


def test_a_run_has_one_hash(toy):
    """In a process of another PYTHONHASHSEED, with other workers, too; with another seed it has another one."""
    code = (
        "from dataclasses import replace; from toy_study import experiment; from neurosim.experiment import new_run\n"
        "new_run(replace(experiment, figures=None), out='elsewhere.h5', seed=1, workers=4).execute()"
    )
    elsewhere = os.environ | {"PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-c", code], env=elsewhere, check=True, capture_output=True)
    found = []
    for seed in (1, 2):
        new_run(replace(toy.experiment, figures=None), out=f"{seed}.h5", seed=seed, workers=1).execute()
    for name in ("elsewhere", "1", "2"):
        with open_results(f"{name}.h5") as results:
            found.append(results.content_hash())
    assert found[0] == found[1] != found[2]


def test_a_view_of_what_is_written_has_the_hash_of_the_file(path):
    with Writer(path) as writer:
        writer.write("x", [1.0], ("n",))
        before = writer.results().content_hash()
    with open_results(path) as results:
        assert results.content_hash() == before
