"""The study of reinforcement: its controllers, settings that make no sense, and a small run that is resumed."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from neurosim.errors import UsageError
from neurosim.experiment import new_run, with_settings
from neurosim.experiments.swimmer_reinforcement import study
from neurosim.experiments.swimmer_reinforcement.training import Trained, circuit_kind, mlp_kind

TINY = [
    "n_links=3", "physics_dt=0.01", "steps=40", "episodes=2", "rollouts=2", "marks=1,2", "widths=4", "seeds=2",
    "starts=1", "iterations=2",
]  # fmt: skip


def test_kinds_begin_where_they_should():
    mlp, other = (mlp_kind(6, 8, 0.001).initial(seed) for seed in (0, 1))
    assert (mlp != other).all()
    layers = mlp_kind(6, 8, 0.001).controller.weights(mlp)
    assert np.abs(layers["weights3"]).max() <= 0.1 / np.sqrt(8) < np.abs(layers["weights2"]).max()
    np.testing.assert_array_equal(circuit_kind(6, 0.01).initial(3), [1, 1, 1, -1])
    drawn = circuit_kind(6, 0.01, constant=False).initial(3)
    assert (drawn[:3] > 0).all() and drawn[3] < 0


def test_marks_outside_the_training_are_rejected():
    for marks in ("3", "2,1"):
        with pytest.raises(UsageError, match=r"marks = .* of 2 roll-outs"):
            with_settings(study.PRESETS["quick"], ["rollouts=2", f"marks={marks}"]).require_sense()


class Stopped(Exception):
    pass


@pytest.mark.slow
def test_a_training_that_was_stopped_continues_to_the_same_bits():
    config = with_settings(study.PRESETS["quick"], TINY)
    arm, kept = Trained(mlp_kind(3, 4, 0.01), config, "fused"), {}

    class Stage(SimpleNamespace):
        def __call__(self, done, total, text=""):
            if self.stops and done == 1:
                raise Stopped

    def stage(stops, restored):
        return Stage(stops=stops, checkpoint=kept.update, restored=lambda: restored)

    whole = arm.learned(5, stage(False, None))
    kept.clear()
    with pytest.raises(Stopped):
        arm.learned(5, stage(True, None))
    for found, expected in zip(arm.learned(5, stage(False, dict(kept))), whole, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.slow
def test_a_small_run_ends_in_a_file_with_claims_and_a_figure(tmp_path):
    config = with_settings(study.PRESETS["quick"], TINY)
    outcome = new_run(study.experiment, config, out=str(tmp_path / "run.h5"), seed=3).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    assert verdicts["authors-returns"] == verdicts["ahead-20000"] == "not tested"
    assert verdicts["alive"] in ("holds", "fails")
