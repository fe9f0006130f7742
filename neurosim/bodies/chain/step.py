"""The implicit step of an overdamped chain: residual, Jacobian, Newton's method.

A rod has x, y and an angle p; n = (cos p, sin p) points along it, to its dorsal end, and b = (sin p, -cos p) along the
body. With the forces f of the elements on its two ends, dorsal (D) and ventral (V),
    (vx, vy) = n (n.f)/C_N + b (b.f)/C_L,  f = f_D + f_V;   dp/dt = b.(f_V - f_D) / (4 pi R C_L).
A step is backward Euler, z' = z + h v(z', (z' - z)/h): elements with damping depend on the velocities of the step.
"""

from __future__ import annotations

import numpy as np

from neurosim.bodies.chain.banded import solve_banded
from neurosim.bodies.external import FloatArray, IntArray
from neurosim.bodies.memory import view
from neurosim.cache import jit

# The vector of handles: addresses of the numbers, rods, elements, state and activation, then counts.
NUMBERS, RODS, ELEMENTS, STATE, N_RODS, N_ELEMENTS, N_MUSCLES, WIDTH = range(8)
# Numbers of a chain: step (s), length that weighs angles (m), tolerance (m), most iterations.
STEP, LEVER, TOLERANCE, MOST = range(4)
# Columns of a rod: half length (m), normal and longitudinal drag (kg/s).
RADIUS, NORMAL, LONG = range(3)
# Columns of an element.
A, SIDE_A, B, SIDE_B, REST, STIFFNESS, DAMPING, MUSCLE, PULL, PULL_DAMPING, SHORTEST = range(11)


@jit()
def length(rods: FloatArray, element: FloatArray, z: FloatArray) -> float:
    """Return the length of an element (m)."""
    a, b = int(element[A]), int(element[B])
    ra, rb = element[SIDE_A] * rods[a, RADIUS], element[SIDE_B] * rods[b, RADIUS]
    x = z[3 * b] + rb * np.cos(z[3 * b + 2]) - z[3 * a] - ra * np.cos(z[3 * a + 2])
    y = z[3 * b + 1] + rb * np.sin(z[3 * b + 2]) - z[3 * a + 1] - ra * np.sin(z[3 * a + 2])
    return np.sqrt(x * x + y * y)


@jit()
def _respond(block: FloatArray, rods: FloatArray, z: FloatArray, k: int, side: float) -> None:
    """Write the velocities of a rod per force at one of its ends (3, 2)."""
    c, s = np.cos(z[3 * k + 2]), np.sin(z[3 * k + 2])
    normal, long = 1.0 / rods[k, NORMAL], 1.0 / rods[k, LONG]
    block[0, 0] = c * c * normal + s * s * long
    block[0, 1] = c * s * (normal - long)
    block[1, 0] = block[0, 1]
    block[1, 1] = s * s * normal + c * c * long
    turn = -side * long / (4.0 * np.pi * rods[k, RADIUS])
    block[2, 0], block[2, 1] = turn * s, -turn * c


