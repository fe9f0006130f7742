"""Trials that are run at once, the last axis of everything: they give what each gives alone, and such gradients."""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Hz, ms, mV

from neurosim import (
    AllToAll,
    Clamp,
    Network,
    Population,
    Probability,
    Projection,
    Recorder,
    Uniform,
)
from neurosim.engines.jax import compile_functions
from neurosim.engines.jax.products import weighted_sum
from neurosim.errors import UsageError
from neurosim.neurons import LIF, GradedUnit, LeakyRate, Poisson, Signal
from neurosim.rules import PairSTDP, SoftHebb
from neurosim.synapses import Graded, Pulse, ScaledPulse
from tests.engines import jax_networks as networks

TRIALS, STEPS = 3, 40


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def matrix_network(rule=networks.JaxSubspace) -> Network:
    """A layer that a matrix rule teaches, whose output goes on through weights that stay."""
    rng = np.random.default_rng(4)
    return Network("matrix", 1 * ms).add(
        Population("x", 5, Signal()),
        Population("a", 4, LeakyRate(tau=10 * ms)),
        Population("y", 2, GradedUnit(transfer="identity")),
        Projection("learned", "x", "a", Graded(), AllToAll(), rng.normal(size=(4, 5)), rules=rule()),
        Projection("read", "a", "y", Graded(), AllToAll(), rng.normal(size=(2, 4))),
        Recorder("y", "output"),
        Recorder("learned", "w"),
    )


def spiking_network() -> Network:
    """Refractory units with a rule per spike, delays on sparse and on dense links, and a link that does not learn."""
    return Network("spiking", 0.5 * ms).add(
        Population("p", 8, Poisson(rate=400 * Hz)),
        Population("e", 5, LIF(), {"v": Uniform(-60 * mV, -50 * mV)}),
        Projection(
            "in", "p", "e", ScaledPulse(quantum=15 * mV), Probability(0.7), 0.5, Uniform(0 * ms, 3 * ms)
        ),
        Projection("ee", "e", "e", ScaledPulse(quantum=4 * mV), AllToAll(), 0.5, 1 * ms, rules=PairSTDP()),
        Projection("ie", "e", "e", Pulse(port="g_i"), AllToAll(), -0.5 * mV),
        Recorder("e"),
        Recorder("e", "v"),
        Recorder("ee", "w"),
    )


def drawn_network() -> Network:
    """Units with every kind of draw, whose spikes arrive after a delay for each edge, and a clamp."""
    return Network("drawn", 0.5 * ms).add(
        Population("n", 5, networks.JaxNoisy(), {"x": 0.9}),
        Population("c", 4, networks.JaxConductance()),
        Projection(
            "nc", "n", "c", ScaledPulse(port="g", quantum=8.0), Probability(0.8), 0.5, Uniform(0 * ms, 3 * ms)
        ),
        Clamp("c", "v", 0.3, indices=(3,), start=4 * ms, stop=9 * ms),
        Recorder("c"),
        Recorder("n", "x"),
        Recorder("c", "v"),
    )


MAKE = {
    "dense": lambda: networks.rate_network(plastic=False),
    "plastic": networks.rate_network,
    "sparse and clamped": networks.sparse_network,
    "spiking": spiking_network,
    "matrix rule": matrix_network,
}


@lru_cache
def functions_of(name):
    return compile_functions(MAKE[name](), seed=2, dtype="float64")


def batch(functions):
    """Inputs (steps, size, trials) and keys (2, trials), others in each trial."""
    rng = np.random.default_rng(8)
    units = functions.program.equations.populations
    signals = [name for name, unit in units.items() if "value" in unit.states]
    rows = {name: rng.normal(size=(STEPS, units[name].size, TRIALS)) for name in signals}
    seeds = range(3, 3 + TRIALS)
    rasters = [functions.sources(STEPS, seed) for seed in seeds]
    rows |= {name: np.stack([raster[name] for raster in rasters], -1) for name in rasters[0]}
    keys = {name: np.stack([functions.keys(s)[name] for s in seeds], -1) for name in (*functions.keys(),)}
    return rows, keys


