"""The swimmer with neurons that take time: nothing else changes, leaks are exponential, pools fire as computed."""

from functools import partial

import numpy as np
import pytest

from neurosim.bodies.swimmer import Swimmer
from neurosim.circuits.celegans_swimmer import SwimmerCircuit
from neurosim.circuits.neuronal_swimmer import NeuronalSwimmer
from neurosim.errors import DescriptionError
from neurosim.learning.arena import Arena
from neurosim.rng import generator


def swum(controller, vector, steps, record):
    """Return recordings of an episode on 3 links."""
    arena = Arena(controller, partial(Swimmer, 3, 0.002, 0.002), record=record, seed=3)
    return arena.episode(np.array(vector), generator(0, "start"), steps).recordings


CIRCUIT = SwimmerCircuit(2, period=900, dt=0.002)


def test_without_dynamics_it_is_the_circuit():
    weights = [1.0, 1.0, 1.0, -1.0]
    plain, ours = (
        swum(c, weights, 500, ("torque",)) for c in (CIRCUIT, NeuronalSwimmer(CIRCUIT, "stateless"))
    )
    assert np.array_equal(plain["torque.output"].values, ours["torque.output"].values)


def test_a_leaky_neuron_follows_its_input_exponentially():
    """The head's dorsal neuron receives 1 for 0.9 s, the ventral one then."""
    b = swum(NeuronalSwimmer(CIRCUIT, "leaky", tau=0.1), [0.0, 1.0, 1.0, -1.0], 900, ("b",))[
        "b.output"
    ].values
    time = 0.002 * np.arange(900)
    later = np.maximum(time - 0.9, 0.0)
    dorsal = np.where(time < 0.9, 1 - np.exp(-time / 0.1), (1 - np.exp(-9)) * np.exp(-later / 0.1))
    np.testing.assert_allclose(b[:, 0], dorsal, atol=1e-12)
    np.testing.assert_allclose(b[:, 2], 1 - np.exp(-later / 0.1), atol=1e-12)


@pytest.mark.parametrize("u", [0.3, 1.0])
def test_a_pool_fires_at_its_rate(u):
    swimmer = NeuronalSwimmer(CIRCUIT, "spiking", cells=8)
    recordings = swum(swimmer, [0.0, u, 1.0, -1.0], 450, ("cell", "b"))
    spikes, b = recordings["cell.spikes"], recordings["b.output"].values
    times, cells = np.asarray(spikes.times), np.asarray(spikes.ids)
    # Each neuron's interval is exact, so that counts are within one spike of the rate.
    found = np.bincount(cells[(times >= 0.4) & (cells < 8)], minlength=8)
    assert abs(found.sum() - 0.5 * swimmer.rate(u)) <= 8
    silent = (cells >= 8) & (cells < 16) & (times > 0.4)
    assert not silent.any()
    activity = swimmer.rate(u) / swimmer.rate(1.0)
    assert b[200:450, 0].mean() == pytest.approx(activity, abs=0.03)


def test_rates_rise_as_neurons_are_recruited():
    rate = NeuronalSwimmer(cells=10).rate(np.linspace(0, 1, 50))
    assert rate[0] == 0 and (np.diff(rate) >= 0).all() and rate[-1] == pytest.approx(1025)


def test_what_is_wrong_is_refused():
    for wrong, what in (
        ({"kind": "slow"}, "kind = 'slow': give one of stateless, leaky, spiking"),
        ({"tau": 0.0}, "tau = 0.0: give a time above 0"),
        ({"cells": 0}, "cells = 0: give a number from 1"),
    ):
        with pytest.raises(DescriptionError, match=what):
            NeuronalSwimmer(**wrong)
