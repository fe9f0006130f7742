"""A swimmer among targets: what its head sees, what it is paid for, and the circuit that steers by it."""

import numpy as np
import pytest

from neurosim.bodies.swimmer import Swimmer
from neurosim.bodies.targets import TargetSwimmer
from neurosim.circuits.celegans_swimmer import SwimmerCircuit
from neurosim.circuits.swimmer_navigation import NavigatingCircuit
from neurosim.errors import DescriptionError
from neurosim.learning.arena import Arena
from neurosim.rng import generator


def part(body, name, outputs):
    return outputs[body.outputs[name]]


def test_the_target_is_seen_from_the_nose_and_approach_is_paid():
    body = TargetSwimmer(Swimmer(4, 0.005), targets=3, distance=0.5)
    body.reset(generator(0, "start"))
    seen = body.output_values
    heading = part(body, "heading", seen)[0]
    nose, right = np.array([np.sin(heading), -np.cos(heading)]), -np.array([np.cos(heading), np.sin(heading)])
    way = body.course[0] - [0, -0.05]  # the nose starts at (0, -0.05)
    np.testing.assert_allclose(part(body, "to_target", seen), [-way @ right, -way @ nose], atol=1e-12)
    start, paid = np.linalg.norm(way), 0.0
    for t in range(40):
        outputs = body.step(np.sin(t / 5 + np.arange(3.0)))
        paid += part(body, "reward", outputs)[0]
    assert part(body, "reached", outputs)[0] == 0
    covered = start - np.linalg.norm(part(body, "to_target", outputs))
    assert paid * 0.1 * 0.03 == pytest.approx(covered, abs=1e-12)


def test_what_is_reached_makes_room_for_the_next():
    body = TargetSwimmer(Swimmer(2, 0.005), targets=2, distance=0.2, reach=5.0)
    body.reset(generator(1, "start"))
    assert [part(body, "reached", body.step([0.0]))[0] for _ in range(3)] == [1, 2, 2]
    state = body.save()
    other = TargetSwimmer(Swimmer(2, 0.005), targets=2, distance=0.2, reach=5.0)
    other.load(state)
    np.testing.assert_array_equal(other.step([0.5]), body.step([0.5]))


def test_bad_input_is_rejected():
    for wrong, said in (({"targets": 0}, "targets = 0: give"), ({"reach": -1}, "reach = -1 m: give")):
        with pytest.raises(DescriptionError, match=said):
            TargetSwimmer(Swimmer(2), **wrong)
    with pytest.raises(DescriptionError, match="give what `save` returned"):
        TargetSwimmer(Swimmer(2)).load(np.zeros(3))
    with pytest.raises(DescriptionError, match="it has no commands"):
        NavigatingCircuit(SwimmerCircuit(5))


def test_the_circuit_steers_to_targets_before_any_training():
    circuit = NavigatingCircuit(SwimmerCircuit(5, commands=True))
    arena = Arena(
        circuit, lambda: TargetSwimmer(Swimmer(6, 0.005)), record=("reached", "turn", "to_target", "speed")
    )
    episode = arena.episode(circuit.initial(), generator(0, "start"), 1000)
    blind = arena.episode(np.array([1.0, 1, 1, -1, 0, -1]), generator(0, "start"), 1000)
    found = {
        name: episode.recordings[f"{name}.output"].values
        for name in ("reached", "turn", "to_target", "speed")
    }
    x, y = -found["to_target"][1:, 0], found["to_target"][1:, 1]
    np.testing.assert_array_equal(found["turn"][1:], np.stack([x > 0.1, x < -0.1], 1))
    np.testing.assert_array_equal(found["speed"][1:, 0], np.abs(y) > 0.12)
    assert found["reached"][-1, 0] >= 1
    assert episode.total > 300 > blind.total
