"""Fixed points as functions, of batches and of complex states, and their response to a nudge."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import ms

from neurosim import AllToAll, Network, Population, Projection, simulate
from neurosim.engines.jax import Cauchy, Exact, OnLine, adjoint, compile_functions, respond, settle
from neurosim.engines.settling import Settle, Settled
from neurosim.errors import RunFailed, UnknownNameError, UsageError
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded

UNITS, TRIALS, CLOSE = 4, 3, Settle(1e-14, damping=0.2)
RNG = generator(0, "responses")
W, X = 0.8 * RNG.normal(size=(UNITS, UNITS)), RNG.normal(size=(2, TRIALS))
IN, READ = RNG.normal(size=(UNITS, 2)), RNG.normal(size=(2, UNITS))


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def network() -> Network:
    """Tau r' = -r + tanh(x + W r + bias), and a read-out."""
    return Network("responding", 1 * ms).add(
        Population("x", 2, Signal()),
        Population("a", UNITS, LeakyRate(tau=3 * ms, transfer="tanh")),
        Population("y", 2, GradedUnit(transfer="identity")),
        Projection("in", "x", "a", Graded(), AllToAll(), IN),
        Projection("rec", "a", "a", Graded(), AllToAll(), W),
        Projection("read", "a", "y", Graded(), AllToAll(), READ),
    )


@pytest.fixture(scope="module")
def found():
    """The network as functions, and its fixed points for three inputs."""
    with jax.enable_x64(True):
        functions = compile_functions(network(), dtype="float64")
        state, report = settle(functions, {}, functions.init(trials=TRIALS), {"x": X}, CLOSE)
    return functions, state, report


def response(state, direction):
    """dr/dbeta of r = tanh(h + beta direction) at each fixed point: (1 - D W)^-1 D direction."""
    slopes = 1 - np.asarray(state["a.r"]) ** 2
    return np.stack(
        [
            np.linalg.solve(np.eye(UNITS) - d[:, None] * W, d * v)
            for d, v in zip(slopes.T, direction.T, strict=True)
        ],
        1,
    )


def test_trials_settle_each_in_its_time(found):
    functions, state, report = found
    r = np.asarray(state["a.r"])
    np.testing.assert_allclose(r, np.tanh(IN @ X + W @ r), rtol=1e-12)
    assert report.converged.all() and np.ptp(report.steps) > 0 and (report.residual <= 1e-14).all()
    other = simulate(network(), "fused")
    for trial in range(TRIALS):
        alone, single = settle(functions, {}, functions.init(), {"x": X[:, trial]}, CLOSE)
        np.testing.assert_allclose(alone["a.r"], r[:, trial], rtol=1e-13)
        assert single.steps == report.steps[trial]
        other.reset()
        same = other.settle(1e-14, inputs={"x": X[:, trial]}, damping=0.2)
        assert abs(same.steps - single.steps) <= 1  # the last bits of tanh
    assert Settled(*map(np.asarray, report)).data()["settled"].array.all()


