"""The study of timescales: its network, sequences, curricula, ablations, and a whole small run."""

from pathlib import Path
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from neurosim import Recorder
from neurosim.errors import UsageError
from neurosim.experiment import new_run, with_settings
from neurosim.experiments.timescales import study as timescales
from neurosim.experiments.timescales.config import Config
from neurosim.experiments.timescales.curricula import curriculum, streams
from neurosim.experiments.timescales.network import listening_model, recurrent, trained_model
from neurosim.experiments.timescales.robustness import ablations, perturbed_by, without
from neurosim.experiments.timescales.training import Trainings
from neurosim.learning.bptt import network_model
from neurosim.store import open_results

TINY = [
    "neurons=8", "parity=3", "parity_seeds=2", "match_seeds=0", "rooms=4", "heads=2", "forgotten=1",
    "parity_curricula=single,multi", "batch=8", "steps=5", "epochs=2", "tests=2",
    "test_size=8", "listened=600", "listened_trials=2", "ablated=2", "perturbations=0.1", "repeats=1",
]  # fmt: skip
RNG = np.random.default_rng(0)
BY_HAND = {
    "parity": lambda bits, n: sum(bits[-n:]) % 2,
    "match": lambda bits, n: int(bits[len(bits) - n] == bits[-1]),
}


@pytest.mark.parametrize("task", ["parity", "match"])
def test_labels_are_those_of_a_loop_over_sequences_that_end_together(task):
    _, stream = streams(Config(tests=10, test_size=100), task, 5, (2, 3, 5))
    batch = jax.tree.map(np.asarray, stream.draw(jax.random.key(0), 0))
    bits, lengths = batch["inputs"]["x"][..., 0].astype(int), batch["lengths"]
    assert bits.shape == (1000, 30) and not bits[:, -1].any() and len(np.unique(lengths)) > 3
    bits, lengths = bits[:, :-1], lengths - 1
    assert lengths.min() >= 7 and lengths.max() <= 21
    for row, count, found in zip(bits.tolist(), lengths, batch["label"], strict=True):
        assert found[:3].tolist() == [BY_HAND[task](row[-count:], n) for n in (2, 3, 5)]
    np.testing.assert_array_equal(batch["active"], [1, 1, 1, 0, 0])
    if task == "match":
        assert np.abs(batch["label"].mean(0) - 0.5).max() < 0.06  # 3.8 standard errors
    assert batch["start"]["h.h"].min() >= 0 and batch["start"]["h.h"].max() <= 0.1


def by_hand(weights, w, tau, b, c, h, x):
    """Return h(t) as the paper writes it: the nonlinearity acts after the leak, no neuron is connected with itself."""
    weights = weights * (1 - np.eye(len(h)))
    u = (1 - 1 / tau) * h + (weights @ h + b + w * x + c) / tau
    return np.where(u > 0, u, 0.01 * u)


@pytest.mark.parametrize("tau", [(0.3, 1.0, 1.0), (1.5, 4.0, 1e6)])
def test_the_network_is_the_recurrence_of_the_paper(tau):
    weights, w, b, c = RNG.normal(size=(3, 3)), *RNG.normal(size=(3, 3))
    start, x = np.array([0.3, -0.2, 0.5]), np.array([1.0, 0.0, 1.0, 1.0])
    parameters = {"rec.w": weights.T.ravel(), "in.w": w, "h.b": b, "h.c": c, "h.tau": np.array(tau)}
    found = listening_model(3).run(
        parameters, {"inputs": {"x": x[None, :, None]}, "start": {"h.h": start[None]}}
    )["h.h"][0]
    h, effective = start, np.maximum(tau, 1)
    for step, bit in enumerate(x):
        h = by_hand(weights, w, effective, b, c, h, bit)
        np.testing.assert_allclose(found[step], h, rtol=2e-5, atol=1e-6)


def test_the_read_out_sees_what_the_last_bit_has_made_of_the_network():
    model, (train, _) = trained_model(6, 2, 2.0, True), streams(Config(neurons=6), "match", 2, (2, 3))
    batch = jax.tree.map(lambda leaf: np.asarray(leaf), train.draw(jax.random.key(1), 0))
    values = {name: np.asarray(value, float) for name, value in model.initial(0).items()}
    found = np.asarray(model.run({}, batch)["y.output"])[:, -1]
    weights, tau = values["rec.w"].reshape(6, 6).T, values["h.tau"]
    bits, count = batch["inputs"]["x"][0, :-1, 0], batch["lengths"][0] - 1
    h = batch["start"]["h.h"][0]
    for bit in bits[-count:]:
        h = by_hand(weights, values["in.w"], tau, values["h.b"], values["h.c"], h, bit)
    expected = values["out.w"].reshape(6, 4).T @ h + values["y.bias"]
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-6)


def test_weights_and_time_constants_start_as_in_the_paper():
    network = recurrent(200).add(Recorder("h", "h"))
    values = network_model(network, ()).initial(3)
    assert np.std(values["rec.w"]) == pytest.approx(1 / 600**0.5, rel=0.02)
    assert np.mean(values["h.tau"]) == pytest.approx(1.5, abs=0.08)
    assert np.std(values["h.tau"]) == pytest.approx(0.289, abs=0.03)
    assert np.abs(values["in.w"]).max() <= 1 and np.abs(values["h.b"]).max() <= 200**-0.5


