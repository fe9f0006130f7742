"""The gallery of learning dynamics: each is found, and ends in a file with claims and a figure."""

from pathlib import Path

import numpy as np
import pytest

from neurosim.experiment import experiment_names, find_experiment, new_run, with_settings
from neurosim.experiments.dynamics_double_descent import errors
from neurosim.experiments.dynamics_exploration_bonuses import MOVES, Config, world
from neurosim.experiments.dynamics_patching_illusion import SITES, parts

TINY = {
    "double_descent": ["samples=10", "features=5,10,20", "trained=20", "tests=50", "seeds=2"],
    "opposing_signals": ["steps=20", "rates=0.1,0.5", "seeds=2"],
    "polynomials": ["dimensions=4", "samples=30,60", "tests=100", "seeds=2"],
    "concatenated": ["parts=2", "steps=20", "seeds=2"],
    "solution_hull": ["first=20", "second=20", "preferences=0,0.5,1", "seeds=2"],
    "boosting": ["groups=2", "steps=20", "seeds=2"],
    "learngene": ["updates=20", "depths=2", "tuning=10", "seeds=2"],
    "early_exit": ["steps=4", "updates=20", "costs=0.01,0.02", "tests=100", "seeds=2"],
    "pruning_regimes": ["batches=32,512", "epochs=1", "densities=1,0.5", "seeds=2"],
    "bilevel_pruning": ["hidden=20", "updates=20", "pruning=20", "rounds=2", "densities=0.1", "seeds=2"],
    "coloured_digits": ["updates=20", "seeds=2"],
    "patching_illusion": [],
    "exploration_bonuses": ["side=4", "horizon=5", "episodes=4", "seeds=1"],
}
QUICKEST = ("patching_illusion",)


def test_every_study_of_the_gallery_is_tested():
    found = {name.removeprefix("dynamics_") for name in experiment_names() if name.startswith("dynamics_")}
    assert found == set(TINY)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in QUICKEST else pytest.mark.slow) for n in TINY]
)
def test_a_small_run_ends_in_a_file_with_claims_and_a_figure(name, tmp_path):
    experiment = find_experiment(f"dynamics_{name}")
    config = with_settings(experiment.presets["quick"], TINY[name])
    outcome = new_run(experiment, config, out=str(tmp_path / "run.h5"), seed=3).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    assert verdicts
    # What is exact does not depend on sizes.
    if name == "patching_illusion":
        assert set(verdicts.values()) == {"holds"}
    if name == "double_descent":
        assert verdicts["closed-form"] == "holds"


def test_the_closed_form_of_descent_is_the_recursion():
    rng = np.random.default_rng(0)
    features, y, tests, targets = (
        rng.normal(size=(8, 5)),
        rng.normal(size=8),
        rng.normal(size=(9, 5)),
        np.zeros(9),
    )
    w, rate = np.zeros(5), 1 / np.linalg.norm(features, 2) ** 2
    for _ in range(30):
        w -= rate * features.T @ (features @ w - y)
    expected = [np.mean((features @ w - y) ** 2), np.mean((tests @ w) ** 2)]
    assert errors(features, y, tests, targets, 30) == pytest.approx(expected, rel=1e-12)


def test_a_direction_acts_only_with_both_parts():
    both = {site: min(parts(direction)) > 0 for site, direction in SITES.items()}
    assert list(both.values()) == [True, False, False, True]


def test_the_goal_of_a_world_is_in_reach_and_far():
    config = Config(side=6, walls=0.3)
    for seed in range(20):
        wall, goal = world(config, np.random.default_rng(seed))
        reached, front, steps = {0}, {0}, 0
        while goal not in reached:
            near = {
                tuple(np.array(divmod(place, 6)) + move) for place in front for move in MOVES
            }  # fmt: skip
            inside = {6 * row + column for row, column in near if 0 <= row < 6 and 0 <= column < 6}
            front = {place for place in inside if not wall[place]} - reached
            assert front
            reached, steps = reached | front, steps + 1
        assert steps >= 6 and not wall[0] and not wall[goal]
