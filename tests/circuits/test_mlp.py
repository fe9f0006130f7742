"""The multilayer perceptron as a network is a multilayer perceptron."""

import numpy as np
import pytest
from brian2 import second

from neurosim import simulate
from neurosim.bodies.swimmer import Swimmer
from neurosim.circuits.mlp import MLPController
from neurosim.errors import DescriptionError


@pytest.mark.parametrize(
    ("hidden", "count"),
    [((2, 2), 69), ((8, 8), 309), ((16, 16), 741), ((32, 32), 1989), ((64, 64), 6021), ((256, 256), 73_221)],
)
def test_numbers_of_parameters(hidden, count):
    controller = MLPController(5, hidden)
    assert controller.n_parameters == count == controller.initial().size


def forward(controller, vector, x):
    """The perceptron in numpy: x <- tanh(W x + b), weights in the order (source, target)."""
    weights = controller.weights(vector)
    for layer in range(1, len(controller.layers)):
        shape = controller.layers[layer - 1 : layer + 1]
        x = np.tanh(x @ weights[f"weights{layer}"].reshape(shape) + weights[f"biases{layer}"])
    return x


@pytest.mark.parametrize("hidden", [(7,), (16, 5), ()])
def test_the_network_is_the_perceptron(hidden):
    controller = MLPController(3, hidden)
    vector = 0.3 * np.random.default_rng(0).normal(size=controller.n_parameters)
    body = Swimmer(4, 0.005)
    body.reset(np.random.default_rng(1))
    network = controller.network(vector, ("observation", "torque"))
    simulation = simulate(network, externals={"body": body})
    simulation.run(100 * controller.dt * second)
    found = simulation.recordings()
    observation, torque = found["observation.output"].values, found["torque.output"].values
    np.testing.assert_allclose(torque, forward(controller, vector, observation), rtol=1e-12, atol=1e-12)
    assert np.ptp(torque, axis=0).min() > 0.01


def test_initial_parameters_have_the_spread_of_their_layer():
    controller = MLPController(5, (64, 64))
    weights = controller.weights(controller.initial(4))
    for layer, fan_in in enumerate(controller.layers[:-1], 1):
        for name in ("weights", "biases"):
            values = weights[f"{name}{layer}"]
            assert np.abs(values).max() <= 1 / np.sqrt(fan_in)
        assert abs(np.abs(weights[f"weights{layer}"]).mean() * np.sqrt(fan_in) - 0.5) < 0.05
    assert not np.array_equal(controller.initial(4), controller.initial(5))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLPController(0), "n_joints = 0"),
        (lambda: MLPController(5, (8, 0)), "every size is at least 1"),
        (lambda: MLPController(5, (8,)).network(np.ones(3)), r"shape \(3,\): give"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()
