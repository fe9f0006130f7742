"""Every version of the layout that was ever written is read: small files of each are kept."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from brian2 import ms, mV

from neurosim.engines.simulation import Simulation
from neurosim.store import open_results, read_state
from neurosim.store.schema import SCHEMA_VERSION

KEPT = Path(__file__).with_name("kept")
RESULTS = [KEPT / f"result-{version}.h5" for version in range(1, SCHEMA_VERSION + 1)]


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_file_of_each_version_is_read(path):
    with h5py.File(path) as file:
        assert file.attrs["schema_version"] == int(path.stem.removeprefix("result-"))
    with open_results(path) as results:
        assert results.status == "complete" and results.config == {"tau": 5.0, "gains": [1.0, 2.0]}
        assert results.claims[0]["verdict"] == "holds" and results.attributes["citations"] == ["Kept 2000"]
        v = results.data("trial/v")
        assert (v.dims, v.unit, v.long_name) == (("time", "neuron"), "mV", "membrane potential")
        assert v.array.tolist() == np.arange(12.0).reshape(4, 3).tolist()
        assert results.data("trial/name").array.tolist() == ["AVA", "β", ""]
        assert results.info("trial/name").dtype == "text" and results.info("trial/time").dims == ("time",)
        assert results.array("trial/alive").tolist() == [True, False, True]
        assert results.array("trial/phase").tolist() == [1 + 2j, 0, -1j]
        assert results.array("trial/gain") == 2.5 and results.array("trial/nothing").shape == (0, 3)
        assert results.array("trial/deep/counts").dtype == np.int8
        assert results.populations() == ["motor"] and results.spikes("motor").ids.tolist() == [2, 0, 1]


def test_equal_content_has_an_equal_hash_in_every_version():
    found = set()
    for path in RESULTS:
        with open_results(path) as results:
            found.add(results.content_hash())
    assert found == {"fe31ffe754f8c04f000def2bd97d84319cc4cbac08ef21207ca85902d6cc9894"}


def test_a_state_is_read():
    state = read_state(KEPT / "state-1.h5")
    assert state["E/v"].tolist() == [-0.07, -0.06] and state["step"] == 12 and state["on"] == np.True_
    assert state["E to I/ring/0"].shape == (2, 0) and state["z"].tolist() == [1j]


def test_a_saved_simulation_is_loaded_and_continued():
    simulation = Simulation.load(KEPT / "simulation-1.h5")
    assert simulation.now == 1000
    simulation.run(100 * ms)
    # As the version that wrote the file continued it.
    weights = [5.44670289, 7.4334009, 5.38321215, 6.15532227, 3.47852242, 7.14822383]
    np.testing.assert_allclose(simulation.get("p.w") / mV, weights, rtol=1e-8)
    assert len(simulation.recordings().spikes("I").times) == 41
