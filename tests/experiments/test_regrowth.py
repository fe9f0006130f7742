"""The study of regrowth: masks, cuts, equal numbers of connections, and a whole small run."""

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from neurosim.errors import UsageError
from neurosim.experiment import new_run, with_settings
from neurosim.experiments.regrowth import study as regrowth
from neurosim.experiments.regrowth.training import METHODS, Arms
from neurosim.model.selection import erk_densities

TINY = [
    "hidden=8", "images=128", "epochs=4", "pruned=2", "sparsities=0.8", "cuts=1,2", "rates=0.5,0.9", "after=1",
    "seeds=2",
]  # fmt: skip


@pytest.fixture(scope="module")
def arms():
    return Arms(with_settings(regrowth.PRESETS["quick"], TINY), SimpleNamespace(seed=1))


def test_a_sparse_start_has_the_densities_of_erdos_and_renyi_and_no_weight_elsewhere(arms):
    start = arms.started(0.2)
    shapes = list(pairwise(arms.sizes))
    densities = erk_densities(shapes, [n * m for n, m in shapes], 0.2)
    for (name, mask), share in zip(arms.rewire.masks(start).items(), densities, strict=True):
        np.testing.assert_array_equal(mask.sum(1), round(share * mask.shape[1]))
        assert (mask[0] != mask[1]).any()
        assert not start.last[f"{name}.w"][~mask].any()


@pytest.mark.slow
def test_a_cut_keeps_the_largest_weights_of_the_network_and_regrowth_their_number(arms):
    training = arms.trained(arms.started(), 1)
    pruned = arms.cut(training, 0.9)
    weights = np.concatenate([np.abs(training.last[f"{name}.w"]) for name in arms.names], axis=1)
    masks = np.concatenate(list(arms.rewire.masks(pruned).values()), axis=1)
    for w, mask in zip(weights, masks, strict=True):
        assert mask.sum() == len(mask) // 10 and w[mask].min() >= w[~mask].max()
    regrown = arms.cut(pruned, 0.9, 0.5)
    np.testing.assert_array_equal(arms.connections(regrown), arms.connections(pruned))
    before, after = (np.concatenate(list(arms.rewire.masks(t).values()), axis=1) for t in (pruned, regrown))
    assert 0 < (after & ~before).sum() <= 0.5 * before.sum() + 2 * len(arms.names)
    # A branch: the training that was cut is as it was.
    assert arms.connections(training).tolist() == [masks.shape[1]] * 2


def test_settings_that_do_not_fit_the_training_are_rejected():
    for name, value, message in (
        ("pruned", "4", "pruned = 4"),
        ("cuts", "3,4", "cuts = "),
        ("images", "64", None),
    ):
        settings = [one for one in TINY if not one.startswith(name)]
        config = with_settings(regrowth.PRESETS["quick"], [*settings, f"{name}={value}"])
        if message is None:
            config.require_sense()
            continue
        with pytest.raises(UsageError, match=message):
            config.require_sense()


@pytest.mark.slow
def test_a_small_run_ends_in_a_file_with_claims_and_a_figure(tmp_path):
    config = with_settings(regrowth.PRESETS["quick"], TINY)
    outcome = new_run(regrowth.experiment, config, out=str(tmp_path / "run.h5"), seed=3).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    assert verdicts["equal-density"] == "holds" and verdicts["convolutional"] == "not tested"
    assert len(METHODS) == 7
