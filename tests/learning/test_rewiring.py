"""Structural rules in training: masks, gradients, what the optimiser keeps, going on after a stop."""

import jax
import numpy as np
import optax
import pytest
from brian2 import ms

from neurosim import AllToAll, Network, Normal, Population, Projection, Recorder, simulate
from neurosim.compiler.equations.network import network_equations
from neurosim.engines.structure import needs_gradient
from neurosim.errors import EngineRefusal, UsageError
from neurosim.learning.bptt import mean_square, network_model
from neurosim.learning.protocol import Descend, Learner, Rewire, Shuffled
from neurosim.model.structural import StructuralRule, gradient
from neurosim.neurons import GradedUnit, Signal
from neurosim.rules import SET, ActivityCovariance, DeepR, GraNet, RigL
from neurosim.synapses import Graded

EVERY = 20


def network(*rules) -> Network:
    return Network("mlp", 1 * ms).add(
        Population("x", 6, Signal()),
        Population("h", 12, GradedUnit(transfer="tanh")),
        Population("out", 2, GradedUnit(transfer="identity")),
        Projection("a", "x", "h", Graded(), AllToAll(), Normal(0, 0.5), rules=rules),
        Projection("b", "h", "out", Graded(), AllToAll(), Normal(0, 0.5), rules=rules),
        Recorder("out", "output"),
    )


def rewiring(*rules, trained=("a.w", "b.w"), optimiser=None, every=EVERY) -> Learner:
    x = np.random.default_rng(0).normal(size=(64, 1, 6))
    target = np.stack([np.tanh(x[..., 0] * x[..., 1]), np.sin(x[..., 2] + x[..., 3])], axis=-1)
    return Learner(
        network_model(network(*rules), trained),
        Descend(mean_square("out.output"), optimiser or optax.adam(0.01)),
        Rewire(network(*rules), every),
        batches=Shuffled({"inputs": {"x": x}, "target": target}, 32),
        every=EVERY,
    )


def masks_of(learner, training):
    return learner.parts[1].masks(training)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(SET(density=0.4), marks=pytest.mark.slow),
        pytest.param(RigL(density=0.4, updates=5), marks=pytest.mark.slow),
        pytest.param(DeepR(density=0.4, drift=0.02, noise=0.02), marks=pytest.mark.slow),
        GraNet(s_final=0.7, stop=3, updates=5),
    ],
    ids=lambda rule: type(rule).__name__,
)
def test_training_keeps_masks_and_rules_change_them(rule):
    made = rewiring(rule)
    start = masks_of(made, made.train(0, [0, 1]))
    training = made.train(4 * EVERY, [0, 1])
    masks = masks_of(made, training)
    for name, mask in masks.items():
        assert not training.last[f"{name}.w"][~mask].any()
        assert (mask != start[name]).any(axis=1).all()
        moments = [np.asarray(x) for x in jax.tree.leaves(training.carry.states) if np.shape(x) == mask.shape]
        assert len(moments) == 2 * [m.shape for m in masks.values()].count(mask.shape)
        assert all(not moment[~mask].any() for moment in moments)
    first, total = (sum(m.sum(axis=1) for m in of.values()) for of in (start, masks))
    # floor(0.3 * 96) are left; or as many as there were, 0.4 * 96 but for rounding in each projection.
    assert np.array_equal(total, [28, 28] if isinstance(rule, GraNet) else first)
    assert isinstance(rule, GraNet) or np.abs(first - 38.4).max() <= 1
    assert np.isfinite(training.losses["loss"]).all()
    # Each seed has connections of its own, those of a run of that seed.
    own = masks if isinstance(rule, GraNet) else start
    assert (own["a"][0] != own["a"][1]).any()
    if isinstance(rule, SET):
        assert np.array_equal(simulate(network(rule), seed=1).get("a.mask") > 0.5, start["a"][1])


class Watching(StructuralRule):
    """seen = |g|, w and mask as an update sees them. Source: none."""

    g = gradient("what it watches")
    _seen = []

    def step(self, mask, w, signal, t, rng):
        self._seen.append((t, mask.copy(), w.copy(), signal["g"].copy()))
        return np.zeros_like(mask), np.zeros_like(mask)


