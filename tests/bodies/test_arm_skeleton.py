"""Mechanics of the two links and of the muscle paths against general laws."""

import math
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from neurosim.bodies.arm import MUSCLE_NAMES, Paths, Plant, PlantState, ReLU, Thelen, TwoLink
from neurosim.bodies.arm.integrators import INTEGRATORS
from neurosim.errors import DescriptionError
from tests.bodies.arm_runs import quick_jit

ARM = TwoLink()
shoulder, elbow = st.floats(0.001, math.radians(134.9)), st.floats(0.001, math.radians(154.9))


@pytest.fixture(autouse=True)
def x64():
    with jax.enable_x64(True):
        yield


def states(n=50):
    draw = np.random.default_rng(3)
    q = draw.uniform(ARM.lower, ARM.upper, (n, 2))
    return q, draw.normal(0, 5, (n, 2))


def test_acceleration_is_that_of_lagrange():
    bones, (q, dq) = TwoLink(viscosity=0.3), states()
    torque, force = jnp.array([0.7, -0.4]), jnp.array([3.0, -2.0])

    def lagrange(q, dq):
        """d/dt (dT/d dq) - dT/dq = Q, solved for ddq, from the kinetic energy alone."""
        inertia = jax.hessian(bones.kinetic_energy, 1)(q, dq)
        drift = jax.jacfwd(jax.grad(bones.kinetic_energy, 1))(q, dq) @ dq - jax.grad(bones.kinetic_energy)(
            q, dq
        )
        outer = torque + jax.jacfwd(bones.hand)(q).T @ force - 0.3 * dq
        return jnp.linalg.solve(inertia, outer - drift)

    ours = quick_jit(bones.acceleration)(q, dq, torque, force)
    np.testing.assert_allclose(ours, quick_jit(jax.vmap(lagrange))(q, dq), rtol=1e-9, atol=1e-8)


def test_kinetic_energy_is_that_of_two_rigid_bodies():
    q, dq = states()
    (m1, m2), (l1, _), (g1, g2), (i1, i2) = ARM.mass, ARM.length, ARM.centre, ARM.inertia
    turning = dq[:, 0] + dq[:, 1]
    elbow = l1 * dq[:, 0]
    centre = elbow**2 + (g2 * turning) ** 2 + 2 * elbow * g2 * turning * np.cos(q[:, 1])
    energy = 0.5 * (m1 * (g1 * dq[:, 0]) ** 2 + i1 * dq[:, 0] ** 2 + m2 * centre + i2 * turning**2)
    np.testing.assert_allclose(quick_jit(ARM.kinetic_energy)(q, dq), energy, rtol=1e-12)


def test_jacobian_and_hand_velocity_are_derivatives():
    q, dq = states()
    slopes = quick_jit(jax.vmap(jax.jacfwd(ARM.hand)))(q)
    np.testing.assert_allclose(quick_jit(ARM.jacobian)(q), slopes, atol=1e-12)
    velocity = quick_jit(ARM.hand_velocity)(q, dq)
    np.testing.assert_allclose(velocity, np.einsum("bxj,bj->bx", slopes, dq), atol=1e-12)


def test_moment_arms_are_slopes_of_the_lengths_and_torque_does_their_work():
    paths, (q, dq) = Plant().paths, states()
    slopes = np.swapaxes(quick_jit(jax.vmap(jax.jacfwd(paths.length)))(q), -1, -2)
    np.testing.assert_allclose(quick_jit(paths.moment_arms)(q), slopes, atol=1e-14)
    force = np.linspace(10, 100, 6)
    power = np.sum(quick_jit(paths.torque)(q, force) * dq, -1)
    np.testing.assert_allclose(power, -np.sum(force * quick_jit(paths.velocity)(q, dq), -1), rtol=1e-10)


def test_flexors_flex_and_extensors_extend():
    arms = Plant().paths.moment_arms(jnp.array([0.8, 1.2]))
    signs = dict(zip(MUSCLE_NAMES, np.sign(-np.asarray(arms)).T.tolist(), strict=True))
    assert signs == {
        "pectoralis": [1, 0],
        "deltoid": [-1, 0],
        "brachioradialis": [0, 1],
        "triceps_lateral": [0, -1],
        "biceps": [1, 1],
        "triceps_long": [-1, -1],
    }


