"""The arm does what MotorNet's does, and a wrong one would be seen."""

import functools
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurosim.bodies.arm import Effector, Hill, Plant, TwoLink
from neurosim.bodies.arm.integrators import INTEGRATORS
from neurosim.bodies.arm.plant import PlantState
from tests.bodies.arm_runs import RHO, StoredRuns, open_loop, quick_jit, traced_run

INTERIOR = slice(3, 4)


@pytest.fixture
def x64():
    with jax.enable_x64(True):
        yield


@functools.cache
def our_runs(rho, precise):
    """Return our outputs by name [sample, arm, component] for all cases of the stored runs."""
    stored, arm = StoredRuns(rho), Effector(Plant(muscle=Hill(slack=rho)))
    with jax.enable_x64(precise):
        # Single precision as users compile it.
        states = open_loop(arm, stored.q0, stored.u, stored.load, jit=quick_jit if precise else jax.jit)
        return quick_jit(functools.partial(outputs, arm))(states)


def outputs(arm, states):
    plant = states.plant
    return {
        "q": plant.q,
        "dq": plant.dq,
        "hand": arm.hand(states),
        "hand_vel": arm.hand_velocity(states),
        "act": plant.activation,
        "force": plant.muscle.force,
        "fibre_length": plant.muscle.length,
        "fibre_velocity": plant.muscle.velocity,
        "mt_length": arm.plant.paths.length(plant.q),
    }


@pytest.mark.parametrize("rho", RHO)
def test_all_stored_runs_are_reproduced(rho):
    stored = StoredRuns(rho)
    # rad, rad/s, m, m/s, 1, m, m/s: 1e-9 each; forces reach 1,700 N
    for name, value in our_runs(rho, precise=True).items():
        np.testing.assert_allclose(value, stored[name], rtol=0, atol=1e-6 if name == "force" else 1e-9)


@pytest.mark.parametrize("rho", RHO)
def test_joints_meet_their_limits_when_the_reference_does(rho):
    q, skeleton = np.asarray(our_runs(rho, precise=True)["q"]), TwoLink()
    at = (q <= np.array(skeleton.lower)) | (q >= np.array(skeleton.upper))
    first = np.where(at.any(0), at.argmax(0), -1)
    expected = StoredRuns(rho).arrays["first_limit_sample"][:, RHO.index(rho)]
    assert first.tolist() == expected.reshape(-1, 2).tolist()
    assert (first >= 0).any() and (first < 0).any()


@pytest.mark.parametrize("rho", RHO)
def test_single_precision_stays_close(rho):
    stored, ours = StoredRuns(rho), our_runs(rho, precise=False)
    assert ours["q"].dtype == jnp.float32
    for name, tolerance in {"q": 1e-4, "hand": 1e-4, "dq": 1e-3, "act": 1e-6, "force": 0.1}.items():
        np.testing.assert_allclose(ours[name], stored[name], rtol=0, atol=tolerance)


def test_static_tables(x64):
    table, plant = StoredRuns(1.0).arrays, Plant()
    q, dq, torque, force = (table[name] for name in ("st_q", "st_dq", "st_tau", "st_load"))
    close = {"rtol": 0, "atol": 1e-10}
    acceleration = quick_jit(plant.skeleton.acceleration)(q, dq, torque, force)
    np.testing.assert_allclose(acceleration, table["st_acc"], **close)
    np.testing.assert_allclose(quick_jit(plant.paths.length)(q), table["st_mt_length"], **close)
    np.testing.assert_allclose(quick_jit(plant.paths.velocity)(q, dq), table["st_mt_velocity"], **close)
    np.testing.assert_allclose(quick_jit(plant.paths.moment_arms)(q), table["st_moment_arm"], **close)
    hand = [quick_jit(plant.skeleton.hand)(q), quick_jit(plant.skeleton.hand_velocity)(q, dq)]
    np.testing.assert_allclose(np.concatenate(hand, axis=-1), table["st_hand"], **close)


