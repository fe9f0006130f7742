"""Recordings that are written while a simulation runs: the same values, in bounded memory, in files that are whole."""

import resource
import subprocess
import sys

import numpy as np
import pytest
from brian2 import ms

from neurosim import Network, Population, Recorder, simulate
from neurosim.engines.simulation import Simulation
from neurosim.errors import DescriptionError, OutputTaken, ResultFileError
from neurosim.neurons import LIF
from neurosim.store import open_results, segments
from tests.engines.trust_networks import busy

INPUT = {"u": [0.3, 0.6]}


def joined(folder):
    """Return all arrays and spikes of a stream, put together."""
    found = {}
    for path in segments(folder):
        with open_results(path) as results:
            assert results.attributes["last_step"] > results.attributes["first_step"]
            for name in results.paths():
                if results.info(name).dims and results.info(name).dims[0] in ("time", "spike"):
                    found.setdefault(name, []).append(results.data(name).array)
    return {name: np.concatenate(arrays) for name, arrays in found.items()}


@pytest.fixture(
    scope="module", params=["fused", *(pytest.param(e, marks=pytest.mark.slow) for e in ("brian2", "jax"))]
)
def engine(request):
    return request.param


@pytest.fixture(scope="module")
def whole(tmp_path_factory, engine):
    """What a run that is not streamed has saved."""
    simulation = simulate(busy(), engine, seed=2)
    simulation.run(100 * ms, INPUT)
    folder = tmp_path_factory.mktemp("whole")
    simulation.recordings().save(folder / "000000.h5", first_step=0, last_step=200)
    return joined(folder)


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


@pytest.mark.parametrize("room", [1, 10**9])
def test_a_stream_holds_what_is_recorded(tmp_path, engine, whole, room):
    simulation = simulate(busy(), engine, seed=2)
    simulation.stream(tmp_path / "stream", room)
    for _ in range(4):
        simulation.run(25 * ms, INPUT)
    simulation.stream(None)
    assert len(segments(tmp_path / "stream")) == 1 or room == 1
    assert_same(whole, joined(tmp_path / "stream"))
    assert all(not record.steps.size for record in simulation.recordings().values())


def test_a_run_that_was_killed_continues_its_stream(tmp_path, engine, whole):
    simulation = simulate(busy(), engine, seed=2)
    simulation.stream(tmp_path / "stream", 1)
    simulation.run(30 * ms, INPUT)
    simulation.save(tmp_path / "kept.h5")
    simulation.run(30 * ms, INPUT)  # what follows is lost, as by a kill
    again = Simulation.load(tmp_path / "kept.h5")
    again.stream(tmp_path / "stream", 2000)
    again.run(70 * ms, INPUT)
    again.stream(None)
    assert_same(whole, joined(tmp_path / "stream"))


def test_a_stream_replaces_nothing_and_is_not_mixed(tmp_path):
    simulation = simulate(busy(), "fused", seed=2)
    simulation.stream(tmp_path / "stream", 1)
    simulation.run(5 * ms)
    for what in (simulation.recordings, simulation.reset, lambda: simulation.restore(simulation.state())):
        with pytest.raises(
            DescriptionError, match=r"written to '.*': open its files, or end it by stream\(None\)"
        ):
            what()
    with pytest.raises(OutputTaken, match="choose another name"):
        simulate(busy(), "fused", seed=2).stream(tmp_path / "stream")
    other = simulate(busy(), "fused", seed=3)
    other.run(5 * ms)
    with pytest.raises(OutputTaken, match="of another simulation"):
        other.stream(tmp_path / "stream")
    with pytest.raises(ResultFileError, match="cannot be created"):
        other.stream(tmp_path / "no" / "stream")
    simulation.run(5 * ms)
    segments(tmp_path / "stream")[0].unlink()
    with pytest.raises(ResultFileError, match=r"000000\.h5 is missing"):
        segments(tmp_path / "stream")
    with pytest.raises(ResultFileError, match="holds no recordings"):
        segments(tmp_path)


def test_a_full_disk_loses_nothing_of_a_stream(tmp_path, engine, whole, monkeypatch):
    simulation = simulate(busy(), engine, seed=2)
    simulation.stream(tmp_path / "stream", 1)
    simulation.run(10 * ms, INPUT)

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(ResultFileError, match="No space left"):
            simulation.run(10 * ms, INPUT)
    assert simulation.now == 40
    simulation.run(80 * ms, INPUT)
    simulation.stream(None)
    assert_same(whole, joined(tmp_path / "stream"))


def grown(folder, steps):
    """Record 1,000 neurons in every step; return by how many MB the process has grown since half of the first tenth."""
    network = Network("many", 0.1 * ms).add(Population("a", 1000, LIF()), Recorder("a", "v"))
    simulation = simulate(network, "fused")
    simulation.stream(folder)
    simulation.run(steps // 20 * 0.1 * ms)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    simulation.run((steps - steps // 20) * 0.1 * ms)
    simulation.stream(None)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


@pytest.mark.slow
@pytest.mark.parametrize("steps", [4000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_stream_takes_bounded_memory(tmp_path, steps):
    command = (
        f"from tests.engines.test_streams import grown; print(grown({str(tmp_path / 'stream')!r}, {steps}))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", command], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < (30 if steps < 10_000 else 50)
    assert sum(1 for _ in segments(tmp_path / "stream")) >= steps // 1000