def integrated(integrator, muscle, q, dq, a, u, seconds):
    """Return f(dt) -> the state (q, dq, a) of one arm after some time; compiled once for every dt."""
    plant = Plant(muscle=muscle)

    @quick_jit
    def run(dt, n):
        posture = (jnp.array([q]), jnp.array([dq]), jnp.full((1, 6), a))
        start = PlantState(*posture, plant.contract(*posture))

        def step(_, state):
            return INTEGRATORS[integrator](plant, state, jnp.full((1, 6), u), jnp.zeros((1, 2)), dt)

        end = jax.lax.fori_loop(0, n, step, start)
        return jnp.concatenate([end.q[0], end.dq[0], end.activation[0]])

    return lambda dt: np.asarray(run(dt, round(seconds / dt)))


kinetic_energy = quick_jit(ARM.kinetic_energy)


def energy(state):
    return float(kinetic_energy(np.array(state[:2]), np.array(state[2:4])))


def test_integrators_have_their_orders_in_a_free_swing_and_keep_energy_accordingly():
    q, dq = [0.8, 1.2], [1.5, -1.0]
    acceleration = quick_jit(lambda y: ARM.acceleration(y[:2], y[2:], jnp.zeros(2), jnp.zeros(2)))
    truth = solve_ivp(
        lambda _, y: [*y[2:], *np.asarray(acceleration(y))],
        *((0, 0.4), q + dq),
        method="DOP853",
        rtol=1e-12,
        atol=1e-12,
    ).y[:, -1]
    euler, rk4 = (integrated(kind, ReLU(), q, dq, 0.0, 0.0, 0.4) for kind in ("euler", "rk4"))
    # Errors of an independent prototype in the same swing.
    assert np.abs(euler(0.01)[:4] - truth).max() == pytest.approx(3.89e-3, abs=1e-5)
    assert np.abs(rk4(0.01)[:4] - truth).max() == pytest.approx(2.8e-10, rel=0.05)
    lost = {(f, dt): energy(f(dt)) - energy(truth) for f in (euler, rk4) for dt in (0.01, 0.02)}
    assert energy(truth) == pytest.approx(energy(q + dq), abs=1e-11)
    assert lost[euler, 0.02] / lost[euler, 0.01] == pytest.approx(2, rel=0.1)
    assert lost[rk4, 0.02] / lost[rk4, 0.01] == pytest.approx(2**4, rel=0.3)


def test_rk4_is_fourth_order_with_muscles():
    # Thelen's muscle at constant excitation: no kink of a curve is crossed.
    end = integrated("rk4", Thelen(), [1.0, 1.4], [0.0, 0.0], 0.001, 0.6, 0.04)
    a, b, c = end(0.004), end(0.002), end(0.001)
    assert np.abs(a - b).max() / np.abs(b - c).max() == pytest.approx(2**4, rel=0.2)


round_trip = quick_jit(lambda q: ARM.angles(ARM.hand(q)))


@given(shoulder, elbow)
def test_angles_put_the_hand_where_it_was(q1, q2):
    with jax.enable_x64(True):
        np.testing.assert_allclose(round_trip(np.array([q1, q2])), [q1, q2], atol=1e-6)


def test_what_is_out_of_reach_has_no_angles():
    hands = np.array([(0.7, 0.0), (0.0, 0.05), (0.1, -0.5), (-0.6, -0.1), (0.0, 0.45)])
    found = np.isnan(quick_jit(ARM.angles)(hands))
    assert found.tolist() == 4 * [[True, True]] + [[False, False]]


def test_a_joint_stops_at_its_limit():
    upper = np.array(ARM.upper)
    q = np.array([[-0.1, 1.0], [-0.1, 1.0], upper + 0.1, upper / 2])
    dq = np.array([[-2.0, 3.0], [2.0, 3.0], [5.0, -5.0], [2e3, -2e3]])
    q, dq = quick_jit(ARM.limit)(q, dq)
    assert q.tolist() == [[0, 1], [0, 1], upper.tolist(), (upper / 2).tolist()]
    assert dq.tolist() == [[0, 3], [2, 3], [0, -5], [1e3, -1e3]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TwoLink(mass=(1.0, 0.0)), "TwoLink.mass = (1.0, 0.0): must be finite and above 0"),
        (lambda: TwoLink(viscosity=-1.0), "TwoLink.viscosity = -1.0: must be finite and at least 0"),
        (lambda: TwoLink(lower=(0.0, 3.0)), "TwoLink: lower = (0.0, 3.0) rad is not below upper"),
        (lambda: Paths((1.0,), ((0.0,), (0.0, 1.0)), ((0.0,), (0.0,)), (0.0, 0.0)), "Paths: constant, slope"),
    ],
)
def test_impossible_bones_and_paths_are_refused(make, message):
    with pytest.raises(DescriptionError, match=re.escape(message)):
        make()
