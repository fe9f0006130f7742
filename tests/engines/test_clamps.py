"""Clamps in runs, on every engine: entries, directions, weights; values that are fixed, replayed or columns."""

import numpy as np
import pytest
from brian2 import ms, mV

from neurosim import (
    AllToAll,
    Clamp,
    Column,
    Network,
    Population,
    Projection,
    Recorder,
    Replay,
    SynapticRule,
    parameter,
    post,
    pre,
    simulate,
)
from neurosim.errors import DescriptionError, EngineRefusal
from neurosim.learning.bptt import network_model
from neurosim.model.serial import digest, from_json, to_json
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.rules import Oja
from neurosim.synapses import Graded
from tests.references import EACH

ENGINES = ("fused", "brian2", "jax")
DRAW = np.random.default_rng(3)
X, LEVEL = DRAW.normal(size=(12, 2)), DRAW.normal(size=(12, 2))
GATE = (np.arange(12) % 3 == 0).astype(float)[:, None]
BASIS = np.linalg.qr(DRAW.normal(size=(3, 2)))[0]
IN, UP = DRAW.normal(size=(3, 2)), DRAW.normal(size=(3, 3))


def network(*parts, rules=()):
    return Network("held", 1 * ms).add(
        Population("x", 2, Signal()),
        Population("r", 3, LeakyRate(tau=5 * ms, transfer="identity")),
        Population("h", 3, GradedUnit(transfer="tanh")),
        Projection("in", "x", "r", Graded(), AllToAll(), IN, rules=rules),
        Projection("up", "r", "h", Graded(), AllToAll(), UP),
        Recorder("r", "r"),
        Recorder("h", "output"),
        *parts,
    )


def expected(hold_r=None, hold_h=None, hold_w=None):
    """Return (r, h) at each step of the network by its equations; each hold, from (step, value) to the held value."""
    r, w, decay, rows = np.zeros(3), IN.copy(), np.exp(-1 / 5), []
    for k in range(12):
        r = r if hold_r is None else hold_r(k, r)
        w = w if hold_w is None else hold_w(k, w)
        h = np.tanh(UP @ r)
        rows.append((r, h if hold_h is None else hold_h(k, h)))
        r = decay * r + (1 - decay) * (w @ X[k])
        r = r if hold_r is None else hold_r(k, r)
    return (np.array(column) for column in zip(*rows, strict=True))


def some(indices, value, on=lambda k: True):
    """Return a function that holds entries at value(k) in the steps in which it is on."""

    def hold(k, x):
        x = np.array(x)
        x[indices] = value(k) if on(k) else x[indices]
        return x

    return hold


def along(value, on=lambda k: True):
    return lambda k, x: x + (BASIS @ (BASIS.T @ (value - x)) if on(k) else 0)


CASES = {
    "entries of a state": (
        (Clamp("r", "r", [0.3, -0.2], (0, 2), 2 * ms, 5 * ms),),
        {"hold_r": some([0, 2], lambda k: [0.3, -0.2], lambda k: 2 <= k < 5)},
    ),
    "a replay, gated": (
        (Clamp("r", "r", Replay(LEVEL[:6]), (1, 2), 3 * ms, when=Column("gate")),),
        {"hold_r": some([1, 2], lambda k: LEVEL[k - 3], lambda k: 3 <= k < 9 and k % 3 == 0)},
    ),
    "a column": (
        (Clamp("r", "r", Column("level"), (0, 1), stop=7 * ms),),
        {"hold_r": some([0, 1], lambda k: LEVEL[k], lambda k: k < 7)},
    ),
    "a column of a definition, gated": (
        (Clamp("h", "output", Column("level"), (0, 2), when=Column("gate")),),
        {"hold_h": some([0, 2], lambda k: LEVEL[k], lambda k: k % 3 == 0)},
    ),
    "a replay of a definition": (
        (Clamp("h", "output", Replay(LEVEL), (2, 0), 1 * ms),),
        {"hold_h": some([2, 0], lambda k: LEVEL[k - 1], lambda k: k > 0)},
    ),
    "directions of a state": (
        (Clamp("r", "r", 0.2, direction=BASIS, start=4 * ms),),
        {"hold_r": along(0.2, lambda k: k >= 4)},
    ),
    "directions of a definition, gated": (
        (Clamp("h", "output", [0.1, 0.2, 0.3], direction=BASIS, when=Column("gate")),),
        {"hold_h": along(np.array([0.1, 0.2, 0.3]), lambda k: k % 3 == 0)},
    ),
    "weights": (
        (Clamp("in", "w", [0.0, 2.0], (0, 5), 2 * ms, 6 * ms),),
        {"hold_w": lambda k, w: some([0, 5], lambda k: [0, 2], lambda k: 2 <= k < 6)(k, w.T.ravel()).reshape(2, 3).T},
    ),
}  # fmt: skip


