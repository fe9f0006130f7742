"""What a simulation is asked for: requests that mean nothing are refused in one line, and change nothing."""

import gc

import numpy as np
import pytest
from brian2 import Hz, ms, mV
from brian2.utils.logger import catch_logs

from neurosim import Network, Population, Recorder, simulate
from neurosim.errors import NeurosimError, RunFailed
from neurosim.neurons import LIF, Poisson, Signal, SpikeTrain

OF_NETWORKS = "give values by the names of Signal populations"


@pytest.fixture(scope="module")
def simulation():
    network = Network("n").add(
        Population("input", 2, Signal()), Population("unit", 1, LIF()), Recorder("unit", "v")
    )
    return simulate(network, engine="brian2")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda s: s.run(-1 * ms), "run: duration -1. ms is negative: give a time from 0"),
        (lambda s: s.run(1 * ms, [1.0, 2.0]), f"inputs are of type list: {OF_NETWORKS}"),
        (lambda s: s.run(1 * ms, np.ones((10, 2))), f"inputs are of type ndarray: {OF_NETWORKS}"),
        (lambda s: s.step([1.0, 2.0]), f"inputs are of type list: {OF_NETWORKS}"),
        (lambda s: s.present(np.ones((3, 2)), 1 * ms), f"inputs are of type ndarray: {OF_NETWORKS}"),
        (lambda s: s.get(Population("unit", 1, LIF())), "Population is no name: give 'population.variable'"),
        (lambda s: s.set(3, 1.0), "int is no name: give 'population.variable'"),
    ],
)
def test_a_request_that_means_nothing_is_refused(simulation, ask, message):
    with pytest.raises(NeurosimError, match=message):
        ask(simulation)
    assert simulation.now == 0


def test_only_a_network_runs_and_an_engine_has_a_name():
    with pytest.raises(NeurosimError, match="a Population cannot be run: put it into a Network"):
        simulate(Population("unit", 1, LIF()))
    with pytest.raises(NeurosimError, match="unknown engine 'None': known: brian2"):
        simulate(Network("n"), engine=None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Poisson(rate=[5, 6] * Hz), "a.rate has the shape"),
        (SpikeTrain(times=[1, 2] * ms, ids=[0]), "2 times and 1 ids"),
        (SpikeTrain(times=[1] * ms, ids=[7]), "a.ids holds 7"),
    ],
)
def test_brian2_has_no_complaints_of_its_own_about_a_source_that_is_refused(source, message):
    network = Network("n").add(Population("a", 3, source), Population("b", 1, LIF(E_L=-60 * mV)))
    with catch_logs() as complaints:
        with pytest.raises(NeurosimError, match=message):
            simulate(network, engine="brian2")
        gc.collect()
    assert complaints == []


def test_a_simulation_runs_once_at_a_time(simulation):
    # What a second thread would meet; a run that asks for another in its report of progress meets it for certain.
    with pytest.raises(RunFailed, match="network 'n': this simulation is running already: wait for its end"):
        simulation.run(1 * ms, progress=lambda done, total: simulation.run(1 * ms))
    now = simulation.now
    simulation.run(1 * ms)
    assert simulation.now == now + 10
