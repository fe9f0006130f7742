"""A file that is not whole never opens, and failing to write one never harms what was there."""

import errno
import os
import shutil
import subprocess
from contextlib import closing

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosim.errors import ResultFileError, UsageError
from neurosim.store import Data, Parts, Writer, open_results, read_state, write_state
from neurosim.store.image import memory_file, seal
from neurosim.store.sealed import write_file


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "run.h5"
    with Writer(path) as writer:
        writer.write("x", np.arange(50.0), ("n",))
    return path.read_bytes()


def opening(path, content):
    path.write_bytes(content)
    with pytest.raises(ResultFileError) as caught:
        open_results(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    return str(caught.value)


@given(data=st.data())
def test_any_flipped_bit_is_found(whole, tmp_path_factory, data):
    position = data.draw(st.integers(0, len(whole) - 1))
    content = bytearray(whole)
    content[position] ^= 1 << data.draw(st.integers(0, 7))
    opening(tmp_path_factory.mktemp("flip") / "run.h5", bytes(content))


@pytest.mark.parametrize("kind", ["result", "state", "checkpoint", "stage", "header"])
@pytest.mark.parametrize("number", [25, pytest.param(1000, marks=pytest.mark.slow)])
def test_no_changed_byte_gives_another_value(tmp_path, kind, number):
    """Whatever file a run writes: with a byte changed it is refused by name, in one line."""
    target = tmp_path / "run.h5"
    with closing(Parts.create(target, {"seed": 1})) as parts:
        parts.save("trial", {"v": Data(np.arange(50.0), ("n",))}, [])
        parts.save_state("walk", {"v": np.arange(50.0)})
    folder = target.with_name("run.h5.parts")
    with Writer(target) as writer:
        writer.write("v", np.arange(50.0), ("n",))
    write_state(tmp_path / "state.h5", {"v": np.arange(50.0)})
    path, read = {
        "result": (target, lambda: open_results(target)),
        "state": (tmp_path / "state.h5", lambda: read_state(tmp_path / "state.h5")),
        "checkpoint": (folder / "walk.state.h5", lambda: parts.load_state("walk")),
        "stage": (folder / "trial.h5", lambda: parts.load("trial")),
        "header": (folder / "header", lambda: Parts.open(target)),
    }[kind]
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(number):
        content = bytearray(whole)
        content[rng.integers(len(content))] ^= rng.integers(1, 256)
        path.write_bytes(content)
        with pytest.raises((ResultFileError, UsageError)) as caught:
            read()
        assert str(caught.value).isprintable() and path.name in str(caught.value)


@given(data=st.data())
def test_any_truncation_is_found(whole, tmp_path_factory, data):
    length = data.draw(st.integers(0, len(whole) - 1))
    opening(tmp_path_factory.mktemp("cut") / "run.h5", whole[:length])


def test_the_message_says_what_is_wrong(whole, tmp_path):
    path = tmp_path / "run.h5"
    assert "truncated" in opening(path, whole[:-1])
    assert "truncated or changed" in opening(path, whole + b"x")
    assert "checksum" in opening(path, whole[:-1] + b"?")
    assert "not a neurosim result file" in opening(path, b"hello")
    assert "not a neurosim result file" in opening(path, b"")
    with pytest.raises(ResultFileError, match="no such file"):
        open_results(tmp_path / "none.h5")
    with pytest.raises(ResultFileError, match="cannot be read"):
        open_results(tmp_path)


def test_an_hdf5_file_of_somebody_else_is_refused(tmp_path):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["x"] = 1
    with pytest.raises(ResultFileError, match="not a neurosim result file"):
        open_results(path)


@pytest.mark.parametrize(
    ("name", "version"), [("neurosim-result", 3), ("neurosim-result", "1\x1b"), ("else", 1), (None, None)]
)
def test_another_schema_is_refused(tmp_path, name, version):
    path = tmp_path / "run.h5"
    with memory_file() as file:
        if name:
            file.attrs.update(schema=name, schema_version=version)
        seal(file, path)
    with pytest.raises(ResultFileError, match="this neurosim reads 'neurosim-result' versions 1 to 2"):
        open_results(path)


def test_an_unknown_array_suggests_the_nearest(whole, tmp_path):
    path = tmp_path / "run.h5"
    with Writer(path) as writer:
        writer.write("trial/rate", 1.0)
    with open_results(path) as results:
        with pytest.raises(ResultFileError, match="did you mean 'trial/rate'"):
            results.array("trial/rat")
        with pytest.raises(ResultFileError, match="no spikes of 'motor': there are none"):
            results.spikes("motor")


def test_a_failing_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "run.h5"
    path.write_bytes(b"old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ResultFileError, match="cannot be written: No space left on device"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["run.h5"]


@pytest.fixture
def small_disk(tmp_path):
    """A real disk of one megabyte, where the system lets us mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a file system")
    yield folder
    # Detached at once, gone when the last file in it is closed.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_leaves_the_old_file(small_disk):
    path = small_disk / "run.h5"
    with Writer(path) as writer:
        writer.write("x", 1)
    noise = np.random.default_rng(0).random(300_000)
    with (
        pytest.raises(ResultFileError, match="No space left on device"),
        Writer(path, overwrite=True) as writer,
    ):
        writer.write("x", noise, ("n",))
    with open_results(path) as results:
        assert results.array("x") == 1
    assert [file.name for file in small_disk.iterdir()] == ["run.h5"]
