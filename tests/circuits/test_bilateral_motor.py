"""The bilateral controller is the network that its equations say, on every engine; its lesions cut what they name."""

from functools import cache

import jax.numpy as jnp
import networkx
import numpy as np
import pytest
from brian2 import second

from neurosim import digest, from_json, graph, simulate, to_json
from neurosim.circuits.bilateral_motor import BilateralMotor
from neurosim.engines.jax import compile_functions
from neurosim.errors import DescriptionError, UnknownNameError

WHOLE, PLAIN, POOLED = BilateralMotor(1), BilateralMotor(callosum="none"), BilateralMotor()
LINEAR = BilateralMotor(callosum="linear", units=8, transfer="rectified_tanh")
X = np.random.default_rng(0).normal(size=(12, 16))


def parameters(circuit, seed=1):
    """Parameters of which none is 0."""
    rng = np.random.default_rng(seed)
    return {name: 0.8 * rng.normal(size=v.size) for name, v in circuit.initial().items()} | {
        f"{side}_weight": np.array([w])
        for side, w in zip(circuit.sides, (0.7, 1.3), strict=False)
        if circuit.hemispheres == 2
    }


def pooled(h):
    """P of every row: maxima of pairs behind zeros."""
    n = h.shape[1]
    top = h[:, : n // 2 * 2].reshape(len(h), -1, 2).max(2)
    return np.concatenate([np.zeros((len(h), n - n // 2)), top], axis=1)


def forward(circuit, p, x, dead=(), gain=1.0):
    """The controller in numpy; populations in `dead` are silent."""
    phi = {"tanh": np.tanh, "rectified_tanh": lambda u: np.maximum(np.tanh(u), 0)}[circuit.transfer]
    sides = circuit.sides
    h = {side: x * (f"{side}_input" not in dead) for side in sides}
    for k in range(1, circuit.layers + 1):
        heard = {side: 0.0 for side in sides}
        for side, other in (("left", "right"), ("right", "left")):
            name = f"{other}_callosum{k - 1}"
            if name in circuit.crossings and name not in dead:
                w = p.get(f"{name}_out.w")
                heard[side] = (
                    gain * pooled(h[other]) if w is None else h[other] @ w.reshape(h[other].shape[1], -1)
                )
        h = {side: _layer(phi, p, f"{side}{k}", h[side] + heard[side], dead) for side in sides}
    z = h["whole"] if sides == ("whole",) else p["left_weight"] * h["left"] + p["right_weight"] * h["right"]
    return 1 / (1 + np.exp(-(z @ p["output.w"].reshape(z.shape[1], -1) + p["excitation.bias"])))


def _layer(phi, p, name, x, dead):
    return phi(x @ p[f"{name}_drive.w"].reshape(x.shape[1], -1) + p[f"{name}.bias"]) * (name not in dead)


def outputs(network, *names, engine="brian2", x=X):
    simulation = simulate(network, engine=engine)
    simulation.run(len(x) * 0.01 * second, {"input": x})
    found = simulation.recordings()
    return [found[f"{name}.output"].values for name in names]


@pytest.mark.parametrize(
    ("circuit", "count"),
    [(WHOLE, 346), (PLAIN, 268), (POOLED, 268), (BilateralMotor(callosum="linear"), 318)],
)
def test_numbers_of_parameters(circuit, count):
    assert circuit.n_parameters == count
    names = [name for group in circuit.groups.values() for name in group]
    assert names == list(circuit.initial()) and set(names) <= set(
        compile_functions(circuit.network()).parameters
    )


@pytest.mark.parametrize("engine", ["brian2", "fused", "jax"])
def test_the_network_is_the_controller_on_every_engine(engine):
    p = parameters(POOLED)
    (u,) = outputs(POOLED.network(p, record=("excitation",)), "excitation", engine=engine)
    np.testing.assert_allclose(u, forward(POOLED, p, X), rtol=1e-9)
    assert np.ptp(u, axis=0).min() > 0.05


@pytest.mark.parametrize("circuit", [WHOLE, PLAIN, LINEAR])
def test_other_controllers(circuit):
    p = parameters(circuit)
    (u,) = outputs(circuit.network(p, record=("excitation",)), "excitation")
    np.testing.assert_allclose(u, forward(circuit, p, X), rtol=1e-9)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([3, 1, 4, 5], [0, 0, 3, 5]),
        ([3, 1, 4, 5, 9], [0, 0, 0, 3, 5]),
        ([-3, -1, 4, 5, -2, -6], [0, 0, 0, -1, 5, -2]),
        ([1, 2, 3, 4, 6, 5, 9], [0, 0, 0, 0, 2, 4, 6]),
    ],
)
def test_the_callosum_by_hand(row, expected):
    """The left first layer is turned into the row; the right one, all 0, hears nothing but the callosum."""
    n = len(row)
    circuit = BilateralMotor(units=2 * n, inputs=n)
    scale = 0.1
    silent = {name: np.zeros(v.size) for name, v in circuit.initial().items()}
    straight = {**silent, "left1_drive.w": np.eye(n).ravel()}
    x = np.arctanh(scale * np.array([row], float))
    network = circuit.network(straight, record=("right2_input", "left2_input"))
    right, left = outputs(network, "right2_input", "left2_input", x=x)
    np.testing.assert_allclose(right[0] / scale, expected, atol=1e-12)
    np.testing.assert_allclose(left[0] / scale, row, atol=1e-12)


# Lesions ------------------------------------------------------------------------------------------------------------


@cache
def step_of(circuit, lesion=None):
    return compile_functions(circuit.network(lesion=lesion), dtype="float32")


def run(circuit, p, x, lesion=None):
    functions = step_of(circuit, lesion)
    return functions.step(p, functions.init(), {"input": x})[1]["excitation"]


def test_without_its_callosum_the_pooled_controller_is_the_plain_one_bit_for_bit():
    p = {name: jnp.asarray(v, jnp.float32) for name, v in parameters(PLAIN).items()}
    plain = run(PLAIN, p, X[0])
    assert np.array_equal(run(POOLED, p, X[0], "cc"), plain)
    assert np.array_equal(run(POOLED, p | {"callosum": 0.0}, X[0]), plain)
    assert not np.allclose(run(POOLED, p, X[0]), plain, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("circuit", "lesions"),
    [(PLAIN, ["highleft", "lowright"]), (POOLED, ["highright", "lowleft", "ccr"]), (LINEAR, ["ccl"])],
)
def test_lesions_silence_what_they_name(circuit, lesions):
    p = parameters(circuit)
    intact = forward(circuit, p, X)
    for lesion in lesions:
        (u,) = outputs(circuit.network(p, lesion, ("excitation",)), "excitation")
        np.testing.assert_allclose(
            u, forward(circuit, p, X, circuit.lesions[lesion]), rtol=1e-9, err_msg=lesion
        )
        assert np.abs(u - intact).max() > 0.01


def matters(circuit, lesion):
    """Return the parameters on which the excitations depend at all."""
    p = {name: jnp.asarray(v, jnp.float32) for name, v in parameters(circuit).items()}
    intact = run(circuit, p, X[0], lesion)
    return {
        name
        for name in p
        if not np.array_equal(run(circuit, p | {name: p[name] + 0.1}, X[0], lesion), intact)
    }


def test_what_still_matters_after_a_lesion():
    every, left = set(PLAIN.initial()), set(PLAIN.groups["left"])
    assert matters(PLAIN, "lowleft") == every - left - {"left_weight"}
    # A side without input keeps its biases.
    assert matters(PLAIN, "highleft") == every - {"left1_drive.w"}
    # With a callosum only the last layer of the lesioned side drops out.
    assert matters(POOLED, "lowleft") == every - {"left2_drive.w", "left2.bias", "left_weight"}


# Description --------------------------------------------------------------------------------------------------------


def test_hemispheres_are_ordinary_populations():
    network = POOLED.network()
    assert digest(from_json(to_json(network))) == digest(network)
    drawn = graph(network)
    assert networkx.is_directed_acyclic_graph(drawn)
    assert networkx.has_path(drawn, "left1", "right2") and networkx.has_path(drawn, "right1", "left2")
    assert not networkx.has_path(graph(PLAIN.network()), "left1", "right2")


def test_joining_weights_stay_at_or_above_zero():
    functions = step_of(PLAIN)
    projected = functions.project({"left_weight": jnp.array([-0.3]), "right_weight": jnp.array([0.4])})
    assert projected["left_weight"] == 0 and projected["right_weight"] == jnp.float32(0.4)


def test_initial_parameters():
    p = POOLED.initial(4)
    assert p["left_weight"] == p["right_weight"] == 0.5 and not p["left1.bias"].any()
    limit = np.sqrt(6 / (16 + 5))
    assert 0.9 * limit < np.abs(p["left1_drive.w"]).max() <= limit
    again, other = POOLED.initial(4), POOLED.initial(5)
    assert np.array_equal(p["output.w"], again["output.w"]) and not np.array_equal(
        p["output.w"], other["output.w"]
    )
    assert not np.array_equal(p["left1_drive.w"], p["right1_drive.w"])


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: BilateralMotor(3), DescriptionError, "hemispheres = 3"),
        (lambda: BilateralMotor(units=9), DescriptionError, "'units': 9"),
        (lambda: BilateralMotor(units=2), DescriptionError, "needs 2 units on each side"),
        (lambda: BilateralMotor(callosum="maxpol"), UnknownNameError, "did you mean 'maxpool'"),
        (lambda: BilateralMotor(transfer="relu"), UnknownNameError, "transfer = 'relu'"),
        (lambda: PLAIN.network(lesion="cc"), UnknownNameError, "lesion 'cc'"),
        (lambda: WHOLE.network(lesion="lowleft"), UnknownNameError, "lesion 'lowleft'"),
        (lambda: PLAIN.network({"left3.bias": 0}), UnknownNameError, "parameter 'left3.bias'"),
    ],
)
def test_what_does_not_fit_is_refused(make, kind, message):
    with pytest.raises(kind, match=message):
        make()
