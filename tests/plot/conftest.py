"""A small run that everything is drawn from, and a figure that is closed after each test."""

import matplotlib.pyplot as plt
import pytest
from brian2 import Hz, ms, mV

from neurosim import AllToAll, Network, OneToOne, Population, Projection, Recorder, Uniform, simulate
from neurosim.neurons import LIF, Poisson
from neurosim.rules import PairSTDP
from neurosim.synapses import Pulse, ScaledPulse


def network():
    return Network("small").add(
        Population("input", 5, Poisson(rate=200 * Hz)),
        Population("cells", 3, LIF(E_L=-55 * mV)),
        Projection(
            "drive",
            "input",
            "cells",
            ScaledPulse(quantum=10 * mV),
            AllToAll(),
            Uniform(0, 1),
            rules=PairSTDP(),
        ),
        Projection("brake", "cells", "cells", Pulse(port="g_i"), OneToOne(), -2 * mV, delay=1 * ms),
        Recorder("input"),
        Recorder("cells"),
        Recorder("cells", "v", every=10),
        Recorder("drive", "w", every=100),
    )


@pytest.fixture(scope="session")
def simulation():
    made = simulate(network(), seed=1)
    made.run(400 * ms)
    return made


@pytest.fixture(scope="session")
def file(simulation, tmp_path_factory):
    return simulation.recordings().save(tmp_path_factory.mktemp("plot") / "run.h5")


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")