def both_ways(functions, skip=None):
    """Loss, recordings, end and gradient for all parameters: of trials at once, and of one after the other."""
    rows, keys = batch(functions)

    def at_once(parameters, rows, keys, skip):
        state = functions.init(parameters, keys, TRIALS)
        state, found = functions.run(parameters, state, rows, steps=STEPS, skip=skip)
        return state, found

    def one(parameters, rows, keys, skip):
        return functions.run(parameters, functions.init(parameters, keys), rows, steps=STEPS, skip=skip)

    def alone(parameters, rows, keys, skip):
        axes = (None, -1, -1, None if skip is None else 0)
        return jax.vmap(one, axes, -1)(parameters, rows, keys, skip)

    def measured(run):
        def loss(parameters):
            state, found = run(parameters, rows, keys, skip)
            numbers = {**found, **{n: v for n, v in state.items() if jnp.issubdtype(v.dtype, jnp.floating)}}
            parts = [_weights(value) @ value.ravel() for name, value in sorted(numbers.items())]
            return sum(parts), (state, found)

        return jax.jit(jax.value_and_grad(loss, has_aux=True))(functions.parameters)

    return measured(at_once), measured(alone)


def _weights(value):
    return np.random.default_rng(value.size).normal(size=value.size)


def assert_same(found, expected, what):
    largest = np.abs(expected).max(initial=0)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * largest, err_msg=what)


def assert_same_both_ways(functions, skip=None):
    ((loss, (state, rows)), slope), ((other, (ends, expected)), gradient) = both_ways(functions, skip)
    assert_same(loss, other, "loss")
    for name, value in expected.items():
        assert_same(rows[name], value, name)
        assert np.ptp(value, axis=-1).max() > 0 or name.endswith(".w")
    for name, value in ends.items():
        if name != "step" or skip is not None:
            assert_same(state[name], value, name)
    assert sum(np.abs(value).max() > 0 for value in gradient.values()) >= 3
    for name, value in gradient.items():
        assert_same(slope[name], value, name)


SLOW = ("sparse and clamped", "plastic")


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in MAKE])
def test_trials_at_once_are_the_runs_of_each(name):
    assert_same_both_ways(functions_of(name))


def test_trials_of_other_lengths_begin_one_after_the_other():
    assert_same_both_ways(functions_of("dense"), np.array([0, 7, 12]))


def test_draws_and_delays_are_those_of_each_trial_and_its_clock():
    functions, skip = compile_functions(drawn_network(), dtype="float64"), np.array([0, 7, 12])
    _, keys = batch(functions)
    _, found = functions.run({}, functions.init({}, keys, TRIALS), steps=STEPS, skip=skip)
    one = lambda keys, skip: functions.run({}, functions.init({}, keys), steps=STEPS, skip=skip)[1]  # noqa: E731
    for name, value in jax.vmap(one, (-1, 0), -1)(keys, skip).items():
        assert_same(found[name], value, name)
        assert np.ptp(value, axis=-1).max() > 0


def test_steps_of_trials_in_a_loop_are_a_run():
    functions = functions_of("plastic")
    rows, _ = batch(functions)
    state, seen = functions.init(trials=TRIALS), []
    for row in range(3):
        state, out = functions.step({}, state, {name: value[row] for name, value in rows.items()})
        seen.append(out["a"])
    first = {name: value[:3] for name, value in rows.items()}
    end, recordings = functions.run({}, functions.init(trials=TRIALS), first)
    assert_same(state["a.r"], end["a.r"], "a.r")
    assert_same(np.stack(seen)[:-1, [1, 4]], recordings["a.output"][1:], "a.output")


