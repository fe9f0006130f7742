"""The swimmer's states, outputs and refusals."""

import copy
from xml.etree import ElementTree

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim.bodies.mjcf import swimmer_mjcf
from neurosim.bodies.swimmer import Swimmer
from neurosim.errors import DescriptionError
from tests.bodies.reference_policy import episode, swim

STATE = mujoco.mjtState.mjSTATE_INTEGRATION


def started(n_links=6, start=0, **options):
    body = Swimmer(n_links, **options)
    body.reset(np.random.default_rng(start))
    return body


def with_sensors_on_every_link(n_links):
    """Return model and data of the same body with MuJoCo's own velocity sensors on each link."""
    root = ElementTree.fromstring(swimmer_mjcf(n_links))
    for link, body in enumerate(root.iter("body")):
        ElementTree.SubElement(body, "site", name=f"link_{link}")
        for kind in ("velocimeter", "gyro"):
            ElementTree.SubElement(root.find("sensor"), kind, site=f"link_{link}")
    model = mujoco.MjModel.from_xml_string(ElementTree.tostring(root, encoding="unicode"))
    return model, mujoco.MjData(model)


def test_outputs_are_those_of_the_state_reached_not_of_the_step_before():
    """Step by step the same as MuJoCo's own `mj_step` and a refresh of the sensors, bit for bit."""
    body = started(target_speed=0.05)
    model, data = with_sensors_on_every_link(6)
    mujoco.mj_setState(model, data, body.save(), STATE)
    stale = 0
    for ctrl in episode().controls[:200]:
        values = body.step(ctrl)
        data.ctrl[:] = ctrl
        mujoco.mj_step(model, data, 15)
        before_refresh = data.sensordata[1]
        mujoco.mj_forward(model, data)
        stale += before_refresh != data.sensordata[1]
        velocities = data.sensordata[3:].reshape(6, 6)[:, [0, 1, 5]].ravel()
        speed = -data.sensordata[1]
        assert values[body.outputs["reward"]] == np.clip(speed / 0.05, 0, 1)
        assert values[body.outputs["forward_speed"]] == speed
        assert values[body.outputs["heading"]] == data.qpos[2]
        assert np.array_equal(values[body.outputs["angle"]], data.qpos[3:])
        assert np.array_equal(values[body.outputs["com"]], data.subtree_com[1, :2])
        assert np.array_equal(values[body.outputs["observation"]], [*data.qpos[3:], *velocities])
    assert stale > 100


def test_forward_is_where_the_nose_points():
    run = episode()
    heading, speed = run.part("heading")[1:, 0], run.part("forward_speed")[1:, 0]
    nose = np.column_stack([np.sin(heading), -np.cos(heading)])
    travelled = (nose * speed[:, None]).sum(axis=0) * 0.030
    displacement = run.part("com")[-1] - run.part("com")[0]
    assert travelled @ displacement / np.linalg.norm(displacement) ** 2 == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("n_links", [2, 6])
def test_centre_of_mass_is_the_mean_of_the_links(n_links):
    body = started(n_links)
    values = body.output_values
    heading = values[body.outputs["heading"]][0]
    directions = heading + np.concatenate([[0], np.cumsum(values[body.outputs["angle"]])])
    along = 0.1 * np.column_stack([-np.sin(directions), np.cos(directions)])  # nose to tail of each link
    # The head turns about its nose, which lies at (0, -0.05).
    nose_of_link = np.array([0, -0.05]) + np.concatenate([[[0, 0]], np.cumsum(along, axis=0)[:-1]])
    expected = (nose_of_link + along / 2).mean(axis=0)
    assert values[body.outputs["com"]] == pytest.approx(expected, abs=1e-12)


def test_starts_are_uniform_at_rest_and_repeatable():
    body = Swimmer(4)
    rng = np.random.default_rng(5)
    starts = []
    for _ in range(2000):
        body.reset(rng)
        starts.append(body.output_values)
    starts = np.array(starts)
    scaled = starts[:, body.outputs["angle"]] / body.joint_limit
    headings = starts[:, body.outputs["heading"]] / np.pi
    for values in (*scaled.T, headings.ravel()):
        assert np.abs(values).max() <= 1
        quantiles = np.quantile(values, [0.1, 0.25, 0.5, 0.75, 0.9])
        assert quantiles == pytest.approx([-0.8, -0.5, 0, 0.5, 0.8], abs=0.1)
    assert np.all(starts[:, body.outputs["observation"]][:, 3:] == 0)
    assert np.array_equal(started(4, 9).save(), started(4, 9).save())
    assert not np.array_equal(started(4, 9).save(), started(4, 10).save())


