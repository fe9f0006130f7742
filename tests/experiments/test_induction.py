"""The study of induction circuits: the circuit written out, sequences, clamps, the toy, and a whole small run."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from brian2 import ms

from neurosim import simulate
from neurosim.errors import UsageError
from neurosim.experiment import new_run, with_settings
from neurosim.experiments.induction import study as induction
from neurosim.experiments.induction import toy
from neurosim.experiments.induction.claims import fallen
from neurosim.experiments.induction.network import NAMED, SHOWN, TOKENS, circuit
from neurosim.experiments.induction.sequences import held_out, measured_sets, sequences

TINY = [
    "features=4", "width=8", "heads=3", "depth=2", "iterations=40", "batch=6", "tests=20", "seeds=2", "toy_steps=300",
]  # fmt: skip
CONFIG = with_settings(induction.PRESETS["quick"], TINY)


def normalised(x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


def softmax(x):
    raised = np.exp(x - x.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def turned(x, tokens):
    """Rotary positions: pairs as complex numbers, times exp(i t w)."""
    pairs = x[..., 0::2] + 1j * x[..., 1::2]
    wave = 10_000.0 ** (-2 * np.arange(pairs.shape[-1]) / x.shape[-1])
    pairs = pairs * np.exp(1j * np.asarray(tokens)[:, None] * wave)
    return np.stack([pairs.real, pairs.imag], -1).reshape(x.shape)


def written_out(config, weight, exemplars, labels):
    """Return the circuit's scores and patterns; exemplars (3, features), labels (2, labels)."""
    heads, depth = config.heads, config.depth
    x = np.zeros((TOKENS, config.width))
    x[list(SHOWN)] = exemplars @ weight("see").T
    x[list(NAMED)] = labels @ weight("name").T
    late = np.triu(np.full((TOKENS, TOKENS), -np.inf), 1)
    q, k, v = (
        (normalised(x) @ weight(name).T).reshape(TOKENS, heads, depth).swapaxes(0, 1)
        for name in ("q1", "k1", "v1")
    )
    q, k = turned(q, range(TOKENS)), turned(k, range(TOKENS))
    pattern = softmax(q @ k.swapaxes(1, 2) / depth**0.5 + late)
    x = x + (pattern @ v).swapaxes(0, 1).reshape(TOKENS, -1) @ weight("o1").T
    n = normalised(x)
    q2 = turned(n[-1:] @ weight("q2").T, [TOKENS - 1])
    score = (q2 @ turned(n @ weight("k2").T, range(TOKENS)).T / depth**0.5)[0]
    last = x[-1] + softmax(score) @ (n @ weight("v2").T) @ weight("o2").T
    return normalised(last) @ weight("read").T, pattern, score


def test_the_circuit_is_attention_written_out():
    config = CONFIG
    simulation = simulate(circuit(config), engine="brian2", seed=3)
    shapes = {"see": (8, 4), "name": (8, 5), **dict.fromkeys(("q1", "k1", "v1"), (6, 8)), "o1": (8, 6)}
    shapes |= {"k2": (2, 8), "v2": (2, 8), "q2": (2, 8), "o2": (8, 2), "read": (5, 8)}

    def weight(name):
        # Shared weights stand at input * features + feature, as those of all-to-all projections do.
        return (
            np.asarray(simulation.get(f"{name}.w"), float)[: np.prod(shapes[name])]
            .reshape(shapes[name][::-1])
            .T
        )

    rng = np.random.default_rng(1)
    exemplars, labels = rng.normal(size=(3, 4)), np.eye(5)[[3, 1]]
    simulation.run(0.1 * ms, {"exemplars": exemplars.ravel(), "labels": labels.ravel()})
    scores, pattern, score = written_out(config, weight, exemplars, labels)
    np.testing.assert_allclose(simulation.get("y.output"), scores, rtol=1e-8)
    np.testing.assert_allclose(simulation.get("score2.output"), score, rtol=1e-8)
    found = np.reshape(simulation.get("share1.output"), pattern.shape)
    np.testing.assert_allclose(found, pattern, atol=1e-7)  # what comes later has e**-30, not 0


@pytest.mark.slow
def test_a_copying_circuit_gives_labels_the_scores_of_their_tokens():
    simulation = simulate(circuit(CONFIG, copying=True), engine="brian2", seed=3)
    rng = np.random.default_rng(1)
    simulation.run(0.1 * ms, {"exemplars": rng.normal(size=12), "labels": np.eye(5)[[3, 1]].ravel()})
    found, score = simulation.get("y.output"), simulation.get("score2.output")
    np.testing.assert_allclose(found[[3, 1]], score[list(NAMED)], rtol=1e-8)
    np.testing.assert_allclose(found[[0, 2, 4]], -30)


