"""The attributes by which h5web and others know what to plot."""

import h5py
import numpy as np

from neurosim.store import Writer


def nexus(path, group):
    with h5py.File(path) as file:
        found = dict((file[group] if group else file).attrs)
    return {
        name: list(value) if isinstance(value, np.ndarray) else value
        for name, value in found.items()
        if name in ("NX_class", "default", "signal", "axes", "auxiliary_signals")
    }


def test_a_group_says_what_its_plot_is(tmp_path):
    path = tmp_path / "r.h5"
    with Writer(path) as writer:
        writer.write("walk/time", np.arange(3.0), ("time",), "ms")
        writer.write("walk/v", np.zeros((2, 3)), ("copy", "time"), "mV")
        writer.write("walk/u", np.zeros((2, 3)), ("copy", "time"), "mV")
        writer.write("walk/mean", np.zeros(3), ("time",), "mV")
        writer.write("words/names", np.array(["a", "b"]), ("name",))
        writer.write("words/level", np.zeros(2), ("name",))
        writer.write("single/number", 3.0)
        writer.write_spikes("cells", [1.0, 2.0], [0, 1])
    walk = {"NX_class": "NXdata", "signal": "u", "axes": [".", "time"], "auxiliary_signals": ["v"]}
    assert nexus(path, "walk") == walk
    assert nexus(path, "words") == {"NX_class": "NXdata", "signal": "level", "axes": ["."]}
    assert nexus(path, "single") == {}
    assert nexus(path, "spikes/cells") == {"NX_class": "NXdata", "signal": "node_ids", "axes": ["timestamps"]}
    assert nexus(path, "") == {"NX_class": "NXroot", "default": "/spikes/cells"}


def test_a_file_without_arrays_has_no_plot(tmp_path):
    with Writer(tmp_path / "r.h5") as writer:
        writer.set_attributes(status="complete")
    assert nexus(tmp_path / "r.h5", "") == {"NX_class": "NXroot"}
