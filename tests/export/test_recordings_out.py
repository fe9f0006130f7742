"""What other libraries get: the same spikes and samples, with their units, from a simulation or from its file."""

import sys

import numpy as np
import pytest
from brian2 import mV, second, volt

from neurosim import export
from neurosim.errors import DescriptionError, MissingExtra, UnknownNameError
from neurosim.store import Writer, open_results


@pytest.fixture(params=["simulation", "recordings", "file"])
def source(request, simulation, file):
    if request.param == "file":
        with open_results(file) as results:
            yield results
    else:
        yield simulation if request.param == "simulation" else simulation.recordings()


@pytest.fixture
def spikes(simulation):
    return simulation.recordings()["cells.spikes"]


@pytest.fixture
def v(simulation):
    return simulation.recordings()["cells.v"]


def test_pandas(source, spikes, v):
    pytest.importorskip("pandas")
    table = export.to_pandas(source, "cells")
    assert list(table.columns) == ["time", "neuron"] and table.attrs["units"]["time"] == "s"
    assert np.allclose(table.time, spikes.times / second) and np.array_equal(table.neuron, spikes.ids)
    wide = export.to_pandas(source, "cells.v")
    assert wide.shape == (100, 3) and wide.columns.name == "neuron" and wide.index.name == "time"
    assert np.array_equal(wide.to_numpy(), v.values) and wide.attrs["units"] == {"values": "V", "time": "ms"}


def test_pandas_has_an_index_for_each_further_axis(tmp_path):
    pytest.importorskip("pandas")
    with Writer(tmp_path / "r.h5") as writer:
        writer.write("a/links", [6, 4, 12], ("links",))
        writer.write("a/returns", np.arange(24.0).reshape(2, 3, 4), ("run", "links", "start"), "m")
    with open_results(tmp_path / "r.h5") as results:
        table = export.to_pandas(results, "a/returns")
    # Links are not in order, so that curves run along the longest axis instead.
    assert table.index.name == "start" and table.columns.names == ["run", "links"]
    assert table[(1, 12)].tolist() == [20, 21, 22, 23]


def test_xarray(source, spikes, v):
    pytest.importorskip("xarray")
    array = export.to_xarray(source, "cells.v")
    assert array.dims == ("time", "neuron") and array.name == "v" and array.attrs["units"] == "V"
    assert np.array_equal(array.values, v.values) and array.time.attrs["units"] == "ms"
    assert np.array_equal(array.sel(neuron=2, time=7.0), v.values[7, 2])
    dataset = export.to_xarray(source, "cells")
    assert np.allclose(dataset.time, spikes.times / second) and dataset.attrs["size"] == 3


def test_neo(source, spikes, v):
    pytest.importorskip("neo")
    (segment,) = export.to_neo(source).segments
    trains = [train for train in segment.spiketrains if train.annotations["population"] == "cells"]
    assert [train.annotations["neuron"] for train in trains] == [0, 1, 2] and len(segment.spiketrains) == 8
    for neuron, train in enumerate(trains):
        assert np.allclose(train.rescale("s").magnitude, spikes.times[spikes.ids == neuron] / second)
        assert float(train.t_stop.rescale("s")) == pytest.approx(0.1)
    signal = next(signal for signal in segment.analogsignals if signal.name == "cells.v")
    assert np.allclose(signal.rescale("mV").magnitude, v.quantity / mV)
    assert float(signal.sampling_rate.rescale("Hz")) == pytest.approx(1000)
    assert {signal.name for signal in segment.analogsignals} == {"cells.v", "drive.w"}


def test_pynapple(source, spikes, v):
    pytest.importorskip("pynapple")
    group = export.to_pynapple(source, "cells")
    assert len(group) == 3 and np.allclose(group[1].t, spikes.times[spikes.ids == 1] / second)
    assert float(group.time_support.end[0]) == pytest.approx(0.1)
    frame = export.to_pynapple(source, "cells.v")
    assert np.array_equal(frame.d, v.values) and frame.t[7] == pytest.approx(0.007)


def test_nwb_is_written_and_read(source, spikes, v, tmp_path):
    pynwb = pytest.importorskip("pynwb")
    with pynwb.NWBHDF5IO(str(tmp_path / "r.nwb"), "w") as io:
        io.write(export.to_nwb(source))
    with pynwb.NWBHDF5IO(str(tmp_path / "r.nwb"), "r") as io:
        read = io.read()
        units = read.units.to_dataframe()
        cells = units[units.population == "cells"]
        assert cells.neuron.tolist() == [0, 1, 2] and len(units) == 8
        assert np.allclose(cells.spike_times.iloc[2], spikes.times[spikes.ids == 2] / second)
        series = read.acquisition["cells.v"]
        assert np.array_equal(series.data[:], v.values) and series.unit == "V"
        assert series.rate == pytest.approx(1000)


def test_silent_neurons_are_there(tmp_path):
    pytest.importorskip("neo")
    from neurosim.export.view import Trains

    assert [t.tolist() for t in Trains("x", np.array([1.0, 2.0]), np.array([2, 2]), 4, 3.0).of_each()] == [
        [],
        [],
        [1.0, 2.0],
        [],
    ]


@pytest.mark.parametrize(
    "to", [export.to_pandas, export.to_xarray, export.to_pynapple, export.to_neo, export.to_nwb]
)
def test_what_is_not_there_is_named(to, simulation):
    with pytest.raises(UnknownNameError, match="no array 'cells.u': did you mean 'cells.v'"):
        to(simulation, "cells.u")
    with pytest.raises(DescriptionError, match="holds no recordings"):
        to([1, 2], "cells")


def test_what_is_no_signal_is_refused(tmp_path):
    with Writer(tmp_path / "r.h5") as writer:
        writer.write("a/mean", [1.0, 2.0], ("epoch",), "", "mean")
        writer.write("b/time", [0.0, 1.0, 5.0], ("time",), "ms")
        writer.write("b/x", [1.0, 2.0, 3.0], ("time",), "parrots")
    with open_results(tmp_path / "r.h5") as results:
        for to in (export.to_neo, export.to_nwb, export.to_pynapple):
            with pytest.raises(DescriptionError, match="'a/mean' is not sampled in time"):
                to(results, "a/mean")
        with pytest.raises(DescriptionError, match="unit 'parrots', which Neo does not know"):
            export.to_neo(results)


def test_a_missing_library_is_said_in_one_line(simulation, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match=r"pandas is not installed: pip install 'neurosim\[export\]'"):
        export.to_pandas(simulation, "cells")


def test_units_of_volts_are_volts(simulation):
    assert simulation.recordings()["cells.v"].quantity.dim is volt.dim
