"""The worm: one set of parameters swims in water and crawls on agar."""

import numpy as np
import pytest
from brian2 import ms, second

from neurosim.analysis.waves import travelling_wave
from neurosim.bodies.worm import radii, worm
from neurosim.circuits.worm import WormCircuit
from neurosim.engines import get_engine
from neurosim.errors import DescriptionError, RunFailed


def gait(medium, duration, circuit=None):
    """Return wave and displacement (m) per second after three tenths of a run."""
    network = (circuit or WormCircuit()).network(("length", "com"), every=10)
    simulation = get_engine("fused").compile(network, externals={"body": worm(medium)})
    simulation.run(duration * second)
    length, com = (simulation.recordings()[f"{name}.output"].values for name in ("length", "com"))
    bend = (length[:, :48] - length[:, 48:]) / (radii()[:-1] + radii()[1:])
    first = int(0.3 * len(bend))
    moved = (com[-1] - com[first]) / (0.01 * (len(com) - 1 - first))
    return travelling_wave(bend[first:], 0.01, 24, (4, 44)), moved


@pytest.mark.slow
def test_it_swims_in_water_and_crawls_on_agar():
    """Against an independent prototype: 2.32 Hz and 1.78 body lengths in water, 0.41 Hz and 0.67 on agar."""
    found = {medium: gait(medium, 7) for medium in (0, 0.5, 1)}
    waves = {medium: wave for medium, (wave, _) in found.items()}
    assert waves[0].frequency == pytest.approx(2.32, abs=0.1)
    assert waves[1].frequency == pytest.approx(0.41, abs=0.03)
    assert waves[0].wavelength > 1.4 and 0 < waves[1].wavelength < 0.8
    assert waves[0].frequency > waves[0.5].frequency > waves[1].frequency
    assert waves[0].wavelength > waves[0.5].wavelength > waves[1].wavelength
    assert all(moved[0] < 0 for _, moved in found.values())  # towards the head


def test_without_stretch_no_neuron_switches():
    network = WormCircuit(stretch=(0.0,) * 12).network(("neuron",))
    simulation = get_engine("fused").compile(network, externals={"body": worm(1)})
    simulation.run(2 * second)
    states = simulation.recordings()["neuron.output"].values
    assert (states == np.arange(24) // 12 ^ 1).all()


def test_weights_follow_the_equations():
    network = WormCircuit(silent=(1,), dorsal=0.5).network()
    weight = np.asarray(network.projections["junction"].weight).reshape(4, 48)
    strength = 0.7 * (1 - 0.6 * np.arange(48) / 48)
    strength[0] /= 1.5
    strength[4:8] = 0.0
    np.testing.assert_allclose(weight, [0.5 * strength, -0.5 * strength, -strength, strength])
    feedback = network.projections["feedback"]
    target, weight = np.asarray(feedback.connect.post), np.asarray(feedback.weight)
    assert np.bincount(target).tolist() == ([24] * 7 + [20, 16, 12, 8, 4]) * 2
    of = [weight[target == unit][0] for unit in (0, 6, 7, 9, 11)]
    expected = [
        0.325 * (0.4 + 0.08 * u) * g for u, g in zip((0, 6, 7, 9, 11), np.sqrt([1, 1, 1, 2, 6]), strict=True)
    ]
    np.testing.assert_allclose(of, expected)


def test_a_body_that_fails_stops_the_run_with_the_reason():
    body = worm(0.0)
    body.__class__ = type(
        "Failing", (type(body),), {"trouble": property(lambda self: "the step failed: lower dt")}
    )
    simulation = get_engine("fused").compile(WormCircuit().network(), externals={"body": body})
    simulation.run(10 * ms)
    state = body.save()
    state[0:147:3] = 0.0  # all rods at one place
    body.load(state)
    with pytest.raises(
        RunFailed, match=r"external 'body' in step \d+ \(t = 0\.01 s\): the step failed: lower dt"
    ):
        simulation.run(5 * ms)


@pytest.mark.parametrize("change", [{"stretch": (1.0,)}, {"silent": (12,)}, {"stretch": (np.nan,) * 12}])
def test_what_does_not_fit_is_refused(change):
    with pytest.raises(DescriptionError, match=r"worm circuit: \w+ = .*: give"):
        WormCircuit(**change)
