"""The overdamped chain: closed forms, its Jacobian, symmetry, states, what is refused, steps that fail."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import solve_banded as reference

from neurosim.bodies.chain import Element, OverdampedChain, step
from neurosim.bodies.chain.banded import solve_banded
from neurosim.bodies.worm import SEGMENT, lateral_rest, radii, worm
from neurosim.errors import DescriptionError

R, REST, K, D, C = 40e-6, 20e-6, 0.02, 5e-4, 3e-8


def pair(stretched=1.5, dt=1e-3, **more):
    """Two rods side by side, joined on both sides."""
    elements = [
        Element(
            0, s, 1, s, REST, K, D, muscle=(1 - s) // 2, pull=K, pull_damping=D, shortest=REST / 2, **more
        )
        for s in (1, -1)
    ]
    start = [[0, 0, np.pi / 2], [stretched * REST, 0, np.pi / 2]]
    return OverdampedChain([R, R], elements, 2 * C, C, start, dt)


def active(body, activation, steps):
    return np.array([body.step(activation)[body.outputs["length"]] for _ in range(steps)])


@pytest.mark.parametrize("a", [0.0, 0.7])
def test_a_pair_relaxes_as_the_closed_form_of_the_scheme(a):
    # Each rod moves by 2 F/C_L, F = k' (R' - L) - d' L', so L' = (4 k'/C) (R' - L)/(1 + 4 d'/C).
    body = pair()
    found = active(body, [a, a], 50)
    k, d, h = K * (1 + a), D * (1 + a), body.dt
    rest = (REST + a * (REST - a * REST / 2)) / (1 + a)
    rate = 4 * k / C / (1 + 4 * d / C)
    expected = rest + (1.5 * REST - rest) / (1 + h * rate) ** np.arange(1, 51)
    assert_allclose(found, np.stack([expected] * 2, axis=1), rtol=1e-9)


def test_one_active_side_bends_the_body_to_that_side():
    body = pair(stretched=1.0)
    dorsal, ventral = active(body, [1.0, 0.0], 200)[-1]
    assert dorsal < 0.8 * REST < ventral
    first, second = body.output_values[body.outputs["rods"]].reshape(2, 3)[:, 2]
    assert second > first  # dorsal ends, at +y, come together


def test_motion_does_not_depend_on_place_and_direction():
    turn, shift = 0.7, np.array([3e-4, -2e-4])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    activation = np.linspace(0, 1, 96)
    one, other = worm(0.3), worm(0.3)
    state = other.save()
    rods = state[:147].reshape(49, 3)
    rods[:, :2] = rods[:, :2] @ rotation.T + shift
    rods[:, 2] += turn
    other.load(state)
    for _ in range(40):
        a, b = (body.step(activation)[body.outputs["rods"]].reshape(49, 3) for body in (one, other))
    assert_allclose(a[:, :2] @ rotation.T + shift, b[:, :2], atol=1e-12)
    assert_allclose(a[:, 2] + turn, b[:, 2], atol=1e-9)


def test_the_jacobian_is_the_derivative_of_the_residual():
    body, rng = worm(1.0), np.random.default_rng(0)
    n, h, lever, width = 49, body.dt, body._numbers[step.LEVER], body._width
    scale = np.tile([1e-6, 1e-6, 0.02], n)
    z = body.save()[: 3 * n] + scale * rng.normal(size=3 * n)
    before = z - 0.01 * scale * rng.normal(size=3 * n)
    activation = rng.uniform(0, 1, 96)

    def linear(z):
        residual, matrix = np.empty(3 * n), np.empty((3 * n, 3 * width + 1))
        step.linearise(
            h, lever, width, body._rods, body._elements, activation, z, (z - before) / h, residual, matrix
        )
        return residual, matrix

    _, matrix = linear(z)
    dense = np.zeros((3 * n, 3 * n))
    for i in range(3 * n):
        for j in range(max(0, i - width), min(3 * n, i + width + 1)):
            dense[i, j] = matrix[i, j - i + width]
    for j in range(3 * n):
        moved = np.zeros(3 * n)
        moved[j] = 1e-10 / (lever if j % 3 == 2 else 1.0)
        numeric = (linear(z + moved)[0] - linear(z - moved)[0]) / 2e-10
        assert_allclose(dense[:, j], numeric, atol=1e-8 * np.abs(dense).max())


def test_the_banded_solver_is_that_of_scipy():
    rng = np.random.default_rng(1)
    n, w = 30, 4
    dense = rng.normal(size=(n, n)) * (np.abs(np.subtract.outer(np.arange(n), np.arange(n))) <= w)
    dense[3, 3] = 0.0  # to be pivoted
    values, matrix, bands = rng.normal(size=n), np.zeros((n, 3 * w + 1)), np.zeros((2 * w + 1, n))
    for i in range(n):
        for j in range(max(0, i - w), min(n, i + w + 1)):
            matrix[i, j - i + w] = bands[w + i - j, j] = dense[i, j]
    expected = reference((w, w), bands, values)
    assert solve_banded(matrix, values, w)
    assert_allclose(values, expected, rtol=1e-8)
    assert not solve_banded(np.zeros((2, 4)), np.ones(2), 1)


def test_a_worm_at_rest_stays():
    body = worm(0.0)
    for _ in range(5):
        values = body.step(np.zeros(96))
    assert_allclose(values[:48], lateral_rest(), rtol=1e-9)
    assert_allclose(values[body.outputs["com"]], [24 * SEGMENT, 0], atol=1e-12)
    assert radii()[24] == pytest.approx(40e-6) and radii()[0] == pytest.approx(radii()[48])


def test_a_state_continues_with_the_same_bits():
    body, activation = worm(0.5), np.linspace(0, 0.8, 96)
    for _ in range(10):
        body.step(activation)
    kept = body.save()
    after = [body.step(activation) for _ in range(5)][-1]
    other = worm(0.5)
    other.load(kept)
    assert_array_equal([other.step(activation) for _ in range(5)][-1], after)
    body.reset()
    assert_array_equal(body.output_values, worm(0.5).output_values)


def test_a_step_that_does_not_converge_says_where_and_keeps_the_body():
    body = pair()
    state = body.save()
    state[2], state[5] = 0.0, np.pi  # rods that point away from each other: elements of no length
    state[3] = state[0] + 2 * R
    body.load(state)
    assert np.isnan(body.step([0.0, 0.0])).all()
    assert "did not converge at rod" in body.trouble and "lower dt" in body.trouble
    assert_array_equal(body.save()[:-3], state[:-3])
    body.reset()
    assert body.trouble is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"radius": [R]}, "2 rods or more"),
        ({"radius": [R, -R]}, "radius has"),
        ({"normal": [C, C, C]}, "drag of shape"),
        ({"longitudinal": 0.0}, "longitudinal has"),
        ({"elements": []}, "no elements"),
        ({"elements": [Element(0, 1, 2, 1, REST, K)]}, "joins rods 0 and 2"),
        ({"elements": [Element(0, 1, 1, 2, REST, K)]}, "sides 1 and 2"),
        ({"elements": [Element(0, 1, 1, 1, REST, -K)]}, "stiffness"),
        ({"elements": [Element(0, 1, 1, 1, REST, K, muscle=1)]}, "number them 0"),
        ({"start": [[0, 0, 0]]}, "start has shape"),
        ({"dt": np.nan}, "dt has"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    given = {
        "radius": [R, R],
        "elements": [Element(0, 1, 1, 1, REST, K)],
        "normal": C,
        "longitudinal": C,
        "start": [[0, 0, 1.5], [REST, 0, 1.5]],
        "dt": 1e-3,
    }
    with pytest.raises(DescriptionError, match=message):
        OverdampedChain(**(given | change))
    with pytest.raises(DescriptionError, match="activation has"):
        pair().step([1.0])
    with pytest.raises(DescriptionError, match="medium"):
        worm(1.5)
