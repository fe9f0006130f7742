"""Convolutions against their definition on every engine, rules that change kernels, gradients, what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import ms, mV

from neurosim import (
    AllToAll,
    Bounds,
    Clamp,
    Convolution,
    Driven,
    Network,
    Normal,
    Population,
    Projection,
    Recorder,
    SynapticRule,
    digest,
    from_json,
    parameter,
    post,
    pre,
    simulate,
    to_json,
)
from neurosim.engines.jax import compile_functions
from neurosim.errors import DescriptionError, EngineRefusal
from neurosim.neurons import LIF, GradedUnit, Signal, SpikeTrain
from neurosim.rules import Oja, SoftHebb
from neurosim.synapses import Graded, GradedPower, ScaledPulse

RNG = np.random.default_rng(0)
CONVOLUTIONS = (
    (Convolution((2, 6, 5), 3), 3),
    (Convolution((2, 6, 5), (2, 3), stride=2, padding=1), 3),
    (Convolution((3, 4, 4), 2, stride=2, per_channel=True), 6),
)


def network(convolution, features, weight, rules=(), synapse=None):
    size, positions = int(np.prod(convolution.image)), int(np.prod(convolution.output))
    return Network("image", dt=1 * ms).add(
        Population("x", size, Signal()),
        Population("y", features * positions, GradedUnit(transfer="identity")),
        Projection("k", "x", "y", synapse or Graded(), convolution, weight, rules=rules),
    )


def kernels(convolution, features):
    inputs = int(np.prod(convolution.kernel)) * (1 if convolution.per_channel else convolution.image[0])
    return RNG.normal(size=(features, inputs))


def defined(convolution, weight, image):
    """Return the features at every position, by the definition."""
    step, (high, wide), features = convolution.stride, convolution.kernel, len(weight)
    beside = (convolution.padding, convolution.padding)
    image = np.pad(image.reshape(convolution.image), ((0, 0), beside, beside))
    weight = weight.reshape(features, -1, high, wide)
    found = np.zeros((features, *convolution.output))
    for f, row, column in np.ndindex(found.shape):
        at = image[:, row * step : row * step + high, column * step : column * step + wide]
        own = at[f * len(image) // features][None] if convolution.per_channel else at
        found[f, row, column] = (weight[f] * own).sum()
    return found.ravel()


@pytest.mark.parametrize("engine", ["fused", "brian2", "jax"])
@pytest.mark.parametrize(("convolution", "features"), CONVOLUTIONS)
def test_a_convolution_is_what_it_is_defined_to_be(convolution, features, engine):
    weight, image = kernels(convolution, features), RNG.normal(size=int(np.prod(convolution.image)))
    simulation = simulate(network(convolution, features, weight), engine=engine)
    simulation.run(1 * ms, {"x": image})
    np.testing.assert_allclose(simulation.get("y.y"), defined(convolution, weight, image), atol=1e-12)
    np.testing.assert_array_equal(simulation.matrix("k"), weight)
    kept = simulation.state()
    simulation.set("k.w", 2 * weight.T.ravel())
    simulation.run(1 * ms, {"x": image})
    np.testing.assert_allclose(simulation.get("y.y"), 2 * defined(convolution, weight, image), atol=1e-12)
    simulation.restore(kept)
    np.testing.assert_array_equal(simulation.matrix("k"), weight)


def test_a_kernel_may_be_an_array_or_a_number_and_comes_back_from_its_description():
    convolution, features = CONVOLUTIONS[0]
    weight = kernels(convolution, features)
    described = network(convolution, features, weight.reshape(3, 2, 3, 3))
    np.testing.assert_array_equal(simulate(described).matrix("k"), weight)
    assert digest(from_json(to_json(described))) == digest(described)
    pooling = Convolution((2, 4, 4), 2, stride=2, per_channel=True)
    for engine in ("fused", "jax"):
        simulation = simulate(network(pooling, 2, 0.25), engine=engine)
        simulation.run(1 * ms, {"x": np.arange(32.0)})
        wanted = np.arange(32.0).reshape(2, 2, 2, 2, 2).mean((2, 4)).ravel()
        np.testing.assert_allclose(simulation.get("y.y"), wanted)


def test_padding_counts_for_nothing_in_any_expression():
    convolution = Convolution((1, 3, 3), 3, padding=1)
    weight, image = kernels(convolution, 2), RNG.normal(size=9)
    power = GradedPower(exponent=0.0)  # of the zeros outside, too, it would be 1
    values = []
    for engine in ("fused", "jax"):
        simulation = simulate(network(convolution, 2, weight, synapse=power), engine=engine)
        simulation.run(1 * ms, {"x": image})
        values.append(simulation.get("y.y"))
    np.testing.assert_allclose(*values, atol=1e-12)
    np.testing.assert_allclose(values[0], defined(convolution, weight, np.ones(9)), atol=1e-12)


class SampledOja(SynapticRule):
    """Oja's rule after presentations, within bounds.

    dw = eta*y*(x - y*w);  x, y activity (1), w weight (1), eta learning rate (1).
    Source: Oja 1982, J. Math. Biol. 15:267, doi:10.1007/BF00275687.
    """

    eta = parameter(0.1, "learning rate")
    clock = "sample"
    x, y = pre.activity, post.activity
    dw = "eta*y*(x - y*w)"
    then = Bounds(-0.5, 0.5)


def windows(convolution, image):
    """Return the window at each position as a row."""
    at = np.lib.stride_tricks.sliding_window_view(
        image.reshape(convolution.image), convolution.kernel, (1, 2)
    )
    return at.transpose(1, 2, 0, 3, 4).reshape(int(np.prod(convolution.output)), -1)


def soft_hebb(weight, x):
    u = weight @ x
    y = np.exp(u - u.max()) / np.exp(u - u.max()).sum()
    return 0.1 * y[:, None] * (x - u[:, None] * weight)


def oja(weight, x):
    y = (weight @ x)[:, None]
    return 0.1 * y * (x - y * weight)


@pytest.mark.parametrize("engine", ["fused", "jax"])
@pytest.mark.parametrize(
    ("rule", "change", "bound"), [(SoftHebb(eta=0.1, beta=1.0), soft_hebb, np.inf), (SampledOja(), oja, 0.5)]
)
def test_rules_change_kernels_by_the_mean_over_positions_and_patterns(rule, change, bound, engine):
    convolution, features = CONVOLUTIONS[0]
    weight, images = 0.3 * kernels(convolution, features), RNG.normal(size=(4, 60))
    weight = np.clip(weight, -0.5, 0.5)
    simulation = simulate(network(convolution, features, weight, rule), engine=engine)
    simulation.present({"x": images}, duration=1 * ms)
    changes = [change(weight, x) for image in images for x in windows(convolution, image)]
    wanted = np.clip(weight + np.mean(changes, 0), -bound, bound)
    np.testing.assert_allclose(simulation.matrix("k"), wanted, atol=1e-12)


def test_a_kernel_that_learns_keeps_its_length():
    convolution = Convolution((1, 6, 6), 3)
    images = np.abs(RNG.normal(size=(20, 36)))
    simulation = simulate(
        network(convolution, 4, Normal(0, 0.3), SoftHebb(eta=0.2, beta=1.0)), engine="fused"
    )
    for _ in range(100):
        simulation.present({"x": images / 3}, duration=1 * ms)
    # The mean of y (x - u w) vanishes where w is along the mean input that it wins: its length follows from u = w x.
    weight = np.array(simulation.matrix("k"))
    x = np.concatenate([windows(convolution, image / 3) for image in images])
    u = x @ weight.T
    y = np.exp(u - u.max(1, keepdims=True))
    y /= y.sum(1, keepdims=True)
    np.testing.assert_allclose(y.T @ x, (y * u).sum(0)[:, None] * weight, atol=0.02 * len(x))


def test_gradients_of_kernels_and_images_are_those_of_a_convolution():
    with jax.enable_x64(True):
        for convolution, features in CONVOLUTIONS[1:]:
            weight, size = kernels(convolution, features), int(np.prod(convolution.image))
            described = network(convolution, features, weight).add(Recorder("y", "output"))
            model = compile_functions(described, dtype="float64")
            images = jnp.array(RNG.normal(size=(1, size, 2)))
            high, wide = convolution.kernel
            inputs = weight.shape[1] // (high * wide)

            def ours(given, images, model=model):
                _, found = model.run({"k.w": given}, model.init(trials=2), {"x": images})
                return (found["y.output"] ** 3).sum()

            def native(given, images, convolution=convolution, shape=(features, inputs, high, wide)):
                kernel = given.reshape(-1, shape[0]).T.reshape(shape)
                found = jax.lax.conv_general_dilated(
                    images[0].T.reshape(2, *convolution.image), kernel, (convolution.stride,) * 2,
                    [(convolution.padding,) * 2] * 2, feature_group_count=convolution.groups,
                )  # fmt: skip
                return (found**3).sum()

            given = jnp.array(weight.T.ravel())
            for one, other in zip(
                jax.grad(ours, (0, 1))(given, images), jax.grad(native, (0, 1))(given, images), strict=True
            ):
                np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("engine", ["fused", "brian2", "jax"])
def test_spikes_pass_through_kernels(engine):
    convolution, weight = Convolution((1, 3, 3), 2, padding=1), np.arange(1.0, 5.0)[None]
    described = Network("spikes", dt=0.1 * ms).add(
        Population("x", 9, SpikeTrain(times=[0.2, 0.2, 0.2] * ms, ids=[0.0, 4.0, 8.0])),
        Population("y", 16, LIF()),
        Projection("k", "x", "y", ScaledPulse(quantum=1 * mV), convolution, weight),
    )
    simulation = simulate(described, engine=engine)
    simulation.run(0.3 * ms)
    image = np.zeros(9)
    image[[0, 4, 8]] = 1e-3
    np.testing.assert_allclose(
        np.asarray(simulation.get("y.g_e")), defined(convolution, weight, image), atol=1e-9
    )


@pytest.mark.parametrize("engine", ["fused", "brian2", "jax"])
def test_weights_of_a_kernel_may_be_clamped(engine):
    convolution, weight = Convolution((1, 4, 4), 3), kernels(Convolution((1, 4, 4), 3), 2)
    held = network(convolution, 2, weight).add(Clamp("k", "w", 0.5, indices=(0, 17), stop=1 * ms))
    simulation, image = simulate(held, engine=engine), RNG.normal(size=16)
    simulation.run(1 * ms, {"x": image})
    flat = weight.T.ravel().copy()
    flat[[0, 17]] = 0.5
    wanted = defined(convolution, flat.reshape(9, 2).T, image)
    np.testing.assert_allclose(simulation.get("y.y"), wanted, atol=1e-12)
    with pytest.raises(DescriptionError, match="an index lies outside 0..17"):
        simulate(network(convolution, 2, weight).add(Clamp("k", "w", 0.5, indices=(18,))), engine=engine)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"image": (6, 5)}, "give \\(channels, height, width\\)"),
        ({"kernel": 7}, "larger than the image"),
        ({"kernel": 0}, "sizes from 1"),
        ({"stride": 0}, "stride = 0: give one from 1"),
        ({"padding": 3}, "below the kernel"),
    ],
)
def test_what_is_no_convolution_is_refused(given, message):
    with pytest.raises(DescriptionError, match=message):
        Convolution(**{"image": (2, 6, 5), "kernel": 3, **given})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"connect": Convolution((2, 6, 6), 3)}, "60 sources for an image"),
        ({"connect": Convolution((2, 6, 5), 2)}, "36 targets for 20 positions"),
        ({"weight": np.ones((3, 9))}, "give \\(3, 18\\), features by inputs"),
        ({"weight": Driven("x")}, "positions share the weights of a convolution"),
        ({"rules": Oja()}, "Oja on projection 'k': positions share kernels: use rules of the clock 'sample'"),
    ],
)
def test_convolutions_that_do_not_fit_are_refused(changed, message):
    described = Network("bad", dt=1 * ms).add(
        Population("x", 60, Signal()),
        Population("y", 36, GradedUnit()),
        Projection(
            "k", "x", "y", Graded(), **{"connect": Convolution((2, 6, 5), 3), "weight": 0.1, **changed}
        ),
    )
    with pytest.raises(DescriptionError, match=message):
        simulate(described)


def test_rules_of_padded_kernels_and_on_brian2_are_refused():
    padded = network(Convolution((1, 3, 3), 3, padding=1), 2, 0.1, SoftHebb())
    with pytest.raises(DescriptionError, match="set padding=0 and per_channel=False"):
        simulate(padded)
    whole = network(Convolution((1, 3, 3), 3), 2, 0.1, SoftHebb())
    with pytest.raises(EngineRefusal, match="rules that change kernels, .*engine 'fused' can run it"):
        simulate(whole, engine="brian2")
    assert AllToAll().shared(1, 1, "") is None
