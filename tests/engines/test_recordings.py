"""Recordings as a whole: the content of a result file, and the file itself."""

import json

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim import (
    AllToAll,
    Edges,
    Network,
    Population,
    Projection,
    Recorder,
    Uniform,
    from_json,
    simulate,
    to_json,
)
from neurosim.errors import UnknownNameError, UsageError
from neurosim.neurons import LIF, Poisson
from neurosim.store import open_results
from neurosim.synapses import Pulse
from tests.references import EACH


def network():
    return Network("small").add(
        Population("input", 5, Poisson(rate=200 * Hz)),
        Population("cells", 3, LIF()),
        Projection("drive", "input", "cells", Pulse(), AllToAll(), Uniform(0 * mV, 5 * mV), delay=1 * ms),
        Recorder("input"),
        Recorder("cells"),
        Recorder("cells", "v", every=10, indices=(2, 0)),
        Recorder("drive", "w", every=100),
    )


@pytest.mark.parametrize("engine", EACH)
def test_recordings_read_as_the_file_that_they_are_saved_to(engine, tmp_path):
    simulation = simulate(network(), engine=engine, seed=1)
    simulation.run(50 * ms)
    recordings = simulation.recordings()
    with open_results(recordings.save(tmp_path / "r.h5")) as results:
        assert results.populations() == sorted(recordings.populations()) == ["cells", "input"]
        for name in recordings.populations():
            live, stored = recordings.spikes(name), results.spikes(name)
            assert np.array_equal(live.times, stored.times) and np.array_equal(live.ids, stored.ids)
            assert live.unit == stored.unit == "ms"
            assert np.allclose(live.times, recordings[f"{name}.spikes"].times / ms)
        arrays = [path for path in results.paths() if not path.startswith("spikes/")]
        assert arrays == sorted(recordings.infos())
        for path in arrays:
            assert recordings.infos()[path].dims == results.info(path).dims
            live, stored = recordings.data(path), results.data(path)
            assert np.array_equal(live.array, stored.array)
            assert (live.dims, live.unit, live.long_name) == (stored.dims, stored.unit, stored.long_name)
        assert results.attributes["duration"] == recordings.attributes["duration"] == 0.05
        assert results.status == "complete"
        description = json.loads(str(results.array("network/description")))
        assert to_json(from_json(description)) == to_json(network())


def test_samples_keep_their_bits_and_name_their_axes():
    simulation = simulate(network(), seed=1)
    simulation.run(20 * ms)
    recordings = simulation.recordings()
    v, w = recordings.data("cells.v/v"), recordings.data("drive.w/w")
    assert v.dims == ("time", "neuron") and v.unit == w.unit == "V" and w.dims == ("time", "edge")
    assert np.array_equal(v.array, recordings["cells.v"].values)
    assert recordings.data("cells.v/neuron").array.tolist() == [2, 0]
    assert np.allclose(recordings.data("cells.v/time").array, np.arange(20))
    assert v.long_name == "v of cells"


def test_what_was_not_recorded_is_named(tmp_path):
    recordings = simulate(network(), seed=1).recordings()
    with pytest.raises(UnknownNameError, match="no spikes of 'cell' were recorded: did you mean 'cells'"):
        recordings.spikes("cell")
    with pytest.raises(
        UnknownNameError, match=r"nothing was recorded as 'cells.v/u': did you mean 'cells.v/v'"
    ):
        recordings.data("cells.v/u")
    recordings.save(tmp_path / "r.h5")
    with pytest.raises(UsageError, match="exists already"):
        recordings.save(tmp_path / "r.h5")
    recordings.save(tmp_path / "r.h5", overwrite=True)


def test_delays_stand_in_the_order_of_the_weights():
    edges = Edges([0, 1, 2, 0], [1, 1, 0, 0])
    one, many = (
        simulate(
            Network("delayed").add(
                Population("input", 3, Poisson(rate=1 * Hz)),
                Population("cells", 2, LIF()),
                Projection("drive", "input", "cells", Pulse(), edges, [1, 2, 3, 4] * mV, delay=delay),
            )
        )
        for delay in (2 * ms, [1, 2, 3, 4] * ms)
    )
    assert np.array_equal(one.delays("drive"), [2e-3] * 4 * second)
    assert np.allclose(many.delays("drive") / ms, many.get("drive.w") / mV)
