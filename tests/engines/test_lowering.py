"""Lowering: the order of a step, clamps after every write, exact steps of linear systems, what is refused."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.linalg import expm

from neurosim import (
    AllToAll,
    Clamp,
    External,
    Network,
    Population,
    Projection,
    Recorder,
    SynapticRule,
    parameter,
    post,
    pre,
    synapse,
)
from neurosim.compiler.equations.network import network_equations
from neurosim.compiler.schedule.exact import Linear, propagate
from neurosim.compiler.schedule.integration import linear_system
from neurosim.compiler.schedule.order import lower
from neurosim.errors import DescriptionError
from neurosim.neurons import LIF, GradedUnit, LeakyRate, Poisson, Signal
from neurosim.rules import GainAdaptation, Oja, PairSTDP
from neurosim.synapses import Graded, Pulse

SCHEDULE = [
    "input", "clamp", "clear", "graded", "evaluate", "record", "learn", "adapt", "decay", "integrate", "source",
    "threshold", "deliver", "on_pre", "on_post", "reset", "external",
]  # fmt: skip


def network(*more):
    return Network("n").add(
        Population("s", 2, Poisson(rate=10 * Hz)),
        Population("a", 2, LIF()),
        Population("u", 1, Signal()),
        Population("r", 1, LeakyRate(), rules=GainAdaptation()),
        Projection("sa", "s", "a", Pulse(), AllToAll(), 1 * mV, rules=PairSTDP(w_max=2 * mV)),
        Projection("ur", "u", "r", Graded(), AllToAll(), 1.0, rules=Oja()),
        External("body", ("r.output",), {"u": "angle"}),
        Recorder("a", "v"),
        *more,
    )


def blocks(*more):
    return lower(network_equations(network(*more))).blocks


def test_a_step_has_one_order():
    kinds = [block.kind for block in blocks() if block.kind != "evaluate"]
    # Of the pairs whose order is free (spike sources and thresholds) the description decides.
    ranks = [SCHEDULE.index("threshold" if kind == "source" else kind) for kind in kinds]
    graded = slice(kinds.index("record"))
    assert sorted(ranks[graded]) == ranks[graded] and sorted(ranks) == ranks
    assert set(kinds) == set(SCHEDULE) - {"clamp", "evaluate"}


def test_a_clamp_follows_every_block_that_writes_its_variable():
    found = blocks(Clamp("a", "g_e", 1 * mV), Clamp("a", "v", -60 * mV), Clamp("u", "value", 0.5))
    for clamped, writers in (
        (("a", "g_e"), ["integrate", "deliver"]),
        (("a", "v"), ["integrate", "reset"]),
        (("u", "value"), ["external"]),
    ):
        places = [
            at for at, b in enumerate(found) if b.clamp and (b.clamp.owner, b.clamp.variable) == clamped
        ]
        # The first is before the graded signals; the others stand behind a write, or behind another clamp of it.
        behind = [next(b for b in reversed(found[:at]) if b.kind != "clamp").kind for at in places]
        assert behind == ["input", *writers]


class TraceRule(SynapticRule, abstract=True):
    """What the rules below vary."""

    eta = parameter(1 / second, "rate")
    tau = parameter(10 * ms, "time constant")
    clock = "spike"
    on_pre = "w += 0*w"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            {"x": pre.trace("dx/dt = (y - x)/tau"), "y": post.trace("dy/dt = -y/tau")},
            "dtrace_rule_x/dt reads 'trace_rule_y', but the trace is kept per presynaptic neuron: use synapse.variable",
        ),
        ({"x": pre.trace("dx/dt = -x/tau"), "on_post": "x += 1"}, "only on_pre may write it"),
        ({"y": post.trace("dy/dt = (w - y)/tau")}, "reads 'w'|correct the units"),
        ({"on_pre": "tau += tau"}, "'tau \\+= tau' writes 'tau', which is no variable of the rule"),
        ({"on_pre": "v += 1"}, "writes 'v', which is no variable of the rule"),
        ({"on_pre": "w += z"}, "unknown name 'z'"),
        ({"on_pre": "w += tau"}, "correct the units"),
    ],
)  # fmt: skip
def test_rules_keep_to_their_variables(facts, message):
    rule = type("TraceRule", (TraceRule,), facts, abstract=True)()
    with pytest.raises(ValueError if "unknown" not in message else Exception, match=message):
        lower(network_equations(network(Projection("p", "s", "a", Pulse(), AllToAll(), 0 * mV, rules=rule))))


def test_a_variable_per_synapse_may_read_both_ends():
    facts = {
        "x": pre.trace("dx/dt = -x/tau"),
        "y": post.trace("dy/dt = -y/tau"),
        "c": synapse.variable("dc/dt = x*y/tau - c/tau"),
    }
    rule = type("TraceRule", (TraceRule,), facts, abstract=True)()
    assert lower(
        network_equations(network(Projection("p", "s", "a", Pulse(), AllToAll(), 0 * mV, rules=rule)))
    )


def test_stateless_units_in_a_circle_are_refused():
    parts = (
        Population("y", 1, GradedUnit()),
        Projection("yy", "y", "y", Graded(), AllToAll(), 1.0),
    )
    with pytest.raises(DescriptionError, match="network 'n': the stateless populations y -> y form a cycle"):
        lower(network_equations(network(*parts)))


# Exact steps ------------------------------------------------------------------------------------------

ENTRIES = st.just(0.0) | st.floats(-50, 50).filter(lambda x: abs(x) > 1e-3)


def system(matrix, constants, inputs):
    """The linear system with numbers for texts."""
    n = len(matrix)
    return Linear(
        tuple(f"x{i}" for i in range(n)),
        {(i, j): f"k{i}{j}" for i in range(n) for j in range(n) if matrix[i, j]},
        {i: f"c{i}" for i in range(n) if constants[i]},
        {i: f"s{i}" for i in range(n) if inputs[i]},
    )


def named(matrix, constants):
    n = len(matrix)
    return {f"k{i}{j}": matrix[i, j] for i in range(n) for j in range(n)} | {
        f"c{i}": constants[i] for i in range(n)
    }


def exact(matrix, source, x, dt):
    """Return x(dt) of dx/dt = A x + s by the exponential of the whole system."""
    n = len(matrix)
    whole = np.zeros((n + 1, n + 1))
    whole[:n, :n], whole[:n, n] = matrix, source
    return (expm(whole * dt) @ [*x, 1.0])[:n]


@given(arrays(float, (3, 3), elements=ENTRIES), arrays(float, 3, elements=ENTRIES), arrays(float, 3, elements=ENTRIES),
       arrays(float, 3, elements=ENTRIES), st.sampled_from([1e-4, 1e-2]))  # fmt: skip
def test_a_step_is_the_matrix_exponential(matrix, constants, inputs, x, dt):
    linear = system(matrix, constants, inputs)
    p, q, c = propagate(linear, named(matrix, constants), dt, frozenset())
    expected = exact(matrix, constants + inputs, x, dt)
    scale = np.abs(np.concatenate([x, constants, inputs])).max() + 1
    np.testing.assert_allclose(p @ x + q @ inputs + c, expected, rtol=1e-12, atol=1e-13 * scale)
    # What a step may depend on is what `reach` says; the rest is rounding, and left out of programs.
    assert np.all(np.abs(p[~linear.reach()]) < 1e-13)


@given(arrays(float, (3, 3), elements=ENTRIES), st.sets(st.sampled_from(["x0", "x1", "x2"])))
def test_frozen_states_stay_and_the_others_see_them_stay(matrix, frozen):
    linear = system(matrix, np.ones(3), np.zeros(3))
    p, _, c = propagate(linear, named(matrix, np.ones(3)), 1e-2, frozenset(frozen))
    x = np.array([1.0, -2.0, 3.0])
    held = [i for i in range(3) if f"x{i}" in frozen]
    stopped, source = matrix.copy(), np.ones(3)
    stopped[held], source[held] = 0.0, 0.0
    expected = exact(stopped, source, x, 1e-2)
    np.testing.assert_allclose(p @ x + c, expected, rtol=1e-12, atol=1e-12)
    assert np.array_equal((p @ x + c)[held], x[held])
    assert np.all(np.abs(p[~linear.reach(frozenset(frozen))]) < 1e-12)


def test_units_of_different_constants_are_stepped_each_by_its_own():
    matrices = np.array([[[-1.0, 2.0], [0.0, -3.0]], [[-5.0, 1.0], [0.0, -5.0]]])
    linear = system(matrices[0], np.ones(2), np.zeros(2))
    values = {f"k{i}{j}": matrices[:, i, j] for i in range(2) for j in range(2)} | {"c0": 1.0, "c1": 1.0}
    p, _, c = propagate(linear, values, 0.1, frozenset())
    for unit in range(2):
        expected = exact(matrices[unit], np.ones(2), [1.0, 2.0], 0.1)
        np.testing.assert_allclose(p[unit] @ [1.0, 2.0] + c[unit], expected, rtol=1e-14)


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e9])
def test_units_of_measurement_cost_no_accuracy(scale):
    # x1 in units of `scale`: its coupling to x0 grows by 1/scale.
    matrix = np.array([[-50.0, 20.0 / scale], [0.0, -200.0]])
    p, _, _ = propagate(
        system(matrix, np.zeros(2), np.zeros(2)), named(matrix, np.zeros(2)), 1e-4, frozenset()
    )
    coupling = 20 / scale * (np.exp(-0.005) - np.exp(-0.02)) / 150
    np.testing.assert_allclose(p, [[np.exp(-0.005), coupling], [0, np.exp(-0.02)]], rtol=2e-14)


def test_terms_cancel_without_being_simplified():
    linear = linear_system({"x": "(1 - x)*(x + 1) + x**2 - x/tau"}, frozenset({"tau"}), "here")
    assert set(linear.matrix) == {(0, 0)} and set(linear.constant_offsets) == {0}


def test_a_high_power_is_refused_at_once():
    with pytest.raises(DescriptionError, match="here: dx/dt is not linear"):
        linear_system({"x": "-(x + a + b + c)**60/tau"}, frozenset({"tau"}), "here")
