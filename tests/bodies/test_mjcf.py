"""The generated MuJoCo model is the body of the published task."""

import mujoco
import numpy as np
import pytest

from neurosim.bodies.mjcf import joint_limit, swimmer_mjcf
from neurosim.errors import DescriptionError


def compiled(*arguments, **options):
    return mujoco.MjModel.from_xml_string(swimmer_mjcf(*arguments, **options))


@pytest.mark.parametrize("n_links", [2, 3, 6, 12])
def test_chain_of_links(n_links):
    model = compiled(n_links)
    joints = slice(3, None)
    assert (model.nbody, model.nq, model.nu) == (n_links + 1, n_links + 2, n_links - 1)
    assert np.all(model.body_mass[1:] == 0.01)
    assert np.all(model.geom_size == [0.001, 0.05, 0.01])
    assert np.all(model.body_pos[2:] == [0, 0.1, 0])
    assert np.all(model.jnt_limited == [0, 0, 0] + [1] * (n_links - 1))
    assert np.all(model.jnt_range[joints] == [-joint_limit(n_links), joint_limit(n_links)])
    assert np.all(model.dof_armature == [0, 0, 0] + [1e-6] * (n_links - 1))
    assert np.all(model.actuator_gear[:, 0] == 5e-4)
    assert np.all(model.actuator_trnid[:, 0] == np.arange(3, n_links + 2))


def test_inertia_is_that_of_a_box():
    a, b, c = 0.002, 0.1, 0.02
    expected = np.sort(0.01 / 12 * np.array([b * b + c * c, a * a + c * c, a * a + b * b]))
    assert np.sort(compiled(2).body_inertia[1]) == pytest.approx(expected, rel=1e-12)


def test_joint_limit_of_six_links_is_60_degrees():
    assert np.degrees(joint_limit(6)) == pytest.approx(60, rel=1e-15)


def test_options_reach_the_model():
    model = compiled(6, dt=0.005, density=1000, viscosity=0.1)
    assert (model.opt.timestep, model.opt.density, model.opt.viscosity) == (0.005, 1000, 0.1)
    assert model.opt.integrator == mujoco.mjtIntegrator.mjINT_EULER
    assert model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_CONTACT


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"n_links": 1}, "n_links"),
        ({"n_links": -3}, "n_links"),
        ({"n_links": 6.0}, "n_links"),
        ({"n_links": True}, "n_links"),
        ({"n_links": 6, "dt": 0.0}, "dt"),
        ({"n_links": 6, "dt": float("nan")}, "dt"),
        ({"n_links": 6, "density": -1.0}, "density"),
        ({"n_links": 6, "viscosity": float("inf")}, "viscosity"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments, word):
    with pytest.raises(DescriptionError, match=word) as error:
        swimmer_mjcf(**arguments)
    assert "\n" not in str(error.value)
