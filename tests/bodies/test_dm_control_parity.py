"""The body is dm_control's swimmer, step by step (runs where dm_control works; it needs mujoco of its own age)."""

import mujoco
import numpy as np
import pytest

from neurosim.bodies.swimmer import Swimmer
from tests.bodies.reference_policy import swim

swimmer = pytest.importorskip("dm_control.suite.swimmer")


@pytest.mark.parametrize("n_links", [4, 6])
def test_trajectory_and_reward(n_links):
    try:
        environment = swimmer.swimmer(n_links=n_links, random=3, time_limit=float("inf"))
    except AttributeError as reason:
        pytest.skip(f"dm_control does not fit this mujoco: {reason}")
    time_step = environment.reset()
    physics = environment.physics
    body = Swimmer(n_links)
    state = np.empty_like(body.save())
    mujoco.mj_getState(physics.model.ptr, physics.data.ptr, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    body.load(state)
    controls, outputs = swim(body)
    worst = dict.fromkeys(("angle", "heading", "com", "forward_speed", "reward", "velocity"), 0.0)
    for t in range(len(controls)):
        time_step = environment.step(controls[t])
        speed = -physics.named.data.sensordata["head_vel"][1]
        expected = {
            "angle": physics.data.qpos[3:],
            "heading": physics.data.qpos[2],
            "com": physics.named.data.subtree_com["head"][:2],
            "forward_speed": speed,
            "reward": np.clip(speed / 0.1, 0, 1),
        }
        for name, values in expected.items():
            worst[name] = max(worst[name], np.abs(outputs[t + 1, body.outputs[name]] - values).max())
        velocity = outputs[t + 1, body.outputs["observation"]][n_links - 1 :]
        worst["velocity"] = max(
            worst["velocity"], np.abs(velocity - time_step.observation["body_velocities"]).max()
        )
    print(n_links, worst)
    assert max(worst.values()) <= 1e-9
