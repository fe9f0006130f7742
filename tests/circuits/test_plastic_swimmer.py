"""The plastic swimmer is the plain one until a rule or a lesion acts."""

import numpy as np
import pytest
from brian2 import second

from neurosim import simulate
from neurosim.bodies.swimmer import Swimmer
from neurosim.circuits.celegans_swimmer import SwimmerCircuit
from neurosim.circuits.plastic_swimmer import PlasticSwimmer
from neurosim.errors import DescriptionError
from neurosim.rng import generator

STEPS, LESION = 120, 70


def swim(network):
    """Return the outputs of motor neurons and muscles, and the path of the centre of mass."""
    body = Swimmer(6, 0.005)
    simulation = simulate(network, externals={"body": body})
    body.reset(generator(0, "start"))
    simulation.reset()
    simulation.run(STEPS * 0.03 * second)
    seen = simulation.recordings()
    return {name: seen[f"{name}.output"].values for name in ("b", "muscle", "com")}


def test_without_rules_it_swims_as_the_plain_circuit_until_a_neuron_is_lost():
    record = ("b", "muscle", "com")
    plain = swim(SwimmerCircuit().network(record=record))
    lesioned = swim(PlasticSwimmer(lost=2, lost_at=LESION * 0.03).network(record))
    for name in record:
        np.testing.assert_array_equal(plain[name][:LESION], lesioned[name][:LESION])
    assert np.all(lesioned["b"][LESION:, 2] == 0) and np.any(plain["b"][LESION:, 2] > 0)
    assert np.all(lesioned["muscle"][LESION:, 2] == 0)
    assert np.any(lesioned["com"][-1] != plain["com"][-1])


def test_a_neuron_that_is_not_there_cannot_be_lost():
    with pytest.raises(DescriptionError, match=r"lost = 10: give one of the motor neurons 0 \.\.\. 9"):
        PlasticSwimmer(lost=10)