def test_rules_see_the_dense_gradient_of_the_objective():
    made = rewiring(Watching(density=0.5))
    Watching._seen.clear()
    training = made.train(EVERY, 0)
    (t, mask, w, slope), (_, other, _, _) = Watching._seen
    assert t == 1 and mask.size == 72 and other.size == 24
    everything = {f"{name}.mask": np.ones(n) for name, n in (("a", 72), ("b", 24))}
    wanted = made.gradient(training, everything)["a.w"][0]
    assert np.array_equal(slope, wanted)
    # By differences of the loss, at connections that are there and at absent ones.
    held = {name: np.ones(n, "float32") for name, n in (("a.mask", 72), ("b.mask", 24))}
    batch = made.batches.draw(jax.random.fold_in(_key(made, training), 0), training.step)

    def loss(value, place):
        changed = np.array(training.last["a.w"], float)
        changed[place] += value
        given = {**made.model.initial(0), **held, "b.w": training.last["b.w"], "a.w": changed}
        outcome = made.model.outcome(given, batch, jax.random.key(0))
        return float(np.mean((np.asarray(outcome["out.output"], float) - np.asarray(batch["target"])) ** 2))

    absent, present = np.flatnonzero(~mask)[:4], np.flatnonzero(mask)[:4]
    assert np.abs(slope[absent]).min() > 0 and not w[absent].any()
    for place in (*absent, *present):
        assert (loss(0.02, place) - loss(-0.02, place)) / 0.04 == pytest.approx(
            slope[place], rel=0.02, abs=2e-5
        )


def _key(made, training):
    from neurosim.rng.jax_keys import jax_key

    return jax_key(int(training.seeds[0]), "training", "batches")


def test_growth_does_not_change_what_the_network_puts_out():
    made = rewiring(RigL(density=0.4, updates=5, alpha=0.5))
    before = made.train(EVERY - 1, 0)
    after = made.parts[1].updated(made, before, 1)
    old, new = (masks_of(made, training) for training in (before, after))
    batch = made.batches.draw(jax.random.key(0), 0)

    def put_out(weights, masks):
        given = {**made.model.initial(0), **weights}
        given |= {f"{name}.mask": mask.astype("float32") for name, mask in masks.items()}
        return np.asarray(made.model.outcome(given, batch, jax.random.key(0))["out.output"])

    grown = {name: new[name] & ~old[name] for name in new}
    assert all(mask.any() for mask in grown.values())
    without = {name: new[name] & ~grown[name] for name in new}
    assert np.array_equal(put_out(after.last, new), put_out(after.last, without))
    assert not np.array_equal(put_out(before.last, old), put_out(after.last, new))


def test_training_that_stopped_goes_on_with_the_same_bits(tmp_path):
    rule, path = RigL(density=0.4, updates=5), tmp_path / "training.h5"
    made = rewiring(rule)
    whole = made.train(3 * EVERY, 3)
    made.train(2 * EVERY, 3, checkpoint=path)
    again = made.train(3 * EVERY, after=made.load(path))
    for name, value in whole.arrays().items():
        assert np.array_equal(value, again.arrays()[name], equal_nan=True), name


def test_a_structural_rule_that_needs_a_gradient_is_refused_in_a_run_by_name():
    with pytest.raises(
        EngineRefusal,
        match="'fused' cannot run network 'mlp': RigL on projection 'a' needs the gradient of a loss, which only",
    ):
        simulate(network(RigL()))
    local = network(RigL(g="activity_covariance_c"), ActivityCovariance())
    assert not list(needs_gradient(network_equations(local)))


@pytest.mark.parametrize(
    ("rules", "trained", "every", "seen"),
    [
        ((), ("a.w",), 20, "network 'mlp': no projection has a structural rule: give it one"),
        ((SET(),), ("a.w",), 20, r"projection 'b' has a structural rule, but 'b\.w' is not trained: name it"),
        ((SET(),), ("a.w", "b.w"), 0, r"Rewire\.every = 0: must be at least 1"),
    ],
)
def test_what_cannot_be_rewired_is_refused(rules, trained, every, seen):
    with pytest.raises(UsageError, match=seen):
        rewiring(*rules, trained=trained, every=every).train(0)
