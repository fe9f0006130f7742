"""The covariance rule and its one-sided forms find the axis of variance where plain Hebb finds the mean."""

import numpy as np
import pytest
from brian2 import second

from neurosim import AllToAll, Network, Population, Projection, simulate
from neurosim.neurons import GradedUnit, Signal
from neurosim.rng import generator
from neurosim.rules import Covariance, CovariancePost, CovariancePre, Hebb
from neurosim.synapses import Graded
from tests.references import BOTH

DT = 1 * second  # one presentation per step
SLOW = {"eta": 1e-4 / second, "tau": 100 * second}
RULES = {
    "hebb": Hebb(eta=SLOW["eta"]),
    "both": Covariance(),
    "post": CovariancePost(**SLOW),
    "pre": CovariancePre(**SLOW),
}


def network(seed: int) -> Network:
    """Return five inputs onto four linear units, each with a rule of its own."""
    made = Network("covariance", DT).add(Population("x", 5, Signal()))
    for name, rule in RULES.items():
        weight = generator(seed, name).normal(size=(1, 5))
        made.add(
            Population(name, 1, GradedUnit(transfer="identity")),
            Projection(f"w_{name}", "x", name, Graded(), AllToAll(), weight, rules=rule),
        )
    return made


def samples(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs (n, 5), the axis of their largest variance (5), and the direction of their mean (0, 5, 0, ...)."""
    rng = generator(seed, "samples")
    basis = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    x = (rng.normal(size=(n, 5)) * np.sqrt([5, 1, 0.5, 0.5, 0.5]) + [0, 5, 0, 0, 0]) @ basis.T
    return x, basis[:, 0], basis[:, 1]


@pytest.mark.parametrize("engine", BOTH)
def test_a_run_is_the_rules_applied_sample_by_sample(engine):
    x, _, _ = samples(0, 300)
    simulation = simulate(network(0), engine)
    w = {name: np.array(simulation.get(f"w_{name}.w")) for name in RULES}
    simulation.run(300 * DT, {"x": x})
    x_mean, y_mean = (dict.fromkeys(RULES, 0.0) for _ in range(2))
    for sample in x:
        for name, rule in RULES.items():
            eta, tau = float(rule.eta), float(getattr(rule, "tau", DT))
            y = w[name] @ sample
            dx = sample if name in ("hebb", "post") else sample - x_mean[name]
            dy = y if name in ("hebb", "pre") else y - y_mean[name]
            w[name] = w[name] + eta * dx * dy
            x_mean[name] = sample + (x_mean[name] - sample) * np.exp(-1 / tau)
            y_mean[name] = y + (y_mean[name] - y) * np.exp(-1 / tau)
    for name in RULES:
        np.testing.assert_allclose(simulation.get(f"w_{name}.w"), w[name], rtol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_covariance_finds_the_axis_and_hebb_the_mean(seed):
    # Derived: <dw> is eta Cov(x) w for covariance and eta <x x^T> w for Hebb; .95 is the project's acceptance value.
    x, axis, mean = samples(seed, 60_000)
    simulation = simulate(network(seed))
    simulation.run(60_000 * DT, {"x": x})
    for name in RULES:
        w = simulation.get(f"w_{name}.w")
        assert abs(w @ (mean if name == "hebb" else axis)) / np.linalg.norm(w) > 0.95
