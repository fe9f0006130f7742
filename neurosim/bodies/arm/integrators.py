"""One time step of the arm: the explicit Euler scheme of the reference, and classical Runge-Kutta."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import jax
from jax import Array

from neurosim.bodies.arm.plant import Plant, PlantState

Integrator: TypeAlias = Callable[[Plant, PlantState, Array, Array, float], PlantState]
"""(plant, state, excitation within its bounds [..., muscle], force on the hand (N) [..., 2], dt (s)) -> state."""


def euler(plant: Plant, state: PlantState, u: Array, force: Array, dt: float) -> PlantState:
    """Return the state after one explicit Euler step, in the order of MotorNet's reference trajectories.

    The joints move under the muscle forces of the previous step, and the new forces are those of the new activation at
    the old length and velocity: stored fibre lengths lag the joints by one step. It is of first order in dt.
    Arguments as of `Integrator`.
    """
    q, dq, a, muscle = state
    acceleration = plant.acceleration(q, dq, muscle.force, force)
    activation = plant.muscle.activation
    a = activation.bounded(a + dt * activation.rate(u, a))
    muscle = plant.contract(q, dq, a)
    q, dq = plant.skeleton.limit(q + dt * dq, dq + dt * acceleration)
    return PlantState(q, dq, a, muscle)


def rk4(plant: Plant, state: PlantState, u: Array, force: Array, dt: float) -> PlantState:
    """Return the state after one step of the classical Runge-Kutta method over joints and activation together.

    Excitation and force on the hand are constant over the step; joint limits act at its end. It is of fourth order in
    dt as long as no limit is reached and no muscle crosses a kink of its curves. Arguments as of `Integrator`.
    """
    activation = plant.muscle.activation

    def rates(y: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        q, dq, a = y[0], y[1], activation.bounded(y[2])
        muscle_force = plant.contract(q, dq, a).force
        return dq, plant.acceleration(q, dq, muscle_force, force), activation.rate(u, a)

    start = (state.q, state.dq, state.activation)
    k1 = rates(start)
    k2 = rates(_moved(start, k1, dt / 2))
    k3 = rates(_moved(start, k2, dt / 2))
    k4 = rates(_moved(start, k3, dt))
    mean = jax.tree.map(lambda a, b, c, d: (a + 2 * b + 2 * c + d) / 6, k1, k2, k3, k4)
    q, dq, a = _moved(start, mean, dt)
    q, dq, a = *plant.skeleton.limit(q, dq), activation.bounded(a)
    return PlantState(q, dq, a, plant.contract(q, dq, a))


def _moved(
    y: tuple[Array, Array, Array], rate: tuple[Array, Array, Array], by: float
) -> tuple[Array, Array, Array]:
    return jax.tree.map(lambda value, slope: value + by * slope, y, rate)


INTEGRATORS: dict[str, Integrator] = {"euler": euler, "rk4": rk4}
