"""The arm as a controller meets it: what it senses and when, noise, batches, and what is refused."""

import functools
import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurosim.bodies.arm import Activation, Effector, Fibres, Hill, Plant, ReLU, Senses
from neurosim.errors import DescriptionError, UnknownNameError
from tests.bodies.arm_runs import open_loop, quick_jit

START = [0.8, 1.2]
WAVES = 0.5 + 0.4 * np.sin(np.arange(12)[:, None, None] * np.linspace(0.3, 1.5, 6) + np.arange(2)[:, None])


def sensed(arm, states):
    """Return what each state lets the controller sense [time, batch, 14]."""
    return np.concatenate(arm.observe(states), axis=-1)


def test_proprioception_lags_the_joints_by_one_step_and_vision_does_not():
    arm = Effector()
    states = open_loop(arm, START, WAVES)
    felt, paths = arm.observe(states), arm.plant.paths
    now = quick_jit(paths.length)(states.plant.q) - np.array(arm.plant.fibres.tendon)
    speed = quick_jit(paths.velocity)(states.plant.q, states.plant.dq)
    optimum = np.array(arm.plant.fibres.optimum)
    np.testing.assert_allclose(felt.length[1:], (now / optimum)[:-1], atol=1e-6)
    np.testing.assert_allclose(felt.velocity[1:], (speed / optimum / 10)[:-1], atol=1e-5)
    np.testing.assert_allclose(felt.hand, quick_jit(arm.hand)(states), atol=1e-6)
    assert np.abs(felt.length[1:] - (now / optimum)[1:]).max() > 1e-3


def test_delays_shift_what_is_sensed_and_change_nothing_else():
    prompt, delayed = Effector(), Effector(senses=Senses(proprioception_delay=0.02, vision_delay=0.05))
    now, later = open_loop(prompt, START, WAVES), open_loop(delayed, START, WAVES)
    np.testing.assert_array_equal(now.plant.q, later.plant.q)
    before, after = sensed(prompt, now), sensed(delayed, later)
    for part, delay in ((slice(0, 12), 2), (slice(12, 14), 5)):
        np.testing.assert_array_equal(after[delay:, :, part], before[:-delay, :, part])
        np.testing.assert_array_equal(after[:delay, :, part], np.repeat(before[:1, :, part], delay, 0))


@functools.cache
def noisy_runner(arm):
    def run(key):
        def step(state, t):
            new = arm.step(state, jnp.full((8, 6), 0.5), 0.0, jax.random.fold_in(key, t))
            return new, (new.plant, jnp.concatenate(arm.observe(new), axis=-1))

        return jax.lax.scan(step, arm.init(8, START, key=key), jnp.arange(400))[1]

    return quick_jit(run)


def noisy_run(arm, seed):
    """Return the mechanical states over time and what was sensed [time, batch, 14]."""
    return jax.device_get(noisy_runner(arm)(jax.random.key(seed)))


NOISY = Effector(senses=Senses(length_noise=0.1, velocity_noise=0.2, hand_noise=0.03))


def test_sensory_noise_has_its_size_and_leaves_the_body_alone():
    (noisy, sensation), (quiet, silence) = noisy_run(NOISY, 1), noisy_run(Effector(), 1)
    noise = sensation - silence
    np.testing.assert_array_equal(noisy.q, quiet.q)
    for part, sd in ((slice(0, 6), 0.1), (slice(6, 12), 0.2), (slice(12, 14), 0.03)):
        assert noise[..., part].std() == pytest.approx(sd, rel=0.03)
        assert abs(noise[..., part].mean()) < 0.03 * sd
    correlation = np.corrcoef(noise.reshape(-1, 14).T) - np.eye(14)
    assert np.abs(correlation).max() < 4 / np.sqrt(noise[..., 0].size)


