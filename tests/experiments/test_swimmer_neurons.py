"""The study of the swimmer with neurons that take time: a whole small run, and its measures."""

import numpy as np
import pytest

from neurosim.engines.recordings import Samples
from neurosim.experiment import find_experiment, new_run, with_settings
from neurosim.experiments.swimmer_neurons.measures import measured
from neurosim.experiments.swimmer_neurons.study import experiment
from neurosim.learning.arena import Episode
from neurosim.model.units import DIMENSIONLESS
from neurosim.store import open_results

TINY = ["starts=1", "duration=6 s", "delays=0.02,0.4", "pools=1,3", "n_links=4"]


@pytest.mark.slow
def test_a_small_run(tmp_path):
    assert find_experiment("swimmer_neurons").presets.keys() == {"quick", "paper"}
    path = tmp_path / "a.h5"
    run = new_run(experiment, with_settings(experiment.presets["quick"], TINY), out=str(path), workers=1)
    claims = {claim.id: claim for claim in run.execute().claims}
    with open_results(path) as results:
        assert results.array("neurons/speed").shape == (4, 1)
        assert results.array("cord/weights").shape == (3, 2, 2, 3)
        assert results.array("traces/spiking_b").shape == (1800, 6)
        assert np.ptp(results.array("contralateral/total")[0]) == 0  # w_c is inert without dynamics
        mirrored = results.array("cord/weights")[2]
        assert np.array_equal(mirrored[:, 0], mirrored[:, 1])
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert claims["w_c-leaky"].verdict == "holds"
    assert {"speed-leaky", "speed-spiking", "delay-leaky", "pool", "cord-speed-cook2019"} <= claims.keys()


def test_measures_do_not_depend_on_the_control_step():
    """A swimmer that makes its way at 0.1 m/s, turns by 0.05 rad/s and rewards half of what is possible."""
    for dt in (0.03, 0.002):
        time = dt * np.arange(round(30 / dt))
        wave = np.cos(2 * np.pi * (time[:, None] / 1.8 - np.arange(5) / 4))
        swing = 0.3 * np.sin(2 * np.pi * time / 1.8)
        course = np.stack([np.sin(0.05 * time) / 0.05, (1 - np.cos(0.05 * time)) / 0.05], axis=1)
        parts = {"angle": wave, "com": 0.1 * course, "heading": (0.05 * time + swing)[:, None]}
        parts["reward"] = np.full((len(time), 1), 0.5)
        steps = np.arange(len(time))
        recordings = {
            f"{n}.output": Samples(steps, v, np.arange(v.shape[1]), DIMENSIONLESS, dt)
            for n, v in parts.items()
        }
        found = measured(Episode(0.5 * len(time), 0.0, recordings), dt)
        assert found.total == pytest.approx(500)
        assert found.way == pytest.approx(0.1, rel=1e-2) and found.speed < 0.1
        assert found.turning == pytest.approx(0.05, rel=1e-2)
        assert found.frequency == pytest.approx(1 / 1.8)
        assert found.wavelength == pytest.approx(4 / 6)
