"""Activation dynamics and muscle models against closed forms, published curves and MuJoCo's own muscle."""

import functools

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from neurosim.bodies.arm import MUSCLES, Activation, Fibres, Hill, MuJoCoStyle, ReLU, Thelen
from neurosim.bodies.arm.muscles.mujoco_style import bump
from neurosim.errors import DescriptionError, UnknownNameError
from tests.bodies.arm_runs import quick_jit

MODELS = [MUSCLES.get(name)() for name in MUSCLES]
HILL, THELEN, MUJOCO = Hill(), Thelen(), MuJoCoStyle()


@pytest.fixture(autouse=True)
def x64():
    with jax.enable_x64(True):
        yield


@functools.cache
def compiled(function):
    return quick_jit(function)


def of(function, *values):
    """Return function(*values) in double precision, all values spread to one shape."""
    return np.asarray(compiled(function)(*np.broadcast_arrays(*(np.asarray(v, float) for v in values))))


@pytest.mark.parametrize(
    ("u", "start", "expected"),
    [
        (1.0, 0.001, [1.0]),
        (0.3, 0.001, [0.398470, 0.376850, 0.360480, 0.347890, 0.338100]),
        (0.001, 1.0, [0.6004, 0.4325, 0.33336, 0.26689, 0.21901, 0.18288]),
    ],
    ids=["overshoot", "rise", "fall"],
)
def test_activation_follows_the_known_sequences(u, start, expected):
    dynamics, a, sequence = Activation(), start, []
    for _ in expected:
        a = float(dynamics.bounded(a + 0.01 * of(dynamics.rate, u, a)))
        sequence.append(a)
    assert sequence == pytest.approx(expected, abs=5e-6)


def test_activation_is_bounded():
    cut = Activation(floor=0.25).bounded(jnp.array([-1.0, 0.1, 0.5, 2.0]))
    assert cut.tolist() == [0.25, 0.25, 0.5, 1.0]


# a, x, v; active, passive with slack 1.0, passive with slack 1.4
KISTEMAKER = np.array(
    [
        (1, 1, 0, 1.00000000, 0, 0),
        (1, 1.2, 0, 0.90817264, 0.09182736, 0),
        (1, 0.7, 0, 0.79338843, 0, 0),
        (1, 1, -0.1, 0.97339623, 0, 0),
        (1, 1, -0.5, 0.87631579, 0, 0),
        (1, 1, 0.1, 1.04894296, 0, 0),
        (1, 1, 0.5, 1.17610014, 0, 0),
        (0.1, 1, -0.1, 0.08416144, 0, 0),
        (0.1, 1, 0.1, 0.12088951, 0, 0),
        (1, 1.2, -0.1, 0.88401182, 0.09182736, 0),
        (0.001, 1.6, 0, 0.00017355, 0.82644628, 0.59171598),
    ]
)


def test_hill_forces():
    a, x, v, active, slack_1, slack_14 = KISTEMAKER.T
    np.testing.assert_allclose(of(HILL.active, a, x, v), active, atol=5e-9)
    np.testing.assert_allclose(of(HILL.passive, x), slack_1, atol=5e-9)
    np.testing.assert_allclose(of(Hill(slack=1.4).passive, x), slack_14, atol=5e-9)
    fast = of(HILL.active, 1, 1, [1, 10, 100])
    np.testing.assert_allclose(fast, [1.26092, 1.46772, 1.59542], atol=5e-6)


def test_hill_curves_have_their_landmarks():
    a, x = np.linspace(0.001, 1, 7)[:, None, None], np.linspace(0.5, 1.5, 9)[:, None]
    around = of(HILL.active, a, x, [-1e-9, 0.0, 1e-9])
    np.testing.assert_allclose(around, np.broadcast_to(a * of(HILL.force_length, x), around.shape), atol=1e-6)
    np.testing.assert_allclose(of(HILL.force_length, [0.343, 1.657]), 0.01, rtol=1e-12)
    assert [of(Hill(slack=slack).passive, 1.66) for slack in (1.0, 1.4)] == pytest.approx([1, 1], abs=1e-12)
    # Force vanishes at v = -b_rel / a_rel.
    nothing, little = of(HILL.active, 1, 1, [-5.2 / 0.41, -12.6])
    assert nothing == pytest.approx(0, abs=1e-15) and little > 1e-3


def test_hill_with_speed_in_optimum_lengths_damps_more():
    fibres = Fibres(max_force=(100.0,), tendon=(0.0,), optimum=(0.1,))

    def force(unit):
        """Return the force at five optimum lengths per second of shortening."""
        contract = functools.partial(Hill(speed_unit=unit).contract, fibres)
        return quick_jit(contract)(np.ones(1), np.full(1, 0.1), np.full(1, -0.5)).force[0]

    assert force(1.0) == pytest.approx(30.9, abs=0.05)
    assert force(10.0) == pytest.approx(87.6, abs=0.05)


def test_hill_stays_regular_far_beyond_the_joint_range():
    def total(a, x, v):
        return jnp.sum(HILL.active(a, x, v))

    grid = np.meshgrid([0.001, 0.0015, 1.0], np.linspace(0.01, 3, 40), np.linspace(-20, 20, 41))
    slopes = quick_jit(jax.grad(total, argnums=(0, 1, 2)))(*grid)
    assert all(np.isfinite(slope).all() for slope in slopes)
    a, x, v = grid
    highest = 1.5 * a * of(HILL.force_length, x) + 0.001 * np.maximum(v, 0)
    assert (of(HILL.active, a, x, v) <= highest + 1e-12).all()


