"""Compiled programs are kept on disk: found again, shared, made anew when damaged, done without when they must be."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from brian2 import Hz, ms, mV

from neurosim import AllToAll, Clamp, Network, Population, Projection, Recorder, simulate
from neurosim.neurons import LIF, Poisson
from neurosim.synapses import Pulse

# Runs a small network in two threads, after each change of the cache that is asked for; prints what came out.
SCRIPT = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from brian2 import ms
from neurosim import Network, Population, simulate
from neurosim.neurons import LIF

def work(_):
    simulation = simulate(Network("n").add(Population("a", 2, LIF())))
    simulation.run(5 * ms)
    return [float(v).hex() for v in simulation.get("a.v")]

def programs():
    return {k: m for k, m in sys.modules.items() if k.startswith("neurosim_program_")}

def damage(pattern):
    for name in programs():
        del sys.modules[name]
    files = list(Path(sys.argv[1]).glob(pattern)) if pattern else []
    for file in files:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return len(files)

found, damaged = [], []
for pattern in [*sys.argv[2:], ""]:
    with ThreadPoolExecutor(2) as pool:
        found += pool.map(work, range(2))
    stats = [f.stats for m in programs().values() for f in vars(m).values() if hasattr(f, "stats") and f.signatures]
    damaged.append(damage(pattern))
counts = [(sum(s.cache_hits.values()), sum(s.cache_misses.values())) for s in stats]
print(json.dumps({"found": found, "counts": counts, "damaged": damaged}))
"""


def start(folder, *patterns, **environment):
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", SCRIPT, str(folder), *patterns]
    env = {**os.environ, "NEUROSIM_CACHE": str(folder), **environment}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def result(process):
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return json.loads(out)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A cache folder that two processes of two threads have filled at once, and what each of them found."""
    folder = tmp_path_factory.mktemp("cache")
    return folder, [result(process) for process in [start(folder), start(folder)]]


def test_two_processes_may_compile_at_once(first):
    folder, results = first
    values = [value for one in results for value in one["found"]]
    assert len(values) == 4 and all(value == values[0] for value in values)
    assert list(folder.glob("machine/*")) and not list(folder.rglob("*.part"))


def test_a_second_process_compiles_nothing(first):
    folder, results = first
    again = result(start(folder))
    assert again["found"][0] == results[0]["found"][0]
    assert again["counts"] and all(hits >= 1 and misses == 0 for hits, misses in again["counts"])


def test_what_is_damaged_is_made_anew(first):
    folder, results = first
    again = result(start(folder, "machine/*", "equations/*.json"))
    assert all(value == results[0]["found"][0] for value in again["found"]) and len(again["found"]) == 6
    assert all(number >= 1 for number in again["damaged"][:-1])


@pytest.mark.slow
def test_eight_processes_may_begin_with_an_empty_cache(tmp_path, first):
    found = [result(process) for process in [start(tmp_path) for _ in range(8)]]
    assert all(value == first[1][0]["found"][0] for one in found for value in one["found"])


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a file as a folder")
def test_without_a_folder_that_can_be_written_it_says_so_once_and_compiles(first, tmp_path):
    file = tmp_path / "file"
    file.touch()
    process = start(file / "below")
    out, errors = process.communicate(timeout=300)
    assert json.loads(out)["found"][0] == first[1][0]["found"][0]
    (line,) = (line for line in errors.splitlines() if "nothing is kept between runs" in line)
    assert line.endswith("set NEUROSIM_CACHE to a folder that can be written") and file.read_bytes() == b""


def variant(n=3, dt=0.5, tau=20.0, w=1.0, delay=1.0, rate=50.0, start=1.0, every=2, drive=0.0):
    return Network("n", dt * ms).add(
        Population("s", n, Poisson(rate=rate * Hz)),
        Population("a", 2 * n, LIF(tau_m=tau * ms), initial={"v": drive * mV}),
        Projection("p", "s", "a", Pulse(), AllToAll(), w * mV, delay=delay * ms),
        Clamp("a", "g_e", 5 * mV, indices=(n - 1,), start=start * ms, stop=(start + 3) * ms),
        Recorder("a", "v", every=every, indices=range(n)),
    )


def test_a_sweep_compiles_once():
    def programs():
        return {name for name in sys.modules if name.startswith("neurosim_program_")}

    simulate(variant()).run(10 * ms)
    before = programs()
    for change in ({"n": 7}, {"dt": 0.25}, {"tau": 10.0}, {"w": -2.0}, {"delay": 4.0}, {"rate": 5.0}, {"start": 4.0},
                   {"every": 5}, {"drive": 1.0}):  # fmt: skip
        simulation = simulate(variant(**change), seed=1)
        simulation.run(10 * ms)
        assert np.isfinite(np.asarray(simulation.get("a.v"))).all()
        assert programs() == before, change
