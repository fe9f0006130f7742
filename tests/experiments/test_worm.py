"""The study of the worm: a whole small run, its file, figure, movie and claims."""

import numpy as np
import pytest

from neurosim.bodies.worm import radii
from neurosim.experiment import find_experiment, new_run, with_settings
from neurosim.experiments.worm.measures import gait, headings
from neurosim.experiments.worm.study import experiment
from neurosim.store import open_results

TINY = ["media=0,1", "duration=1.5 s", "weakened=0.5", "healthy=5 s", "recovery=10 s", "window=2 s"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return the path of a small run and its claims."""
    path = tmp_path_factory.mktemp("worm") / "a.h5"
    run = new_run(experiment, with_settings(experiment.presets["quick"], TINY), out=str(path), workers=1)
    return path, run.execute().claims


@pytest.mark.slow
def test_a_small_run(tiny):
    path, claims = tiny
    assert find_experiment("worm").presets.keys() == {"quick", "paper"}
    with open_results(path) as results:
        assert results.array("gaits/rods").shape == (2, 75, 49, 3)
        assert results.array("lesions/speed").shape == (6, 2)
        assert results.array("recovery/gain").shape == (2, 2, 1, 96)
        # Up to the lesion the rule has the target that the gait without it has.
        before = results.array("recovery/speed")[..., 0]
        np.testing.assert_allclose(before[0], before[1], rtol=0.2, atol=2e-5)
        assert (results.array("recovery/gain")[0] == 1).all()
        frames = experiment.movie(experiment.presets["quick"], results)
        frames._draw_frame(3)
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert {c.id for c in claims} >= {"frequency-falls", "head-to-tail", "front-water", "gain-agar-0.5"}


def test_a_gait_is_measured_as_it_was_made():
    dt, time = 0.02, 0.02 * np.arange(500)
    segment, rod = np.arange(48), np.arange(49)
    bend = 0.1 * np.cos(2 * np.pi * (0.5 * time[:, None] - segment / (0.8 * 48)))
    width = radii()[:-1] + radii()[1:]
    length = np.concatenate([2e-5 + bend * width / 2, 2e-5 - bend * width / 2], axis=1)
    # A straight worm with its head towards -x that moves there and turns by 0.02 rad/s.
    angle = 0.02 * time[:, None]
    way = (rod - 24) * 2e-5
    rods = np.stack(
        [way * np.cos(angle) - 1e-4 * time[:, None], way * np.sin(angle), angle + np.pi / 2 + 0 * way], axis=2
    )
    found = gait(length, rods, dt)
    assert found.frequency == pytest.approx(0.5, rel=0.01)
    assert found.wavelength == pytest.approx(0.8, rel=0.01)
    assert found.amplitude == pytest.approx(0.1, rel=0.02)
    assert found.speed == pytest.approx(1e-4, rel=0.02)
    assert found.turning == pytest.approx(0.02, rel=0.01)
    assert abs(headings(rods)[0]) == pytest.approx(np.pi)