def test_noise_repeats_with_its_key_and_only_with_it():
    one, same, other = (noisy_run(NOISY, seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).all()


def test_excitation_noise_has_its_size():
    # Activation stays near 0, where each step adds dt u/(0.5 rise): its increments show the excitations.
    slow = ReLU(activation=Activation(rise=100.0, fall=100.0, floor=0.0))
    plant, _ = noisy_run(Effector(Plant(muscle=slow), excitation_noise=0.05), 3)
    a = np.concatenate([np.zeros((1, 8, 6)), plant.activation])
    tau = 100 * (0.5 + 1.5 * a[:-1])
    u = np.diff(a, axis=0) * tau / 0.01 + a[:-1]
    assert u.mean() == pytest.approx(0.5, abs=0.002)
    assert u.std() == pytest.approx(0.05, rel=0.03)


def test_batches_vmap_and_single_arms_agree():
    arm = Effector()
    q0 = np.array([[0.8, 1.2], [1.4, 0.6]])
    together = open_loop(arm, q0, WAVES[:2]).plant.q
    alone = open_loop(arm, q0[1], WAVES[:2, 1:]).plant.q
    np.testing.assert_allclose(together[:, 1:], alone, atol=1e-6)
    # One more axis in front, as for a set of models that are trained side by side.
    mapped = quick_jit(jax.vmap(lambda q, u: arm.step(arm.init(1, q), u).plant.q))(q0, WAVES[0][:, None])
    np.testing.assert_allclose(mapped[:, 0], together[1], atol=1e-6)


def test_a_value_that_is_not_finite_makes_its_arm_and_no_other_nan():
    arm = Effector()
    u = WAVES.copy()
    u[3, 0, 2] = np.nan
    load = np.array([[0.0, 0.0], [np.nan, 0.0], [0.0, 0.0]])
    u = np.concatenate([u, u[:, 1:]], axis=1)
    q = open_loop(arm, START, u, load).plant.q
    assert np.isnan(q[-1, :2]).all() and np.isfinite(q[:, 2]).all()


def test_every_constant_can_be_stored_with_results():
    arm = Effector(Plant(muscle=Hill(slack=1.4)), Senses(vision_delay=0.09), integrator="rk4")
    facts = json.loads(json.dumps(arm.description()))
    assert facts["plant"]["muscle"] == {
        "name": "hill",
        "slack": 1.4,
        "speed_unit": 10.0,
        "activation": {"rise": 0.015, "fall": 0.05, "floor": 0.001},
    }
    assert facts["plant"]["skeleton"]["upper"] == pytest.approx(np.radians([135, 155]))
    assert (facts["dt"], facts["integrator"], facts["senses"]["vision_delay"]) == (0.01, "rk4", 0.09)
    assert hash(arm) == hash(Effector(Plant(muscle=Hill(slack=1.4)), Senses(vision_delay=0.09), 0.01, "rk4"))


def step_with(**arguments):
    arm = Effector()
    given = {"excitation": jnp.zeros((2, 6)), "load": 0.0} | arguments
    jax.eval_shape(lambda: arm.step(arm.init(2, START), given["excitation"], given["load"]))


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda: Effector(dt=0.0), "Effector.dt = 0.0: must be finite and above 0"),
        (lambda: Effector(excitation_noise=-1.0), "Effector.excitation_noise = -1.0: must be finite"),
        (
            lambda: Effector(senses=Senses(vision_delay=0.015)),
            "Senses.vision_delay = 0.015 s: not a whole number of time steps of 0.01 s; 0.02 s is the nearest",
        ),
        (lambda: Senses(hand_noise=-1.0), "Senses.hand_noise = -1.0: must be finite and at least 0"),
        (lambda: Plant(fibres=Fibres((1.0,), (0.1,), (0.1,))), "Plant: paths of 6 muscles, fibres of 1"),
        (lambda: Effector().init(0, START), "Effector.init: batch = 0; ask for at least 1 arm"),
        (lambda: Effector().init(2, [0.1]), "Effector.init: q has shape (1,), must have (2,) or (2, 2)"),
        (lambda: Effector().init(3, np.ones((2, 2))), "must have (2,) or (3, 2), batch first"),
        (lambda: Effector().init(2, [[0.8, 1.2], [0.8, 3.0]]), "arm 1 has joint angles [0.8"),
        (lambda: Effector().init(1, [np.nan, 1.0]), "arm 0 has joint angles [nan"),
        (lambda: step_with(excitation=jnp.zeros((2, 5))), "excitation has shape (2, 5), must have (2, 6)"),
        (lambda: step_with(excitation=jnp.zeros((3, 6))), "excitation has shape (3, 6), must have (2, 6)"),
        (
            lambda: step_with(load=jnp.zeros((3, 2))),
            "Effector.step: load has shape (3, 2), must have (2,) or (2, 2)",
        ),
        (
            lambda: jax.eval_shape(lambda: NOISY.init(1, START)),
            "Effector: there is noise but no key to draw it from; pass key=",
        ),
    ],
)
def test_bad_input_is_refused_in_one_line(do, message):
    with pytest.raises(DescriptionError, match=re.escape(message)) as caught:
        do()
    assert "\n" not in str(caught.value)


def test_an_unknown_integrator_is_refused_with_the_nearest():
    with pytest.raises(
        UnknownNameError, match=r"Effector.integrator: unknown integrator 'rk': did you mean 'rk4'\?"
    ):
        Effector(integrator="rk")