def ran(engine, *parts, **options):
    simulation = simulate(network(*parts, **options), engine=engine)
    columns = {"level": LEVEL, "gate": GATE}
    for piece in (slice(0, 5), slice(5, 12)):
        wanted = {n: v[piece] for n, v in columns.items() if n in simulation.equations.columns}
        simulation.run((piece.stop - piece.start) * ms, {"x": X[piece], **wanted})
    return simulation


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", [
    pytest.param(n, marks=[] if n in ("weights", "directions of a definition, gated") else pytest.mark.slow)
    for n in CASES
])  # fmt: skip
def test_a_clamp_does_what_its_equation_says(engine, name):
    _both(engine, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_clamp_does_what_its_equation_says_on_the_default_engine(name):
    _both("fused", name)


def _both(engine, name):
    parts, holds = CASES[name]
    recorded = ran(engine, *parts).recordings()
    for key, wanted in zip(("r.r", "h.output"), expected(**holds), strict=True):
        tolerance = {"rtol": 1e-4, "atol": 1e-6} if engine == "jax" else {"rtol": 1e-12, "atol": 1e-15}
        np.testing.assert_allclose(recorded[key].values, wanted, **tolerance, err_msg=key)


@pytest.mark.slow
def test_what_is_off_and_its_own_trajectory_are_nothing_bit_for_bit():
    free = ran("fused").recordings()
    gate = np.zeros((12, 1))
    for parts, inputs in (
        ((Clamp("h", "output", 0.4, direction=BASIS, when=Column("gate")),), {"gate": gate}),
        (
            (Clamp("h", "output", 0.4, when=Column("gate")), Clamp("r", "r", 1.0, start=20 * ms)),
            {"gate": gate},
        ),
        (
            (
                Clamp("r", "r", Replay(free["r.r"].quantity)),
                Clamp("h", "output", Replay(free["h.output"].values)),
            ),
            {},
        ),
    ):
        simulation = simulate(network(*parts))
        simulation.run(12 * ms, {"x": X, **inputs})
        for key in ("r.r", "h.output"):
            np.testing.assert_array_equal(simulation.recordings()[key].values, free[key].values)


def test_other_values_and_windows_run_the_same_program():
    texts = [
        simulate(network(Clamp("r", "r", value, (index,), start, direction=None))).core.texts
        for value, index, start in ((0.1, 0, 0 * ms), (0.7, 2, 3 * ms))
    ]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("engine", EACH)
def test_weights_that_rules_change_are_held_where_they_are_clamped(engine):
    simulation = ran(engine, Clamp("in", "w", 0.7, (1, 4)), rules=(Oja(),))
    w = simulation.matrix("in").T.ravel()
    np.testing.assert_allclose(w[[1, 4]], 0.7, rtol=1e-6)
    assert np.abs(w - IN.T.ravel())[[0, 2, 3, 5]].min() > 0


class HeldHebb(SynapticRule):
    """w += eta * y * x after a presentation;  x, y activity (1), eta learning rate (1)."""

    eta = parameter(0.1, "learning rate per presentation", low=0.0)
    clock = "sample"
    x, y = pre.activity, post.activity
    dw = "eta * y * x"


@pytest.mark.parametrize("engine", ["fused", "jax"])
def test_presentations_learn_beside_a_clamp_and_may_bring_a_column_per_pattern(engine):
    layer = Network("presented", 1 * ms).add(
        Population("x", 2, Signal()),
        Population("y", 2, GradedUnit(transfer="identity")),
        Projection("w", "x", "y", Graded(), AllToAll(), IN[:2], rules=(HeldHebb(),)),
        Clamp("w", "w", 0.5, (3,)),
        Clamp("y", "output", Column("target")),
    )
    simulation = simulate(layer, engine=engine)
    simulation.present({"x": X[:4], "target": LEVEL[:4]}, 1 * ms)
    found = IN[:2] + 0.1 * LEVEL[:4].T @ X[:4] / 4
    found[1, 1] = 0.5
    np.testing.assert_allclose(simulation.matrix("w"), found, rtol=1e-5)


def test_clamps_are_kept_in_files():
    for parts, _ in CASES.values():
        described = network(*parts)
        again = from_json(to_json(described))
        assert digest(again) == digest(described)
    data = to_json(network(Clamp("r", "r", 0.1)))
    assert not {"when", "direction"} & data["parts"][-1].keys()
    data["parts"][-1]["population"] = data["parts"][-1].pop("target")
    assert from_json(data).clamps[0].target == "r"


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (
            lambda: network(Clamp("r", "I", 0.1)),
            "it is an input, the sum of what projections send: clamp the output",
        ),
        (lambda: network(Clamp("r", "tau", 1 * ms)), "a parameter does not change in a run: set it"),
        (lambda: network(Clamp("r", "spikes", 0.1)), "no such variable: known: "),
        (
            lambda: network(Clamp("r", "r", 0.1), Clamp("r", "r", 0.2, (1,))),
            "two clamps on entry 1: keep one",
        ),
        (
            lambda: network(Clamp("r", "r", 0.1, direction=BASIS), Clamp("r", "r", 0.2, (1,))),
            "two clamps on entry 1: keep one",
        ),
        (
            lambda: network(Clamp("in", "w", 0.1), Clamp("in", "w", 0.2, (4,))),
            "two clamps on entry 4: keep one",
        ),
        (
            lambda: network(Clamp("r", "r", 0.1, direction=[1.0, 1.0, 0.0])),
            "not orthonormal, .* by 1: make them",
        ),
        (lambda: network(Clamp("r", "r", 0.1, direction=[1.0, 0.0])), "directions of 2 entries, it has 3"),
        (
            lambda: network(Clamp("r", "r", 0.1, (0,), direction=[1.0, 0.0, 0.0])),
            "indices and direction: give one",
        ),
        (lambda: network(Clamp("r", "r", Replay(LEVEL))), r"a replay of shape \(12, 2\): give \(steps, 3\)"),
        (lambda: network(Clamp("r", "r", 1 * mV)), "has the unit"),
        (lambda: network(Clamp("r", "r", 0.1, when="gate")), "when = 'gate': give a Column of 0 and 1"),
        (lambda: network(Clamp("r", "r", Column("x"))), "Column 'x': the name is that of another part"),
        (
            lambda: network(Clamp("r", "r", Column("a")), Clamp("h", "output", 0.0, when=Column("a"))),
            "Column 'a': read as 3 numbers and as 1",
        ),
        (lambda: network(Clamp("up", "delay", 0 * ms)), "of a projection, only 'w' can be held"),
        (lambda: network(Clamp("on", "w", 0.0)), "clamp of 'on.w': nothing has this name"),
    ],
)
def test_a_clamp_that_does_not_fit_is_refused_in_one_line(make, match):
    with pytest.raises(Exception, match=match) as caught:
        simulate(make())
    assert "\n" not in str(caught.value)


def test_columns_that_are_not_given_are_missed():
    simulation = simulate(network(Clamp("r", "r", Column("level"))))
    with pytest.raises(
        DescriptionError, match=r"Column 'level' of a clamp is missing: give inputs\['level'\], \(3,\)"
    ):
        simulation.run(1 * ms, {"x": X[:1]})
    with pytest.raises(
        EngineRefusal, match="Column 'level' of a clamp is an input of runs: in training, put"
    ):
        network_model(network(Clamp("r", "r", Column("level"))), ("in.w",))
