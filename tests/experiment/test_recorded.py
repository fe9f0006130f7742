"""A stage may return what a simulation has recorded."""

import numpy as np
import pytest
from brian2 import ms, mV

from neurosim.engines import recordings
from neurosim.errors import DescriptionError, ResultFileError
from neurosim.experiment import Data, Experiment, Spikes, new_run
from neurosim.experiment.recorded import as_results
from neurosim.model.units import DIMENSIONLESS
from neurosim.store import Writer, open_results

DT = 1e-4
RECORDED = {
    "input.spikes": recordings.Spikes(np.array([3, 20, 20]), np.array([1, 0, 2], dtype=np.int32), DT),
    "cells.v": recordings.Samples(
        np.arange(0, 20, 5), np.linspace(-0.07, -0.06, 8).reshape(4, 2), np.array([1, 3]), mV.dim, DT
    ),
    "more.x": recordings.Samples(np.arange(0, 20, 10), np.ones((2, 3)), np.arange(3), DIMENSIONLESS, DT),
}


def test_recordings_are_results_with_dims_units_and_names(toy):
    study = Experiment(
        **{
            **vars(toy.experiment),
            "run": lambda config, run: run.stage("trial", lambda stage: RECORDED),
            "claims": lambda config, results: (),
            "figures": None,
        }
    )
    new_run(study, out="run.h5").execute()
    with open_results("run.h5") as results:
        spikes, recorded = results.spikes("trial.input.spikes"), RECORDED["input.spikes"]
        np.testing.assert_allclose(spikes.times, np.asarray(recorded.times / ms))
        assert spikes.unit == "ms" and spikes.ids.tolist() == recorded.ids.tolist()
        v, samples = results.data("trial/cells.v/values"), RECORDED["cells.v"]
        assert v.dims == ("time", "index") and v.unit == "V"
        np.testing.assert_array_equal(v.array, samples.values)
        assert results.array("trial/cells.v/index").tolist() == [1, 3]
        time = results.data("trial/cells.v/time")
        assert time.unit == "ms" and time.dims == ("time",)
        np.testing.assert_allclose(time.array, np.asarray(samples.times / ms))
        # Sampled at other times, and of other length: a group of its own.
        assert results.info("trial/more.x/values").shape[0] != len(time.array)


def test_what_is_no_recording_stays_as_it_is():
    given = {"a": Data(np.zeros(1), ("n",)), "b": Spikes([1.0], [0]), "c": 3}
    assert as_results(given) == given


def test_what_cannot_be_stored_is_refused(toy):
    study = Experiment(
        **{**vars(toy.experiment), "run": lambda config, run: run.stage("a", lambda stage: {"x": 3})}
    )
    with pytest.raises(ResultFileError, match="result 'x' is int; give Data"):
        new_run(study, out="run.h5").execute()


def test_units_of_results_are_names_of_units(tmp_path):
    for make in (lambda: Data(np.ones(3), ("time",), mV, "v"), lambda: Spikes([1.0], [0], ms)):
        with pytest.raises(ResultFileError, match=r"unit = m[Vs]: write its name, as 'mV'"):
            make()
    with (
        Writer(tmp_path / "a.h5") as writer,
        pytest.raises(ResultFileError, match="'v': unit = mV: write its name"),
    ):
        writer.write("v", np.zeros(3), ("time",), mV, "potential")
    for wrong in (Data(np.ones(3), ("time",), "milivolt", "v"), Spikes([1.0], [0], "milivolt")):
        with pytest.raises(
            DescriptionError, match="result 'v': unknown unit 'milivolt'; did you mean 'mvolt'?"
        ):
            as_results({"v": wrong})
