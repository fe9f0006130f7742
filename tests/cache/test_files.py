"""Files of the cache: what is damaged, planted or linked is not used, and nothing is written through a link."""

import json
import os
import stat
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import neurosim
from neurosim.cache import files, machine_code
from neurosim.compiler.cache import remembered

posix = pytest.mark.skipif(os.name != "posix", reason="owners, modes and links")


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "folder", lambda: tmp_path)
    return tmp_path


def test_what_is_kept_comes_back_in_files_of_the_user_alone(root):
    files.store("kind", "name", b"content")
    assert files.load("kind", "name") == b"content" and files.load("kind", "other") is None
    if os.name == "posix":
        assert stat.S_IMODE((root / "kind").stat().st_mode) == 0o700
        assert stat.S_IMODE((root / "kind" / "name").stat().st_mode) == 0o600
    assert [path.name for path in (root / "kind").iterdir()] == ["name"]


def test_no_flipped_byte_and_no_truncated_file_is_used(root):
    files.store("kind", "name", b"content" * 20)
    path, rng = root / "kind" / "name", np.random.default_rng(0)
    whole = path.read_bytes()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        assert files.load("kind", "name") is None
        path.write_bytes(whole[:at])
        assert files.load("kind", "name") is None
    path.write_bytes(whole)
    assert files.load("kind", "name") == b"content" * 20


@pytest.mark.parametrize("kind", ["equations", "machine"])
def test_no_changed_byte_of_what_a_run_keeps_is_used(root, kind):
    """A thousand changes of the files that a run has left behind."""
    machine_code.jit()(double)(1.0)
    remembered("equations", ["a"], lambda: {"v": ["-v/tau"] * 20})
    paths, rng = [path for path in root.glob(f"{kind}/*")], np.random.default_rng(0)
    assert paths and all(files.load(kind, path.name) for path in paths)
    for number in range(1000):
        path = paths[number % len(paths)]
        whole = path.read_bytes()
        damaged = bytearray(whole)
        damaged[rng.integers(len(damaged))] ^= rng.integers(1, 256)
        path.write_bytes(damaged)
        assert files.load(kind, path.name) is None
        path.write_bytes(whole)
    assert all(files.load(kind, path.name) for path in paths)


def double(x):
    return 2 * x


def test_a_file_under_the_name_of_another_is_not_used(root):
    files.store("kind", "one", b"content")
    (root / "kind" / "one").rename(root / "kind" / "other")
    assert files.load("kind", "other") is None


@posix
def test_what_others_may_have_written_is_not_used(root, monkeypatch):
    files.store("kind", "name", b"content")
    path = root / "kind" / "name"
    path.chmod(0o620)
    assert files.load("kind", "name") is None
    path.chmod(0o600)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert files.load("kind", "name") is None


@posix
def test_links_and_pipes_are_neither_read_nor_written_through(root, tmp_path):
    files.store("kind", "name", b"content")
    target = tmp_path / "target"
    target.write_bytes((root / "kind" / "name").read_bytes())
    (root / "kind" / "name").unlink()
    (root / "kind" / "name").symlink_to(target)
    assert files.load("kind", "name") is None
    before = target.read_bytes()
    files.store("kind", "name", b"other")
    assert target.read_bytes() == before and files.load("kind", "name") == b"other"
    os.mkfifo(root / "kind" / "pipe")
    assert files.load("kind", "pipe") is None


def test_a_full_disk_costs_only_time(root, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    files.store("kind", "name", b"content")
    assert files.load("kind", "name") is None and list((root / "kind").iterdir()) == []


def test_remembered_values_belong_to_all_their_parts(root):
    assert remembered("kind", ["a", 1], lambda: {"x": [1, 2]}) == {"x": [1, 2]}
    assert remembered("kind", ["a", 1], lambda: 1 / 0) == {"x": [1, 2]}
    assert remembered("kind", ["a", 2], lambda: 3) == 3
    for path in (root / "kind").iterdir():
        path.write_text(json.dumps(4))
    assert remembered("kind", ["a", 2], lambda: 3) == 3


NOWHERE = """
import sys
from neurosim.cache import folder
print(folder())
"""


@posix
def test_without_a_home_there_is_no_cache_but_a_line_that_says_so(tmp_path):
    environment = {
        n: v for n, v in os.environ.items() if n not in ("HOME", "NEUROSIM_CACHE", "XDG_CACHE_HOME")
    }
    environment["HOME"] = str(tmp_path / "file" / "home")
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-c", NOWHERE],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "None\n" and done.stderr.count("nothing is kept between runs") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_can_be_written_is_used_without_a_word(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSIM_CACHE", str(tmp_path / "below" / "cache"))
    files.folder.cache_clear()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert files.folder() == tmp_path / "below" / "cache"
    finally:
        files.folder.cache_clear()


def test_all_machine_code_is_kept_in_sealed_files():
    # Numba's own cache is read without a check, and fails where neither the package nor the home can be written.
    package = Path(neurosim.__file__).parent
    found = [path for path in package.rglob("*.py") if "cache=True" in path.read_text()]
    assert not found
