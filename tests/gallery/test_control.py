"""Examples of Brian2's gallery that act on a network while it runs: every spike is the same, up to the last step."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms, mV

from neurosim import NeuronModel, Operation, Population, Recorder, Stop, parameter
from tests.gallery.pairs import ours, same_spikes, theirs


@pytest.mark.slow
def test_network_operation_stop():
    class GalleryStopped(NeuronModel):
        tau = parameter(20 * ms, "membrane time constant")
        equations = "dv/dt = (drive - v)/tau : volt\ndrive : volt\nn : 1"
        threshold = "v > 10*mV"
        reset = "v = 0*mV; n += 1"
        method = "exact"

    drive = np.linspace(5, 14, 40) * mV
    simulation = ours(
        Population("cell", 40, GalleryStopped(), {"drive": drive}),
        Operation("cell", "drive += 0.2*mV", every=2 * ms),
        Stop("enough", "cell", "n > 8"),
        Recorder("cell"),
        duration=500 * ms,
    )
    group = b2.NeuronGroup(
        40,
        "dv/dt = (drive - v)/(20*ms) : volt\ndrive : volt\nn : 1",
        threshold="v > 10*mV",
        reset="v = 0*mV; n += 1",
        method="exact",
    )
    group.drive = drive
    group.run_regularly("drive += 0.2*mV", dt=2 * ms)
    monitor = b2.SpikeMonitor(group)

    @b2.network_operation(when="end")
    def stop_when_enough():
        if np.any(group.n[:] > 8):
            b2.stop()

    theirs(group, monitor, stop_when_enough, duration=500 * ms)
    same_spikes(simulation, "cell", monitor, at_least=100)
    assert simulation.stopped == "enough" and simulation.now == round(b2.defaultclock.t / (0.1 * ms)) < 4000