@pytest.mark.parametrize("shares", [0.5, np.array([0.2, 0.0, 0.3])])
def test_changes_after_a_presentation_are_those_of_all_trials(shares):
    functions = compile_functions(matrix_network(SoftHebb), dtype="float64")
    rows, _ = batch(functions)

    def summed(state, rows, shares):
        state, _ = functions.run({}, state, rows)
        return functions.accumulate({}, state, shares)

    state = summed(functions.init(trials=TRIALS), rows, shares)
    each = jax.vmap(lambda rows: summed(functions.init(), rows, 1.0)["learned.w___sum"], -1, -1)(rows)
    expected = each @ (shares if np.ndim(shares) else np.full(TRIALS, shares / TRIALS))
    assert_same(
        functions.apply({}, state)["learned.w"], functions.parameters["learned.w"] + expected, "learned.w"
    )
    assert np.ptp(each, axis=1).min() > 0


def test_an_input_of_one_trial_is_that_of_all():
    functions = functions_of("dense")
    rows = {"x": np.random.default_rng(0).normal(size=(STEPS, 2))}
    _, alone = functions.run({}, functions.init(), rows)
    _, found = functions.run({}, functions.init(trials=TRIALS), {"x": rows["x"][..., None]})
    for trial in range(TRIALS):
        assert_same(found["a.r"][..., trial], alone["a.r"], "a.r")


# The product ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 3), (3, 5)])
@pytest.mark.parametrize("kind", [float, complex])
def test_the_sum_over_weights_has_its_derivatives(shape, kind):
    rng = np.random.default_rng(1)

    def draw(*shape):
        return rng.normal(size=shape) + (1j * rng.normal(size=shape) if kind is complex else 0)

    weights, values = draw(*shape, 1), draw(shape[0], 7)
    plain = lambda w, v: jnp.einsum("ij,it->jt", w[:, :, 0], v)  # noqa: E731
    changes = draw(*shape, 1), draw(shape[0], 7)
    for found, expected in zip(
        jax.jvp(weighted_sum, (weights, values), changes),
        jax.jvp(plain, (weights, values), changes),
        strict=True,
    ):
        assert_same(found, expected, "forward")
    _, back = jax.vjp(weighted_sum, weights, values)
    _, expected_back = jax.vjp(plain, weights, values)
    g = draw(shape[1], 7)
    for found, expected in zip(back(g), expected_back(g), strict=True):
        assert_same(found, expected, "backward")
    each = np.broadcast_to(weights, (*shape, 7))
    assert_same(weighted_sum(each, values), plain(weights, values), "weights of each trial")
    assert_same(weighted_sum(weights[..., 0], values[:, 0]), plain(weights, values)[:, 0], "one trial")


def test_complex_weights_run_and_have_gradients():
    functions = functions_of("dense")
    rows, _ = batch(functions)

    def at_once(parameters):
        return functions.run(parameters, functions.init(parameters, trials=TRIALS), rows)[0]["a.r"]

    def alone(parameters):
        one = lambda rows: functions.run(parameters, functions.init(parameters), rows)[0]["a.r"]  # noqa: E731
        return jax.vmap(one, -1, -1)(rows)

    def end(run):
        def loss(angle):
            found = run({"rec.w": functions.parameters["rec.w"] * jnp.exp(1j * angle)})
            return jnp.sum(jnp.abs(found)), found

        return jax.jit(jax.value_and_grad(loss, has_aux=True))(0.3)

    ((_, found), slope), ((_, expected), other) = end(at_once), end(alone)
    assert jnp.iscomplexobj(found)
    assert_same(found, expected, "a.r")
    assert_same(slope, other, "angle")


# Bad input -----------------------------------------------------------------------------------------------------------


def test_other_shapes_are_refused():
    functions = compile_functions(drawn_network(), dtype="float64")
    with pytest.raises(UsageError, match=r"key 'n/key/.*\(2, 3\)"):
        functions.init(keys=functions.keys(), trials=TRIALS)
    functions = functions_of("dense")
    with pytest.raises(UsageError, match=r"input 'x'.*\(2, 3\)"):
        functions.run({}, functions.init(trials=TRIALS), {"x": np.zeros((STEPS, 2, 4))})
    with pytest.raises(UsageError, match=r"input 'x'.*\(2, 3\)"):
        functions.step({}, functions.init(trials=TRIALS), {"x": np.zeros(2)})
