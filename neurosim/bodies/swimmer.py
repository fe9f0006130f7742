"""A planar swimmer in MuJoCo, as a body in the loop."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import ArrayLike

from neurosim.bodies.external import BodyFunction, FloatArray, IntArray
from neurosim.bodies.memory import address_of, view
from neurosim.bodies.mjcf import joint_limit, swimmer_mjcf
from neurosim.bodies.mujoco_calls import mj_object_velocity, mj_step, mj_step1, mj_step2
from neurosim.cache import jit
from neurosim.errors import DescriptionError
from neurosim.extras import optional

with optional():
    import mujoco

# Positions in the vector of handles: addresses, then counts.
_MODEL, _DATA, _QPOS, _CTRL, _VELOCITY, _COM, _TARGET, _JOINTS, _SUBSTEPS = range(9)
_LINK = int(mujoco.mjtObj.mjOBJ_XBODY)
_STATE = int(mujoco.mjtState.mjSTATE_INTEGRATION)
_HEAD_JOINTS = 3  # x, y, heading


@jit()
def observe(handles: IntArray, outputs: FloatArray) -> None:
    """Write the outputs of the present state (see `Swimmer`)."""
    n = handles[_JOINTS]
    qpos = view(handles[_QPOS], _HEAD_JOINTS + n)
    angle = qpos[_HEAD_JOINTS:]
    speed = -view(handles[_VELOCITY], 3)[1]
    outputs[:n] = angle
    outputs[n] = min(max(speed / view(handles[_TARGET], 1)[0], 0.0), 1.0)
    outputs[n + 1 : n + 3] = view(handles[_COM], 2)
    outputs[n + 3] = qpos[2]
    outputs[n + 4] = speed
    outputs[n + 5 : 2 * n + 5] = angle
    twist = np.empty(6)
    for link in range(n + 1):
        # Body 0 is the world.
        mj_object_velocity(handles[_MODEL], handles[_DATA], _LINK, link + 1, np.int64(twist.ctypes.data), 1)
        first = 2 * n + 5 + 3 * link
        outputs[first : first + 2] = twist[3:5]
        outputs[first + 2] = twist[2]


@jit()
def advance(handles: IntArray, inputs: FloatArray, outputs: FloatArray) -> None:
    """Apply the controls for one control step and write the outputs of the resulting state.

    The first half of a physics step (positions, velocities, their sensors) is done by the previous step, so a control
    step ends with the first half of the next one: the outputs never lag by a physics step.
    """
    model, data = handles[_MODEL], handles[_DATA]
    if not np.all(np.isfinite(inputs)):
        # MuJoCo would replace them with zeros.
        outputs[:] = np.nan
        return
    view(handles[_CTRL], handles[_JOINTS])[:] = inputs
    mj_step2(model, data)
    for _ in range(handles[_SUBSTEPS] - 1):
        mj_step(model, data)
    mj_step1(model, data)
    observe(handles, outputs)


class Swimmer:
    """A chain of links that swims in a plane by torques at its joints; it implements `neurosim.bodies.external.Body`.

    Inputs: N = n_links - 1 controls (1), torque over 5e-4 N m, clipped to [-1, 1].
    Outputs, N joints from head to tail:
      angle (rad), shape (N,); reward (1), shape (1,), clip(forward_speed / target_speed, 0, 1);
      com (m), shape (2,), x and y of the centre of mass;
      heading (rad), shape (1,), rotation of the head frame about z, not wrapped: the nose points to (sin, -cos) of it;
      forward_speed (m/s), shape (1,), velocity of the head along its nose;
      observation, shape (4 N + 3,): the angles, then for each link its velocity x, y (m/s) and turning rate (rad/s) in
      its own frame.
    Until the first `reset` the body is straight, at rest, at the origin.

    Arguments:
        n_links: number of links, including the head, at least 2.
        dt (s): physics step, which divides control_dt.
        control_dt (s): time between controls.
        density (kg/m^3): of the medium.
        viscosity (Pa s): of the medium.
        target_speed (m/s): forward speed of full reward.

    Raises DescriptionError when an argument is out of range.
    Source: task after Bhattasali, Zador & Engel 2022, arXiv 2201.05242.
    """

    def __init__(
        self,
        n_links: int = 6,
        dt: float = 0.002,
        control_dt: float = 0.030,
        density: float = 3000.0,
        viscosity: float = 0.0,
        target_speed: float = 0.1,
    ) -> None:
        self._model = mujoco.MjModel.from_xml_string(swimmer_mjcf(n_links, dt, density, viscosity))
        self._data = mujoco.MjData(self._model)
        self._substeps = _divide(control_dt, dt)
        if not (math.isfinite(target_speed) and target_speed > 0):
            raise DescriptionError(f"swimmer: target_speed is {target_speed!r} m/s; give a positive number")
        self._target = np.array([float(target_speed)])
        self.target_speed = float(target_speed)
        self.n_links = n_links
        self.n_inputs = n_links - 1
        self.control_dt = control_dt
        self.joint_limit = joint_limit(n_links)
        self.outputs = _parts(self.n_inputs)
        mujoco.mj_forward(self._model, self._data)

    @property
    def function(self) -> BodyFunction:
        """Return the compiled control step `advance(handles, inputs, outputs)`."""
        return advance

    @property
    def handles(self) -> IntArray:
        """Return the addresses of this body's memory; computed at each call, so that a copied body has its own."""
        data = self._data
        arrays = (data.qpos, data.ctrl, data.sensordata, data.subtree_com[0], self._target)
        structures = [self._model._address, data._address]
        return np.array([*structures, *map(address_of, arrays), self.n_inputs, self._substeps], np.int64)

    @property
    def position(self) -> FloatArray:
        """The displacement of the head (m), shape (2,), a view of the state; the nose starts at (0, -0.05 m)."""
        return np.asarray(self._data.qpos)[:2]

    @property
    def output_values(self) -> FloatArray:
        """Return the outputs of the present state, as a new vector."""
        values = np.empty(self.outputs["observation"].stop)
        observe(self.handles, values)
        return values

    def reset(self, rng: np.random.Generator, spread: float = 1.0) -> None:
        """Start again at the origin, at rest, with random joint angles (uniform within limits) and random heading.

        Arguments:
            rng: the stream of random numbers for this start.
            spread (1): share of the joint range from which angles are drawn, from 0 (straight) to 1.

        Raises DescriptionError for another rng, or a spread out of range.
        """
        if not isinstance(rng, np.random.Generator):
            raise DescriptionError(f"swimmer.reset: rng is {rng!r}; give a numpy.random.Generator")
        if not 0 <= spread <= 1:
            raise DescriptionError(f"swimmer.reset: spread is {spread!r}; give a number from 0 to 1")
        mujoco.mj_resetData(self._model, self._data)
        self._data.qpos[2] = rng.uniform(-np.pi, np.pi)
        drawn = rng.uniform(-self.joint_limit, self.joint_limit, self.n_inputs)
        self._data.qpos[_HEAD_JOINTS:] = spread * drawn
        mujoco.mj_forward(self._model, self._data)

    def step(self, ctrl: ArrayLike) -> FloatArray:
        """Advance by one control step and return the outputs.

        Arguments:
            ctrl (1): controls, shape (N,), clipped to [-1, 1].

        Raises DescriptionError when the shape is wrong or a value is not finite.
        """
        values = np.empty(self.outputs["observation"].stop)
        advance(self.handles, self.checked(ctrl), values)
        return values

    def checked(self, ctrl: ArrayLike) -> FloatArray:
        """Return controls as `function` takes them; argument and errors as of `step`."""
        return _finite_vector(ctrl, self.n_inputs, "swimmer.step: ctrl")

    def observation(self) -> FloatArray:
        """Return the part `observation` of the outputs (4 N + 3 values)."""
        return self.output_values[self.outputs["observation"]]

    def save(self) -> FloatArray:
        """Return the complete state, from which a body continues with the same bits after `load`."""
        state = np.empty(mujoco.mj_stateSize(self._model, _STATE))
        mujoco.mj_getState(self._model, self._data, state, _STATE)
        return state

    def load(self, state: ArrayLike) -> None:
        """Restore a state that `save` returned for the same number of links.

        Raises DescriptionError when the length is wrong or a value is not finite; the body then keeps its state.
        """
        size = mujoco.mj_stateSize(self._model, _STATE)
        values = _finite_vector(state, size, "swimmer.load: state")
        mujoco.mj_setState(self._model, self._data, values, _STATE)
        mujoco.mj_forward(self._model, self._data)


def _divide(control_dt: float, dt: float) -> int:
    ratio = control_dt / dt
    if not (math.isfinite(ratio) and round(ratio) >= 1 and math.isclose(round(ratio), ratio, rel_tol=1e-9)):
        raise DescriptionError(
            f"swimmer: control_dt is {control_dt!r} s and dt is {dt!r} s; give a dt that divides control_dt"
        )
    return round(ratio)


def _parts(n: int) -> dict[str, slice]:
    sizes = {"angle": n, "reward": 1, "com": 2, "heading": 1, "forward_speed": 1, "observation": 4 * n + 3}
    edges = accumulate(sizes.values(), initial=0)
    return {name: slice(*edge) for name, edge in zip(sizes, pairwise(edges), strict=True)}


def _finite_vector(values: ArrayLike, size: int, where: str) -> FloatArray:
    vector = np.ascontiguousarray(values, np.float64)
    if vector.shape != (size,):
        raise DescriptionError(f"{where} has shape {vector.shape}; give shape ({size},)")
    bad = np.flatnonzero(~np.isfinite(vector))
    if bad.size:
        raise DescriptionError(f"{where} has {vector[bad[0]]} at index {bad[0]}; give finite values")
    return vector
