"""What is written is what the conventions of HDF5, netCDF and SONATA ask for, and comes back as it was."""

import h5py
import numpy as np
import pytest
import xarray
from brian2 import mV, second
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurosim.errors import ResultFileError, UsageError
from neurosim.store import Data, Spikes, Writer, open_results, write_state


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.h5"


def write_example(path):
    with Writer(path) as writer:
        writer.write("trial/v", np.arange(12.0).reshape(4, 3), ("time", "neuron"), "mV", "membrane potential")
        writer.write("trial/time", np.arange(4) * 0.1, ("time",), "ms", "time since the start")
        writer.write("trial/name", ["AVA", "β", ""], ("neuron",), "", "names")
        writer.write("trial/alive", [True, False, True], ("neuron",))
        writer.write("trial/gain", 2.5, (), "1/s", "gain")
        writer.write("trial/nothing", np.zeros((0, 3)), ("event", "neuron"))
        writer.write_spikes("motor", [0.1, 0.2, 0.2], [2, 0, 1])
        writer.set_attributes(status="complete", config={"tau": 5.0}, seed=3)


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
def test_xarray_sees_named_dimensions_units_and_coordinates(path, engine):
    write_example(path)
    with xarray.open_dataset(path, engine=engine, group="trial") as trial:
        assert dict(trial.sizes) == {"time": 4, "neuron": 3, "event": 0}
        assert trial.v.dims == ("time", "neuron")
        assert trial.v.units == "mV" and trial.v.long_name == "membrane potential"
        assert list(trial.coords) == ["time"]
        assert trial.v.sel(time=0.2).values.tolist() == [6.0, 7.0, 8.0]
        assert trial.name.values.tolist() == ["AVA", "β", ""]
        assert trial.alive.values.tolist() == [True, False, True]
    with xarray.open_dataset(path, engine=engine, group="spikes/motor") as motor:
        assert motor.timestamps.dims == motor.node_ids.dims == ("spike",)


def test_plain_h5py_sees_compression_checksums_and_shared_scales(path):
    write_example(path)
    with h5py.File(path) as file:
        v, alive = file["trial/v"], file["trial/alive"]
        assert (v.compression, v.shuffle, v.fletcher32) == ("gzip", True, True)
        assert v.dims[1][0] == alive.dims[0][0]
        assert v.dims[0][0] == file["trial/time"]
        found = []
        file.visititems(lambda name, item: found.append(item) if isinstance(item, h5py.Dataset) else None)
        assert len(found) == 6 + 2 + 3
        assert all(item.attrs["units"] and item.attrs["long_name"] for item in found)
        assert file.attrs["config"] == '{"tau": 5.0}' and file.attrs["seed"] == 3


def test_spikes_follow_sonata(path):
    write_example(path)
    with h5py.File(path) as file:
        motor = file["spikes/motor"]
        assert motor["timestamps"].dtype == np.float64 and motor["timestamps"].attrs["units"] == "ms"
        assert motor["node_ids"].dtype == np.uint64
        # The reader of SONATA may have no filters.
        assert all(item.chunks is None and item.compression is None for item in motor.values())
        assert h5py.check_enum_dtype(motor.attrs.get_id("sorting").dtype) == {
            "none": 0,
            "by_id": 1,
            "by_time": 2,
        }
        assert motor.attrs["sorting"] == 2
        assert file.attrs["magic"] == 0x0A7A and file.attrs["version"].tolist() == [0, 1]


def test_the_reader_of_sonata_reads_the_spikes(path):
    sonata = pytest.importorskip("libsonata")
    with Writer(path) as writer:
        writer.write_spikes("motor", [0.1, 0.2, 0.2, 7.5], [4, 0, 2, 0])
        writer.write_spikes("silent", [], [])
    reader = sonata.SpikeReader(str(path))
    assert sorted(reader.get_population_names()) == ["motor", "silent"]
    motor = reader["motor"]
    assert (motor.sorting, motor.times) == ("by_time", (0.1, 7.5))
    assert motor.get() == [(4, 0.1), (0, 0.2), (2, 0.2), (0, 7.5)] and motor.get([0]) == [(0, 0.2), (0, 7.5)]
    assert reader["silent"].get() == []


@pytest.mark.parametrize(
    ("times", "ids", "sorting"),
    [([1, 2], [1, 0], 2), ([2, 1], [0, 1], 1), ([2, 1], [1, 0], 0), ([], [], 2)],
)
def test_sorting_of_spikes_is_recorded(path, times, ids, sorting):
    with Writer(path) as writer:
        writer.write_spikes("p", times, ids)
    with h5py.File(path) as file:
        assert file["spikes/p"].attrs["sorting"] == sorting
    with open_results(path) as results:
        assert results.spikes("p").times.tolist() == times
        assert results.spikes("p").ids.tolist() == ids


def test_tree_shows_dims_units_and_descriptions(path):
    write_example(path)
    with open_results(path) as results:
        tree = results.tree()
    assert "v (time: 4, neuron: 3) float64 [mV] membrane potential" in tree
    assert "gain () float64 [1/s] gain" in tree
    assert "dimension without coordinates" not in tree


