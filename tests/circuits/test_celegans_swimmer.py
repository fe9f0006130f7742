"""The swimmer's motor circuit: its size, its equations, its commands, and what has no effect in it."""

import numpy as np
import pytest
from brian2 import second

from neurosim import simulate
from neurosim.bodies.swimmer import Swimmer
from neurosim.circuits.celegans_swimmer import SIGNS, SwimmerCircuit, option_bits
from neurosim.errors import DescriptionError
from tests.bodies.reference_policy import episode

UNTRAINED = np.array([1.0, 1.0, 1.0, -1.0])
# One set of recorders for all tests: another one is another program to compile.
RECORDED = ("angle", "oscillator", "stretch", "b", "muscle", "torque", "reward", "com", "heading")
STEPS = 200


def swim(circuit, vector=None, steps=STEPS, inputs=None):
    """Run the circuit in its body; return the simulation."""
    body = Swimmer(circuit.n_joints + 1, 0.005)
    body.reset(np.random.default_rng(0))
    simulation = simulate(circuit.network(vector, RECORDED), externals={"body": body})
    simulation.run(steps * circuit.dt * second, inputs)
    return simulation


def recorded(simulation):
    return {key.removesuffix(".output"): r.values for key, r in simulation.recordings().items()}


@pytest.mark.parametrize("n", [1, 2, 5, 11])
def test_shared_weights_are_four_for_any_body_and_six_with_commands(n):
    assert SwimmerCircuit(n).n_parameters == 4
    assert SwimmerCircuit(n, commands=True).n_parameters == 6


@pytest.mark.parametrize(("n", "count"), [(2, 12), (5, 30), (12, 72)])
def test_unshared_weights_are_six_per_joint(n, count):
    assert SwimmerCircuit(n, shared=False).n_parameters == count == 6 * n


def test_option_bits():
    assert option_bits("101") == {"shared": True, "signed": False, "constant": True}
    assert option_bits("010") == {"shared": False, "signed": True, "constant": False}
    for wrong in ("1", "1111", "12 ", "abc"):
        with pytest.raises(DescriptionError, match="are not three bits"):
            option_bits(wrong)


