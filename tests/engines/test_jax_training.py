"""Training through the pure functions: constraints that are kept, clamps, presentations, spikes that learn."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from brian2 import ms, mV, second

from neurosim import (
    AllToAll,
    Clamp,
    NamedParameter,
    Network,
    Population,
    Probability,
    Projection,
    Recorder,
    SynapticRule,
    Tied,
    parameter,
    post,
    pre,
    simulate,
)
from neurosim.engines.jax import Surrogate, compile_functions
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.neurons import LIF, GradedUnit, LeakyRate, Signal
from neurosim.rules import Oja
from neurosim.synapses import Graded
from tests.engines import jax_networks as networks

N = 5


class JaxSampledHebb(SynapticRule):
    """dw = eta * (x*y - w), once after a presentation."""

    eta = parameter(0.1, "learning rate")
    clock = "sample"
    x, y = pre.activity, post.activity
    dw = "eta * (x*y - w)"


def trained_network() -> Network:
    rng = np.random.default_rng(3)
    return Network("trained", 10 * ms).add(
        Population("x", 1, Signal()),
        Population("a", N, LeakyRate(tau=40 * ms)),
        Population("out", 1, GradedUnit(transfer="identity")),
        Projection("input", "x", "a", Graded(), AllToAll(), rng.uniform(0.1, 1, (N, 1)), sign=1),
        Projection("rec", "a", "a", Graded(), AllToAll(), 0.2 * rng.normal(size=(N, N))),
        Projection("read", "a", "out", Graded(), AllToAll(), 0.3 * rng.normal(size=(1, N))),
        Clamp("a", "r", 0.5, indices=(0,), start=50 * ms, stop=150 * ms),
        Recorder("out", "output"),
        Recorder("a", "r"),
    )


def fit(functions, loss, given, steps, rate):
    """Adam with the constraints kept; return the parameters after every update and the losses."""
    optimiser = optax.adam(rate)
    progress = jax.jit(jax.value_and_grad(loss))
    state, seen, losses = optimiser.init(given), [], []
    for _ in range(steps):
        value, slopes = progress(given)
        updates, state = optimiser.update(slopes, state)
        given = functions.project(optax.apply_updates(given, updates))
        seen.append(given)
        losses.append(float(value))
    return seen, losses


def test_training_keeps_signs_masks_and_clamps():
    no_self = ~np.eye(N, dtype=bool)
    functions = compile_functions(trained_network(), masks={"rec": no_self})
    wave = np.sin(np.arange(30) / 3)[:, None].astype("float32")
    target = np.roll(wave, 3)

    def outcome(given):
        return functions.run(given, functions.init(given), {"x": wave})[1]

    def loss(given):
        return jnp.mean((outcome(given)["out.output"] - target) ** 2)

    given = functions.trainable("input.w", "rec.w", "read.w", "a.bias")
    seen, losses = fit(functions, loss, given, 120, 0.02)
    assert losses[-1] < 0.3 * losses[0]
    for now in seen:
        assert (now["input.w"] >= 0).all()
        assert (np.diag(now["rec.w"].reshape(N, N)) == 0).all()
    assert min(float(now["input.w"].min()) for now in seen) == 0.0  # the sign was needed
    rates = np.asarray(outcome(seen[-1])["a.r"])
    np.testing.assert_array_equal(rates[5:15, 0], 0.5)
    assert not (rates[16:, 0] == 0.5).any()  # at the end of its last step the state is still held


def test_a_masked_weight_neither_acts_nor_has_a_gradient():
    mask = np.ones((N, N), dtype=bool)
    mask[2, 4] = False
    functions = compile_functions(trained_network(), masks={"rec": mask})
    given = functions.trainable("rec.w")
    edge = 4 * N + 2  # edges are sorted by source, then target
    assert [int(end[edge]) for end in functions.edges("rec")] == [4, 2]
    assert given["rec.w"][edge] == 0

    def total(given):
        _, recordings = functions.run(given, functions.init(given), {"x": np.ones((20, 1), "float32")})
        return recordings["a.r"].sum()

    moved = {"rec.w": given["rec.w"].at[edge].set(5.0)}
    assert total(moved) == total(given)
    slopes = jax.grad(total)(moved)["rec.w"]
    assert slopes[edge] == 0
    assert np.count_nonzero(slopes) == N * N - 1
    assert functions.project(moved)["rec.w"][edge] == 0


def test_bounds_that_models_and_rules_declare_are_kept():
    functions = compile_functions(networks.rate_network())
    moved = functions.project(
        {"a.tau": jnp.full(12, -1.0), "rec.oja_eta": jnp.array(-2.0), "a.bias": jnp.array(-2.0)}
    )
    assert (moved["a.tau"] == 0).all()
    assert moved["rec.oja_eta"] == 0
    assert moved["a.bias"] == -2
    with pytest.raises(UnknownNameError, match="'rec.oja_et'"):
        functions.project({"rec.oja_et": 1.0})


def test_a_tied_parameter_acts_with_its_sign_and_sums_the_gradients_of_its_edges():
    network = Network("tied", 1 * ms).add(
        NamedParameter("push", [0.5, -2.0], sign=1),
        Population("x", 2, Signal()),
        Population("a", 2, GradedUnit(transfer="identity")),
        Projection("p", "x", "a", Graded(), AllToAll(), Tied("push", (0, 1, 1, 0))),
        Recorder("a", "output"),
    )
    functions = compile_functions(network)
    assert "p.w" not in functions.parameters

    def total(given):
        return functions.run(given, functions.init(given), {"x": np.array([[3.0, 4.0]])})[1]["a.output"].sum()

    given = functions.trainable("push")
    assert float(total(given)) == 0.5 * 3 + 0.5 * 4
    np.testing.assert_array_equal(jax.grad(total)(given)["push"], [7.0, 0.0])


def test_a_neuron_learns_to_spike_a_given_number_of_times():
    network = Network("count", 1 * ms).add(
        Population("x", 1, Signal()),
        Population("e", 1, LIF(v_threshold=-40 * mV), {"v": -60 * mV}),
        Projection("drive", "x", "e", Graded(), AllToAll(), 1 * mV),
        Recorder("e"),
    )
    functions = compile_functions(network, surrogate=Surrogate("triangle", 20 * mV, 0.3), detach_reset=True)

    def count(given):
        return functions.run(given, functions.init(given), {"x": np.ones((100, 1))})[1]["e.spikes"].sum()

    given = functions.trainable("drive.w")
    assert count(given) == 0
    seen, _ = fit(functions, lambda given: (count(given) - 5.0) ** 2, given, 100, 5e-4)
    assert 4 <= count(seen[-1]) <= 6


@pytest.mark.parametrize(
    ("masks", "error", "match"),
    [
        ({"reck": True}, UnknownNameError, "mask of projection 'reck'.*rec"),
        ({"rec": np.ones((2, 3))}, DescriptionError, r"shape \(2, 3\): give one value per weight"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(masks, error, match):
    with pytest.raises(error, match=match):
        compile_functions(trained_network(), masks=masks)


def test_a_mask_of_weights_that_a_rule_changes_is_refused():
    with pytest.raises(DescriptionError, match="that no rule changes"):
        compile_functions(networks.rate_network(), masks={"rec": np.ones((12, 12))})


# Presentations and matrix rules -----------------------------------------------------------------------------------


def presented(rule, connect=None) -> Network:
    weight = np.random.default_rng(0).uniform(0.1, 0.5, (3, 4)) if connect is None else 0.4
    return Network("presented", 1 * ms).add(
        Population("x", 4, Signal()),
        Population("y", 3, LeakyRate(tau=5 * ms)),
        Projection("p", "x", "y", Graded(), connect or AllToAll(), weight, rules=rule),
        Recorder("p", "w"),
    )


@pytest.mark.parametrize("connect", [None, Probability(0.7)])
def test_rules_with_the_clock_sample_agree_with_the_fused_engine(connect):
    patterns = np.random.default_rng(1).normal(size=(4, 4))
    one, other = (
        simulate(presented(JaxSampledHebb(), connect), engine, seed=1) for engine in ("fused", "jax")
    )
    for simulation in (one, other):
        for _ in range(2):
            simulation.present({"x": patterns}, 20 * ms)
    networks.same(one, other)
    assert np.abs(np.asarray(one.get("p.w")) - 0.4).max() > 0.01


def test_a_batch_of_presentations_by_vmap_is_one_after_the_other():
    network = presented(JaxSampledHebb())
    patterns = np.random.default_rng(1).normal(size=(4, 4))
    simulation = simulate(network, "fused")
    simulation.present({"x": patterns}, 20 * ms)
    with jax.enable_x64(True):
        functions = compile_functions(network, dtype="float64")

        def present(pattern):
            rows = jnp.broadcast_to(pattern, (20, 4))
            state, _ = functions.run({}, functions.init(), {"x": rows})
            return functions.accumulate({}, state)["p.w___sum"]

        state = {**functions.init(), "p.w___sum": jax.vmap(present)(patterns).mean(0)}
        changed = functions.apply({}, state)
    np.testing.assert_allclose(changed["p.w"], simulation.get("p.w"), rtol=1e-9)
    np.testing.assert_array_equal(changed["p.w___sum"], 0.0)


def test_matrix_rules_agree_with_the_fused_engine():
    one, other = (
        networks.run(simulate(presented(networks.JaxSubspace()), engine), 200) for engine in ("fused", "jax")
    )
    networks.same(one, other)
    assert np.ptp(one.recordings()["p.w"].values, axis=0).max() > 0.01


def test_a_learning_rate_can_be_learned():
    functions = compile_functions(presented(Oja(eta=1 / second)))
    rows = np.random.default_rng(0).normal(size=(50, 4))

    def distance(given):
        state, _ = functions.run(given, functions.init(given), {"x": rows})
        return jnp.sum((state["p.w"] - functions.parameters["p.w"]) ** 2)

    assert jax.grad(distance)(functions.trainable("p.oja_eta"))["p.oja_eta"] > 0
