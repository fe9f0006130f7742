"""Plain Hebbian learning grows without limit, at the rate and in the direction that theory gives."""

import numpy as np
import pytest

from neurosim import simulate
from neurosim.rules import Hebb
from tests.references import BOTH
from tests.rules.pca_runs import DT, directions, linear_units, samples


@pytest.mark.parametrize("engine", BOTH)
def test_a_run_is_the_rule_applied_sample_by_sample(engine):
    x = samples(0, 300)
    simulation = simulate(linear_units(Hebb(), 1, 0), engine)
    w = np.array(simulation.get("w.w"))
    simulation.run(300 * DT, {"x": x})
    for sample in x:
        w = w + 1e-3 * (w @ sample) * sample
    np.testing.assert_allclose(simulation.get("w.w"), w, rtol=1e-11)


@pytest.mark.parametrize("seed", range(3))
def test_weights_grow_at_the_rate_of_the_largest_eigenvalue(seed):
    # Derived: w = exp(eta C n) w_0, so log|w| has the slope eta times the largest eigenvalue of C = <x x^T>, and w
    # turns to its eigenvector; 2 % is the project's acceptance value.
    first, then = 5_000, 20_000
    x = samples(seed, first + then)
    simulation = simulate(linear_units(Hebb(), 1, seed))
    lengths = []
    for part in (x[:first], x[first:]):
        simulation.run(len(part) * DT, {"x": part})
        lengths.append(np.linalg.norm(simulation.get("w.w")))
    slope = np.log(lengths[1] / lengths[0]) / then
    assert slope == pytest.approx(1e-3 * np.linalg.eigvalsh(x[first:].T @ x[first:] / then)[-1], rel=0.02)
    assert abs(simulation.get("w.w") @ directions(x)[0]) / lengths[1] > 0.99
