"""The small run of the plots, so that its network is compiled once."""

import pytest
from brian2 import ms

from neurosim import simulate
from tests.plot.conftest import network


@pytest.fixture(scope="session")
def simulation():
    made = simulate(network(), seed=1)
    made.run(100 * ms)
    return made


@pytest.fixture(scope="session")
def file(simulation, tmp_path_factory):
    return simulation.recordings().save(tmp_path_factory.mktemp("export") / "run.h5")
