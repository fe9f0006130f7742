"""Oja's subspace rule finds the subspace of largest variance, not the directions in it."""

import numpy as np
import pytest
from brian2 import ms, second

from neurosim import AllToAll, Network, Population, Projection, simulate
from neurosim.neurons import GradedUnit, Signal
from neurosim.rules import OjaSubspace
from neurosim.synapses import Graded
from tests.rules.pca_runs import DT, anneal, directions, linear_units, samples


def test_a_run_is_the_rule_applied_sample_by_sample():
    x = samples(0, 300)
    simulation = simulate(linear_units(OjaSubspace(eta=0.005 / second), 3, 0))
    w = np.array(simulation.matrix("w"))
    simulation.run(300 * DT, {"x": x})
    for sample in x:
        y = w @ sample
        w = w + 0.005 * (np.outer(y, sample) - np.outer(y, y) @ w)
    np.testing.assert_allclose(simulation.matrix("w"), w, rtol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_weights_project_on_the_leading_subspace(seed):
    # The prototype of the rule sheet measured .043 (1 seed); .1 is the project's acceptance value.
    x = samples(seed)
    simulation = simulate(linear_units(OjaSubspace(), 3, seed))
    anneal(simulation, "oja_subspace_eta", x)
    w, leading = np.array(simulation.matrix("w")), directions(x)[:3]
    assert np.linalg.norm(w.T @ w - leading.T @ leading) < 0.1
    np.testing.assert_allclose(w @ w.T, np.eye(3), atol=0.05)
    # Which directions within the subspace is left open: they are not the principal ones.
    assert np.abs(np.sum(w * leading, axis=1)).min() < 0.9


def test_units_may_be_rectified():
    x = np.array([0.5, -1.0])
    w = np.array([[0.4, 0.1], [0.2, 0.6]])
    network = Network("rectified", 1 * ms).add(
        Population("x", 2, Signal(), {"value": x}),
        Population("y", 2, GradedUnit(transfer="relu")),
        Projection("w", "x", "y", Graded(), AllToAll(), w, rules=OjaSubspace(eta=1 / second)),
    )
    simulation = simulate(network)
    simulation.run(1 * ms)
    y = np.maximum(w @ x, 0)
    assert y[0] > 0 and y[1] == 0
    np.testing.assert_allclose(simulation.matrix("w"), w + 1e-3 * np.outer(y, x - w.T @ y), rtol=1e-12)
