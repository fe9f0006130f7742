"""Parts of a learner: local rules, rules on gradients, regulators, supplied directions, users' own; what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from brian2 import ms

from neurosim import AllToAll, Network, Normal, Population, Projection, Recorder, simulate
from neurosim.errors import ContractError, DescriptionError, UnknownNameError, UsageError
from neurosim.learning.bptt import Model, Objective, mean_square, network_model, softmax_entropy
from neurosim.learning.protocol import (
    Carried,
    Descend,
    Fresh,
    GradientRule,
    Learner,
    Local,
    Online,
    Part,
    Phase,
    Recent,
    Regulator,
    Shuffled,
    Supplied,
    reads,
)
from neurosim.neurons import GradedUnit, Signal
from neurosim.rules import Oja, SoftHebb
from neurosim.synapses import Graded
from neurosim.testing.parts import check_parts


def lateral(rule, units=3) -> Network:
    """Inputs, lateral units that learn by a rule of their own, and a read-out."""
    return Network("lateral", 10 * ms).add(
        Population("x", 4, Signal()),
        Population("side", units, GradedUnit(transfer="identity")),
        Population("y", 2, GradedUnit(transfer="identity")),
        Projection("H", "x", "side", Graded(), AllToAll(), Normal(0, 0.3), rules=rule),
        Projection("w", "x", "y", Graded(), AllToAll(), Normal(0, 0.5)),
        Recorder("y", "output"),
    )


def data(trials=6, steps=3):
    draw = np.random.default_rng(0)
    x = np.repeat(draw.normal(size=(trials, 1, 4)), steps, axis=1)
    return {"inputs": {"x": x}, "target": draw.normal(size=(trials, steps, 2))}


SAMPLE, ONLINE = SoftHebb(eta=0.1), Oja(eta=2.0 / (100 * ms))


def learner_of(*parts, rule=SAMPLE, batches=None, network=None):
    model = network_model(network or lateral(rule), ("H.w", "w.w"))
    return Learner(model, *parts, batches=batches or Shuffled(data(), 3), every=4)


def descend(**options):
    return Descend(mean_square("y.output"), optax.sgd(0.1), **options)


# Local ----------------------------


@pytest.mark.parametrize("rule", [SAMPLE, ONLINE], ids=["sample", "continuous"])
def test_local_is_the_mean_of_what_each_trial_changes_in_a_run(rule):
    trained = learner_of(
        Local("H.w"),
        Descend(mean_square("y.output"), optax.sgd(0.0), ["w.w"]),
        rule=rule,
        batches=Shuffled(data(), 6),
    ).train(1)
    runs = []
    for x in data()["inputs"]["x"]:
        simulation = simulate(lateral(rule), "jax")
        start = simulation.get("H.w")
        simulation.run(30 * ms, {"x": x})
        simulation.sample()
        runs.append(simulation.get("H.w"))
    assert np.abs(np.mean(runs, axis=0) - start).max() > 1e-4
    np.testing.assert_allclose(trained.last["H.w"], np.mean(runs, axis=0), rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_parts_that_touch_different_parameters_commute():
    one = learner_of(Local("H.w"), descend()).train(5)
    other = learner_of(descend(), Local("H.w")).train(5)
    for name, value in one.last.items():
        np.testing.assert_allclose(value, other.last[name], rtol=1e-6, err_msg=name)
    alone = learner_of(Descend(mean_square("y.output"), optax.sgd(0.1), ["w.w"])).train(5)
    np.testing.assert_allclose(one.last["w.w"], alone.last["w.w"], rtol=1e-6)


# Rules on gradients ----------------------------


class Orthogonal(GradientRule):
    """G - G H^T H: what the rows of H do not span."""

    H = reads("H.w")
    G = "G - G @ H.T @ H"


def test_a_gradient_rule_keeps_what_lateral_weights_do_not_span():
    rows = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 2)))[0].T  # orthonormal (2, 4)
    learner = learner_of(
        Descend(mean_square("y.output"), optax.sgd(0.1), ["w.w"], through={"w.w": Orthogonal()}),
        network=lateral((), units=2),
    )
    learner = Learner(
        network_model(lateral((), units=2), ("w.w",)), *learner.parts, batches=learner.batches, every=4
    )
    start = learner.train(0, [0], vary={"H.w": rows.T.reshape(1, -1)})
    step = learner.train(1, after=start)
    change = (step.last["w.w"] - start.last["w.w"]).reshape(4, 2)
    assert np.abs(change).max() > 1e-3
    np.testing.assert_allclose(rows @ change, 0, atol=1e-6)
    free = learner.gradient(start)["w.w"].reshape(4, 2)
    np.testing.assert_allclose(change, -0.1 * (free - rows.T @ rows @ free), atol=1e-6)


# Regulators and supplied directions


class Careful(Regulator):
    """Takes an update only if it does not raise the loss on the last samples; counts what it took."""

    memory = Recent(2)

    def begin(self, batch):
        return {"kept": self.memory.start(batch), "taken": jnp.int32(0)}

    def decide(self, now, state):
        samples, _ = kept = self.memory.after(state["kept"], now.batch)
        better = now.loss(now.scaled(1.0), samples) <= now.loss(now.before, samples)
        return jnp.where(better, 1.0, 0.0), {"kept": kept, "taken": state["taken"] + better}


def line(rate):
    """Return a learner of y = a x, from a = 4; every batch says y = x."""
    model = Model(lambda seed: {"a": np.array(4.0 + seed)}, lambda p, b, key: p["a"] * b)
    batches = Fresh(lambda key: jax.random.uniform(key, (3,), minval=0.5, maxval=1.0))
    objective = Objective({"e": lambda y, b: jnp.mean((y - b) ** 2)})
    return Learner(model, Descend(objective, optax.sgd(rate)), Careful(), batches=batches, every=5)


def test_a_regulator_tries_an_update_before_it_is_taken():
    good, bad = (line(rate).train(5) for rate in (0.2, 5.0))
    assert np.asarray(good.carry.states["Careful"]["taken"]) == 5 and np.abs(good.last["a"] - 1) < 1
    assert np.asarray(bad.carry.states["Careful"]["taken"]) == 0 and bad.last["a"] == 4.0


def test_recent_keeps_the_last_samples_of_all_batches():
    memory = Recent(3)
    kept = memory.start(jnp.zeros(2))
    for batch in ([1.0, 2.0], [3.0, 4.0]):
        kept = memory.after(kept, jnp.array(batch))
    assert kept[0].tolist() == [2.0, 3.0, 4.0] and kept[1] == 4


def test_a_supplied_direction_is_followed_without_differentiation():
    def delta(now):
        error = now.batch["target"] - now.outcome["y.output"]
        change = jnp.einsum("bti,btj->ij", now.batch["inputs"]["x"], error) / error.shape[0]
        return {"w.w": change.reshape(-1)}

    learner = learner_of(Supplied(delta, optax.sgd(0.05), ["w.w"]), Local("H.w"))
    start = learner.train(0)
    step = learner.train(1, after=start)
    steps, outputs = 3, 2
    descent = learner_of(Descend(mean_square("y.output"), optax.sgd(0.1), ["w.w"]))
    slope = descent.gradient(descent.train(0))["w.w"][0]
    wanted = -0.05 * slope * steps * outputs / 2
    np.testing.assert_allclose(step.last["w.w"] - start.last["w.w"], wanted, rtol=1e-4, atol=1e-6)


# The contract ----------------------------


class Decay(Part):
    """w <- 0.9 w."""

    patterns = ("w.w",)

    def step(self, now, state):
        return {"w.w": 0.9 * now.parameters["w.w"]}, state


class Sloppy(Decay):
    """Depends on how often it was traced."""

    traced = 0

    def step(self, now, state):
        Sloppy.traced += 1
        return {"w.w": (0.9 + 0.01 * Sloppy.traced) * now.parameters["w.w"]}, state


class Greedy(Decay):
    """Changes what it does not name."""

    def step(self, now, state):
        return {"H.w": 0.9 * now.parameters["H.w"]}, state


class Halve(Part):
    """Halves one parameter."""

    patterns = ("a",)

    def step(self, now, state):
        return {"a": now.parameters["a"] / 2}, state


def product(*parts):
    """Return what learns a and b, whose outcome is a b x."""
    model = Model(
        lambda seed: {"a": np.array([4.0]), "b": np.array([3.0])},
        lambda p, batch, key: {"y": p["a"] * p["b"] * batch["x"]},
    )
    return Learner(model, *parts, batches=Shuffled({"x": np.ones((1, 1))}, 1), every=2)


def of_product(outcome, batch):
    return outcome["y"].sum()


def test_a_gradient_is_that_of_the_step_or_of_what_parts_before_it_left():
    for updated, b in ((False, 3 - 0.1 * 4), (True, 3 - 0.1 * 2)):
        descend = Descend(of_product, optax.sgd(0.1), ["b"], updated=updated)
        found = product(Halve(), descend).train(1).last
        assert (found["a"][0], found["b"][0]) == pytest.approx((2, b))
    # What the phase leaves of a change counts.
    frozen = product(Halve(), descend).train(1, phase=Phase(rates={"a": 0.0})).last
    assert (frozen["a"][0], frozen["b"][0]) == pytest.approx((4, 3 - 0.1 * 4))
    assert product(descend, Halve()).gradient(product(descend, Halve()).train(0))["b"] == pytest.approx(4)


def test_measures_on_the_way_are_those_of_what_a_step_came_to():
    def learner():
        return product(Halve(), Descend(of_product, optax.sgd(0.1), ["b"]), Online({"y": of_product}, 3))

    trained = learner().train(2)
    a, b = 4.0, 3.0
    for step in range(2):
        a, b = a / 2, b - 0.1 * a
        assert learner().parts[-1].values(trained)["y"][step] == pytest.approx(a * b)
    assert np.isnan(learner().parts[-1].values(trained)["y"][2])
    still = learner().train(2, phase=Phase(rates={"*": 0.0}))
    assert learner().parts[-1].values(still)["y"][:2] == pytest.approx([12, 12])
    assert check_parts(learner, steps=3).passed


def carrying(entry="start", recording="end", start=2.0):
    model = Model(
        lambda seed: {"a": 0.5},
        lambda p, batch, key: {"end": p["a"] * batch["start"] + 1.0, "two": jnp.zeros(2)},
    )
    batches = Fresh(lambda key: {"start": jnp.float32(start)})
    return Learner(
        model,
        Carried({entry: recording}),
        Descend(lambda out, _: out["end"], optax.sgd(0.1)),
        batches=batches,
    )


def test_what_a_step_leaves_is_where_the_next_begins_and_gradients_end_there():
    trained = carrying().train(4)
    a, start, ends = 0.5, 2.0, []
    for _ in range(4):
        ends.append(a * start + 1)
        a, start = a - 0.1 * start, ends[-1]
    assert trained.losses["loss"] == pytest.approx(ends)
    assert trained.last["a"] == pytest.approx(a)
    half = carrying().restored(carrying().train(2).arrays())
    np.testing.assert_array_equal(carrying().train(4, after=half).last["a"], trained.last["a"])


@pytest.mark.parametrize(
    ("made", "error", "match"),
    [
        (lambda: Carried({}), UsageError, "no entries: give recordings"),
        (lambda: carrying("begin").train(1), UnknownNameError, "'Carried': entry 'begin'"),
        (lambda: carrying(recording="ende").train(1), UnknownNameError, "recording 'ende'.*did you mean 'end'"),
        (lambda: carrying(recording="two").train(1), UsageError, r"has shape \(2,\), entry 'start' of the batch \(\)"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_is_rejected(made, error, match):
    with pytest.raises(error, match=match):
        made()


def test_the_entropy_of_a_softmax_is_that_of_its_shares():
    outputs = jnp.log(jnp.array([[[0.5, 0.25, 0.25]], [[0.1, 0.1, 0.8]]])) + 3
    p = np.exp(np.asarray(outputs)[:, -1] - 3)
    found = softmax_entropy("y")({"y": outputs}, {})
    assert found == pytest.approx(-(p * np.log(p)).sum(1).mean(), rel=1e-5)


class Early(Part):
    """Reads a gradient."""

    def step(self, now, state):
        return {"w.w": now.gradient["w.w"]}, state


def test_parts_keep_the_contract_and_a_users_own_can_be_checked():
    read_out = Descend(mean_square("y.output"), optax.sgd(0.1), ["w.w"])
    report = check_parts(lambda: learner_of(read_out, Local("H.w"), Decay()))
    assert len(report.passed) == 6 and not report.broken
    assert len(check_parts(lambda: line(0.2), rtol=1e-3).passed) == 6
    with pytest.raises(ContractError, match="Sloppy: repeats itself: other parameters when made and trained"):
        check_parts(lambda: learner_of(Sloppy()))


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (
            lambda: learner_of(Early(), Decay()).train(1),
            UsageError,
            "part 'Early' reads 'gradient', which no part before it wrote: put",
        ),
        (
            lambda: learner_of(Greedy()).train(1),
            UsageError,
            r"part 'Greedy' changes 'H\.w', which it does not name",
        ),
        (lambda: learner_of(Careful()).train(1), UsageError, "reads 'loss', which no part before it wrote"),
        (
            lambda: learner_of(Local("K*")).train(1),
            UnknownNameError,
            r"part 'Local': 'K\*': no such parameter",
        ),
        (
            lambda: learner_of(Local("w.w")).train(1),
            UsageError,
            r"part 'Local': no rule of network 'lateral' changes",
        ),
        (lambda: Local(), UsageError, "Local: no parameters"),
        (lambda: learner_of(), UsageError, "Learner: no parts"),
        (lambda: learner_of(Decay(), Decay()), UsageError, "Learner: part 'Decay' is there twice"),
        (
            lambda: learner_of(descend(), Local("H.w"), Decay()).train(1),
            UsageError,
            "part 'Descend': other parts name",
        ),
        (lambda: Online({}, 3), UsageError, "part 'Online': 0 measures of 3 steps"),
        (lambda: Recent(0), UsageError, r"Recent\.size = 0"),
        (
            lambda: type("Bad", (GradientRule,), {"G": "G @ H"}),
            DescriptionError,
            "'H' is not declared: write H =",
        ),
        (
            lambda: learner_of(descend(through={"v*": Orthogonal()})).train(1),
            UnknownNameError,
            r"through: 'v\*'",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(make, error, match):
    with pytest.raises(error, match=match) as caught:
        make()
    assert "\n" not in str(caught.value)
