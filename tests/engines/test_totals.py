"""Sums over the connections of a neuron in the equations of a rule, against the same formulas in numpy."""

import numpy as np
import pytest
from brian2 import second

from neurosim import (
    AllToAll,
    Network,
    Normal,
    Population,
    Projection,
    SynapticRule,
    parameter,
    post,
    pre,
    simulate,
)
from neurosim.errors import DescriptionError
from neurosim.neurons import GradedUnit, Signal
from neurosim.synapses import Graded
from tests.references import EACH


class TotalsInTime(SynapticRule):
    """dw/dt = eta * (s - q) * w, with sums over both ends of a connection."""

    eta = parameter(0.02 / second, "rate")
    x = pre.activity
    s, q = post.total("w * x"), pre.total("abs(w)")
    dw = "eta * (s - q) * w"


class TotalsAtPresentations(TotalsInTime):
    """The same after each presentation."""

    eta = parameter(0.02, "rate")
    clock = "sample"


class TotalAtASpike(SynapticRule):
    """Reads a sum where it is not kept."""

    clock = "spike"
    s = post.total("w")
    on_pre = "w -= 0.1 * s"


def change(w, x):
    """Return what both rules add to weights (targets, sources)."""
    return 0.02 * ((w @ x)[:, None] - np.abs(w).sum(axis=0)) * w


@pytest.mark.parametrize("engine", EACH)
def test_sums_are_those_of_the_weights_before_the_change(engine):
    network = Network("totals", 1 * second).add(Population("x", 4, Signal()))
    rules = {"time": TotalsInTime(), "samples": TotalsAtPresentations()}
    for name, rule in rules.items():
        network.add(
            Population(f"y_{name}", 3, GradedUnit(transfer="identity")),
            Projection(name, "x", f"y_{name}", Graded(), AllToAll(), Normal(0, 0.5), rules=rule),
        )
    simulation = simulate(network, engine, seed=2)
    w = {name: np.array(simulation.matrix(name)) for name in rules}
    for x in np.random.default_rng(0).normal(size=(12, 4)):
        simulation.present({"x": x[None]}, 1 * second)
        w = {name: matrix + change(matrix, x) for name, matrix in w.items()}
    for name, matrix in w.items():
        np.testing.assert_allclose(simulation.matrix(name), matrix, rtol=1e-10)


def test_a_sum_at_a_spike_is_refused_in_one_line():
    network = Network("refused", 1 * second).add(
        Population("x", 4, Signal()),
        Population("y", 3, GradedUnit()),
        Projection("p", "x", "y", Graded(), AllToAll(), 0.5, rules=TotalAtASpike()),
    )
    with pytest.raises(
        DescriptionError, match=r"on_pre: 'w -= 0\.1 \* s' reads the total 's': only dw and after may"
    ):
        simulate(network)
