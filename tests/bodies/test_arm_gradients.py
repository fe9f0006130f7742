"""Gradients through the arm against finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurosim.bodies.arm import MUSCLES, Effector, Plant, Senses
from tests.bodies.arm_runs import quick_jit

BATCH, STEPS = 64, 30


@pytest.fixture(autouse=True)
def x64():
    with jax.enable_x64(True):
        yield


def rollouts(arm):
    """Return f((u, q0, load)) -> (sum, (component of the last sensed hand position [batch], angles over time))."""
    along = jnp.asarray(np.random.default_rng(5).normal(size=(BATCH, 2)))

    def end(x):
        u, q0, load = x

        def step(state, now):
            state = arm.step(state, now, load)
            return state, state.plant.q

        state, q = jax.lax.scan(step, arm.init(BATCH, q0), u)
        component = jnp.sum(along * arm.observe(state).hand, axis=-1)
        return jnp.sum(component), (component, q)

    return end


def inputs():
    draw = np.random.default_rng(6)
    phases = draw.uniform(0, 2 * np.pi, (BATCH, 6))
    waves = np.sin(np.arange(STEPS)[:, None, None] * 0.2 + phases)
    return (
        0.3 + 0.25 * waves,
        draw.uniform([0.6, 0.9], [1.6, 1.8], (BATCH, 2)),
        draw.uniform(-5, 5, (BATCH, 2)),
    )


@pytest.mark.parametrize(
    ("muscle", "integrator"),
    [
        ("hill", "euler"),
        pytest.param("mujoco", "rk4", marks=pytest.mark.slow),
        pytest.param("relu", "euler", marks=pytest.mark.slow),
        pytest.param("thelen", "rk4", marks=pytest.mark.slow),
        pytest.param("hill", "rk4", marks=pytest.mark.slow),
    ],
)
def test_gradients_are_finite_and_equal_differences(muscle, integrator):
    arm = Effector(
        Plant(muscle=MUSCLES.get(muscle)()), Senses(vision_delay=0.02), dt=0.005, integrator=integrator
    )
    slope, at = quick_jit(jax.value_and_grad(rollouts(arm), has_aux=True)), inputs()
    # Arms do not touch each other, so one backward pass of the sum gives the gradient of each.
    _, gradient = slope(at)
    assert all(jnp.isfinite(g).all() for g in gradient)

    direction = [np.random.default_rng(7).normal(size=x.shape) for x in at]
    over = [(0, 2), 1, 1]  # what is summed to leave the batch
    exact = sum(np.sum(np.asarray(g) * d, axis=o) for g, d, o in zip(gradient, direction, over, strict=True))
    h = 1e-6
    moved = (tuple(x + s * h * d for x, d in zip(at, direction, strict=True)) for s in (1, -1))
    (ahead, q_ahead), (behind, q_behind) = (slope(x)[0][1] for x in moved)
    difference = (np.asarray(ahead) - np.asarray(behind)) / (2 * h)

    skeleton, q = arm.plant.skeleton, np.concatenate([q_ahead, q_behind])
    free = ((q > skeleton.lower) & (q < skeleton.upper)).all(axis=(0, 2))
    assert free.sum() >= 24
    np.testing.assert_allclose(exact[free], difference[free], rtol=1e-4, atol=1e-6)
