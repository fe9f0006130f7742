"""The study of homeostatic learning rates: the rule, swaps, the two gradients, and a whole small run."""

from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurosim.errors import UsageError
from neurosim.experiment import new_run, with_settings
from neurosim.experiments.homeostatic_rate import study as homeostatic_rate
from neurosim.experiments.homeostatic_rate.rates import LEAST, Homeostatic, RandomWalk, Rate, moved
from neurosim.experiments.homeostatic_rate.shift import Shifting

TINY = [
    "images=80", "validation=20", "hidden=4", "epochs=2", "swaps=0,4", "factors=10", "seeds=2",
]  # fmt: skip
KEY = jax.random.key(0)


def shifting(interval, count=80, size=10):
    x = np.arange(count, dtype=np.float32)[:, None]
    return Shifting(x, (np.arange(count) % 10).astype(np.int32), np.int32(interval), size)


@jax.jit
def following(stream, state, step):
    return stream.next(state, KEY, step)


def walked(stream, steps):
    state, batches = stream.start(KEY), []
    for step in range(steps):
        state, batch = following(stream, state, np.int32(step))
        batches.append(jax.tree.map(np.asarray, batch))
    return batches


@pytest.mark.parametrize("label", [0, 4, 5, 9])
def test_a_label_moves_the_rate_by_a_tenth_of_its_start(label):
    found = float(moved(jnp.float32(0.05), label, 0.01))
    assert found == pytest.approx(0.06 if label >= 5 else 0.04)


@pytest.mark.parametrize("start", [0.001, 0.0058])
def test_a_rate_that_would_not_be_above_0_is_least_whatever_rounding_makes_of_it(start):
    rate = jnp.float32(start)
    for _ in range(10):
        rate = moved(rate, 0, start / 10)
    assert float(rate) == pytest.approx(LEAST)
    assert float(moved(rate, 0, start / 10)) == pytest.approx(LEAST)
    assert float(moved(rate, 9, start / 10)) == pytest.approx(start / 10, rel=1e-3)


def test_labels_are_a_permutation_that_swaps_at_equal_intervals_of_each_epoch():
    batches = walked(shifting(20), 16)
    orders = np.array([batch["order"][0] for batch in batches])
    assert (np.sort(orders, 1) == np.arange(10)).all()
    changed = np.flatnonzero((orders[1:] != orders[:-1]).any(1))
    # After 20, 40, 60 and 80 images of an epoch; two labels at a time.
    np.testing.assert_array_equal(changed, [1, 3, 5, 7, 9, 11, 13])
    assert set((orders[1:] != orders[:-1]).sum(1)) == {0, 2}
    for batch in batches:
        np.testing.assert_array_equal(batch["label"], batch["order"][0][batch["class"]])
    for epoch in (batches[:8], batches[8:]):
        seen = np.concatenate([batch["inputs"]["x"].ravel() for batch in epoch])
        np.testing.assert_array_equal(np.sort(seen), np.arange(80))
    # Not after the first batch of an epoch, and never without swaps.
    every = [batch["order"][0] for batch in walked(shifting(10), 9)]
    assert (every[0] == every[1]).all() and (every[1] != every[2]).any()
    assert all((batch["order"][0] == np.arange(10)).all() for batch in walked(shifting(81), 16))


def linear(whole):
    """Return a step under way of a linear network of two classes, as `Homeostatic` sees it."""
    rule = Homeostatic(0.1, 100, whole=whole)
    w = jnp.asarray(np.random.default_rng(1).normal(size=(3, 10)), jnp.float32)
    x = jnp.asarray(np.random.default_rng(2).normal(size=(10, 3)), jnp.float32)
    label = jnp.asarray([7, *range(1, 10)])

    def run(parameters, batch):
        return {"y.output": (batch["inputs"]["x"] @ parameters["w"])[:, None]}, None

    def loss(parameters, batch):
        outputs = run(parameters, batch)[0]["y.output"][:, -1]
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(outputs), batch["label"][:, None], 1))

    batch = {"inputs": {"x": x}, "label": label, "class": label, "order": jnp.tile(jnp.arange(10), (10, 1))}
    now = SimpleNamespace(
        batch=batch, before={"w": w}, run=run, loss=loss, outcome=run({"w": w}, batch)[0], step=jnp.int32(5),
        gradient=jax.jit(jax.grad(loss))({"w": w}, batch),
    )  # fmt: skip
    return rule, now


