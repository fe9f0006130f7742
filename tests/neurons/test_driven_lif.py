"""Neurons with a Poisson input of their own: moments, the reference engine, and what is rejected."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, nA, pA, second

from neurosim import Network, NeuronModel, Population, Recorder, Uniform, parameter, simulate
from neurosim.errors import DescriptionError
from neurosim.neurons import DrivenLIF


class PoissonCounter(NeuronModel):
    """Counts Poisson numbers of a mean of its own."""

    mean = parameter(1.0, "mean", low=-np.inf)
    equations = "n = poisson(mean) : 1\ndx/dt = n/dt : 1"
    method = "euler"


def counter(**values):
    return Network("counter", dt=1 * ms).add(Population("c", 2000, PoissonCounter(**values)))


def test_input_current_has_the_mean_and_the_variance_of_shot_noise():
    # Campbell: mean j rate tau, variance j**2 rate tau/2; held steps of dt lower it by the share of dt**2 (below 1 %).
    never = {"v_threshold": 10_000 * mV}
    model = DrivenLIF(rate_ext=10_000 * Hz, j_ext=100 * pA, **never)
    simulation = simulate(Network("shot", dt=0.1 * ms).add(Population("n", 4000, model)), seed=1)
    simulation.run(10 * ms)
    current = np.asarray(simulation.get("n.i_syn")) / 1e-12
    assert current.mean() == pytest.approx(500, rel=0.02)
    assert current.var() == pytest.approx(100**2 * 10_000 * 0.5e-3 / 2, rel=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [12_000 * Hz, Uniform(5_000 * Hz, 20_000 * Hz)])
def test_spikes_are_those_of_the_reference(rate):
    network = Network("driven", dt=0.1 * ms).add(
        Population("n", 50, DrivenLIF(rate_ext=rate, I_e=0.1 * nA)), Recorder("n")
    )
    found = []
    for engine in ("fused", "brian2"):
        simulation = simulate(network, engine=engine, seed=3)
        simulation.run(0.1 * second)
        found.append(simulation.recordings()["n.spikes"])
    assert found[0].ids.size > 20
    assert np.array_equal(found[0].ids, found[1].ids) and np.array_equal(found[0].steps, found[1].steps)


def test_a_mean_that_is_set_counts_from_then_on():
    simulation = simulate(counter(), seed=1)
    simulation.run(10 * ms)
    simulation.set("c.mean", 0.0)
    before = np.array(simulation.get("c.x"))
    simulation.run(10 * ms)
    assert before.mean() == pytest.approx(10, rel=0.05) and np.array_equal(simulation.get("c.x"), before)
    assert not np.any(simulation.get("c.n"))
    with pytest.raises(DescriptionError, match=r"poisson\(mean\) has the mean -1: give one of 0 or more"):
        simulation.set("c.mean", -1.0)
    assert simulation.get("c.mean") == 0


def test_what_cannot_be_drawn_is_rejected():
    def rejected(text, match):
        class PoissonRejected(NeuronModel):
            """A faulty model."""

            r = parameter(1 * Hz, "rate")
            equations = f"dx/dt = {text}/dt : 1"

        with pytest.raises(DescriptionError, match=match):
            simulate(Network("n", dt=1 * ms).add(Population("c", 2, PoissonRejected())))

    rejected("poisson()", "takes one argument")
    rejected("binomial(3)", r"takes two arguments: write binomial\(n, p\)")
    rejected("poisson(r)", "where a number is needed")