def test_curricula_are_lists_of_lessons():
    assert curriculum("single", 4).lessons == ((2,), (3,), (4,))
    assert curriculum("multi", 4).lessons == ((2,), (2, 3), (2, 3, 4))
    assert curriculum("sliding", 7).lessons == ((2, 3, 4, 5), (4, 5, 6, 7))
    assert curriculum("constant", 7).lessons == ((7,),)
    assert [curriculum(name, 7).heads for name in ("single", "multi", "sliding")] == [1, 6, 4]


def test_a_neuron_that_is_not_heard_can_be_ablated_and_one_that_is_heard_is_gone():
    parameters = {"rec.w": RNG.normal(size=9), "in.w": RNG.normal(size=3), "out.w": RNG.normal(size=6)}
    parameters["h.tau"] = np.array([1.2, 1.9, 1.0])
    found = without(parameters, 1)
    weights = found["rec.w"].reshape(3, 3)
    assert not weights[1].any() and not weights[:, 1].any() and weights[0, 2] and weights[2, 0]
    assert found["in.w"][1] == 0 and not found["out.w"].reshape(3, 2)[1].any()
    assert found["out.w"].reshape(3, 2)[[0, 2]].all() and parameters["in.w"][1] != 0
    gone = [np.flatnonzero(p["in.w"] == 0).item() for p in ablations(parameters, 1)]
    assert gone == [2, 1]  # the shortest tau, then the longest


@pytest.mark.parametrize("name", ["rec.w", "h.tau"])
def test_perturbations_have_the_relative_size_that_is_said(name):
    parameters = {"rec.w": np.array([0.0, 1.0, -2.0, 0.0]), "h.tau": np.array([1.0, 2.0])}
    change = perturbed_by(parameters, name, 0.1, np.random.default_rng(1))[name] - parameters[name]
    assert np.linalg.norm(change) == pytest.approx(0.1 * np.linalg.norm(parameters[name]))
    if name == "h.tau":
        assert (change > 0).all()
    else:
        assert change[0] == change[3] == 0 and change[1:3].all()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"rooms": (3, 4, 5, 20)}, "setting 'rooms'.*one to three"),
        ({"rooms": (7,)}, "setting 'rooms'.*no room for N = 17"),
        ({"heads": 2, "forgotten": 3, "rooms": (20,)}, "setting 'forgotten': 3 of 2 heads"),
        ({"match_curricula": ()}, "setting 'match_curricula': empty"),
        ({"ablated": 33}, "setting 'ablated': 33 at each end of 64"),
    ],
)
def test_settings_that_do_not_fit_are_refused(change, match):
    with pytest.raises(UsageError, match=match):
        Config(**change).require_sense()


class Kept:
    """A stage that keeps what is offered to it."""

    def __init__(self, state=None):
        self.states = [state] if state else []

    def __call__(self, done, total, text=""):
        pass

    def checkpoint(self, state):
        self.states.append(dict(state))

    def restored(self):
        return self.states[-1] if self.states else None


@pytest.mark.slow
def test_a_curriculum_compiles_once_per_room_and_is_resumed_bit_for_bit():
    config = Config(
        neurons=8, parity=4, parity_seeds=2, parity_curricula=("multi",), match_seeds=0, forgotten=1, rooms=(2, 3, 4),
        batch=8, steps=5, tests=2, test_size=8, threshold=0.0,
    )  # fmt: skip
    run, stage = SimpleNamespace(seed=0, workers=1), Kept()
    trainings = Trainings(config, run)
    whole = trainings.task("parity", stage)
    # Every lesson is learned at once when any accuracy will do.
    np.testing.assert_array_equal(whole["newest"].array, [[[2, 2, 3, 4]] * 2])
    assert trainings.learner(3).programs == 3
    resumed = trainings.task("parity", Kept(stage.states[1]))
    assert whole.keys() == resumed.keys()
    for name, data in whole.items():
        np.testing.assert_array_equal(data.array, resumed[name].array)


@pytest.mark.slow
def test_a_small_run_ends_in_a_file_with_claims_and_a_figure(tmp_path):
    config = with_settings(timescales.PRESETS["quick"], TINY)
    path = tmp_path / "run.h5"
    outcome = new_run(timescales.experiment, config, out=str(path), seed=3, workers=2).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    assert set(verdicts.values()) == {"not tested"} and len(verdicts) > 15
    with open_results(path) as results:
        # Networks of the same seed start alike under all curricula, and others do not.
        tau, newest = results.array("parity/mean_tau"), results.array("parity/newest")
        assert tau[0, 0, 0] == tau[1, 0, 0] != tau[0, 1, 0]
        np.testing.assert_array_equal(newest, np.full((2, 2, 3), 2.0))
        weights = results.array("parity/rec_w").reshape(2, 2, 8, 8)
        assert not weights[..., np.arange(8), np.arange(8)].any() and weights[0, 0].any()
        assert results.array("parity_activity/tau_net").shape == (2, 2, 8)
        assert results.array("parity_robustness/ablated").shape == (2, 2, 2, 2)