@pytest.mark.parametrize(
    "method", [Exact(), Cauchy(1, 1e-6), Cauchy(2, 1e-3), Cauchy(4, 0.02), Cauchy(5, 0.02)]
)
def test_responses_are_those_of_the_linear_system(found, method):
    functions, state, _ = found
    direction = generator(1, "direction").normal(size=UNITS)
    change, report = respond(functions, {}, state, {"a.bias": direction}, {"x": X}, method, CLOSE)
    expected = response(state, np.tile(direction[:, None], TRIALS))
    np.testing.assert_allclose(change["a.r"], expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(change["y.output"], READ @ np.asarray(change["a.r"]), rtol=1e-6, atol=1e-9)
    assert report.converged.all() and not jnp.iscomplexobj(change["a.r"])


def test_an_input_is_nudged_in_each_trial_as_it_says(found):
    functions, state, _ = found
    direction = generator(2, "direction").normal(size=(2, TRIALS))
    change, _ = respond(functions, {}, state, {"x": direction}, {"x": X}, how=CLOSE)
    np.testing.assert_allclose(change["a.r"], response(state, IN @ direction), rtol=1e-9)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_the_error_of_nudges_on_a_circle_falls_as_their_size_to_the_power_of_their_number(found, n):
    functions, state, _ = found
    nudge = {"a.bias": generator(1, "direction").normal(size=UNITS)}
    exact = respond(functions, {}, state, nudge, {"x": X}, Exact(), CLOSE)[0]["a.r"]
    errors = [
        np.abs(respond(functions, {}, state, nudge, {"x": X}, Cauchy(n, beta), CLOSE)[0]["a.r"] - exact).max()
        for beta in (0.08, 0.04)
    ]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(n, abs=0.3)


def test_complex_states_settle():
    with jax.enable_x64(True):
        functions = compile_functions(network(), dtype="float64")
        bias = functions.parameters["a.bias"] + 0.1j
        state, report = settle(functions, {"a.bias": bias}, functions.init(), {"x": X[:, 0]}, CLOSE)
    r = np.asarray(state["a.r"])
    np.testing.assert_allclose(r, np.tanh(IN @ X[:, 0] + W @ r + 0.1j), rtol=1e-10)
    assert np.abs(r.imag).max() > 1e-3 and report.converged


def test_what_does_not_settle_is_never_used_in_silence(found):
    functions, state, _ = found
    with pytest.raises(RunFailed, match="settle: 3 of 3 patterns did not settle"):
        settle(functions, {}, functions.init(trials=TRIALS), {"x": X}, Settle(1e-14, at_most=3))
    left, report = settle(
        functions,
        {},
        functions.init(trials=TRIALS),
        {"x": X * [1.0, 1.0, 0.0]},
        Settle(1e-14, 3, 0, "leave out"),
    )
    assert report.converged.tolist() == [False, False, True]
    assert np.isnan(left["a.r"]).all(0).tolist() == [True, True, False]
    with pytest.raises(RunFailed, match="respond: 3 of 3"):
        respond(functions, {}, state, {"a.bias": np.ones(UNITS)}, {"x": X}, how=Settle(1e-14, at_most=2))
    traced = jax.jit(lambda s: settle(functions, {}, s, {"x": X}, Settle(1e-14, at_most=3))[0]["a.r"])
    assert np.isnan(traced(functions.init(trials=TRIALS))).all()


def test_a_nudge_that_cannot_be_is_refused(found):
    functions, state, _ = found
    with pytest.raises(UnknownNameError, match=r"nudge of 'a.bia'"):
        respond(functions, {}, state, {"a.bia": 1.0}, {"x": X})
    with pytest.raises(UsageError, match=r"nudge of 'a.r': it changes in every step"):
        respond(functions, {}, state, {"a.r": np.ones(UNITS)}, {"x": X})
    with pytest.raises(UsageError, match="at least 1 nudge"):
        Cauchy(0)


def test_a_nudge_that_goes_round_without_a_rest_gives_the_response(found):
    functions, state, _ = found
    direction = generator(1, "direction").normal(size=UNITS)
    expected = response(state, np.tile(direction[:, None], TRIALS))
    about = (functions, {}, state, {"a.bias": direction}, {"x": X})
    change, report = respond(*about, OnLine(4, 0.02, 200, 2), CLOSE)
    np.testing.assert_allclose(change["a.r"], expected, rtol=1e-5, atol=1e-5)
    assert (report.steps == 1600).all() and (report.residual < 1e-10).all()
    short = respond(*about, OnLine(4, 0.02, 2, 2), CLOSE)[0]["a.r"]
    assert np.abs(short - expected).max() > 1e-3
    with pytest.raises(UsageError, match="at least 2"):
        OnLine(1)


def test_an_adjoint_is_the_derivative_of_a_loss_by_the_step(found):
    # c = (1 - J^T)^-1 slope, J = 1 - k (1 - D W), k the share of the way that a step takes.
    functions, state, _ = found
    slope = generator(3, "slope").normal(size=(UNITS, TRIALS))
    credit, report = adjoint(functions, {}, state, {"a.r": slope}, {"x": X}, CLOSE)
    share, r = 1 - np.exp(-1 / 3), np.asarray(state["a.r"])
    for trial in range(TRIALS):
        j = np.eye(UNITS) - share * (np.eye(UNITS) - (1 - r[:, trial, None] ** 2) * W)
        np.testing.assert_allclose(
            np.asarray(credit["a.r"])[:, trial],
            np.linalg.solve(np.eye(UNITS) - j.T, slope[:, trial]),
            rtol=1e-9,
        )
    assert report.converged.all()
    with pytest.raises(UnknownNameError, match=r"slope of 'a.s'"):
        adjoint(functions, {}, state, {"a.s": slope}, {"x": X}, CLOSE)
    with pytest.raises(RunFailed, match="adjoint: 3 of 3"):
        adjoint(functions, {}, state, {"a.r": slope}, {"x": X}, Settle(1e-14, at_most=2))
