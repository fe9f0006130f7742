"""The study of rich and lazy learning: its theory, initial weights, tasks and kernels, resuming, a whole small run."""

from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurosim.errors import UsageError
from neurosim.experiment import new_run, with_settings
from neurosim.experiments.rich_lazy import study as rich_lazy
from neurosim.experiments.rich_lazy import theory
from neurosim.experiments.rich_lazy.claims import claims
from neurosim.experiments.rich_lazy.network import initial
from neurosim.experiments.rich_lazy.tasks import MAKERS, STEPS

TINY = [
    "tasks=choice", "neurons=8", "ranks=1", "iterations=20", "batch=4", "probes=6", "kernel_probes=3", "seeds=2",
    "dimensions=6", "linear_ranks=1,6", "linear_steps=50", "directions=2",
]  # fmt: skip


def config_of(*settings):
    given = {one.split("=")[0]: one for one in (*TINY, *settings)}
    return with_settings(rich_lazy.PRESETS["quick"], list(given.values()))


def test_the_linear_network_keeps_the_alignment_of_theory():
    # For given weights of rank r, one norm and a direction b: (Tr M + b^T M b)/(|M| sqrt(d + 3)), M = W^T W.
    config = config_of("dimensions=5", "linear_ranks=1,2,5", "linear_steps=3000", "linear_rate=0.03")
    found = theory.learned(config, SimpleNamespace(seed=0), lambda *_: None)
    first = theory.start(config, 0)
    m = np.einsum("rnhi,rnhj->rnij", first, first)
    trace, along = np.trace(m, axis1=2, axis2=3), m[:, :, 0, 0]
    exact = (trace + along) / (np.linalg.norm(m, axis=(2, 3)) * np.sqrt(config.dimensions + 3))
    np.testing.assert_allclose(found["alignment"].array, exact, atol=2e-3)
    assert found["residual"].array.max() < 1e-6
    # For full rank every direction is the same, and so is the mean over directions; so is rank 1 along the task.
    np.testing.assert_allclose(exact[2:], found["expected"].array[2:, None].repeat(2, 1), rtol=1e-12)


def test_truncated_weights_have_their_rank_and_all_starts_one_norm():
    config = config_of("neurons=10", "ranks=1,3")
    found = {arm: initial(config, arm, 4) for arm in config.arms}
    norms = [np.linalg.norm(w) for w in found.values()]
    np.testing.assert_allclose(norms, config.gain * 10**0.5, rtol=1e-12)
    assert [np.linalg.matrix_rank(w) for w in found.values()] == [1, 3, 10, 10]
    left, values, right = np.linalg.svd(found["full"])
    for rank in (1, 3):  # the largest singular values of the same draw
        part = (left[:, :rank] * values[:rank]) @ right[:rank]
        np.testing.assert_allclose(found[f"rank {rank}"] * np.linalg.norm(part) / norms[0], part, atol=1e-12)
    signs = np.sign(found["Dale"])
    assert (signs == signs[0]).all() and signs[0].sum() == 8 - 2


@pytest.mark.slow
@pytest.mark.parametrize(("task", "width"), [("choice", 3), ("match", 3), ("context", 7)])
def test_a_trial_can_be_answered_from_what_was_shown(task, width):
    trials = MAKERS[task](jax.random.key(1), 400)
    x, label = np.asarray(trials["inputs"]["x"]), np.asarray(trials["label"])
    assert (
        x.shape == (400, STEPS + 1, width)
        and (x[:, STEPS - 1 :] == 0).all()
        and (label[:, :STEPS] == 0).all()
    )
    first = label[:, STEPS] == 1
    if task == "choice":
        right = x[:, : STEPS - 1, 1].mean(1) > x[:, : STEPS - 1, 2].mean(1)
    elif task == "match":
        right = (x[:, 0, 1] > x[:, 0, 2]) == (x[:, STEPS - 2, 1] > x[:, STEPS - 2, 2])
    else:
        pair = np.where(x[:, :1, 5:6] > 0.5, x[:, :2, 1:3], x[:, :2, 3:5]).mean(1)
        right = pair[:, 0] > pair[:, 1]
    assert (right == first).mean() > (0.99 if task == "match" else 0.75) and 0.35 < first.mean() < 0.65


@pytest.mark.slow
def test_the_kernel_is_that_of_all_outputs_by_recurrent_weights_alone():
    config = config_of("neurons=4", "seeds=1", "kernel_probes=2")
    study = rich_lazy.Recurrent(config, SimpleNamespace(seed=0), "choice")
    rows = study.start.reshape(-1, 4, 4).swapaxes(1, 2).reshape(len(study.seeds), -1)
    training = study.learner.train(0, study.seeds, vary={"rec.w": rows})
    x = study.probes["inputs"]["x"][:2]
    for number, found in enumerate(study._kernels(training)):
        w_in, w_out = (
            training.last[name][number].reshape(shape).T
            for name, shape in (("in.w", (3, 4)), ("out.w", (4, 3)))
        )

        def outputs(w, w_in=w_in, w_out=w_out):
            h, found = jnp.zeros((2, 4)), []
            for step in range(STEPS):
                h = jnp.maximum(x[:, step] @ w_in.T + h @ w.T, 0)
                found.append(h @ w_out.T)
            return jnp.stack(found, 1).ravel()

        rows_of = jax.jacrev(outputs)(
            jnp.asarray(study.start.reshape(-1, 4, 4)[number], jnp.float32)
        ).reshape(48, -1)
        np.testing.assert_allclose(found, rows_of @ rows_of.T, rtol=1e-4, atol=1e-6)


def test_networks_that_did_not_learn_are_not_compared():
    config = config_of()
    arrays = {
        f"choice/{name}": np.ones((len(config.arms), 2))
        for name in ("kernel", "representation", "change", "loss", "accuracy")
    }
    arrays |= {"choice/task": np.zeros((len(config.arms), 2, 2))}
    arrays["choice/kernel"][0] = 0.2
    arrays["choice/accuracy"][2, 0] = 0.1  # one draw under Dale's law
    for name in ("alignment", "residual"):
        arrays[f"theory/{name}"] = np.zeros((3, 2))
    arrays |= {"theory/rank": np.array([1, 6, 1]), "theory/expected": np.zeros(3)}
    found = {claim.id: claim for claim in claims(config, SimpleNamespace(array=arrays.__getitem__))}
    assert found["choice-learned"].verdict == "fails" and "Dale 1" in found["choice-learned"].note
    assert found["choice-kernel-rank-1"].measured == pytest.approx(0.8)
    assert found["choice-kernel-dale"].verdict == "not tested"


def test_a_rank_or_probes_that_are_not_there_are_rejected():
    for setting, said in (
        ("ranks=9", "ranks"),
        ("linear_ranks=7", "linear_ranks"),
        ("kernel_probes=7", "of 6 probes"),
    ):
        with pytest.raises(UsageError, match=said):
            config_of(setting).require_sense()


@pytest.mark.slow
def test_a_small_run_ends_in_a_file_with_claims_and_a_figure(tmp_path):
    outcome = new_run(rich_lazy.experiment, config_of(), out=str(tmp_path / "run.h5"), seed=3).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    assert verdicts["connectome"] == "not tested" and "choice-learned" in verdicts