@pytest.mark.parametrize("rho", RHO)
def test_muscle_tables(rho, x64):
    stored, muscle = StoredRuns(rho).arrays, Hill(slack=rho)
    a, x, v = np.broadcast_arrays(*np.ix_(stored["mus_a"], stored["mus_x"], stored["mus_v"]))
    ours = {
        "mus_f_active": quick_jit(muscle.active)(a, x, v),
        "mus_f_passive": quick_jit(muscle.passive)(x),
        "mus_f_length": quick_jit(muscle.force_length)(x),
    }
    for name, value in ours.items():
        np.testing.assert_allclose(value, stored[name][RHO.index(rho)], rtol=0, atol=1e-10)


# What follows are wrong arms, with the largest error (rad) of the `interior` case within 25 and 100 samples that an
# independent prototype of the same mistake had.
def in_wrong_order(mistakes, plant, state, u, force, dt):
    """Do an Euler step with mistakes in the order of its parts; mistakes [4], 0 or 1."""
    new_force, new_velocity, new_geometry, old_activation = mistakes
    q, dq, a, muscle = state
    new_a = plant.muscle.activation.bounded(a + dt * plant.muscle.activation.rate(u, a))
    used_a = jnp.where(old_activation, a, new_a)
    new = plant.contract(q, dq, used_a)
    ddq = plant.acceleration(q, dq, jnp.where(new_force, new.force, muscle.force), force)
    next_dq = dq + dt * ddq
    q, dq = plant.skeleton.limit(q + dt * jnp.where(new_velocity, next_dq, dq), next_dq)
    late = plant.contract(q, dq, used_a)
    return PlantState(q, dq, new_a, jax.tree.map(lambda x, y: jnp.where(new_geometry, x, y), late, new))


def test_steps_in_a_wrong_order_are_seen_and_err_as_predicted(x64, monkeypatch):
    stored = StoredRuns(1.0, INTERIOR)

    def error_of(mistakes):
        monkeypatch.setitem(INTEGRATORS, "euler", functools.partial(in_wrong_order, mistakes))
        q = traced_run(Effector(), stored.q0, stored.u, stored.load).plant.q
        return jnp.abs(q - stored["q"]).max(axis=(1, 2))

    error = np.asarray(quick_jit(jax.vmap(error_of))(np.eye(5, 4, -1, dtype=bool)))
    assert error[0].max() < 1e-9
    np.testing.assert_allclose(error[1:, :26].max(axis=1), [0.074, 0.064, 0.040, 0.055], atol=6e-4)
    np.testing.assert_allclose(error[1:].max(axis=1), [0.132, 0.079, 0.054, 0.122], atol=6e-4)


@dataclass(frozen=True, kw_only=True)
class ReversedTest(Hill):
    def curvature(self, a, x, f_l):
        return jnp.where(x > 1, 0.41, 0.41 * f_l), super().curvature(a, x, f_l)[1]


@dataclass(frozen=True, kw_only=True)
class ConstantB(Hill):
    def curvature(self, a, x, f_l):
        return super().curvature(a, x, f_l)[0], 5.2


@pytest.mark.parametrize(
    ("muscle", "early", "late"),
    [
        (ReversedTest(), 0.006, 0.044),
        (ConstantB(), 0.191, 1.944),
        (Hill(speed_unit=1.0), 0.424, 1.177),
        (Hill(slack=1.4), 0.644, 1.356),
    ],
    ids=["a_rel", "b_rel", "speed unit", "slack"],
)
def test_a_wrong_muscle_is_seen_and_errs_as_predicted(muscle, early, late, x64):
    stored = StoredRuns(1.0, INTERIOR)
    q = open_loop(Effector(Plant(muscle=muscle)), stored.q0, stored.u, stored.load).plant.q
    error = np.abs(q - stored["q"]).max(axis=(1, 2))
    assert error[:26].max() == pytest.approx(early, abs=6e-4)
    assert error.max() == pytest.approx(late, abs=6e-4)