@jit()
def linearise(
    h: float,
    lever: float,
    width: int,
    rods: FloatArray,
    elements: FloatArray,
    activation: FloatArray,
    z: FloatArray,
    w: FloatArray,
    residual: FloatArray,
    matrix: FloatArray,
) -> None:
    """Write h times (velocities w minus those that follow from the forces) and its derivative by z at fixed z - h w.

    residual has the shape (3 rods,), matrix that of `solve_banded`; angles count as lengths, times `lever`.
    """
    n = len(rods)
    matrix[:] = 0.0
    ends = np.zeros((n, 2, 2))  # forces by rod, end (dorsal, ventral) and direction
    toward, away = np.empty((2, 3)), np.empty((2, 3))
    response = np.empty((3, 2))
    by_length, by_speed = np.empty((2, 2)), np.empty((2, 2))
    for element in elements:
        a, b = int(element[A]), int(element[B])
        ra, rb = element[SIDE_A] * rods[a, RADIUS], element[SIDE_B] * rods[b, RADIUS]
        ca, sa, cb, sb = (
            np.cos(z[3 * a + 2]),
            np.sin(z[3 * a + 2]),
            np.cos(z[3 * b + 2]),
            np.sin(z[3 * b + 2]),
        )
        ex, ey = z[3 * b] + rb * cb - z[3 * a] - ra * ca, z[3 * b + 1] + rb * sb - z[3 * a + 1] - ra * sa
        va, vb = ra * w[3 * a + 2], rb * w[3 * b + 2]
        dx = w[3 * b] - vb * sb - w[3 * a] + va * sa
        dy = w[3 * b + 1] + vb * cb - w[3 * a + 1] - va * ca
        size = np.sqrt(ex * ex + ey * ey)
        ux, uy = ex / size, ey / size
        speed = ux * dx + uy * dy
        k, d = element[STIFFNESS], element[DAMPING]
        force = k * (element[REST] - size)
        if element[MUSCLE] >= 0.0:
            active = max(activation[int(element[MUSCLE])], 0.0)
            pulled = element[REST] - active * (element[REST] - element[SHORTEST])
            force += element[PULL] * active * (pulled - size)
            k += element[PULL] * active
            d += active * element[PULL_DAMPING]
        force -= d * speed
        fx, fy = force * ux, force * uy
        at, on = (0 if element[SIDE_B] > 0 else 1), (0 if element[SIDE_A] > 0 else 1)
        ends[b, at, 0] += fx
        ends[b, at, 1] += fy
        ends[a, on, 0] -= fx
        ends[a, on, 1] -= fy
        # How the force changes with the vector between the ends, and with its speed.
        across = (ux * dy - uy * dx) / size  # the rate at which it turns
        tension = force / size
        by_length[0, 0] = -k * ux * ux + d * ux * uy * across + tension * uy * uy
        by_length[0, 1] = -k * ux * uy - d * ux * ux * across - tension * ux * uy
        by_length[1, 0] = -k * ux * uy + d * uy * uy * across - tension * ux * uy
        by_length[1, 1] = -k * uy * uy - d * ux * uy * across + tension * ux * ux
        by_speed[0, 0], by_speed[0, 1] = -d * ux * ux, -d * ux * uy
        by_speed[1, 0], by_speed[1, 1] = by_speed[0, 1], -d * uy * uy
        for i in range(2):
            for j in range(2):
                toward[i, j] = by_length[i, j] + by_speed[i, j] / h
                away[i, j] = toward[i, j]
            turn_b, turn_a = w[3 * b + 2], w[3 * a + 2]
            toward[i, 2] = rb * (
                by_length[i, 0] * -sb
                + by_length[i, 1] * cb
                + by_speed[i, 0] * (-sb / h - cb * turn_b)
                + by_speed[i, 1] * (cb / h - sb * turn_b)
            )
            away[i, 2] = ra * (
                by_length[i, 0] * -sa
                + by_length[i, 1] * ca
                + by_speed[i, 0] * (-sa / h - ca * turn_a)
                + by_speed[i, 1] * (ca / h - sa * turn_a)
            )
        for rod, side, sign in ((b, element[SIDE_B], -h), (a, element[SIDE_A], h)):
            _respond(response, rods, z, rod, side)
            for i in range(3):
                row = 3 * rod + i
                for j in range(3):
                    near = response[i, 0] * toward[0, j] + response[i, 1] * toward[1, j]
                    far = response[i, 0] * away[0, j] + response[i, 1] * away[1, j]
                    matrix[row, 3 * b + j - row + width] += sign * near
                    matrix[row, 3 * a + j - row + width] -= sign * far
    for k in range(n):
        c, s = np.cos(z[3 * k + 2]), np.sin(z[3 * k + 2])
        normal, long = 1.0 / rods[k, NORMAL], 1.0 / rods[k, LONG]
        fx, fy = ends[k, 0, 0] + ends[k, 1, 0], ends[k, 0, 1] + ends[k, 1, 1]
        gx, gy = ends[k, 1, 0] - ends[k, 0, 0], ends[k, 1, 1] - ends[k, 0, 1]
        along_rod, along_body = c * fx + s * fy, s * fx - c * fy
        turn = long / (4.0 * np.pi * rods[k, RADIUS])
        residual[3 * k] = h * (w[3 * k] - c * along_rod * normal - s * along_body * long)
        residual[3 * k + 1] = h * (w[3 * k + 1] - s * along_rod * normal + c * along_body * long)
        residual[3 * k + 2] = h * (w[3 * k + 2] - turn * (s * gx - c * gy))
        # The directions turn with the rod.
        row, change = 3 * k, long - normal
        matrix[row, 2 + width] -= h * change * (c * along_body + s * along_rod)
        matrix[row + 1, 1 + width] -= h * change * (s * along_body - c * along_rod)
        matrix[row + 2, width] -= h * turn * (c * gx + s * gy)
        for i in range(3):
            matrix[row + i, width] += 1.0
    for k in range(n):
        residual[3 * k + 2] *= lever
        row = 3 * k + 2
        for j in range(-width, width + 1):
            matrix[row, j + width] *= lever
            if 0 <= row + j < 3 * n:
                matrix[row + j, width - j] /= lever


