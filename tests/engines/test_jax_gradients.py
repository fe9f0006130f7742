"""Gradients: against finite differences, and the surrogate of a spike against its closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import ms, mV

from neurosim import AllToAll, Edges, Network, NeuronModel, Population, Projection, Recorder, parameter
from neurosim.engines.jax import Surrogate, compile_functions
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.neurons import LIF, LeakyRate, Signal
from neurosim.rules import GainAdaptation, Oja
from neurosim.synapses import Graded, Pulse
from tests.engines import jax_networks as networks


class JaxMemory(NeuronModel):
    """One leaky state that spikes: v <- p v + (1 - p) I, p = exp(-dt/tau), and a reset to 0."""

    tau = parameter(10 * ms, "time constant")
    theta = parameter(1.0, "threshold")
    equations = """
    dv/dt = (I - v)/tau : 1
    I : 1 (input)
    """
    threshold = "v > theta"
    reset = "v = 0"


@pytest.fixture
def double():
    with jax.enable_x64(True):
        yield


def differences(loss, given, name, eps=1e-6):
    """Central differences of a loss with respect to every element of one parameter."""
    value = np.array(given[name], dtype=float)
    found = np.zeros_like(value)
    scale = eps * max(np.abs(value).max(), 1e-3)
    for at in np.ndindex(value.shape):
        sides = []
        for sign in (1, -1):
            moved = value.copy()
            moved[at] += sign * scale
            sides.append(float(loss({**given, name: moved})))
        found[at] = (sides[0] - sides[1]) / (2 * scale)
    return found


def small_rate_network():
    rng = np.random.default_rng(2)
    return Network("small", 1 * ms).add(
        Population("x", 2, Signal()),
        Population("a", 3, LeakyRate(tau=[10.0, 15.0, 20.0] * ms, bias=0.1), rules=GainAdaptation()),
        Projection("input", "x", "a", Graded(), AllToAll(), rng.normal(size=(3, 2))),
        Projection("rec", "a", "a", Graded(), Edges((0, 1, 2, 2), (1, 2, 0, 1)), rng.normal(size=4)),
        Projection("learned", "x", "a", Graded(), AllToAll(), 0.2, rules=Oja(eta=5 / (1000 * ms))),
        Recorder("a", "output"),
    )


def test_gradients_of_a_plastic_rate_network_are_those_of_finite_differences(double):
    network = small_rate_network()
    functions = compile_functions(network, dtype="float64")
    inputs = networks.drive(network, 25)
    names = [
        "input.w",
        "rec.w",
        "learned.w",
        "a.tau",
        "a.bias",
        "a.r",
        "learned.oja_eta",
        "a.gain_adaptation_eta",
    ]
    given = functions.trainable(*names)

    @jax.jit
    def loss(given):
        _, recordings = functions.run(given, functions.init(given), inputs)
        return jnp.sum(recordings["a.output"] ** 2)

    found = jax.jit(jax.grad(loss))(given)
    for name in names:
        expected = differences(loss, given, name)
        assert np.abs(expected).min() > 0, name
        np.testing.assert_allclose(found[name], expected, rtol=1e-5, err_msg=name)


def test_gradients_of_exact_steps_pass_through_time_constants_that_coincide(double):
    model = LIF(tau_m=[5.0, 20.0] * ms, tau_e=5 * ms, v_threshold=1000 * mV)
    network = Network("exact", 0.5 * ms).add(
        Population("x", 1, Signal()),
        Population("e", 2, model, {"g_e": 20 * mV}),
        Projection("drive", "x", "e", Graded(), AllToAll(), 5 * mV),
        Recorder("e", "v"),
    )
    functions = compile_functions(network, dtype="float64", surrogate=Surrogate("boxcar", 1 * mV))
    given = functions.trainable("e.tau_m", "e.tau_e", "e.E_L", "e.g_e", "drive.w")
    inputs = networks.drive(network, 40)

    @jax.jit
    def loss(given):
        state, recordings = functions.run(given, functions.init(given), inputs)
        return 1e3 * jnp.sum(recordings["e.v"]) + 1e4 * jnp.sum(state["e.v"] ** 2)

    found = jax.jit(jax.grad(loss))(given)
    for name in given:
        np.testing.assert_allclose(found[name], differences(loss, given, name), rtol=1e-5, err_msg=name)


# Spikes ----------------------------------------------------------------------------------------------------------

SHAPES = {
    "fast_sigmoid": lambda u: 1 / (1 + abs(u)) ** 2,
    "triangle": lambda u: max(0.0, 1 - abs(u)),
    "sigmoid": lambda u: np.exp(-u) / (1 + np.exp(-u)) ** 2,
    "arctan": lambda u: 1 / (1 + (np.pi * u) ** 2),
    "boxcar": lambda u: float(abs(u) < 0.5),
}


def memory_network(delay: int = 0) -> Network:
    return Network("memory", 1 * ms).add(
        Population("x", 1, Signal()),
        Population("m", 1, JaxMemory()),
        Population("n", 1, JaxMemory(theta=1e3)),
        Projection("drive", "x", "m", Graded(), AllToAll(), 1.0),
        Projection("pulse", "m", "n", Pulse(port="v"), AllToAll(), 0.7, delay * ms),
        Recorder("m"),
        Recorder("n", "v"),
    )


def last_spike(functions, theta, drive):
    given = {"m.theta": theta}
    _, recordings = functions.run(given, functions.init(given), {"x": drive})
    return recordings["m.spikes"][-1, 0]


@pytest.mark.parametrize(("shape", "detached"), [*((shape, False) for shape in SHAPES), ("arctan", True)])
def test_gradient_of_a_spike_is_its_closed_form(double, shape, detached):
    width, dampening, theta = 3.0, 0.3, 1.0
    surrogate = Surrogate(shape, width, dampening)
    functions = compile_functions(
        memory_network(), dtype="float64", surrogate=surrogate, detach_reset=detached
    )
    drive = np.array([[12.0], [9.0]])
    value, (by_theta, by_drive) = jax.value_and_grad(lambda *a: last_spike(functions, *a), (0, 1))(
        theta, drive
    )

    p = np.exp(-1 / 10)
    first = (1 - p) * drive[0, 0]
    second = (1 - p) * drive[1, 0]  # the first step spiked, so the second starts from 0
    assert first > theta > second
    slope = [dampening / width * SHAPES[shape]((v - theta) / width) for v in (first, second)]
    kept = p * (
        0.0 if detached else -first * slope[0]
    )  # of a change of the first step's distance to threshold
    assert value == 0.0
    np.testing.assert_allclose(by_theta, slope[1] * (-1 - kept), rtol=1e-12)
    np.testing.assert_allclose(by_drive[:, 0], [slope[1] * kept * (1 - p), slope[1] * (1 - p)], rtol=1e-12)
    assert slope[1] > 0


@pytest.mark.parametrize("delay", [0, 2])
def test_gradients_pass_through_spikes_under_way(double, delay):
    functions = compile_functions(memory_network(delay), dtype="float64", surrogate=Surrogate("arctan", 2.0))

    def arrived(given, drive):
        state, _ = functions.run(given, functions.init(given), {"x": drive})
        return state["n.v"][0]

    drive = np.zeros((delay + 1, 1))
    drive[0] = 5.0
    weight, drive_gradient = jax.grad(arrived, (0, 1))({"pulse.w": 0.7}, drive)
    v = (1 - np.exp(-0.1)) * 5.0
    slope = 1 / (1 + (np.pi * (v - 1.0) / 2) ** 2) / 2
    assert weight["pulse.w"] == 0.0  # there was no spike
    np.testing.assert_allclose(drive_gradient[0, 0], 0.7 * slope * (1 - np.exp(-0.1)), rtol=1e-12)


def test_a_refractory_unit_has_no_gradient_to_its_threshold(double):
    network = Network("rest", 1 * ms).add(
        Population("x", 1, Signal()),
        Population("e", 1, LIF(tau_ref=3 * ms, v_threshold=-55 * mV), {"v": -56 * mV}),
        Projection("drive", "x", "e", Graded(), AllToAll(), 30 * mV),
        Recorder("e"),
    )
    functions = compile_functions(network, dtype="float64", surrogate=Surrogate("fast_sigmoid", 1 * mV))

    def spikes(theta):
        _, recordings = functions.run({"e.v_threshold": theta}, functions.init(), {"x": np.full((5, 1), 1.0)})
        return recordings["e.spikes"][:, 0]

    np.testing.assert_array_equal(spikes(-0.055), [1, 0, 0, 0, 0])
    slopes = jax.jacobian(spikes)(-0.055)
    np.testing.assert_array_equal(slopes[1:3], 0.0)
    assert slopes[0] < 0 and slopes[3] != 0


def test_the_width_of_a_surrogate_is_in_the_unit_of_the_threshold():
    in_volts, plain = Surrogate("triangle", 2 * mV), Surrogate("triangle", 0.002)
    assert float(in_volts.slope(0.001)) == float(plain.slope(0.001)) == pytest.approx(250.0)


def test_a_wrong_surrogate_is_refused():
    with pytest.raises(UnknownNameError, match="triangle"):
        Surrogate("triangel")
    with pytest.raises(DescriptionError, match="width = 0"):
        Surrogate("triangle", 0)
