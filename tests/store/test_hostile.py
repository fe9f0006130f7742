"""Anyone can seal a file: what is sealed and hostile is one line, at once, and HDF5 follows nothing in it."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from struct import pack

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim.errors import ResultFileError
from neurosim.store import Writer, open_results, read_state
from neurosim.store.image import memory_file, seal
from neurosim.store.sealed import HEADER_BYTES, write_sealed

SECRET = b"a secret of another file" * 10
CLAIM = dict.fromkeys(("id", "statement", "source", "kind", "expected", "verdict", "unit", "note"), "")


@pytest.fixture
def hostile(tmp_path):
    """Make a sealed file by a function of the open HDF5 file and of a folder with a secret file and a pipe in it."""
    (tmp_path / "secret").write_bytes(SECRET)
    os.mkfifo(tmp_path / "pipe")

    def hostile(make):
        path = tmp_path / "run.h5"
        with memory_file() as file:
            file.attrs.update(schema="neurosim-result", schema_version=2)
            make(file, tmp_path)
            seal(file, path)
        return path

    return hostile


def refused(read, path):
    """Return the one line by which a file is refused at once."""
    began = time.monotonic()
    with pytest.raises(ResultFileError) as caught:
        read(path)
    assert time.monotonic() - began < 1
    line = str(caught.value)
    assert line.isprintable() and str(path) in line and SECRET[:20].decode() not in line
    return line


def external_text(file, folder):
    file.create_dataset("x", (2,), "S100", external=[(str(folder / "secret"), 0, h5py.h5f.UNLIMITED)])


def virtual(file, folder):
    with h5py.File(folder / "other.h5", "w") as other:
        other["x"] = np.array([SECRET[:20]] * 3)
    layout = h5py.VirtualLayout(shape=(3,), dtype="S20")
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "x", shape=(3,))
    file.create_virtual_dataset("x", layout)


def links_to(target):
    def make(file, folder):
        file["x"] = h5py.ExternalLink(str(folder / "pipe"), "x") if target == "pipe" else h5py.SoftLink("/y")

    return make


def spikes_elsewhere(file, folder):
    file["spikes"] = h5py.ExternalLink(str(folder / "pipe"), "spikes")


def dimension_list(value):
    def make(file, folder):
        file["x"] = np.zeros(3)
        value_ = value(file) if callable(value) else value
        file["x"].attrs.create("DIMENSION_LIST", **value_)

    return make


def references(file):
    kind = h5py.vlen_dtype(h5py.ref_dtype)
    return {"data": lists_of(np.array([file["/"].ref], dtype=h5py.ref_dtype)), "dtype": kind}


def lists_of(array):
    lists = np.empty(1, dtype=object)
    lists[0] = array
    return lists


def deep(file, folder):
    group = file
    for _ in range(2000):
        group = group.create_group("g")


def many(file, folder):
    group = file.create_group("g")
    for number in range(20_001):
        h5py.h5g.create(group.id, str(number).encode())


def circle(file, folder):
    file.create_group("a")["b"] = file["/"]


def alias(file, folder):
    file["a"] = 1
    file["b"] = file["a"]


def named(name):
    return lambda file, folder: file.create_dataset(name, data=1.0)


def never_written(file, folder):
    file.create_dataset("x", (10**14,), "f8", chunks=(10**6,))


def swollen(file, folder):
    file.create_dataset("x", data=np.zeros(1000), chunks=(10,), maxshape=(None,))
    file["x"].resize((10**12,))


def stored(**options):
    return lambda file, folder: file.create_dataset("x", **options)


def attribute(name, value, **options):
    def make(file, folder):
        file["x"] = np.zeros(3)
        file["x"].attrs.create(name, value, **options)

    return make


def fact(name, value):
    def make(file, folder):
        file.attrs[name] = value if isinstance(value, bytes | np.ndarray | float | int) else json.dumps(value)

    return make


def many_attributes(file, folder):
    for number in range(100):
        file.attrs[str(number)] = number


CRAFTED = {
    "external text": (external_text, "values in another file"),
    "virtual text": (virtual, "values in another file"),
    "link to a pipe": (links_to("pipe"), "a link to something else"),
    "soft link": (links_to("y"), "a link to something else"),
    "spikes elsewhere": (spikes_elsewhere, "a link to something else"),
    "dimension list of numbers": (dimension_list({"data": [1, 2]}), "DIMENSION_LIST"),
    "dimension list of lists of numbers": (
        dimension_list(lambda file: {"data": lists_of(np.array([1])), "dtype": h5py.vlen_dtype("i8")}),
        "DIMENSION_LIST",
    ),
    "dimension list of text": (dimension_list({"data": "x"}), "DIMENSION_LIST"),
    "dimension list to a group": (dimension_list(references), "not readable"),
    "deep": (deep, "more than 32 deep"),
    "many": (many, "more than 20000 objects"),
    "circle": (circle, "another name"),
    "alias": (alias, "another name"),
    "name that steers": (named("\x1b[2J"), "not a name"),
    "name of bytes": (named(b"\xff\xfe"), "not a name"),
    "long name": (named("n" * 300), "a name of 300 letters"),
    "named type": (
        lambda file, folder: file.__setitem__("t", np.dtype("f8")),
        "neither a group nor an array",
    ),
    "never written": (never_written, "never written"),
    "swollen": (swollen, "no fixed shape"),
    "empty": (stored(data=h5py.Empty("f8")), "no fixed shape"),
    "references": (stored(shape=(3,), dtype=h5py.ref_dtype), "not an array of numbers or text"),
    "lists": (stored(shape=(3,), dtype=h5py.vlen_dtype("i4")), "not an array of numbers or text"),
    "records": (stored(data=np.zeros(2, [("a", "i4"), ("b", "f8")])), "not an array of numbers or text"),
    "opaque": (stored(data=np.zeros(2, "V4")), "not an array of numbers or text"),
    "enumeration": (stored(shape=(2,), dtype=h5py.enum_dtype({"A": 1})), "not an array of numbers or text"),
    "other filter": (stored(data=np.zeros(9), compression="lzf"), "filter"),
    "scaled": (stored(data=np.zeros(9), scaleoffset=2), "filter"),
    "bytes that are no text": (stored(data=np.array([b"\xff\xff"])), "not readable"),
    "unit is a list": (attribute("units", ["a", "b"]), "neither a number nor text"),
    "unit is a reference": (
        attribute("units", lists_of(np.arange(3, dtype="i4")), dtype=h5py.vlen_dtype("i4")),
        "neither",
    ),
    "unit is empty": (attribute("units", h5py.Empty("f8")), "neither"),
    "name of the scale is bytes": (attribute("long_name", b"\xff"), "not readable"),
    "claims too deep": (fact("claims", b"[" * 100_000), "'claims' is not JSON"),
    "claims of something": (fact("claims", [1]), "'claims' is not a list of claims"),
    "claims without measure": (fact("claims", [CLAIM]), "'claims' is not a list of claims"),
    "measured is a list": (fact("claims", [CLAIM | {"measured": [1]}]), "'claims' is not a list"),
    "config is a list": (fact("config", [1]), "'config' is not settings"),
    "config is not finite": (fact("config", b'{"a": NaN}'), "'config' is not JSON"),
    "config is a number": (fact("config", 3), "'config' is not JSON"),
    "citations nested": (fact("citations", [["a"]]), "'citations' is not a list of texts"),
    "versions nested": (fact("versions", {"a": {}}), "'versions' is not versions"),
    "status is a number": (fact("status", 3), "'status' is not text"),
    "version is a list": (fact("schema_version", np.array([2, 2])), "not readable|holds"),
    "many attributes": (many_attributes, "more than 64 attributes"),
}


def everything(path):
    with open_results(path) as results:
        for name in results.paths():
            results.data(name)


@pytest.mark.parametrize("case", CRAFTED)
def test_a_crafted_file_is_one_line_at_once(hostile, case):
    make, message = CRAFTED[case]
    line = refused(everything, hostile(make))
    assert any(part in line for part in message.split("|")), line


STATES = (
    "external text",
    "virtual text",
    "link to a pipe",
    "deep",
    "circle",
    "name that steers",
    "references",
)
STATES += ("never written", "swollen", "records", "bytes that are no text")


@pytest.mark.parametrize("case", STATES)
def test_a_crafted_state_is_one_line_at_once(hostile, case):
    refused(read_state, hostile(CRAFTED[case][0]))


def test_a_pipe_is_not_waited_for(hostile, tmp_path):
    for read in (everything, read_state):
        assert "not a file" in refused(read, tmp_path / "pipe")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("result-2.h5", 30),
        ("state-1.h5", 30),
        *(
            pytest.param(name, 1000, marks=pytest.mark.slow)
            for name in ("result-1.h5", "result-2.h5", "state-1.h5")
        ),
    ],
)
def test_changed_bytes_behind_a_seal_that_fits_are_read_or_one_line(name, number):
    """A byte may be part of a value, or lie where nothing is read: then the file is another plain one."""
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, here / "fuzz_files.py", here / "kept" / name, str(number)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    counts = json.loads(done.stdout)
    assert counts.keys() <= {"read", "refused"} and counts["refused"] > number // 4


def changed_in(path, find, at, new):
    """Seal a file again with bytes changed at a distance from what is found in it."""
    content = bytearray(path.read_bytes()[HEADER_BYTES:])
    place = content.find(find) + at
    content[place : place + len(new)] = new
    write_sealed(path, bytes(content))
    return path


@pytest.fixture
def with_texts(tmp_path):
    """A file with texts, whose heap begins with the 15 letters of 'neurosim-result'."""
    path = tmp_path / "run.h5"
    with Writer(path) as writer:
        writer.write("x", ["three", "two"], ("n",), "", "a long name")
    return path


def test_a_heap_without_an_end_is_one_line_at_once(with_texts):
    """Its second object is free space of no length, which HDF5 steps over for ever; or an object is too long."""
    whole = with_texts.read_bytes()
    for at, new in ((48, b"\0" * 16), (24, b"\xff" * 8)):
        line = refused(everything, changed_in(with_texts, b"GCOL", at, new))
        assert "a heap whose objects do not fit" in line
        with_texts.write_bytes(whole)


@pytest.mark.parametrize("text", ["neurosim-result", "a long name", "three"])
def test_a_text_that_claims_gigabytes_takes_no_memory(with_texts, text):
    """An attribute of the file, one of an array, and a value of an array."""
    content = with_texts.read_bytes()[HEADER_BYTES:]
    reference = pack("<IQ", len(text), content.find(b"GCOL"))
    assert content.count(reference) >= 1
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = refused(everything, changed_in(with_texts, reference, 0, b"\xff\xff\xff\x7f"))
    assert "longer texts than the file holds" in line
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


TEXTS = st.text(max_size=8) | st.sampled_from(["\x1b[2J", "a/b", "..", "µ", "n" * 300, "\ud800", "a\0b"])
FINE = {"name": "x", "dim": "n", "unit": "mV", "text": "a", "spikes": "cells", "fact": "b"}


@settings(max_examples=40)
@given(place=st.sampled_from(list(FINE)), value=TEXTS)
def test_what_our_own_writer_makes_of_a_hostile_name_is_read_or_refused(tmp_path_factory, place, value):
    name, dim, unit, text, spikes, fact = (FINE | {place: value}).values()
    path = tmp_path_factory.mktemp("names") / "run.h5"

    def write():
        with Writer(path) as writer:
            writer.write(name, [text, ""], (dim,), unit, text)
            writer.write_spikes(spikes, [1.0], [0])
            writer.set_attributes(title=fact, citations=[fact])

    refusal = None
    try:
        write()
    except ResultFileError as error:
        refusal = str(error)
    if refusal is not None:
        assert refusal.isprintable() and not path.exists()
        return
    with open_results(path) as results:
        assert results.data(name).array.tolist() == [text, ""]
        assert results.info(name).unit == ("" if unit in ("", "1") else unit) and results.tree()
        assert results.populations() == [spikes] and results.attributes["title"] == fact