@jit()
def observe(handles: IntArray, outputs: FloatArray) -> None:
    """Write the lengths of contractile elements, the mean of the rods' positions, and the positions and angles."""
    n, m = handles[N_RODS], handles[N_MUSCLES]
    rods = view(handles[RODS], 3 * n).reshape((n, 3))
    elements = view(handles[ELEMENTS], 11 * handles[N_ELEMENTS]).reshape((handles[N_ELEMENTS], 11))
    z = view(handles[STATE], 3 * n)
    for element in elements:
        if element[MUSCLE] >= 0.0:
            outputs[int(element[MUSCLE])] = length(rods, element, z)
    outputs[m], outputs[m + 1] = z[0::3].mean(), z[1::3].mean()
    outputs[m + 2 :] = z


@jit()
def advance(handles: IntArray, inputs: FloatArray, outputs: FloatArray) -> None:
    """Take one step with these activations of muscles and write the outputs of the resulting state.

    Where Newton's method does not converge the outputs are NaN and the state stays, but for the last three numbers:
    whether it failed, at which rod, and the last correction (m).
    """
    n, size = handles[N_RODS], 3 * handles[N_RODS]
    rods = view(handles[RODS], size).reshape((n, 3))
    elements = view(handles[ELEMENTS], 11 * handles[N_ELEMENTS]).reshape((handles[N_ELEMENTS], 11))
    numbers, state = view(handles[NUMBERS], 4), view(handles[STATE], 2 * size + 3)
    outputs[:] = np.nan
    if not np.all(np.isfinite(inputs)):
        return
    z, w = state[:size].copy(), state[size : 2 * size].copy()
    h, lever, width = numbers[STEP], numbers[LEVER], handles[WIDTH]
    residual, matrix = np.empty(size), np.empty((size, 3 * width + 1))
    z += h * w  # the velocities of the last step are the first guess
    worst, largest = 0, np.inf
    for _ in range(int(numbers[MOST])):
        linearise(h, lever, width, rods, elements, inputs, z, w, residual, matrix)
        if not solve_banded(matrix, residual, width) or not np.all(np.isfinite(residual)):
            break
        worst = int(np.argmax(np.abs(residual)))
        largest = abs(residual[worst])
        residual[2::3] /= lever
        z -= residual
        w -= residual / h
        if largest <= numbers[TOLERANCE]:
            state[:size] = z
            state[size : 2 * size] = w
            state[2 * size :] = 0.0
            observe(handles, outputs)
            return
    state[2 * size], state[2 * size + 1], state[2 * size + 2] = 1.0, worst // 3, largest