def test_sequences_can_be_answered_by_looking_up_alone():
    config = with_settings(CONFIG, ["tests=200"])
    stream = sequences(config, 0)
    known = int(stream.known[1])
    kept = {tuple(pair) for pair in stream.pairs[:known]}
    assert known == 8 and np.unique(stream.pairs[:known]).size == 5
    np.testing.assert_allclose(np.linalg.norm(stream.features, axis=1), config.norm, rtol=1e-6)
    draw = jax.jit(lambda one, key: one.draw(key, 0))
    for name, one in measured_sets(config, stream).items():
        batch = jax.tree.map(np.asarray, draw(one, jax.random.key(1)))
        shown = batch["inputs"]["exemplars"].reshape(200, 3, -1)
        labels = batch["inputs"]["labels"].reshape(200, 2, 5).argmax(2)
        same = (shown[:, :2] == shown[:, 2:]).all(2)
        assert (same.sum(1) == 1).all()
        np.testing.assert_array_equal(labels[np.arange(200), same.argmax(1)], batch["label"])
        np.testing.assert_array_equal(batch["match"][:, 0, list(NAMED)], same)
        among = {tuple(sorted(pair)) for pair in labels.tolist()}
        assert among <= kept if name != "new pairs" else not among & kept
        place = (stream.features[:, None] == shown[:, 2]).all(2).argmax(0)
        assert (place >= config.classes).all() if name == "new classes" else (place < config.classes).all()
        # Neither the place nor the label gives the answer away.
        assert 0.35 < same[:, 0].mean() < 0.65 and (labels[:, 0] < labels[:, 1]).mean() == pytest.approx(
            0.5, abs=0.15
        )


def test_every_label_occurs_in_training():
    for labels, left in ((3, 1), (5, 2), (10, 9)):
        kept, out = held_out(labels, labels)
        assert len(out) == left and len(kept) + left == labels * (labels - 1) / 2
        assert np.unique(kept).size == labels


def test_the_toy_falls_as_its_closed_form_says():
    config = with_settings(CONFIG, ["toy_size=6", "toy_steps=12"])
    found = toy.learned(config, SimpleNamespace(seed=2), lambda *_: None)
    held = np.log(found["loss"].array[2])
    np.testing.assert_allclose(np.diff(held, axis=1), found["slope"].array[:, None].repeat(11, 1), rtol=1e-9)
    # One update without clamps, written out.
    values = toy.drawn(config, 2000)
    a, b, c = (values[name] for name in "abc")
    residual = np.einsum("i,j,k->ijk", a, b, c) - np.einsum(
        "i,j,k->ijk", *(values[f"true_{n}"] for n in "abc")
    )
    new = [
        x - np.einsum(f"ijk,{u},{v}->{w}", residual, y, z) / 6**3
        for x, y, z, u, v, w in ((a, b, c, "j", "k", "i"), (b, a, c, "i", "k", "j"), (c, a, b, "i", "j", "k"))
    ]
    residual = np.einsum("i,j,k->ijk", *new) - np.einsum("i,j,k->ijk", *(values[f"true_{n}"] for n in "abc"))
    assert found["loss"].array[0, 0, 1] == pytest.approx(0.5 * (residual**2).mean(), rel=1e-9)


def test_the_loss_has_fallen_when_it_is_first_below_half_of_its_plateau():
    arrays = {"x/loss": np.array([[1.0, 0.3, 0.4], [0.7, 0.6, 0.5]]), "x/update": np.array([20, 40, 60])}
    np.testing.assert_array_equal(fallen(SimpleNamespace(array=arrays.__getitem__), "x"), [40, np.nan])


def test_clamps_hold_the_token_before_and_the_label_that_is_asked_for():
    study = induction.Study(CONFIG, SimpleNamespace(seed=0))
    held = study.phase("previous").clamps[1:]
    pattern = np.full(CONFIG.heads * TOKENS**2, np.nan)
    for clamp in held:
        pattern[list(clamp.indices)] = clamp.value
    np.testing.assert_array_equal(pattern.reshape(-1, TOKENS, TOKENS)[2].argmax(1), [0, 0, 1, 2, 3])
    assert np.nansum(pattern) == TOKENS and np.isnan(pattern).sum() == 2 * TOKENS**2
    assert study.phase("match").batches.matching == 1 and study.phase("none").batches.matching == 0
    with pytest.raises(UsageError, match="depth = 3"):
        replace(CONFIG, depth=3).require_sense()


@pytest.mark.slow
def test_a_small_run_ends_in_a_file_with_claims_and_a_figure(tmp_path):
    outcome = new_run(induction.experiment, CONFIG, out=str(tmp_path / "run.h5"), seed=3).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    assert verdicts["toy-slope"] == "holds" and verdicts["data"] == "not tested"
