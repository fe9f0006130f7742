"""Weights that are activity, on every engine, with gradients, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import ms, mV

from neurosim import (
    AllToAll,
    Driven,
    Network,
    Population,
    Projection,
    Recorder,
    digest,
    from_json,
    simulate,
    to_json,
)
from neurosim.engines.jax import compile_functions
from neurosim.errors import DescriptionError
from neurosim.neurons import LIF, GradedUnit, Poisson, Signal
from neurosim.rules import Oja
from neurosim.synapses import Graded, ScaledPulse
from tests.references import EACH

D, T = 3, 4
RNG = np.random.default_rng(0)
WEIGHT, X, Q = RNG.normal(size=(D * T, 2)), RNG.normal(size=2), RNG.normal(size=D)
LAYOUTS = {
    "bydim": None,
    "bykey": np.arange(D * T).reshape(T, D).T.ravel(),
    "mixed": RNG.permutation(D * T),
    "same": np.array([2]),
}


def attention() -> Network:
    """Return queries that meet keys, the activity of other neurons, in four orders."""
    parts = [
        Population("x", 2, Signal()),
        Population("q", D, Signal()),
        Population("keys", D * T, GradedUnit(transfer="tanh")),
        Projection("k", "x", "keys", Graded(), AllToAll(), WEIGHT),
    ]
    for name, index in LAYOUTS.items():
        driven = Driven("keys", None if index is None else tuple(index))
        parts += [
            Population(name, T, GradedUnit(transfer="identity")),
            Projection(f"q{name}", "q", name, Graded(), AllToAll(), driven),
            Recorder(name, "output"),
        ]
    return Network("attention", dt=1 * ms).add(*parts)


def scores(keys, q):
    """Return the scores in each order, as they are defined: weights in the order (source, target)."""
    every = np.arange(D * T)
    return {
        n: keys[np.broadcast_to(every if i is None else i, D * T)].reshape(D, T).T @ q
        for n, i in LAYOUTS.items()
    }


@pytest.mark.parametrize("engine", EACH)
def test_driven_weights_are_the_activity_of_the_same_step(engine):
    simulation = simulate(attention(), engine=engine, seed=1)
    simulation.run(1 * ms, {"x": X, "q": Q})
    found = simulation.recordings()
    for name, wanted in scores(np.tanh(WEIGHT @ X), Q).items():
        np.testing.assert_allclose(found[f"{name}.output"].values[0], wanted, atol=1e-12)
    with pytest.raises(DescriptionError, match="driven by 'keys': read or clamp 'keys.output'"):
        simulation.get("qmixed.w")


def test_gradients_and_batches_pass_through_driven_weights():
    with jax.enable_x64(True):
        model = compile_functions(attention(), dtype="float64")
        inputs = {"x": jnp.array([X, 2 * X]).T[None], "q": jnp.array([Q, Q]).T[None]}

        def total(weight):
            _, found = model.run({"k.w": weight}, model.init(trials=2), inputs)
            return sum((found[f"{name}.output"][0] ** 2).sum() for name in LAYOUTS)

        def wanted(weight):
            keys = jnp.tanh(weight.reshape(2, -1).T @ inputs["x"][0])
            every = jnp.arange(D * T)
            at = [jnp.broadcast_to(every if i is None else i, D * T) for i in LAYOUTS.values()]
            return sum(
                (jnp.einsum("dtb,db->tb", keys[i].reshape(D, T, 2), inputs["q"][0]) ** 2).sum() for i in at
            )

        given = jnp.array(WEIGHT.T.ravel())
        np.testing.assert_allclose(jax.grad(total)(given), jax.grad(wanted)(given), rtol=1e-9)


@pytest.mark.parametrize("engine", EACH)
def test_spikes_are_delivered_by_driven_weights(engine):
    network = Network("gate", dt=0.1 * ms).add(
        Population("in", 2, Poisson(rate=np.array([2000.0, 2000.0]) / (1000 * ms))),
        Population("gate", 2, Signal(), initial={"value": np.array([0.0, 1.0])}),
        Population("open", 2, LIF()),
        Projection("p", "in", "open", ScaledPulse(quantum=1 * mV), AllToAll(), Driven("gate", (0, 0, 1, 1))),
        Recorder("in"),
        Recorder("open", "g_e"),
    )
    simulation = simulate(network, engine=engine, seed=3)
    simulation.run(20 * ms)
    found = np.asarray(simulation.recordings()["open.g_e"].values)
    spikes = simulation.recordings()["in.spikes"]
    wanted = np.zeros((200, 1))
    for step in range(1, 200):
        came = np.sum((spikes.ids == 1) & (spikes.steps == step - 1))
        wanted[step] = wanted[step - 1] * np.exp(-0.1 / 5) + 1e-3 * came
    assert found.max() > 0.5e-3
    np.testing.assert_allclose(found, np.broadcast_to(wanted, found.shape), atol=2e-9)


def test_a_network_with_driven_weights_comes_back_from_its_description():
    assert digest(from_json(to_json(attention()))) == digest(attention())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weight": Driven("kyes")}, "driven by 'kyes', which is no population with a graded output: .*keys"),
        ({"weight": Driven("keys", (0, 1))}, "2 driving indices for 12 edges"),
        ({"weight": Driven("keys", (12,))}, "outside 'keys', which has 12 neurons"),
        ({"rules": Oja()}, "output of 'keys' cannot have rules"),
        ({"sign": 1}, "output of 'keys' cannot have a sign"),
    ],
)
def test_what_cannot_be_driven_is_refused(changed, message):
    network = Network("bad", dt=1 * ms).add(
        Population("q", D, Signal()),
        Population("keys", D * T, Signal()),
        Population("s", T, GradedUnit()),
        Projection("p", "q", "s", Graded(), AllToAll(), **{"weight": Driven("keys"), **changed}),
    )
    with pytest.raises(DescriptionError, match=message):
        simulate(network)


def test_a_loop_through_driven_weights_is_refused():
    network = attention().add(Projection("back", "bykey", "keys", Graded(), AllToAll(), 0.1))
    with pytest.raises(DescriptionError, match="form a cycle"):
        simulate(network)