def test_a_simulation_uses_one_sample_over_the_size_of_the_batch():
    rule, now = linear(False)
    x, w, label = now.batch["inputs"]["x"][0], now.before["w"], 7
    expected = jnp.outer(x, jax.nn.softmax(x @ w) - jax.nn.one_hot(label, 10)) / 10
    np.testing.assert_allclose(jax.jit(lambda: rule.of_first(now))()["w"], expected, rtol=1e-5)


@pytest.mark.parametrize(("scores", "taken"), [((3, 4), True), ((4, 4), False), ((4, 3), False)])
def test_the_effect_of_the_true_label_is_taken_only_if_the_second_simulation_is_better(scores, taken):
    rule, now = linear(True)
    state = {**rule.begin(now.batch), "rate": jnp.float32(0.1)}
    tried = []

    def right(now, state, slope, rate):
        tried.append(float(rate))
        return jnp.int32(scores[0] if float(rate) == pytest.approx(0.1) else scores[1])

    rule.right = right
    rate, after = rule.decide(now, state)
    guess = int(now.outcome["y.output"][0, -1].argmax())
    assert sorted(tried) == pytest.approx(sorted([0.1, 0.11 if guess >= 5 else 0.09]))
    assert float(rate) == pytest.approx(0.11 if taken else 0.1)
    assert (int(after["takes"]), int(after["decisions"])) == (taken, 1)


def test_simulations_are_judged_on_the_twenty_samples_before_with_their_labels_of_now():
    rule, now = linear(True)
    batches = walked(shifting(20), 4)
    state = rule.begin(batches[0])
    for batch in batches[1:3]:
        state = rule.after(SimpleNamespace(batch=batch), state)
    samples, seen = state["memory"]
    expected = np.concatenate([batch["inputs"]["x"] for batch in batches[1:3]])
    np.testing.assert_array_equal(samples["x"], expected)
    assert int(seen) == 20
    # A network that is right for every sample by its class of now.
    order = batches[3]["order"]
    classes = np.asarray(samples["class"])
    now.batch = batches[3]
    now.run = lambda p, b: ({"y.output": jax.nn.one_hot(order[0][classes], 10)[:, None]}, None)
    assert int(rule.right(now, state, now.gradient, 0.1)) == 20
    assert [bool(rule.due(jnp.int32(place))) for place in range(5)] == [False, False, False, True, True]
    assert [bool(RandomWalk(0.1, 8).due(jnp.int32(place))) for place in range(3)] == [False, True, True]
    assert not bool(Rate(0.1, 8).due(jnp.int32(3)))


def test_one_network_is_too_few_for_paired_differences():
    with pytest.raises(UsageError, match="seeds"):
        with_settings(homeostatic_rate.PRESETS["quick"], ["seeds=1"])


def test_an_epoch_without_room_for_its_swaps_is_rejected():
    for text, message in (
        ("swaps=9", "swaps = 9: an epoch of 80 images"),
        ("images=85", "images = 85: give a multiple"),
    ):
        settings = [one for one in TINY if not one.startswith(text.split("=")[0])]
        config = with_settings(homeostatic_rate.PRESETS["quick"], [*settings, text])
        with pytest.raises(UsageError, match=message):
            config.require_sense()


@pytest.mark.slow
def test_a_small_run_ends_in_a_file_with_claims_and_a_figure(tmp_path):
    config = with_settings(homeostatic_rate.PRESETS["quick"], TINY)
    outcome = new_run(homeostatic_rate.experiment, config, out=str(tmp_path / "run.h5"), seed=3).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    # No advantage is asked for.
    assert verdicts["seasons"] == "not tested" and {"homeostatic-gain-4", "best-constant-4"} <= set(verdicts)


@pytest.mark.slow
def test_a_rule_that_never_takes_is_the_constant_rate_bit_for_bit():
    class Never(Homeostatic):
        def takes(self, now, state):
            return super().takes(now, state) & False

    config = with_settings(homeostatic_rate.PRESETS["quick"], TINY)
    study = homeostatic_rate.Study(config, SimpleNamespace(seed=1))
    phase = homeostatic_rate.Phase(batches=study.stream(4))
    found = [
        study.learner(kind(0.0058, 8)).train(16, study.seeds, vary=study.start(), phase=phase).losses["loss"]
        for kind in (Rate, Never)
    ]
    np.testing.assert_array_equal(*found)
