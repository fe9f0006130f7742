"""Batches of patterns: the mean of presentations, on every engine, by time and to the fixed point."""

import signal
from functools import lru_cache

import jax
import numpy as np
import pytest
from brian2 import ms, mV

from neurosim import (
    AllToAll,
    Edges,
    Network,
    Population,
    Projection,
    SynapticRule,
    parameter,
    post,
    pre,
    simulate,
)
from neurosim.engines.fused import loops
from neurosim.engines.jax import compile_functions
from neurosim.engines.settling import Settle
from neurosim.errors import DescriptionError, RunFailed
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.rng import generator
from neurosim.rules import GainWhitening, SoftHebb
from neurosim.synapses import Graded

TIME = 3 * ms
LEARNED = ("soft.w", "local.w", "sparse.w", "pair.w", "z.gain_whitening_g")


class BatchLocal(SynapticRule):
    """A local rule with every kind of factor: dw = eta * (int(y > 0.1) * x * (1 - w) - x**2 * w)."""

    eta = parameter(0.2, "learning rate", low=0.0)
    clock = "sample"
    x, y = pre.activity, post.activity
    dw = "eta * (int(y > 0.1) * x * (1 - w) - x**2 * w)"


class BatchPair(SynapticRule):
    """A rule that is no sum of outer products: dw = eta * tanh(x*y - w)."""

    eta = parameter(0.3, "learning rate", low=0.0)
    clock = "sample"
    x, y = pre.activity, post.activity
    dw = "eta * tanh(x*y - w)"


def network(matrix: bool = True) -> Network:
    """Units with dynamics and without, taught by a matrix rule, local ones on all pairs and on some, and a gain."""
    rng = generator(3, "batch")
    pairs = ((0, 0, 2, 3), (1, 2, 0, 1))
    made = Network("batch", 1 * ms).add(
        Population("x", 4, Signal()),
        Population("y", 3, LeakyRate(tau=2 * ms, transfer="tanh")),
        Population("z", 3, GradedUnit(transfer="identity"), rules=GainWhitening(eta=0.1)),
        Projection("local", "x", "y", Graded(), AllToAll(), rng.normal(size=(3, 4)), rules=BatchLocal()),
        Projection("pair", "y", "y", Graded(), AllToAll(), 0.2 * rng.normal(size=(3, 3)), rules=BatchPair()),
        Projection("sparse", "x", "z", Graded(), Edges(*pairs), rng.normal(size=4), rules=BatchLocal()),
    )
    if matrix:
        made.add(
            Population("s", 3, GradedUnit(transfer="identity")),
            Projection(
                "soft", "y", "s", Graded(), AllToAll(), rng.normal(size=(3, 3)), rules=SoftHebb(beta=2.0)
            ),
        )
    return made


PATTERNS = generator(1, "patterns").normal(size=(5, 4))
WEIGHTS = np.array([0.1, 0.4, 0.0, 0.3, 0.2])


@lru_cache
def simulation(engine):
    return simulate(network(engine != "brian2"), engine)


def learned(engine, patterns, duration=TIME, **how):
    """What rules make of a batch, from the start."""
    made = simulation(engine)
    made.reset()
    report = made.present({"x": patterns}, duration, **how)
    names = [name for name in LEARNED if engine != "brian2" or not name.startswith("soft")]
    return {name: np.array(made.get(name)) for name in names}, report


@pytest.mark.parametrize("engine", ["fused", "jax"])
@pytest.mark.parametrize("weights", [pytest.param(None, marks=pytest.mark.slow), WEIGHTS])
def test_a_batch_is_the_mean_of_single_presentations(engine, weights):
    simulation(engine).reset()
    start = {name: np.array(simulation(engine).get(name)) for name in LEARNED}
    found, report = learned(engine, PATTERNS, weights=weights)
    assert report is None
    single = [learned(engine, pattern[None])[0] for pattern in PATTERNS]
    for name in LEARNED:
        changes = np.array([one[name] - start[name] for one in single])
        np.testing.assert_allclose(
            found[name] - start[name], np.average(changes, 0, weights), rtol=1e-12, atol=1e-14
        )
        assert np.ptp(changes, axis=0).max() > 1e-3


