"""Bodies as gymnasium environments: the library's checker, the bodies themselves, bad input, a library that trains."""

import warnings

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from gymnasium.utils.env_checker import check_env  # noqa: E402

from neurosim.bodies.swimmer import Swimmer  # noqa: E402
from neurosim.errors import DescriptionError, UsageError  # noqa: E402
from neurosim.gym import ArmEnv, CommandedSwimmerEnv, SwimmerEnv, TargetSwimmerEnv  # noqa: E402
from neurosim.tasks import ForceField, RandomReach, curl, rollout  # noqa: E402

MADE = {
    "swimmer": lambda: SwimmerEnv(3, time_feature=True),
    "commanded": lambda: CommandedSwimmerEnv(n_links=3, hold=5),
    "targets": lambda: TargetSwimmerEnv(n_links=3, targets=2),
    "arm": ArmEnv,
}


@pytest.mark.parametrize("name", MADE)
def test_the_checker_of_gymnasium_passes(name):
    with warnings.catch_warnings():
        # Velocities have no bound.
        warnings.filterwarnings("ignore", ".*A Box observation space m.*")
        check_env(MADE[name](), skip_render_check=True)


def test_they_are_registered():
    for name in ("Swimmer", "CommandedSwimmer", "TargetSwimmer", "Arm"):
        assert gymnasium.spec(f"neurosim/{name}-v0").id == f"neurosim/{name}-v0"
    made = gymnasium.make("neurosim/Swimmer-v0", n_links=2, steps=2)
    made.reset(seed=0)
    assert [made.step(np.zeros(1))[3] for _ in range(2)] == [False, True]


def test_the_swimmer_is_the_body():
    environment, body = SwimmerEnv(4, control_weight=0.1), Swimmer(4, 0.005)
    seen, _ = environment.reset(seed=5)
    body.reset(np.random.default_rng(5))
    np.testing.assert_array_equal(seen, body.observation())
    draw = np.random.default_rng(0)
    for _ in range(5):
        action = draw.uniform(-1, 1, 3)
        seen, reward, terminated, truncated, info = environment.step(action)
        outputs = body.step(action)
        np.testing.assert_array_equal(seen, outputs[body.outputs["observation"]])
        assert reward == pytest.approx(outputs[3] - 0.1 * np.mean(action**2))
        assert info["forward_speed"] == outputs[body.outputs["forward_speed"]][0]
        assert not terminated and not truncated


def test_commands_are_given_or_drawn_and_what_follows_them_is_rewarded():
    environment = CommandedSwimmerEnv(n_links=3, hold=4, average=1)
    seen, _ = environment.reset(seed=0, options={"speed": 0.0})
    np.testing.assert_array_equal(seen[-3:], [0, 0, 0])
    rewards = [environment.step(np.zeros(2))[1] for _ in range(6)]
    assert rewards[-1] == pytest.approx(1, abs=0.05), "at rest, as it was told"
    environment.reset(seed=0, options={"speed": 1.0, "left": 1.0})
    assert environment.step(np.zeros(2))[1] == pytest.approx(0, abs=0.1)
    drawn = [environment.reset(seed=0)[0][-3:]]
    drawn += [environment.step(np.zeros(2))[0][-3:] for _ in range(8)]
    assert len(np.unique(drawn, axis=0)) == 3, "again after 4 and after 8 steps"
    with pytest.raises(UsageError, match=r"options \['fast'\]: give right, left, speed"):
        environment.reset(options={"fast": 1})
    with pytest.raises(UsageError, match="give numbers from 0 to 1"):
        environment.reset(options={"speed": 2.0})


@pytest.mark.slow
def test_the_arm_is_the_rollout_of_its_task():
    task = ForceField(RandomReach(steps=6), curl(5.0))
    environment, excitation = ArmEnv(task=task, effort=0.0), np.linspace(0.1, 0.6, 6)
    environment.reset(seed=3)
    found = [environment.step(excitation) for _ in range(6)]
    trials = environment._trials
    episode = rollout(
        environment.effector, lambda carry, seen, cue: (carry, jnp.asarray(excitation)[None]), trials, None
    )
    distance = jnp.linalg.norm(episode.hand - trials.aim, axis=-1)[0]
    np.testing.assert_allclose([-step[1] for step in found], distance, rtol=1e-5)
    assert [step[3] for step in found] == [False] * 5 + [True]
    assert jax.tree.leaves(trials)[0].shape == (1, 2)


def test_bad_input_says_what_to_write():
    with pytest.raises(DescriptionError, match="SwimmerEnv.steps = 0: give at least 1"):
        SwimmerEnv(steps=0)
    with pytest.raises(DescriptionError, match="TargetSwimmerEnv.reset_noise = 2: give a number from 0 to 1"):
        TargetSwimmerEnv(reset_noise=2)
    with pytest.raises(DescriptionError, match="CommandedSwimmerEnv.hold = 0: give a positive number"):
        CommandedSwimmerEnv(hold=0)
    with pytest.raises(DescriptionError, match="ArmEnv.effort = -1: give"):
        ArmEnv(effort=-1)
    environment = SwimmerEnv(2, steps=1)
    with pytest.raises(UsageError, match=r"SwimmerEnv.reset: options \['a'\]: there are none"):
        environment.reset(options={"a": 1})
    environment.reset(seed=0)
    with pytest.raises(DescriptionError, match="give finite values"):
        environment.step(np.array([np.nan]))
    environment.step(np.zeros(1))
    with pytest.raises(UsageError, match="the episode of 1 steps is over: reset"):
        environment.step(np.zeros(1))
    with pytest.raises(UsageError, match="ArmEnv.step: no trial is running: reset"):
        ArmEnv().step(np.zeros(6))


@pytest.mark.slow
def test_a_library_trains_on_it():
    """PPO of Stable-Baselines3 raises the return of the swimmer of 3 links, whose noisy start hardly moves."""
    library = pytest.importorskip("stable_baselines3")
    from stable_baselines3.common.evaluation import evaluate_policy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        environment = SwimmerEnv(3, dt=0.01, steps=300)
        model = library.PPO(
            "MlpPolicy", environment, n_steps=1200, batch_size=300, gamma=0.99, seed=0, device="cpu"
        )
        before = evaluate_policy(model, environment, 3)[0]
        model.learn(24_000)
        after = evaluate_policy(model, environment, 3)[0]
    assert after > before + 30, (before, after)