@pytest.mark.parametrize("bits", [f"{k:03b}" for k in range(8)])
def test_initial_weights_have_the_law_of_their_options(bits):
    circuit = SwimmerCircuit(5, commands=True, **option_bits(bits))
    drawn = [circuit.weights(circuit.initial(seed)) for seed in range(200)]
    for kind, sign in SIGNS.items():
        values = np.array([weights[kind] for weights in drawn])
        if circuit.constant:
            assert np.all(values == sign) if circuit.signed else set(np.unique(values)) == {-1, 1}
        else:
            low, high = (min(sign, 0), max(sign, 0)) if circuit.signed else (-1, 1)
            assert values.min() >= low and values.max() <= high and np.ptp(values) > 0.9 * (high - low)
            assert abs(values.mean() - (low + high) / 2) < 4 * (high - low) / np.sqrt(12 * values.size)
    assert np.array_equal(circuit.initial(3), circuit.initial(3))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SwimmerCircuit(0), "n_joints = 0"),
        (lambda: SwimmerCircuit(5).network(np.ones(5)), r"shape \(5,\): give \(4,\)"),
        (lambda: SwimmerCircuit(5).network(np.ones((4, 1))), r"shape \(4, 1\)"),
        (lambda: SwimmerCircuit(5).network(np.array([1, 1, np.nan, 1])), "not finite"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()


def reference(circuit, weights, angle, oscillator, turn, speed):
    """The equations of the circuit for one step: b, muscle, torque; dorsal units first."""
    n = circuit.n_joints
    limit = 2 * np.pi / (n + 1)
    full = {
        k: np.broadcast_to(v, 2 * n if k in ("w_i", "w_c", "w_s") else v.size) for k, v in weights.items()
    }
    if circuit.signed:
        full = {k: np.maximum(v, 0) if SIGNS[k] > 0 else np.minimum(v, 0) for k, v in full.items()}
    stretch = np.concatenate([np.clip(angle / limit, 0, 1), np.clip(-angle / limit, 0, 1)])
    u = np.zeros(2 * n)
    for side in range(2):
        u[side * n] = full["w_o"][side % full["w_o"].size] * oscillator[side]
        for k in range(1, n):
            follower = side * (n - 1) + k - 1
            u[side * n + k] = full["w_p"][follower % full["w_p"].size] * stretch[side * n + k - 1]
        if circuit.commands:
            u[side * n] += full["w_t"][side % full["w_t"].size] * np.clip(turn[side], 0, 1)
    if circuit.commands:
        u += full["w_s"] * np.clip(1 - speed, 0, 1)
    b = np.clip(u, 0, 1)
    other = np.roll(b, n)
    muscle = np.clip(full["w_i"] * b + full["w_c"] * other, 0, 1)
    return stretch, b, muscle, np.clip(muscle[:n] - muscle[n:], -1, 1)


@pytest.mark.parametrize("bits", ["111", "010", "000"])
@pytest.mark.parametrize("commands", [False, True])
def test_every_unit_follows_the_equations_at_every_step(bits, commands):
    circuit = SwimmerCircuit(5, commands=commands, **option_bits(bits))
    rng = np.random.default_rng(1)
    vector = rng.normal(0, 1.5, circuit.n_parameters)
    turn, speed = rng.uniform(-0.3, 1.3, (STEPS, 2)), rng.uniform(-0.3, 1.3, (STEPS, 1))
    inputs = {"turn": turn, "speed": speed} if commands else None
    units = recorded(swim(circuit, vector, inputs=inputs))
    weights = circuit.weights(vector)
    for k in range(STEPS):
        wave = [1.0, 0.0] if k % 60 < 30 else [0.0, 1.0]
        assert units["oscillator"][k].tolist() == wave
        expected = reference(circuit, weights, units["angle"][k], wave, turn[k], speed[k, 0])
        for name, value in zip(("stretch", "b", "muscle", "torque"), expected, strict=True):
            np.testing.assert_allclose(units[name][k], value, rtol=1e-13, atol=1e-15, err_msg=f"{name} {k}")


def test_the_network_swims_as_the_equations_written_by_hand():
    expected = episode(6, start=0, dt=0.005)
    simulation = swim(SwimmerCircuit(5), UNTRAINED, steps=1000)
    found = recorded(simulation)
    np.testing.assert_allclose(found["torque"], expected.controls, atol=1e-6)
    np.testing.assert_allclose(found["angle"], expected.part("angle")[:-1], atol=1e-6)
    np.testing.assert_allclose(found["reward"][:, 0], expected.part("reward")[:-1, 0], atol=1e-6)


def test_contralateral_inhibition_is_inert_in_forward_swimming():
    runs = [swim(SwimmerCircuit(5), np.array([1.0, 1.0, 1.0, w_c]), 600) for w_c in (-1.0, -0.3, 0.0)]
    first = recorded(runs[0])
    for other in runs[1:]:
        assert all(np.array_equal(first[name], values) for name, values in recorded(other).items())
    active = recorded(swim(SwimmerCircuit(5), np.array([1.0, 1.0, 0.9, -1.0]), 600))
    assert not np.array_equal(first["angle"], active["angle"])


@pytest.mark.parametrize("kind", SIGNS)
def test_the_part_of_a_weight_that_violates_its_sign_has_no_effect(kind):
    circuit = SwimmerCircuit(3, commands=True)
    rows = {"turn": [0.3, 0.0], "speed": [0.7]}
    results = []
    for violating in (-2.0, -0.1, 0.0):
        weights = dict(zip(SIGNS, (1.0, 1.0, 1.0, -1.0, 0.5, -0.5), strict=True))
        weights[kind] = violating * SIGNS[kind]
        results.append(recorded(swim(circuit, np.array([*weights.values()]), inputs=rows))["angle"])
    assert np.array_equal(results[0], results[1]) and np.array_equal(results[0], results[2])


def test_the_sign_is_what_makes_contralateral_excitation_inert():
    def angles(signed, w_c):
        return recorded(swim(SwimmerCircuit(3, signed=signed), np.array([1.0, 1.0, 1.0, w_c])))["angle"]

    assert np.array_equal(angles(True, 0.5), angles(True, 0.0))
    assert not np.array_equal(angles(False, 0.5), angles(False, 0.0))


def heading_change(turn):
    simulation = swim(SwimmerCircuit(5, commands=True), steps=600, inputs={"turn": turn})
    heading = recorded(simulation)["heading"][:, 0]
    return heading[540:].mean() - heading[60:120].mean()


def test_a_turn_command_changes_the_heading_to_its_side():
    right, left, straight = (heading_change(turn) for turn in ([1.0, 0.0], [0.0, 1.0], [0.0, 0.0]))
    assert right * left < 0 and min(abs(right), abs(left)) > 0.3
    assert abs(straight) < 0.5 * min(abs(right), abs(left))


def test_speed_zero_stops_and_one_is_full_speed():
    def travelled(commands, inputs):
        circuit = SwimmerCircuit(5, commands=commands)
        path = recorded(swim(circuit, steps=600, inputs=inputs))
        return np.linalg.norm(path["com"][599] - path["com"][300]), np.abs(path["torque"]).max()

    full, _ = travelled(True, {"speed": [1.0]})
    stopped, torque = travelled(True, {"speed": [0.0]})
    plain, _ = travelled(False, None)
    assert torque == 0 and stopped < 0.02 * full
    assert full == pytest.approx(plain, rel=1e-9)


def test_a_body_in_the_loop_goes_on_from_a_state_with_the_same_bits():
    circuit = SwimmerCircuit(5)
    whole = swim(circuit, steps=150)
    first = swim(circuit, steps=70)
    kept = {name: np.array(value) for name, value in first.state().items()}
    second_run = simulate(circuit.network(record=RECORDED), externals={"body": Swimmer(6, 0.005)})
    second_run.restore(kept)
    second_run.run(80 * circuit.dt * second)
    joined = {
        name: np.concatenate([recorded(first)[name], values]) for name, values in recorded(second_run).items()
    }
    assert all(np.array_equal(joined[name], values) for name, values in recorded(whole).items())