@pytest.mark.parametrize("muscle", MODELS, ids=lambda m: m.name)
def test_slopes_agree_with_differences_on_one_side_at_rest_too(muscle):
    h, v = 1e-6, np.array([-0.2, 0.0, 0.2])
    behind, here, ahead = of(muscle.active, 0.4, 1.1, v + h * np.array([[-1], [0], [1]]))
    slope = quick_jit(jax.vmap(jax.grad(muscle.active, argnums=2)))(np.full(3, 0.4), np.full(3, 1.1), v)
    error = np.minimum(np.abs(slope - (ahead - here) / h), np.abs(slope - (here - behind) / h))
    assert (error < 1e-4).all()


def test_thelen_has_its_landmarks():
    a = np.array([0.01, 0.3, 1.0])
    np.testing.assert_allclose(of(THELEN.active, 1, [1, 1.3], 0), [1, np.exp(-0.2)], atol=1e-12)
    np.testing.assert_allclose(of(THELEN.passive, [0.9, 1.0, 1.6]), [0, 0, 1], atol=1e-12)
    # Isometric, fast and slow lengthening, the maximal speed of shortening and half of it: all grow with activation.
    v = np.stack([np.zeros(3), np.full(3, 1e9), (3 * a + 1) / 100, -(3 * a + 1) / 4, -(3 * a + 1) / 8])
    expected = np.broadcast_to([[1], [1.4], [1.2], [0], [1 / 6]], (5, 3))
    np.testing.assert_allclose(of(THELEN.force_velocity, a, v), expected, atol=1e-6)


def test_mujoco_style_is_mujocos_muscle_but_for_the_second_bump():
    x, v = np.meshgrid(np.linspace(0.4, 1.8, 57), [-1.5, -0.6, 0.0, 0.07, 0.2, 3.0])
    span = np.array([0.5, 1.5])  # so that lengths are normalised
    parameters = np.array([*span, 1.0, 0.0, 0.5, 1.6, 1.0, MUJOCO.passive_max, MUJOCO.stretched])
    oracle = np.vectorize(lambda x, v: -mujoco.mju_muscleGain(x, v, span, 1.0, parameters))(x, v)
    second = 0.15 * of(functools.partial(bump, low=0.5, middle=0.725, high=0.95), x)
    extra = 0.3 * second * of(MUJOCO.force_velocity, v)
    np.testing.assert_allclose(of(MUJOCO.active, 0.3, x, v) - extra, 0.3 * oracle, atol=1e-12)
    assert oracle.max() == pytest.approx(1.2) and second.max() == pytest.approx(0.15)


def test_mujoco_style_passive_force_has_its_landmarks():
    x = np.array([0.5, 1.0, 1.15, 1.3, 1.6, 1.9])
    np.testing.assert_allclose(of(MUJOCO.passive, x), [0, 0, 1.3 / 32, 1.3 / 4, 1.3, 1.3 * 7 / 4], atol=1e-12)
    before, after = quick_jit(jax.vmap(jax.grad(MUJOCO.passive)))(np.array([1.2999999, 1.3000001]))
    assert float(before) == pytest.approx(float(after), rel=1e-5)
    assert MUJOCO.unit_speed(jnp.ones(2)).tolist() == [1.5, 1.5]


def test_relu_force_is_activation_times_strength():
    fibres = Fibres(max_force=(100.0, 50.0), tendon=(0.1, 0.1), optimum=(0.1, 0.1))
    done = ReLU().contract(fibres, jnp.array([0.5, 0.2]), jnp.array([0.3, 0.05]), jnp.array([1.0, -1.0]))
    assert done.force.tolist() == [50.0, 10.0]
    np.testing.assert_allclose(done.length, [0.2, 0.001])
    assert done.velocity.tolist() == [1.0, -1.0]


def test_floors_and_time_constants_are_those_of_each_model():
    floors = {muscle.name: muscle.activation.floor for muscle in MODELS}
    assert floors == {"hill": 0.001, "mujoco": 0.0, "relu": 0.0, "thelen": 0.001}
    assert (MUJOCO.activation.rise, MUJOCO.activation.fall) == (0.010, 0.040)


def test_an_unknown_muscle_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"unknown muscle 'hil': did you mean 'hill'\?"):
        MUSCLES.get("hil")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hill(slack=1.7), r"Hill\.slack = 1\.7: must be below 1\.66"),
        (lambda: Hill(slack=float("nan")), r"Hill\.slack = nan: must be finite and above 0"),
        (lambda: Hill(activation=Activation(floor=0.0)), r"Hill\.activation\.floor = 0: must be above 0"),
        (lambda: Activation(rise=0.0), r"Activation\.rise = 0\.0: must be finite and above 0"),
        (lambda: Activation(floor=1.0), r"Activation\.floor = 1\.0: must be below 1"),
        (lambda: MuJoCoStyle(stretched=1.0), r"MuJoCoStyle\.stretched = 1\.0: must be finite and above 1"),
        (lambda: MuJoCoStyle(shortest_x=0.95), r"MuJoCoStyle\.shortest_x = 0\.95: must be below 0\.95"),
        (lambda: Thelen(slack=-1.0), r"Thelen\.slack = -1\.0: must be finite and above 0"),
        (lambda: Fibres((1.0,), (1.0,), (1.0, 2.0)), "Fibres: max_force, tendon and optimum differ"),
        (
            lambda: Fibres((-1.0,), (1.0,), (1.0,)),
            r"Fibres\.max_force = \(-1\.0,\): must be finite and above 0",
        ),
    ],
)
def test_impossible_muscles_are_refused_in_one_line(make, message):
    with pytest.raises(DescriptionError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)
