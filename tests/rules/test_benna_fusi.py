"""The chain of Benna and Fusi: one change of the weight fades as the matrix exponential says, by a power law."""

import numpy as np
import pytest
from brian2 import second
from scipy.linalg import expm

from neurosim import AllToAll, Network, Population, Projection, Recorder, SynapticRule, simulate
from neurosim.errors import DescriptionError
from neurosim.model.serial import from_json, to_json
from neurosim.neurons import GradedUnit, Signal
from neurosim.rules import BennaFusi, Hebb, benna_fusi
from neurosim.synapses import Graded
from tests.references import BOTH

SIZE, RATE = 6, 0.01  # 1/s


def chain(size: int = SIZE) -> np.ndarray:
    """Return the matrix A of du/dt = A u, from the capacities and conductances of the published equation."""
    capacity, conductance = 2.0 ** np.arange(size), RATE * 2.0 ** -np.arange(size)
    flow = -np.diag(conductance) - np.diag(np.r_[0, conductance[:-1]])
    flow += np.diag(conductance[:-1], 1) + np.diag(conductance[:-1], -1)
    return flow / capacity[:, None]


def network(rule: type[SynapticRule] = BennaFusi) -> Network:
    """Return a synapse with the chain, whose weight a Hebbian rule changes while its input is on."""
    rules = Hebb(eta=1 / second), rule(rate=RATE / second)
    return Network("chain", 1 * second).add(
        Population("x", 1, Signal()),
        Population("y", 1, GradedUnit(bias=1.0, transfer="unit_interval")),
        Projection("p", "x", "y", Graded(), AllToAll(), 0.0, rules=rules),
        Recorder("p", "w"),
    )


def trace(engine: str, duration: int, rule: type[SynapticRule] = BennaFusi) -> np.ndarray:
    """Return the weight at each second after a change by 1 in the first."""
    simulation = simulate(network(rule), engine)
    on = np.zeros((duration, 1))
    on[0] = 1
    simulation.run(duration * second, {"x": on})
    return simulation.recordings()["p.w"].values[:, 0]


@pytest.mark.parametrize("engine", BOTH)
def test_the_trace_of_one_change_follows_the_matrix_exponential(engine):
    # Derived. Steps of dt * rate = .01 leave an error of that order in the fastest variable, and less later.
    seen = trace(engine, 1000)
    assert seen[1] == 1.0
    times = np.array([10, 50, 200, 900])
    np.testing.assert_allclose(seen[1 + times], [expm(chain() * t)[0, 0] for t in times], rtol=0.005)
    euler = np.linalg.matrix_power(np.eye(SIZE) + chain(), 900)
    assert seen[901] == pytest.approx(euler[0, 0], rel=1e-9)


def test_the_trace_fades_as_the_inverse_root_of_time():
    # Derived; the slope to .1 is the project's acceptance value, for times well inside the range of time constants,
    # from 1/rate to 4**5/rate.
    times = np.round(2.0 ** np.arange(1, 10) / RATE).astype(int)
    seen = trace("fused", times[-1] + 2)[1 + times]
    np.testing.assert_allclose(np.diff(np.log2(seen)), -0.5, atol=0.1)
    exact = [expm(chain() * t)[0, 0] for t in times]
    np.testing.assert_allclose(seen, exact, rtol=0.005)


@pytest.mark.parametrize("size", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_a_chain_has_as_many_variables_as_asked_for(size):
    rule = benna_fusi(size)
    seen = trace("fused", 500, rule)
    euler = np.linalg.matrix_power(np.eye(size) + chain(size), 400)
    assert seen[401] == pytest.approx(euler[0, 0], rel=1e-9)
    stored = to_json(network(rule))
    assert to_json(from_json(stored)) == stored


def test_six_variables_are_those_of_the_rule():
    rule = benna_fusi(6)
    for name in ("u2", "u3", "u4", "u5", "u6"):
        assert getattr(rule, name) == getattr(BennaFusi, name)
    for wrong in (1, 21, 2.5):
        with pytest.raises(DescriptionError, match=f"benna_fusi.{wrong}.: give a whole number from 2 to 20"):
            benna_fusi(wrong)
