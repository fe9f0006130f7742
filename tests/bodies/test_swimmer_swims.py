"""The untrained four-weight circuit swims as it was measured with an independent prototype."""

import numpy as np
import pytest

from neurosim.analysis.waves import net_speed, swimming_wave
from tests.bodies.reference_policy import PERIOD, UNTRAINED, episode

STARTS = range(5)


def wave_of(run):
    return swimming_wave(run.part("angle")[1:], run.part("com")[1:])


@pytest.mark.parametrize(
    ("n_links", "reward", "reward_band", "speed", "speed_band"),
    [(4, 341, 15, 0.028, 0.003), (6, 796, 12, 0.070, 0.004), (12, 903, 15, 0.097, 0.006)],
)
def test_return_and_speed(n_links, reward, reward_band, speed, speed_band):
    runs = [episode(n_links, start) for start in STARTS]
    assert np.mean([run.total_reward for run in runs]) == pytest.approx(reward, abs=reward_band)
    assert np.mean([net_speed(run.part("com")) for run in runs]) == pytest.approx(speed, abs=speed_band)


@pytest.mark.parametrize("w_c", [-0.3, 0.0])
def test_contralateral_weight_is_inert_in_forward_swimming(w_c):
    same = episode(weights=(*UNTRAINED[:3], w_c))
    assert same.outputs.tobytes() == episode().outputs.tobytes()


def test_ipsilateral_weight_is_not_inert():
    assert not np.array_equal(episode(weights=(1.0, 1.0, 0.9, -1.0)).outputs, episode().outputs)


def test_wave_runs_from_head_to_tail():
    wave = wave_of(episode())
    assert wave.frequency == pytest.approx(1 / (0.030 * PERIOD), rel=1e-12)
    assert wave.lag > 0
    assert wave.wavelength == pytest.approx(0.59, abs=0.03)


@pytest.mark.parametrize(
    ("n_links", "speed", "per_cycle", "wavelength", "slip"),
    [(6, 0.0746, 0.224, 0.59, 0.38), (12, 0.103, 0.154, 0.36, 0.43), (15, 0.108, 0.129, 0.31, 0.41)],
)
def test_wave_measures(n_links, speed, per_cycle, wavelength, slip):
    """Within a unit of the last digit that the prototype's table gives."""
    wave = wave_of(episode(n_links))
    assert wave.speed == pytest.approx(speed, abs=0.001)
    assert wave.body_lengths_per_cycle == pytest.approx(per_cycle, abs=0.001)
    assert wave.wavelength == pytest.approx(wavelength, abs=0.01)
    assert wave.speed_over_wave_speed == pytest.approx(slip, abs=0.01)


def test_physics_step_of_5_ms_gives_the_same_return():
    coarse, fine = (np.mean([episode(start=s, dt=dt).total_reward for s in STARTS]) for dt in (0.005, 0.002))
    assert coarse == pytest.approx(fine, rel=0.02)
