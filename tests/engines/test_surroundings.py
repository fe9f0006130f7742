"""What a run comes to does not depend on the process it is in: its hash seed, threads, home and user."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import neurosim
from neurosim.cache import folder

RUN = """
import sys
from brian2 import ms
from neurosim import simulate
from neurosim.store import open_results
from tests.engines.trust_networks import busy
simulation = simulate(busy(), "fused", seed=int(sys.argv[1]))
simulation.run(20 * ms, {"u": [0.3, 0.6]})
with open_results(simulation.recordings().save(sys.argv[2])) as results:
    print(results.content_hash())
"""
NO_ENTRY = """
import pwd
def getpwuid(uid):
    raise KeyError(uid)
pwd.getpwuid = getpwuid
"""
"""A user without an entry in the list of users."""


def start(file, seed=2, prefix="", command=(), **environment):
    """Start a process that runs a network, saves what was recorded, and prints the hash of its content."""
    root = str(Path(__file__).parents[2])
    kept = {name: value for name, value in os.environ.items() if environment.get(name, "") is not None}
    given = {name: value for name, value in environment.items() if value is not None}
    return subprocess.Popen(
        [*command, sys.executable, "-c", prefix + RUN, str(seed), str(file)],
        env=kept | given | {"PYTHONPATH": root},
        cwd=file.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process):
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return out.strip(), errors


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return ended(start(tmp_path_factory.mktemp("first") / "run.h5", PYTHONHASHSEED="0", OMP_NUM_THREADS="1"))[
        0
    ]


def test_hash_seeds_and_threads_do_not_count_and_the_seed_does(tmp_path, first):
    same = start(tmp_path / "same.h5", PYTHONHASHSEED="4242", OMP_NUM_THREADS="2", NUMBA_NUM_THREADS="2")
    other = start(tmp_path / "other.h5", seed=3, PYTHONHASHSEED="0")
    assert ended(same)[0] == first != ended(other)[0]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="users and their entries")
@pytest.mark.parametrize("cache", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_user_without_a_home_or_an_entry_runs_the_same(tmp_path, first, cache):
    nothing = dict.fromkeys(("HOME", "USER", "LOGNAME", "XDG_CACHE_HOME"))
    where = str(tmp_path / "kept") if cache else None
    found, errors = ended(start(tmp_path / "run.h5", prefix=NO_ENTRY, NEUROSIM_CACHE=where, **nothing))
    assert found == first
    told = [line for line in errors.splitlines() if "nothing is kept between runs" in line]
    assert len(told) == (not cache) and (tmp_path / "kept").exists() == cache


READ_ONLY = """
for folder in "$HOME" "$INSTALL"; do
    mount --bind "$folder" "$folder" && mount -o remount,bind,ro "$folder" || exit 77
done
! touch "$HOME/x" "$INSTALL/x" 2>/dev/null && exec "$@"
"""
"""Makes home and install file systems that can only be read, for one process."""


@pytest.mark.parametrize("cache", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_home_and_an_install_that_can_only_be_read_run_the_same(tmp_path, first, cache):
    unshare = shutil.which("unshare")
    if (
        unshare is None
        or subprocess.run([unshare, "-m", "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no right to a view of its own on file systems")
    (home := tmp_path / "home").mkdir()
    where = str(folder()) if cache else None
    view = {"HOME": str(home), "INSTALL": str(Path(neurosim.__file__).parent), "XDG_CACHE_HOME": None}
    command = [unshare, "-m", "sh", "-c", READ_ONLY, "sh"]
    found, errors = ended(start(tmp_path / "run.h5", command=command, NEUROSIM_CACHE=where, **view))
    assert found == first and not list(home.iterdir())
    told = [line for line in errors.splitlines() if "nothing is kept between runs" in line]
    assert len(told) == (not cache)