@pytest.mark.parametrize("how", [{}, {"duration": None, "settle": Settle(1e-10)}])
def test_engines_agree_on_batches(how):
    found, report = learned("fused", PATTERNS, weights=WEIGHTS, **how)
    steps = simulation("fused").now
    other, same = learned("jax", PATTERNS, weights=WEIGHTS, **how)
    for name in LEARNED:
        np.testing.assert_allclose(other[name], found[name], rtol=1e-9, atol=1e-12, err_msg=name)
    assert simulation("jax").now == steps
    if report is not None:
        np.testing.assert_array_equal(same.steps, report.steps)
        assert report.steps.sum() == steps and same.converged.all() and np.ptp(report.steps) > 0


@pytest.mark.parametrize("how", [{"duration": TIME}, {"duration": None, "settle": Settle(1e-8, damping=0.5)}])
def test_brian2_presents_the_same_one_by_one(how):
    found, report = learned("fused", PATTERNS, weights=WEIGHTS, **how)
    expected, same = learned("brian2", PATTERNS, weights=WEIGHTS, **how)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-12, err_msg=name)
    if report is not None:
        np.testing.assert_array_equal(report.steps, same.steps)


def test_weights_have_no_axis_of_trials():
    with jax.enable_x64(True):
        functions = compile_functions(network(), dtype="float64")
        state = functions.init(trials=5)
        for name in LEARNED:
            assert state[name].shape == functions.parameters[name].shape
        assert state["y.r"].shape == (3, 5)
        rows = np.broadcast_to(PATTERNS.T, (3, 4, 5))
        state, _ = functions.run({}, state, {"x": rows})
        state = functions.apply({}, functions.accumulate({}, state, WEIGHTS))
    for name, value in learned("fused", PATTERNS, weights=WEIGHTS)[0].items():
        np.testing.assert_allclose(state[name], value, rtol=1e-9, err_msg=name)


# Settling -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["fused", "jax", "brian2"])
def test_patterns_that_do_not_settle_are_counted_and_never_learned_from_in_silence(engine):
    patterns = np.vstack([np.zeros(4), PATTERNS[:2]])
    simulation(engine).reset()
    start = {
        name: np.array(simulation(engine).get(name))
        for name in LEARNED
        if engine != "brian2" or name[:4] != "soft"
    }
    with pytest.raises(
        RunFailed, match="present: 2 of 3 patterns did not settle, still changing by .* after 3 steps"
    ):
        learned(engine, patterns, None, settle=Settle(1e-12, at_most=3))
    for name, value in start.items():
        np.testing.assert_array_equal(simulation(engine).get(name), value)
    found, report = learned(engine, patterns, None, settle=Settle(1e-12, at_most=3, unsettled="leave out"))
    assert (
        report.unsettled == 2 and report.converged.tolist() == [True, False, False] and report.steps[1] == 3
    )
    expected, _ = learned(engine, patterns[:1], None, settle=Settle(1e-12))
    for name in found:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-14, err_msg=name)
    with pytest.raises(RunFailed, match="2 of 2 patterns"):
        learned(engine, PATTERNS[:2], None, settle=Settle(1e-12, at_most=3, unsettled="leave out"))


@pytest.mark.parametrize("engine", ["fused", "jax"])
def test_what_grows_without_bound_has_not_settled(engine):
    made = Network("grows", 1 * ms).add(
        Population("x", 1, Signal()),
        Population("y", 1, LeakyRate(tau=1 * ms, transfer="identity")),
        Projection("in", "x", "y", Graded(), AllToAll(), 1.0),
        Projection("back", "y", "y", Graded(), AllToAll(), 1e9),
    )
    run = simulate(made, engine)
    with pytest.raises(RunFailed, match="not finite|did not settle"):
        run.settle(inputs={"x": np.array([1.0])})
    run.reset()
    with pytest.raises(RunFailed, match="not finite|did not settle"):
        run.present({"x": [[1.0], [0.0]]}, settle=Settle(at_most=100))