@given(
    hnp.arrays(
        st.one_of(
            hnp.boolean_dtypes(),
            hnp.integer_dtypes(),
            hnp.unsigned_integer_dtypes(),
            hnp.floating_dtypes(),
            hnp.complex_number_dtypes(),
        ).filter(lambda dtype: dtype.itemsize <= 8 or dtype == np.complex128),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    )
)
def test_every_array_comes_back_bit_for_bit(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("round") / "trip.h5"
    array = array.astype(array.dtype.newbyteorder("="))
    dims = ("a", "b", "c")[: array.ndim]
    with Writer(path) as writer:
        writer.write("group/x", array, dims, "nS", "any array")
    with open_results(path) as results:
        data = results.data("/group/x")
    assert data.array.tobytes() == array.tobytes()
    assert (data.array.dtype, data.array.shape) == (array.dtype, array.shape)
    assert (data.dims, data.unit, data.long_name) == (dims, "nS", "any array")


def test_the_order_of_bytes_does_not_matter(path):
    with Writer(path) as writer:
        writer.write("x", np.array([1, 256], dtype=">i2"), ("n",))
        writer.write("one", np.array(256, dtype=">i2"))
    with open_results(path) as results:
        assert results.array("x").tolist() == [1, 256] and results.array("one") == 256


def write_all(writer, *arrays):
    for name, shape, dims in arrays:
        writer.write(name, np.zeros(shape), dims)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([("g/x", (3,), ("n",)), ("g/y", (4,), ("n",))], "'n' has length 4 here and 3 elsewhere in '/g'"),
        ([("g/x", (3, 3), ("n", "n"))], "give each axis a name of its own"),
        ([("g/x", (3, 3), ("n",))], "give each axis a name of its own"),
        ([("g/n", (2,), ("m",)), ("g/x", (3,), ("n",))], "'n' names both a dimension and an array"),
        ([("g/x", (3,), ("n",)), ("g/n", (3, 2), ("n", "m"))], "'n' names both a dimension and an array"),
        ([("g/x", (), ()), ("g/x", (), ())], "already stored there"),
        ([("g/x", (), ()), ("g/x/y", (), ())], "already stored there"),
        ([("g/../x", (), ())], "not a name"),
        ([("g//x", (), ())], "not a name"),
        ([("x", (2,), ("a/b",))], "not a name"),
    ],
)
def test_clashes_are_refused_in_one_line_and_leave_no_file(path, arrays, message):
    with pytest.raises(ResultFileError, match=message) as caught, Writer(path) as writer:
        write_all(writer, *arrays)
    assert "\n" not in str(caught.value)
    assert list(path.parent.iterdir()) == []


def test_equal_dimension_names_may_differ_between_groups(path):
    with Writer(path) as writer:
        write_all(writer, ("a/x", (3,), ("n",)), ("b/x", (4,), ("n",)))
    with open_results(path) as results:
        assert results.info("b/x").shape == (4,)


@pytest.mark.parametrize(
    "value",
    [
        object(),
        [object()],
        [[1], [1, 2]],
        b"bytes",
        np.datetime64("2020"),
        "\ud800",
        [None],
        2**70,
        np.longdouble(1),
    ],
)
def test_what_would_need_pickle_or_lose_bits_is_refused(path, value):
    with pytest.raises(ResultFileError, match="'x'"), Writer(path) as writer:
        writer.write("x", value)


@pytest.mark.parametrize(("times", "ids"), [([1.0], [1, 2]), ([1.0], [-1]), ([1.0], [0.5]), ([[1.0]], [[1]])])
def test_spikes_that_make_no_sense_are_refused(path, times, ids):
    with pytest.raises(ResultFileError, match="spikes/p"), Writer(path) as writer:
        writer.write_spikes("p", times, ids)


def test_an_existing_file_is_replaced_only_on_request(path):
    write_example(path)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        Writer(path)
    with pytest.raises(ZeroDivisionError), Writer(path, overwrite=True) as writer:
        writer.write("x", 1 / 0)
    assert path.read_bytes() == before
    with Writer(path, overwrite=True) as writer:
        writer.write("x", 1)
    with open_results(path) as results:
        assert results.paths() == ["x"]


def test_targets_that_cannot_be_written_are_refused_before_any_work(path, monkeypatch):
    with pytest.raises(ResultFileError, match="no such folder"):
        Writer(path.parent / "nowhere" / "run.h5")
    with pytest.raises(UsageError, match="is a folder"):
        Writer(path.parent)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(ResultFileError, match="may not be written"):
        Writer(path)


def test_long_attributes_fit(path):
    with Writer(path) as writer:
        writer.set_attributes(citations=["x" * 100_000])
    with open_results(path) as results:
        assert results.attributes["citations"] == ["x" * 100_000]


@pytest.mark.parametrize(
    "store",
    [
        lambda path: Data([1, 2] * mV, ("neuron",), "mV", "membrane potential"),
        lambda path: Spikes([0.1, 0.2] * second, [0, 1]),
        lambda path: Writer(path).write("v", [1, 2] * mV, ("neuron",), "mV"),
        lambda path: write_state(path, {"v": 1 * mV}),
    ],
)
def test_a_quantity_is_refused_since_its_numbers_are_in_si_units(path, store):
    with pytest.raises(
        ResultFileError, match="has a unit of its own: divide by the unit to be stored, as v / mV"
    ):
        store(path)
    assert not path.exists()


def test_one_dimension_may_be_given_as_text():
    assert Data([1.0], "time").dims == ("time",)
    with pytest.raises(ResultFileError, match="currents: not an array of numbers or text"):
        Data([[1], [1, 2]], ("time",), "mV", "currents")