def test_reset_forgets_everything():
    body = started()
    swim(body, steps=50)
    body.reset(np.random.default_rng(3))
    assert body.save().tobytes() == started(start=3).save().tobytes()
    assert swim(body, steps=50)[1].tobytes() == swim(started(start=3), steps=50)[1].tobytes()


@settings(deadline=None, max_examples=15)
@given(before=st.integers(0, 20), n_links=st.integers(2, 8), seed=st.integers(0, 1000))
def test_saved_state_goes_on_with_the_same_bits(before, n_links, seed):
    # Held controls drive the joints into their limits, where the solver starts from its last solution.
    controls = np.random.default_rng(seed).choice([-1.0, 1.0], (before + 40, n_links - 1)).repeat(8, axis=0)
    before *= 8
    body, other = started(n_links, seed), started(n_links, seed + 1)
    for ctrl in controls[:before]:
        body.step(ctrl)
    other.step(controls[-1])
    other.load(body.save())
    assert other.output_values.tobytes() == body.output_values.tobytes()
    for ctrl in controls[before:]:
        assert other.step(ctrl).tobytes() == body.step(ctrl).tobytes()
    assert other.save().tobytes() == body.save().tobytes()


def test_a_copy_is_another_body():
    body = started()
    body.step(np.ones(5))
    twin = copy.deepcopy(body)
    before = body.save()
    moved = twin.step(np.ones(5))
    assert np.array_equal(body.save(), before)
    assert np.array_equal(body.step(np.ones(5)), moved)


def test_controls_are_clipped_to_one():
    body, other = started(), started()
    assert np.array_equal(body.step(np.full(5, 7.0)), other.step(np.ones(5)))


def test_observation_has_4n_plus_3_values_and_begins_with_the_angles():
    body = started()
    assert body.observation().shape == (23,)
    assert np.array_equal(body.observation()[:5], body.output_values[body.outputs["angle"]])


def test_target_speed_scales_the_reward_only():
    slow, fast = started(target_speed=0.1), started(target_speed=0.2)
    _, y_slow = swim(slow, steps=100)
    _, y_fast = swim(fast, steps=100)
    part = slow.outputs["reward"]
    speed = y_slow[:, slow.outputs["forward_speed"]]
    assert np.array_equal(y_fast[:, part], np.clip(speed / 0.2, 0, 1))
    assert np.array_equal(np.delete(y_slow, part, axis=1), np.delete(y_fast, part, axis=1))


def test_without_inertial_drag_the_body_does_not_get_ahead():
    """MuJoCo's viscous drag is that of a sphere, the same in all directions: it cannot propel."""
    body = started(density=0.0, viscosity=0.1)
    com = swim(body)[1][:, body.outputs["com"]]
    assert np.linalg.norm(com[-1] - com[0]) / 30 < 0.005


def test_a_body_that_diverges_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # MuJoCo writes its warnings into a file where it runs
    body = started(dt=0.030, density=1e12)
    _, outputs = swim(body, steps=50)
    assert np.isnan(outputs[-1, body.outputs["reward"]]).all()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"n_links": 1}, "n_links"),
        ({"dt": 0.004}, "divides"),
        ({"dt": 0.06}, "divides"),
        ({"control_dt": float("nan")}, "divides"),
        ({"control_dt": -0.03}, "divides"),
        ({"target_speed": 0.0}, "target_speed"),
    ],
)
def test_bad_options_are_refused_in_one_line(options, word):
    with pytest.raises(DescriptionError, match=word) as error:
        Swimmer(**options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("ctrl", [np.zeros(4), np.zeros((5, 1)), [0, 0, np.nan, 0, 0], [0, 0, 0, 0, np.inf]])
def test_bad_controls_are_refused_and_nothing_moves(ctrl):
    body = started()
    before = body.save()
    with pytest.raises(DescriptionError, match="ctrl"):
        body.step(ctrl)
    assert np.array_equal(body.save(), before)


def test_bad_states_are_refused_and_nothing_changes():
    body = started()
    before = body.save()
    for state in (before[:-1], started(7).save(), np.full_like(before, np.nan)):
        with pytest.raises(DescriptionError, match="state"):
            body.load(state)
    assert np.array_equal(body.save(), before)


def test_a_seed_is_not_a_generator():
    with pytest.raises(DescriptionError, match="Generator"):
        started().reset(0)