@pytest.mark.parametrize("engine", ["fused", "jax"])
def test_damping_leads_where_steps_alone_go_round(engine):
    # r <- r + (1 - exp(-dt/tau)) (x - 30 r - r) has the slope 1 - 0.49*31 = -14.2: it oscillates without damping.
    made = Network("round", 1 * ms).add(
        Population("x", 1, Signal()),
        Population("y", 1, LeakyRate(tau=1.5 * ms, transfer="identity")),
        Projection("in", "x", "y", Graded(), AllToAll(), 1.0),
        Projection("back", "y", "y", Graded(), AllToAll(), -30.0),
    )
    run = simulate(made, engine)
    settled = run.settle(1e-12, inputs={"x": np.array([3.1])}, damping=0.92)
    np.testing.assert_allclose(run.get("y.r"), [0.1], rtol=1e-10)
    assert settled.steps == run.now and settled.residual <= 1e-12
    run.reset()
    with pytest.raises(RunFailed, match="settle: the network did not settle"):
        run.settle(1e-12, at_most=20, inputs={"x": np.array([3.1])})


def test_an_interrupt_is_taken_between_patterns_and_nothing_is_learned_then(monkeypatch):
    patterns = generator(5, "interrupt").normal(size=(20, 4))
    whole, one = (simulate(network(), "fused") for _ in range(2))
    one.core._patterns = 3
    before, run, calls = {name: np.array(one.get(name)) for name in LEARNED}, loops.present, []

    def run_and_press(*arguments):
        calls.append(arguments[3:5])
        signal.raise_signal(signal.SIGINT)
        return run(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(loops, "present", run_and_press)
        with pytest.raises(KeyboardInterrupt):
            one.present({"x": patterns}, TIME)
    assert calls == [(0, 3)] and one.now == 9
    for name, value in before.items():
        np.testing.assert_array_equal(np.array(one.get(name)), value)
    for each in (whole, one):
        each.present({"x": patterns}, TIME)
    for name in LEARNED:
        np.testing.assert_array_equal(np.array(one.get(name)), np.array(whole.get(name)))


def test_the_report_goes_into_a_result_file():
    report = learned("jax", PATTERNS, None, settle=Settle(1e-6))[1]
    data = report.data()
    assert {name: value.dims for name, value in data.items()} == dict.fromkeys(
        ("settling_steps", "settling_residual", "settled"), ("pattern",)
    )
    np.testing.assert_array_equal(data["settling_steps"].array, report.steps)


# Second moments -------------------------------------------------------------------------------------------------------


def test_columns_of_the_root_of_a_covariance_have_its_second_moment():
    root = np.linalg.cholesky(np.array([[2.0, 0.5, 0.1], [0.5, 1.0, -0.3], [0.1, -0.3, 0.7]]))
    patterns = np.sqrt(3) * root.T
    np.testing.assert_allclose(patterns.T @ patterns / 3, root @ root.T, rtol=1e-12)


# Bad requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "present: neither of duration and settle given: give one, as settle=Settle()"),
        ({"duration": TIME, "settle": Settle()}, "present: both of duration and settle given"),
        (
            {"duration": TIME, "weights": [0.5, 0.5]},
            r"present: weights of shape \(2,\) for 5 patterns: give \(5,\)",
        ),
        (
            {"duration": TIME, "weights": np.full(5, 0.3)},
            "present: weights add up to 1.5, .*: give probabilities",
        ),
        ({"duration": TIME, "weights": [-0.5, 0.5, 0.5, 0.5, 0.0]}, "the least is -0.5"),
        ({"duration": 2.5 * ms}, "present: duration .* is not a whole number of steps"),
        ({"duration": TIME, "inputs": {"x": np.zeros((0, 4))}}, r"present: batches of \[0\] patterns"),
        ({"duration": TIME, "inputs": {"x": np.zeros((2, 3))}}, r"input 'x' has the shape \(2, 3\)"),
        ({"duration": TIME, "inputs": {"x": PATTERNS * mV}}, "input 'x' has the unit"),
    ],
)
def test_a_bad_request_is_refused_in_a_line(request_, message):
    given = {"inputs": {"x": PATTERNS}, **request_}
    with pytest.raises(DescriptionError, match=message):
        simulation("fused").present(**given)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"tolerance": -1.0}, "settle: tolerance = -1.0"),
        ({"at_most": 0}, "settle: at_most = 0"),
        ({"damping": 1.0}, "settle: damping = 1.0: give a number from 0 up to 1"),
        ({"unsettled": "skip"}, "settle: unsettled = 'skip'"),
    ],
)
def test_a_bad_way_to_settle_is_refused_in_a_line(facts, message):
    with pytest.raises(DescriptionError, match=message):
        Settle(**facts)
