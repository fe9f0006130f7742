"""Dense projections in the fused engine: several source rows per pass, and the very sums of a row at a time."""

import numpy as np
import pytest
from brian2 import second

from neurosim import AllToAll, Network, Population, Projection, SynapticRule, parameter, post, pre, simulate
from neurosim.neurons import LeakyRate
from neurosim.rules import Oja
from neurosim.synapses import Graded

ETA, DT = 0.1, 0.001
SIZES = ((1, 3), (7, 5), (8, 8), (19, 21), (33, 1))  # fewer rows than a pass takes, as many, more


class FollowsInput(SynapticRule):
    """A weight that follows the summed inputs of both its ends, which are complete before it learns.

    dw/dt = eta*(x + y); x, y pre- and postsynaptic input (1), w weight (1), eta learning rate (1/s).
    Source: made for this test.
    """

    eta = parameter(ETA / second, "learning rate")
    x, y = pre.variable("I"), post.variable("I")
    dw = "eta * (x + y)"


def network(sources, targets, rule):
    rng = np.random.default_rng(sources)
    w, r = rng.normal(size=(sources, targets)), rng.uniform(-1, 1, sources)
    description = Network("n", DT * second).add(
        Population("a", sources, LeakyRate(), {"r": r}),
        Population("b", targets, LeakyRate(), {"r": rng.uniform(-1, 1, targets)}),
        Projection("p", "a", "b", Graded(), AllToAll(), w.ravel(), rules=(rule,)),
    )
    return description, w, r


@pytest.mark.parametrize(("sources", "targets"), SIZES)
def test_each_target_adds_its_inputs_in_order_and_each_weight_learns_from_the_start_of_the_step(
    sources, targets
):
    description, w, x = network(sources, targets, Oja(eta=ETA / second))
    simulation = simulate(description)
    y = np.asarray(simulation.get("b.r"))
    simulation.step()
    total = np.zeros(targets)
    for j in range(sources):
        total += w[j] * x[j]
    assert np.array_equal(simulation.get("b.I"), total)
    np.testing.assert_allclose(
        np.asarray(simulation.get("p.w")).reshape(w.shape),
        w + DT * ETA * y * (x[:, None] - y * w),
        rtol=1e-15,
    )


@pytest.mark.parametrize(("sources", "targets"), SIZES)
def test_a_rule_that_reads_the_sums_learns_from_whole_sums(sources, targets):
    description, w, x = network(sources, targets, FollowsInput())
    simulation = simulate(description)
    simulation.step()
    change = np.asarray(simulation.get("p.w")).reshape(w.shape) - w
    np.testing.assert_allclose(change, np.broadcast_to(DT * ETA * (w.T @ x), w.shape), rtol=1e-9, atol=1e-15)
