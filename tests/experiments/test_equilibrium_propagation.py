"""The study of equilibrium propagation: credit in closed form, homeostasis, and a whole small run."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import xarray

from neurosim.circuits.equilibrium import SLOPE, EquilibriumCircuit
from neurosim.datasets import DataSet
from neurosim.engines.jax import Exact, settle
from neurosim.engines.settling import Settle
from neurosim.errors import DescriptionError, UsageError
from neurosim.experiment import find_experiment, new_run, resumed_run, with_settings
from neurosim.experiments.equilibrium_propagation import study as equilibrium_propagation
from neurosim.experiments.equilibrium_propagation import training
from neurosim.experiments.equilibrium_propagation.credit import (
    asymmetry_estimate,
    asymmetry_gradient,
    back_propagation,
    double,
    equilibrium,
    jacobian,
    symmetry,
)
from neurosim.experiments.equilibrium_propagation.learning import Rule, batch_of, right, unsettled
from neurosim.learning.protocol import Evaluation, Shuffled
from neurosim.rng import generator
from neurosim.store import open_results

CIRCUIT, LOOP = EquilibriumCircuit((5, 4, 4, 3)), EquilibriumCircuit((5, 4, 4, 3), loop=True)
CLOSE = Settle(1e-13, 20_000)
TINY = [
    "seeds=2", "angles=0,30", "aligned_hidden=4", "response_hidden=4", "aligned_inputs=3", "aligned_steps=400",
    "hidden=4", "epochs=1", "steps=20", "test_images=1397", "batch=200",
]  # fmt: skip


@pytest.fixture(scope="module")
def found():
    """A small network with weights at 60 degrees: its parameters, fixed points, inputs and both credits."""
    functions = double(CIRCUIT)
    inputs = {"x": generator(0, "x").random((5, 3)), "target": np.eye(3)}
    with jax.enable_x64(True):
        weights = {n: jnp.asarray(w) for n, w in CIRCUIT.initial(1, 60.0).items()}
        parameters = {**functions.parameters, **weights}
        state, _ = settle(functions, parameters, functions.init(parameters, trials=3), inputs, CLOSE)
        about = (functions, CIRCUIT, parameters, state, inputs)
        exact = equilibrium(*about, Exact(), CLOSE)[0]
        adjoint = back_propagation(*about, CLOSE)[0]
    return parameters, state, inputs, exact, adjoint


def stacked(credit, trial):
    return np.concatenate([np.asarray(credit[layer])[:, trial] for layer in CIRCUIT.layers])


def test_both_credits_are_those_of_the_closed_forms(found):
    # D (1 - W D)^-1 dL/da for the nudge, with W.T for back-propagation; D the slopes.
    parameters, state, inputs, exact, adjoint = found
    w, r = jacobian(CIRCUIT, parameters) + np.eye(11), np.asarray(parameters["R"]).reshape(3, 3)
    for trial in range(3):
        a = np.concatenate([np.asarray(state[f"{layer}.r"])[:, trial] for layer in CIRCUIT.layers])
        logits = a[-3:] @ r
        p = np.exp(logits) / np.exp(logits).sum()
        slope = np.append(np.zeros(8), r @ (p - inputs["target"][:, trial]))
        d = np.diag(SLOPE * a * (1 - a))
        np.testing.assert_allclose(
            stacked(exact, trial), d @ np.linalg.solve(np.eye(11) - w @ d, slope), atol=1e-8
        )
        np.testing.assert_allclose(
            stacked(adjoint, trial), d @ np.linalg.solve(np.eye(11) - w.T @ d, slope), atol=1e-8
        )


def test_back_propagation_is_the_slope_of_the_loss_at_the_fixed_point(found):
    parameters, _, inputs, _, adjoint = found
    functions = double(CIRCUIT)

    def loss(bias):
        with jax.enable_x64(True):
            given = {**parameters, "layer1.bias": jnp.asarray(bias)}
            state, _ = settle(functions, given, functions.init(given, trials=3), inputs, CLOSE)
            p = functions.bind(given)(state, inputs)[1]["p"]
        return -np.log(np.asarray(p)[np.arange(3), np.arange(3)])

    bias = np.asarray(parameters["layer1.bias"])
    for unit in range(2):
        shift = 1e-5 * np.eye(4)[unit]
        slope = (loss(bias + shift) - loss(bias - shift)) / 2e-5
        np.testing.assert_allclose(np.asarray(adjoint["layer1"])[unit], slope, rtol=1e-5)


def test_with_symmetric_weights_both_credits_are_the_same():
    functions = double(CIRCUIT)
    inputs = {"x": generator(2, "x").random((5, 3)), "target": np.eye(3)}
    with jax.enable_x64(True):
        weights = {n: jnp.asarray(w) for n, w in CIRCUIT.initial(3, 0.0).items()}
        parameters = {**functions.parameters, **weights}
        state, _ = settle(functions, parameters, functions.init(parameters, trials=3), inputs, CLOSE)
        about = (functions, CIRCUIT, parameters, state, inputs)
        one, other = equilibrium(*about, Exact(), CLOSE)[0], back_propagation(*about, CLOSE)[0]
    for layer in CIRCUIT.layers:
        np.testing.assert_allclose(one[layer], other[layer], atol=1e-10)
    assert symmetry(CIRCUIT, parameters) == 1.0


@pytest.mark.parametrize("circuit", [CIRCUIT, LOOP], ids=["layers", "loop"])
def test_homeostasis_descends_the_asymmetry(circuit):
    # 2/n |A|^2 with A the antisymmetric part of J: pairs are pulled together, a loop decays.
    weights, n = circuit.initial(4, 90.0), circuit.states

    def asymmetry(name, value):
        j = jacobian(circuit, {**weights, name: value})
        return np.linalg.norm(j - j.T) ** 2 / (2 * n)

    gradient = asymmetry_gradient(circuit, weights)
    assert set(gradient) == {f"{name}.w" for name in circuit.recurrent}
    for name, slope in gradient.items():
        shift = 1e-6 * np.eye(len(slope))[1]
        numeric = (asymmetry(name, weights[name] + shift) - asymmetry(name, weights[name] - shift)) / 2e-6
        assert slope[1] == pytest.approx(numeric, abs=1e-6)
    if circuit.loop:
        for name, slope in gradient.items():
            np.testing.assert_allclose(slope, 2 * weights[name] / n)


def test_a_few_draws_estimate_the_asymmetry():
    j = jacobian(CIRCUIT, CIRCUIT.initial(4, 90.0))
    draw = generator(0, "draws")
    estimates = np.array([asymmetry_estimate(j, draw.normal(size=(5, len(j)))) for _ in range(2000)])
    exact = np.linalg.norm(j - j.T) ** 2 / (2 * len(j))
    assert abs(estimates.mean() - exact) < 4 * estimates.std() / np.sqrt(2000)


def test_weights_back_have_their_angle():
    tied, right = (CIRCUIT.initial(5, angle) for angle in (0.0, 90.0))
    np.testing.assert_array_equal(tied["back1.w"].reshape(4, 4).T, tied["ahead2.w"].reshape(4, 4))
    between = CIRCUIT.initial(5, 30.0)["back1.w"]
    np.testing.assert_allclose(between, 0.5 * right["back1.w"] + np.sqrt(0.75) * tied["back1.w"])
    with pytest.raises(DescriptionError, match=r"sizes = \(3, 2\)"):
        EquilibriumCircuit((3, 2))


@pytest.mark.slow
def test_what_does_not_settle_is_not_learned_from_and_counts_as_wrong():
    images = DataSet("small", generator(6, "small").random((6, 1, 5)), np.array([0, 1, 2, 0, 1, 2]), 3)
    start = {name: np.asarray(w)[None] for name, w in CIRCUIT.initial(1, 0.0).items()}
    learner = Rule(CIRCUIT, Exact(), Settle(1e-9, 3, 0.0, "leave out")).learner(images, 6, optax.sgd(0.1))
    after = learner.train(1, [0], vary=start)
    for name, w in start.items():
        np.testing.assert_array_equal(after.last[name], w.astype(np.float32))
    measures = {"right": right, "unsettled": unsettled}
    measured = learner.evaluate(after, Evaluation(Shuffled(batch_of(images), 6), measures))
    assert (measured["right"], measured["unsettled"]) == (0.0, 1.0)


# The study ---------------------------------------------------------------------------------------------------------


def test_the_study_is_found_and_has_its_presets():
    presets = find_experiment("equilibrium_propagation").presets
    assert set(presets) == {"quick", "paper"}
    assert (presets["paper"].data, presets["paper"].epochs, presets["paper"].hidden) == ("fashion", 5, 256)


def tiny():
    return with_settings(equilibrium_propagation.PRESETS["quick"], TINY)


def test_images_that_are_missing_are_named(tmp_path):
    config = with_settings(equilibrium_propagation.PRESETS["paper"], [f"folder={tmp_path}"])
    with pytest.raises(UsageError, match="dataset-fashion-mnist"):
        training.Training(config, None).sets  # noqa: B018


@pytest.mark.slow
def test_a_small_run_ends_in_a_file_with_claims_and_a_figure(tmp_path, monkeypatch):
    whole, stopped = (str(tmp_path / f"{name}.h5") for name in ("whole", "stopped"))
    outcome = new_run(equilibrium_propagation.experiment, tiny(), out=whole, seed=3).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    assert {c.id for c in outcome.claims if c.verdict == "not tested"} == {"cifar", "imagenet"}
    assert {c.id: c.verdict for c in outcome.claims if c.id.startswith(("tied", "estimator"))} == {
        "tied": "holds", "estimator": "holds",
    }  # fmt: skip
    with xarray.open_dataset(outcome.path, group="exact", engine="h5netcdf") as data:
        assert data.accuracy.dims == ("arm", "seed", "epoch") and list(data.arm.values)[-1] == "homeostasis"
    aligned = training.Training.aligned

    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(training.Training, "aligned", interrupted)
        with pytest.raises(KeyboardInterrupt):
            new_run(equilibrium_propagation.experiment, tiny(), out=stopped, seed=3).execute()
    assert training.Training.aligned is aligned
    resumed_run(equilibrium_propagation.experiment, stopped).execute()
    with open_results(whole) as one, open_results(stopped) as other:
        for name in one.paths():
            np.testing.assert_array_equal(one.array(name), other.array(name))
