"""The study of continual learning: the lateral rule, what projections keep, measures, and a whole small run."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray
from jax import lax

from neurosim.datasets import digits, permuted
from neurosim.errors import UsageError
from neurosim.experiment import find_experiment, new_run, resumed_run, with_settings
from neurosim.experiments.continual_hlop import study as continual_hlop
from neurosim.experiments.continual_hlop.activity import SURROGATE, Activity
from neurosim.experiments.continual_hlop.claims import final, fresh, transfer
from neurosim.experiments.continual_hlop.earlier import WEIGHTS, Consolidate, fisher, memory
from neurosim.experiments.continual_hlop.feedback import Feedback, returned
from neurosim.experiments.continual_hlop.network import continual_network
from neurosim.experiments.continual_hlop.parts import Principal, flat, hebbian, matrices, orthonormal
from neurosim.experiments.continual_hlop.training import Arms
from neurosim.learning.bptt import network_model, softmax_cross_entropy
from neurosim.rng import generator
from neurosim.store import open_results

TINY = [
    "seeds=2", "tasks=2", "epochs=1", "hidden=12", "first=6,5,4", "later=3", "train_images=200", "test_images=50",
    "sampled=50", "spike_steps=3", "rate_steps=4",
    "more=replay,lateral_random,sequential_ottt,lateral_ottt,lateral_dsr",
]  # fmt: skip


class AnyRun:
    seed = 0


def config(*changes):
    chosen = dict(change.split("=", 1) for change in (*TINY, *changes))
    return with_settings(
        continual_hlop.PRESETS["quick"], [f"{name}={value}" for name, value in chosen.items()]
    )


# The rule ----------------------------------------------------------------------------------------------------------


def test_lateral_neurons_come_to_the_principal_subspace():
    draw = generator(0, "inputs")
    axes = np.linalg.qr(draw.normal(size=(10, 10)))[0]
    spread = np.array([3.0, 2.5, 2.0, 0.5, 0.4, 0.3, 0.3, 0.2, 0.2, 0.1])
    x = jnp.asarray(draw.normal(size=(400, 32, 10)) * spread @ axes.T)
    start = jnp.asarray(orthonormal(0, 0, 1, 3, 10))

    def batch(at, x):
        return lax.fori_loop(0, 5, lambda _, now: hebbian(x, x, 0.01, len(x), *now), at), None

    h = np.asarray(lax.scan(batch, (start, jnp.zeros_like(start)), x)[0][0])
    assert np.abs(h @ h.T - np.eye(3)).max() < 0.05
    assert np.linalg.norm(h.T @ h - axes[:, :3] @ axes[:, :3].T) < 0.1


def test_what_is_kept_can_be_taken_off_once():
    # The change of new rows among all rows, the old ones frozen, is that of new rows on what old ones leave.
    draw = generator(1, "rows")
    x, rows = draw.normal(size=(8, 12)), orthonormal(1, 0, 1, 7, 12)
    kept, new = rows[:4], rows[4:] + 0.1 * draw.normal(size=(3, 12))
    plain, momentum = np.concatenate([kept, new]), np.zeros((7, 12))
    for _ in range(5):
        y = x @ plain.T
        change = np.clip(y.T @ (x - y @ plain) / 8, -10, 10)
        momentum[4:] = 0.9 * momentum[4:] + 0.1 * change[4:]
        plain = plain + 0.01 * momentum
    h, m = jnp.asarray(new), jnp.zeros((3, 12))
    for _ in range(5):
        h, m = hebbian(jnp.asarray(x), jnp.asarray(x - (x @ kept.T) @ kept), 0.01, 8, h, m)
    np.testing.assert_allclose(h, plain[4:], atol=1e-6)


@pytest.mark.parametrize(("task", "layer", "count"), [(0, 1, 6), (0, 2, 5), (1, 3, 3)])
def test_the_exact_subspace_is_that_of_what_is_not_kept(task, layer, count):
    draw = generator(2, "exact")
    x, kept = draw.normal(size=(1, 40, 12)), np.zeros((1, 8, 12))
    kept[0, :2] = orthonormal(2, 0, 1, 2, 12)
    (rows,) = Principal(config(), 1, [])._leading(x, kept, task, layer)
    assert rows.shape == (count, 12)
    np.testing.assert_allclose(rows @ rows.T, np.eye(count), atol=1e-12)
    np.testing.assert_allclose(rows @ kept[0, :2].T, 0, atol=1e-12)
    left = x[0] - x[0] @ kept[0].T @ kept[0]
    best = np.sort(np.linalg.eigvalsh(left.T @ left))[-count:]
    np.testing.assert_allclose(np.sum((left @ rows.T) ** 2), best.sum())


# What projections keep ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def learned():
    """The arm with lateral neurons: its learner, and trainings after its first and its second task."""
    arms = Arms(config(), AnyRun())
    learner = arms.learner("lateral")
    steps = learner.every
    first = learner.train(steps, [0, 1])
    return learner, first, learner.train(2 * steps - 1, after=first)


def test_a_task_that_ended_is_kept_and_the_next_one_begins_with_new_rows(learned):
    _, first, later = learned
    for layer, (size, count) in enumerate([(64, 6), (12, 5), (12, 4)], 1):
        kept = matrices(first.last[f"kept{layer}_w.w"], size)
        new = matrices(first.last[f"fresh{layer}_w.w"], size)
        assert np.abs(kept[:, :count]).max(-1).min() > 0 and not kept[:, count:].any()
        np.testing.assert_allclose(new[0, :3] @ new[0, :3].T, np.eye(3), atol=1e-6)
        assert not new[:, 3:].any() and np.abs(new[0] - new[1]).max() > 0.01
        np.testing.assert_array_equal(first.last[f"kept{layer}_w.w"], later.last[f"kept{layer}_w.w"])
        np.testing.assert_array_equal(flat(kept), first.last[f"kept{layer}_w.w"])
    assert np.abs(later.last["fresh1_w.w"] - first.last["fresh1_w.w"]).max() > 1e-4


def test_weights_do_not_change_along_what_is_kept(learned):
    learner, first, later = learned
    assert learner.programs == 1
    for name, layer, size in (("w1.w", 1, 64), ("w3.w", 3, 12)):
        change = matrices(later.last[name] - first.last[name], size)
        kept = matrices(first.last[f"kept{layer}_w.w"], size)
        for one, h in zip(change, kept, strict=True):
            # Rows are nearly orthonormal: a projection twice takes what is left off.
            along = np.linalg.norm(one @ h.T) / np.linalg.norm(one)
            assert along < 3 * max(np.abs(h @ h.T - np.diag(np.diag(h @ h.T) > 0.5)).max(), 1e-4)


# Earlier ways, and other ways back ----------------------------------------------------------------------------------


def layers(draw):
    """Return inputs and weights of three layers, targets before sources, of a network without biases."""
    weights = [draw.normal(size=shape) / 2 for shape in ((5, 7), (4, 5), (10, 4))]
    inputs = [draw.normal(size=(6, 7))]
    for w in weights[:2]:
        inputs.append(np.maximum(inputs[-1] @ w.T, 0))
    return inputs, weights


def test_errors_that_come_back_on_the_weights_ahead_are_those_of_back_propagation():
    inputs, weights = layers(generator(3, "layers"))
    label = jnp.arange(6) % 10

    def loss(own):
        x = jnp.asarray(inputs[0])
        for w in own[:2]:
            x = jnp.maximum(x @ w.T, 0)
        told = jax.nn.log_softmax(x @ own[2].T)
        return -told[jnp.arange(6), label].mean()

    slopes = jax.grad(loss)([jnp.asarray(w) for w in weights])
    outputs = inputs[2] @ weights[2].T
    error = (np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True) - np.eye(10)[label]) / 6
    on = inputs[1] > 0, inputs[2] > 0
    for d, x, slope in zip(returned(error, on, weights[1], weights[2]), inputs, slopes, strict=True):
        np.testing.assert_allclose(d.T @ x, slope, atol=1e-6)


def test_information_is_the_expected_square_of_the_slope_of_what_is_told():
    inputs, weights = layers(generator(4, "layers"))
    found = fisher(inputs, weights)[2]
    outputs = inputs[2] @ weights[2].T
    p = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
    # E over c of (p_k - [k = c])^2 is p_k (1 - p_k).
    np.testing.assert_allclose(found, (p * (1 - p)).T @ inputs[2] ** 2 / 6)


def test_a_consolidated_weight_goes_to_the_minimum_of_its_penalty():
    part = Consolidate(config("consolidation=1e6"), 1, [])
    state = {"w1.w": (jnp.array([2.0, 0.0]), jnp.array([6.0, 0.0]))}
    now = SimpleNamespace(parameters={"w1.w": jnp.array([10.0, 10.0])})
    np.testing.assert_allclose(part.step(now, state)[0]["w1.w"], [3.0, 10.0], rtol=1e-4)


def test_what_is_kept_for_replay_comes_once_in_a_pass_and_only_of_tasks_seen():
    tasks = [permuted(digits(), seed) for seed in range(3)]
    kept = memory(config("memory=4", "replay_batch=10"), tasks, 0)
    assert kept.images.shape == (3, 40, 64) and (np.bincount(kept.labels[0]) == 4).all()
    kept = replace(kept, seen=np.array([1.0, 1.0, 0.0], np.float32))
    batches = [kept.draw(jax.random.key(0), step) for step in range(kept.per_epoch)]
    assert batches[0]["counts"].tolist() == [1.0] * 20 + [0.0] * 10
    shown = np.concatenate([batch["inputs"]["x"][:10] for batch in batches])
    np.testing.assert_array_equal(np.unique(shown, axis=0), np.unique(kept.images[0], axis=0))


# Spiking networks ---------------------------------------------------------------------------------------------------


T = 5


@cache
def shown(trainer, steps=T):
    """A spiking network without lateral neurons: its activity, and a step of learning from a batch of four."""
    changed = config("hidden=12", f"spike_steps={steps}", f"rate_steps={steps}")
    activity = Activity(trainer, changed)
    model = network_model(
        continual_network(changed, False, trainer), WEIGHTS, steps=steps + 2, surrogate=SURROGATE
    )
    draw = generator(5, "spikes")
    weights = {
        name: jnp.asarray(3 * w, jnp.float32) for name, w in model.initial(0).items() if name in WEIGHTS
    }
    x = draw.normal(size=(4, 64)).astype(np.float32)
    batch = {"inputs": {"x": x}, "label": np.array([0, 3, 9, 3]), "counts": np.array([1.0, 1.0, 1.0, 0.0])}
    outcome = jax.jit(model.outcome)(weights, batch, jax.random.key(0))
    return activity, SimpleNamespace(model=model, before=weights, batch=batch, outcome=outcome)


def spikes_of(trainer, current):
    """The equations of a layer: current (T, trials, neurons) to outputs and potentials before the reset."""
    v, outputs, potentials = np.zeros_like(current[0]), [], []
    beta = np.exp(-0.05)
    for i in current:
        v = {"bptt": 0.5 * v + 2 * 0.5 * i, "ottt": 0.5 * v + i, "dsr": beta * v + (1 - beta) * i}[trainer]
        spike = v >= {"bptt": 1, "ottt": 1, "dsr": 0.3 * 0.3}[trainer]
        potentials.append(v)
        v = {"bptt": np.where(spike, 0, v), "ottt": v - spike, "dsr": v - 0.3 * spike}[trainer]
        outputs.append(spike * {"bptt": 1, "ottt": 1, "dsr": 0.3 / 0.05}[trainer])
    return np.array(outputs), np.array(potentials)


@pytest.mark.parametrize("trainer", ["bptt", "ottt", "dsr"])
def test_spiking_networks_follow_their_equations(trainer):
    activity, now = shown(trainer)
    w1, w2, w3 = (np.asarray(now.model.matrix(name, now.before[name]), float) for name in WEIGHTS)
    s1, _ = spikes_of(trainer, np.repeat((now.batch["inputs"]["x"] @ w1.T)[None], T, axis=0))
    s2, _ = spikes_of(trainer, s1 @ w2.T)
    assert 0.05 < np.mean(s1 > 0) < 0.95 and 0.05 < np.mean(s2 > 0) < 0.95
    for layer, expected in ((1, s1), (2, s2)):
        np.testing.assert_allclose(activity.steps(now.outcome, layer), expected.swapaxes(0, 1), atol=1e-6)
    weights = np.exp(-0.05 * np.arange(T)[::-1]) if trainer == "dsr" else np.ones(T)
    y = np.einsum("t,tbi->bi", weights / weights.sum(), s2) @ w3.T
    np.testing.assert_allclose(now.outcome["y.output"][:, -1], y, atol=1e-5)


def changes(activity, now):
    """The change of weights that errors wish for, as matrices."""
    found = Feedback("exact", False, activity)(now)
    return [np.asarray(now.model.matrix(name, found[name])) for name in WEIGHTS]


@pytest.mark.slow
def test_in_one_step_errors_and_traces_give_the_gradient_of_the_surrogate():
    activity, now = shown("ottt", 1)
    loss = softmax_cross_entropy("y.output")

    def missed(weights):
        return loss(now.model.outcome(weights, now.batch, jax.random.key(0)), now.batch)

    slopes = jax.jit(jax.grad(missed))(now.before)
    for found, name in zip(changes(activity, now), WEIGHTS, strict=True):
        slope = np.asarray(now.model.matrix(name, slopes[name]))
        assert np.abs(slope).max() > 1e-3
        np.testing.assert_allclose(-found, slope, atol=1e-6)


def test_over_steps_traces_meet_errors_of_the_moment():
    activity, now = shown("ottt")
    x, counts = now.batch["inputs"]["x"].astype(float), now.batch["counts"] / 3
    w1, w2, w3 = (np.asarray(now.model.matrix(name, now.before[name]), float) for name in WEIGHTS)
    s1, v1 = spikes_of("ottt", np.repeat((x @ w1.T)[None], T, axis=0))
    s2, v2 = spikes_of("ottt", s1 @ w2.T)
    expected, traces = [np.zeros_like(w) for w in (w1, w2, w3)], [0.0, 0.0, 0.0]
    for t in range(T):
        traces = [0.5 * r + one for r, one in zip(traces, (x, s1[t], s2[t]), strict=True)]
        p = np.exp(s2[t] @ w3.T)
        d3 = (p / p.sum(1, keepdims=True) - np.eye(10)[now.batch["label"]]) * counts[:, None] / T
        slopes = [4 / (1 + np.exp(-4 * (v[t] - 1))) / (1 + np.exp(4 * (v[t] - 1))) for v in (v1, v2)]
        d2 = d3 @ w3 * slopes[1]
        for total, d, r in zip(expected, (d2 @ w2 * slopes[0], d2, d3), traces, strict=True):
            total += d.T @ r
    for found, slope in zip(changes(activity, now), expected, strict=True):
        np.testing.assert_allclose(-found, slope, atol=1e-5)


def test_gradients_through_rates_are_those_of_every_step():
    activity, now = shown("dsr")
    x, weights = now.batch["inputs"]["x"].astype(float), np.exp(-0.05 * np.arange(T)[::-1])
    weights /= weights.sum()
    w1, w2, w3 = (np.asarray(now.model.matrix(name, now.before[name]), float) for name in WEIGHTS)
    s1, _ = spikes_of("dsr", np.repeat((x @ w1.T)[None], T, axis=0))
    s2, _ = spikes_of("dsr", s1 @ w2.T)
    a1, a2 = (np.einsum("t,tbi->bi", weights, s) for s in (s1, s2))
    p = np.exp(a2 @ w3.T)
    g = (p / p.sum(1, keepdims=True) - np.eye(10)[now.batch["label"]]) * now.batch["counts"][:, None] / 3
    # dL/do_i of the last spikes, then of one layer to the next: G = T sum w_i dL/do_i, dL/dI_i = G/T where 0 < I_w < 6.
    of2 = T * sum(w * (w * g @ w3) for w in weights) * ((a1 @ w2.T > 0) & (a1 @ w2.T < 6))
    to2 = [of2 / T for _ in range(T)]
    of1 = T * sum(w * (i @ w2) for w, i in zip(weights, to2, strict=True)) * ((x @ w1.T > 0) & (x @ w1.T < 6))
    expected = of1.T @ x, sum(i.T @ s for i, s in zip(to2, s1, strict=True)), g.T @ a2
    for found, slope in zip(changes(activity, now), expected, strict=True):
        np.testing.assert_allclose(-found, slope, atol=1e-5)


def test_lateral_neurons_see_rates_spikes_or_spikes_and_traces():
    shapes = {
        "bptt": [(1, 4, 1), (1, 4, T), (1, 4, T)],
        "ottt": [(T, 4, 1), (T, 4, 2), (T, 4, 2)],
        "dsr": [(1, 4, 1)] * 3,
    }
    for trainer, expected in shapes.items():
        activity, now = shown(trainer)
        assert [one.shape[:3] for one in activity.received(now.outcome, now.batch)] == expected


# Measures and settings ---------------------------------------------------------------------------------------------


def test_measures_of_a_matrix_of_accuracies():
    table = np.array([[[0.9, 0.1, 0.1], [0.8, 0.8, 0.1], [0.6, 0.7, 0.9]]])
    np.testing.assert_allclose(final(table), 100 * 2.2 / 3)
    np.testing.assert_allclose(fresh(table), 100 * 2.6 / 3)
    np.testing.assert_allclose(transfer(table), -20)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["first=60,5,4", "later=9"], "69 lateral neurons of layer 1 for 2 tasks, but only 64 neurons"),
        (["first=6,5"], "'first': .6, 5.: give one for each"),
        (["lateral_rates=0.1"], "'lateral_rates'"),
    ],
)
def test_lateral_neurons_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        Arms(config(*changes), AnyRun())


def test_there_are_no_more_tasks_than_permutations():
    with pytest.raises(UsageError, match="'tasks': 101: above 100|'tasks'.*100"):
        config("tasks=101")
    assert continual_hlop.PRESETS["paper"].tasks == 10
    Arms(continual_hlop.PRESETS["paper"], AnyRun())  # ten subspaces fit


def test_images_that_are_missing_are_named(tmp_path):
    chosen = config("data=fashion", "hidden=100", f"folder={tmp_path}")
    with pytest.raises(UsageError, match="dataset-fashion-mnist"):
        Arms(chosen, AnyRun()).tasks  # noqa: B018


# The study ---------------------------------------------------------------------------------------------------------


def test_the_study_is_found_and_has_its_presets():
    assert set(find_experiment("continual_hlop").presets) == {"quick", "fashion", "paper"}


@pytest.mark.slow
def test_a_run_that_was_stopped_continues_to_the_same_end(tmp_path, monkeypatch):
    whole, stopped = (str(tmp_path / f"{name}.h5") for name in ("whole", "stopped"))
    outcome = new_run(continual_hlop.experiment, config(), out=whole, seed=1).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    assert {c.id for c in outcome.claims if c.verdict == "not tested"} == {
        "mnist", "split", "ahead-of-consolidated", "pair-random", "pair-sign", "pair-bptt", "pair-dsr",
    }  # fmt: skip
    with xarray.open_dataset(outcome.path, group="lateral", engine="h5netcdf") as data:
        assert data.accuracy.dims == ("seed", "after", "task") and data.accuracy.shape == (2, 2, 2)
    captured, calls = Arms.captured, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 4:  # after the first task with lateral neurons
            raise KeyboardInterrupt
        return captured(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Arms, "captured", interrupted)
        with pytest.raises(KeyboardInterrupt):
            new_run(continual_hlop.experiment, config(), out=stopped, seed=1).execute()
    resumed_run(continual_hlop.experiment, stopped).execute()
    with open_results(whole) as one, open_results(stopped) as other:
        for name in one.paths():
            if not name.endswith("step_time"):
                np.testing.assert_array_equal(one.array(name), other.array(name))


@pytest.mark.slow
def test_lateral_neurons_forget_less_than_sequential_training_in_every_seed():
    found = {}
    for arm in ("sequential", "lateral"):
        arms = Arms(
            config("seeds=3", "tasks=3", "epochs=10", "hidden=64", "first=20,24,20", "later=9"), AnyRun()
        )
        found[arm] = transfer(arms.learned(arm, _Silent())["accuracy"].array)
    assert (np.abs(found["lateral"]) < np.abs(found["sequential"])).all()


class _Silent:
    def __call__(self, *_):
        pass

    def restored(self):
        return None

    def checkpoint(self, _):
        pass
