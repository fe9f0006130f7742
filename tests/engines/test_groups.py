"""Functions over groups of neurons and over batches, and maps: closed forms on every engine, gradients, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Hz, ms

from neurosim import (
    AllToAll,
    Network,
    NeuronModel,
    OneToOne,
    Population,
    Projection,
    Recorder,
    parameter,
    simulate,
)
from neurosim.engines.jax import compile_functions
from neurosim.errors import DescriptionError, EngineRefusal, UnknownNameError
from neurosim.neurons import BatchNormalised, GradedUnit, Signal, Softmax
from neurosim.synapses import Graded
from tests.references import EACH

ENGINES = ("fused", "brian2", "jax")
RNG = np.random.default_rng(0)


def with_input(model, size, *more):
    return Network("groups", dt=1 * ms).add(
        Population("x", size, Signal()),
        Population("y", size, model),
        Projection("i", "x", "y", Graded(), OneToOne(), 1.0),
        Recorder("y", "output"),
        *more,
    )


def softmax(u):
    return np.exp(u - u.max(-1, keepdims=True)) / np.exp(u - u.max(-1, keepdims=True)).sum(-1, keepdims=True)


@pytest.mark.parametrize("engine", EACH)
def test_softmax_is_that_of_each_group_and_does_not_overflow(engine):
    u = RNG.normal(size=6) * 3
    u[4] = 2000.0
    read = (
        Population("next", 2, GradedUnit(transfer="identity")),
        Projection("n", "y", "next", Graded(), AllToAll(), np.arange(12.0).reshape(2, 6)),
    )
    simulation = simulate(with_input(Softmax(group=3, beta=0.5), 6, *read), engine=engine)
    simulation.run(1 * ms, {"x": u})
    wanted = softmax(0.5 * u.reshape(2, 3)).ravel()
    np.testing.assert_allclose(simulation.get("y.output"), wanted, atol=1e-12)
    np.testing.assert_allclose(simulation.recordings()["y.output"].values[0], wanted, atol=1e-12)
    np.testing.assert_allclose(simulation.get("next.y"), np.arange(12.0).reshape(2, 6) @ wanted, atol=1e-12)


class Competing(NeuronModel):
    """Leaky neurons that inhibit each other by their sum, without a connection.

    dr/dt = (-r - weight*sum of r + I)/tau;  r rate (1), I input (1), weight (1), tau time constant (s).
    """

    tau = parameter(10 * ms, "time constant")
    weight = parameter(0.5, "inhibition")
    equations = """
    dr/dt = (-r - weight*s + I)/tau : 1
    s = group_sum(r, 2) : 1
    I : 1 (input)
    """
    method = "euler"
    output = "r"


class Turning(NeuronModel):
    """Two numbers that a map turns by a quarter in every step, the first fed.

    a' = -b + I;  b' = a.
    """

    equations = """
    a' = -b + I : 1 (map)
    b' = a : 1  # the value before
    I : 1 (input)
    """
    output = "a"


@pytest.mark.parametrize("engine", EACH)
def test_groups_of_states_are_those_of_the_start_of_the_step(engine):
    x, r = np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(4)
    simulation = simulate(with_input(Competing(), 4), engine=engine)
    simulation.run(5 * ms, {"x": x})
    for _ in range(5):
        r = r + 0.1 * (-r - 0.5 * np.repeat(r.reshape(2, 2).sum(1), 2) + x)
    np.testing.assert_allclose(simulation.get("y.r"), r, rtol=1e-12)


@pytest.mark.parametrize("engine", EACH)
@pytest.mark.parametrize("dt", [1, 0.25])
def test_maps_are_applied_once_in_a_step_all_at_once_whatever_dt_is(engine, dt):
    network = with_input(Turning(), 1)
    network.dt = dt * ms
    simulation = simulate(network, engine=engine)
    a = b = 0.0
    for step in range(3):
        simulation.step({"x": np.array([step + 1.0])})
        a, b = -b + step + 1, a
        np.testing.assert_allclose([simulation.get("y.a")[0], simulation.get("y.b")[0]], [a, b], rtol=1e-12)


def test_batches_are_normalised_over_trials_and_groups_with_gradients():
    with jax.enable_x64(True):
        model = compile_functions(with_input(BatchNormalised(group=2), 4), dtype="float64")
        x = jnp.array(RNG.normal(size=(1, 4, 5)))

        def ours(x, **parameters):
            named = {f"y.{n}": v for n, v in parameters.items()}
            return model.run(named, model.init(trials=5), {"x": x})[1]["y.output"][0]

        def wanted(x):
            parts = x[0].reshape(2, 2, 5)
            mean = parts.mean((1, 2), keepdims=True)
            var = ((parts - mean) ** 2).mean((1, 2), keepdims=True)
            return ((parts - mean) / jnp.sqrt(var + 1e-5)).reshape(4, 5)

        np.testing.assert_allclose(ours(x), wanted(x), atol=1e-12)
        weights = jnp.array(RNG.normal(size=(4, 5)))
        one = jax.grad(lambda x: (weights * ours(x)).sum())(x)
        np.testing.assert_allclose(one, jax.grad(lambda x: (weights * wanted(x)).sum())(x), atol=1e-10)
        kept = ours(x, share=0.0, mean=jnp.arange(4.0), variance=4.0)
        np.testing.assert_allclose(kept, (x[0] - np.arange(4.0)[:, None]) / np.sqrt(4 + 1e-5), atol=1e-12)


@pytest.mark.parametrize("engine", ["fused", "brian2"])
def test_statistics_of_batches_are_refused_by_name_where_there_are_none(engine):
    with pytest.raises(
        EngineRefusal, match="population 'y': batch_mean is over the trials of a batch: engine 'jax'"
    ):
        simulate(with_input(BatchNormalised(), 4), engine=engine)


def test_groups_that_do_not_fit_are_refused():
    for size, message in ((4, "groups of 4 in 6 neurons"), (1.5, "groups of 1.5 in 6")):
        with pytest.raises(DescriptionError, match=message):
            simulate(with_input(Softmax(group=size), 6))
    with pytest.raises(UnknownNameError, match="'y' has no variable 'group'"):
        simulate(with_input(Softmax(group=3), 6)).set("y.group", 2)


class FirstOfGroup(NeuronModel):
    """Neurons that climb, of which the highest of its pair spikes once it has reached the threshold.

    rate (Hz), v (1).
    """

    equations = "rate : Hz (state)\ndv/dt = rate : 1"
    method = "euler"
    threshold = "v > 0.95 and v >= group_max(v, 2)"
    reset = "v = 0"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_threshold_may_be_that_of_a_group(engine):
    rates = np.array([100.0, 50.0, 20.0, 200.0])
    network = Network("pairs", dt=1 * ms).add(
        Population("p", 4, FirstOfGroup(), {"rate": rates * Hz}), Recorder("p", "spikes")
    )
    simulation = simulate(network, engine)
    simulation.run(40 * ms)
    v, wanted = np.zeros(4), []
    for step in range(40):
        v += rates / 1000
        fired = (v > 0.95) & (v >= np.repeat(v.reshape(2, 2).max(1), 2))
        wanted += [(step, unit) for unit in np.flatnonzero(fired)]
        v[fired] = 0
    found = simulation.recordings()["p.spikes"]
    assert [*zip(found.steps, found.ids, strict=True)] == wanted
    assert {unit for _, unit in wanted} == {0, 1, 3}


class Mixed(NeuronModel):
    """A map and an equation in time, which cannot be one.

    a' = r;  dr/dt = -r/tau.
    """

    tau = parameter(10 * ms, "time constant")
    equations = """
    a' = r : 1 (map)
    dr/dt = -r/tau : 1
    """


def test_maps_beside_equations_in_time_are_refused():
    with pytest.raises(DescriptionError, match="'a' is a map and 'r' follows an equation in time"):
        simulate(Network("mixed").add(Population("p", 1, Mixed())))
