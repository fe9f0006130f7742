"""The spiking network that is compared with snnTorch and Norse is theirs: same loss and same gradients."""

import importlib

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from neurosim.bench.descents import local, spiking

SIZES = {"INPUTS": 20, "UNITS": 8, "OUTPUTS": 3, "TRIALS": 4, "STEPS": 40, "DRIVE": 0.6}
PEERS = {"snntorch": "SnnTorch", "norse": "Norse"}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    for name, size in SIZES.items():
        monkeypatch.setattr(spiking, name, size)


def ours(name):
    """Return our loss and gradients, weights as (targets, sources)."""
    model, batch = (
        getattr(spiking, f"like_{name}")(4).model,
        {k: np.asarray(v) for k, v in spiking.start(1.0).items()},
    )
    batch = {"inputs": {"x": batch["x"]}, "label": batch["label"]}
    start = model.initial(0)
    weights = {name: start[f"{name}.w"] for name in ("in", "rec", "read")}

    def loss(weights):
        named = {f"{name}.w": value for name, value in weights.items()}
        return spiking.cross_entropy(model.outcome({**start, **named}, batch, jax.random.key(0)), batch)

    value, slopes = jax.jit(jax.value_and_grad(loss))(weights)
    sources = {"in": spiking.INPUTS, "rec": spiking.UNITS, "read": spiking.UNITS}
    return value, {name: slope.reshape(sources[name], -1).T for name, slope in slopes.items()}


def as_written(gain, steepness, subtracts):
    """Return loss and gradients of the equations that the module states, in the order of snnTorch and Norse."""
    given = spiking.start(gain)
    leak, fade = spiking.DT / spiking.TAU_M, 1 - spiking.DT / spiking.TAU_S

    @jax.custom_jvp
    def spike(x):
        return (x > 0).astype(x.dtype)

    @spike.defjvp
    def _(at, changes):
        return spike(*at), changes[0] / (1 + steepness * jnp.abs(at[0])) ** 2

    def loss(w):
        v, u, s = (jnp.zeros((spiking.TRIALS, spiking.UNITS)) for _ in range(3))
        y, current = (jnp.zeros((spiking.TRIALS, spiking.OUTPUTS)) for _ in range(2))
        found = 0.0
        for x in given["x"].transpose(1, 0, 2)[: spiking.STEPS - 3]:
            u = fade * u + x @ w["in"].T + s @ w["rec"].T
            held = jax.lax.stop_gradient(s)
            v = v - leak * v - held if subtracts else (1 - leak) * (1 - held) * v
            v = v + leak * gain * u
            s = spike(v - 1)
            current = fade * current + s @ w["read"].T
            y = y + leak * (gain * current - y)
            found = found + y
        mean = found / spiking.STEPS
        return optax.softmax_cross_entropy_with_integer_labels(mean, given["label"]).mean(), s.sum()

    weights = {name: jnp.asarray(given[name]) for name in ("in", "rec", "read")}
    return jax.value_and_grad(loss, has_aux=True)(weights)


def assert_same(found, wanted):
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-5)
    for name, slope in wanted[1].items():
        assert np.abs(slope).max() > 1e-5, name
        np.testing.assert_allclose(found[1][name], slope, rtol=1e-3, atol=1e-5 * np.abs(slope).max())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "gain", "steepness"), [("snntorch", 20.0, 25.0), ("norse", 1.0, 1.0)])
def test_our_description_is_the_network_of_the_peer(name, gain, steepness):
    (loss, spikes), slopes = as_written(gain, steepness, name == "snntorch")
    assert spikes > 0
    assert_same(ours(name), (loss, slopes))


@pytest.mark.parametrize("name", PEERS)
def test_an_installed_peer_has_the_same_loss_and_gradients(name):
    pytest.importorskip("torch")
    pytest.importorskip(name)
    peer = object.__new__(getattr(spiking, PEERS[name]))
    peer.torch = importlib.import_module("torch")
    peer.prepare()
    loss = peer.loss()
    loss.backward()
    slopes = [parameter.grad.numpy() for parameter in peer.parameters()]
    found = dict(zip(("in", "rec", "read"), slopes, strict=True))
    assert_same(ours(name), (float(loss.detach()), found))


def test_the_step_with_a_rule_changes_what_the_rule_names(monkeypatch):
    for size in ("UNITS", "TRIALS", "STEPS"):
        monkeypatch.setattr(local, size, 8)
    ruled, plain = local.learner(True, 4), local.learner(False, 4)
    assert sorted(ruled.model.trainable) == sorted([*plain.model.trainable, "xa.w"])
    training = ruled.train(2)
    assert ruled.programs == 1
    start = ruled.model.initial(0)
    assert all(np.abs(value - start[name]).max() > 0 for name, value in training.last.items())
