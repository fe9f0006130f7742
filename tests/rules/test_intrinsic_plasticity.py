"""Intrinsic plasticity: the output of a unit comes to have the distribution that it is meant to have."""

import numpy as np
import pytest
from brian2 import second

from neurosim import Network, OneToOne, Population, Projection, Recorder, simulate
from neurosim.neurons import GradedUnit, Signal
from neurosim.rng import generator
from neurosim.rules import IntrinsicPlasticity, IntrinsicPlasticityTanh
from neurosim.synapses import Graded
from tests.references import BOTH

DT = 1 * second  # one presentation per step
UNITS, SAMPLES, SEEN = 4, 120_000, 50_000
NAMES = {"logistic": "intrinsic_plasticity", "tanh": "intrinsic_plasticity_tanh"}


def network(mu: float = 0.1, mean: float = 0.0, sigma: float = 0.2) -> Network:
    """Return inputs onto logistic units and onto tanh units, one each."""
    rules = {"logistic": IntrinsicPlasticity(mu=mu), "tanh": IntrinsicPlasticityTanh(mu=mean, sigma=sigma)}
    made = Network("intrinsic", DT).add(Population("x", UNITS, Signal()))
    for name, rule in rules.items():
        made.add(
            Population(name, UNITS, GradedUnit(transfer=name), rules=rule),
            Projection(f"to_{name}", "x", name, Graded(), OneToOne(), 1.0),
            Recorder(name, "y"),
        )
    return made


@pytest.mark.parametrize("engine", BOTH)
def test_a_run_is_the_rule_applied_sample_by_sample(engine):
    x = generator(0, "x").normal(size=(300, UNITS))
    simulation = simulate(network(0.2, 0.1, 0.5), engine)
    simulation.run(300 * DT, {"x": x})
    eta, a, b = 1e-3, dict.fromkeys(NAMES, np.ones(UNITS)), dict.fromkeys(NAMES, np.zeros(UNITS))
    for sample in x:
        y = 1 / (1 + np.exp(-(a["logistic"] * sample + b["logistic"])))
        z = np.tanh(a["tanh"] * sample + b["tanh"])
        change = {
            "logistic": eta * (1 - 7 * y + 5 * y**2),
            "tanh": -eta * (-0.4 + 4 * z * (0.5 + 1 - z**2 + 0.1 * z)),
        }
        a = {name: a[name] + eta / a[name] + sample * db for name, db in change.items()}
        b = {name: b[name] + db for name, db in change.items()}
    for name, prefix in NAMES.items():
        np.testing.assert_allclose(simulation.get(f"{name}.{prefix}_a"), a[name], rtol=1e-9)
        np.testing.assert_allclose(simulation.get(f"{name}.{prefix}_b"), b[name], rtol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_outputs_of_gaussian_inputs_have_the_distribution_aimed_at(seed):
    # Acceptance values of the project: the exponential mean to 10 % and deviation to 25 %, Gaussian moments to 15 %. An
    # independent prototype measured a = 1.22, b = -2.69 for mu = .1 (1 seed).
    simulation = simulate(network())
    simulation.run(SAMPLES * DT, {"x": generator(seed, "x").normal(size=(SAMPLES, UNITS))})
    seen = simulation.recordings()
    y, z = (seen[f"{name}.y"].values[-SEEN:] for name in NAMES)
    np.testing.assert_allclose(y.mean(axis=0), 0.1, rtol=0.1)
    np.testing.assert_allclose(y.std(axis=0), 0.1, rtol=0.25)
    np.testing.assert_allclose(simulation.get("logistic.intrinsic_plasticity_a"), 1.22, rtol=0.1)
    np.testing.assert_allclose(simulation.get("logistic.intrinsic_plasticity_b"), -2.69, rtol=0.1)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=0.15 * 0.2)
    np.testing.assert_allclose(z.std(axis=0), 0.2, rtol=0.15)
