"""Cost of a compiled closed loop over bare MuJoCo: `python -m neurosim.bench.swimmer_loop`."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from typing import Any

import mujoco
import numpy as np
from numba import njit

from neurosim.bodies.external import Body, BodyFunction, FloatArray, IntArray
from neurosim.bodies.memory import address_of, view
from neurosim.bodies.mjcf import swimmer_mjcf
from neurosim.bodies.mujoco_calls import mj_forward, mj_step
from neurosim.bodies.swimmer import Swimmer
from neurosim.engines import simulate
from neurosim.engines.recordings import Samples
from neurosim.engines.simulation import Simulation
from neurosim.errors import DescriptionError, NeurosimError, RunFailed
from neurosim.model.registries import circuits

Policy = Callable[[int, FloatArray, FloatArray, FloatArray], None]
Loop = Callable[[Swimmer, FloatArray], None]


# Not cached on disk: numba's key would not reflect a change in the policy or the body compiled into the loop.
@njit(nogil=True)
def closed_loop(
    policy: Policy,
    parameters: FloatArray,
    function: BodyFunction,
    handles: IntArray,
    controls: FloatArray,
    outputs: FloatArray,
) -> None:
    """Run one episode of a policy in a body without the interpreter.

    u(t) = policy(t, y(t), parameters);  y(t + 1) = body(u(t)).

    Arguments:
        policy: a compiled function (t, y, parameters, u) that writes u.
        parameters: its parameters.
        function, handles: of the body.
        controls: filled with u, shape (T, inputs).
        outputs: filled with y, shape (T + 1, outputs); the first row is given.
    """
    for t in range(len(controls)):
        policy(t, outputs[t], parameters, controls[t])
        function(handles, controls[t], outputs[t + 1])


def run_episode(policy: Policy, parameters: FloatArray, body: Body, controls: FloatArray) -> FloatArray:
    """Run one episode from the body's present state; fill `controls` (T, inputs), return outputs (T + 1, ...)."""
    first = body.output_values
    outputs = np.empty((len(controls) + 1, len(first)))
    outputs[0] = first
    closed_loop(policy, parameters, body.function, body.handles, controls, outputs)
    return outputs


@njit(nogil=True)
def proprioceptive_chain(t: int, outputs: FloatArray, parameters: FloatArray, control: FloatArray) -> None:
    """Drive the head by a square wave and every other joint by the angle of the joint before it.

    u_0 = +-1, half a period each;  u_k = clip(theta_{k-1} / limit, -1, 1).  Parameters: limit (rad), period (1).
    """
    control[0] = 1.0 if t % parameters[1] < parameters[1] / 2 else -1.0
    for k in range(1, len(control)):
        control[k] = min(max(outputs[k - 1] / parameters[0], -1.0), 1.0)


def chain_loop(body: Swimmer, controls: FloatArray) -> None:
    """Run one episode of `proprioceptive_chain`: the loop that is measured unless another is given."""
    run_episode(proprioceptive_chain, np.array([body.joint_limit, 60.0]), body, controls)


class EngineLoop:
    """Runs one episode of a controller as a network on the fused engine, compiled once for each body.

    Arguments:
        controller: a class whose instance for n joints has `network(record=...)` with an External 'body' that reads
            'torque.output'.
    """

    def __init__(self, controller: Callable[[int], Any]) -> None:
        self._controller = controller
        self._simulations: dict[int, Simulation] = {}

    def __call__(self, body: Swimmer, controls: FloatArray) -> None:
        """Run the episode from the body's present state; fill `controls` (T, inputs)."""
        if id(body) not in self._simulations:
            network = self._controller(body.n_inputs).network(record=("torque",))
            self._simulations[id(body)] = simulate(network, externals={"body": body})
        simulation = self._simulations[id(body)]
        simulation.reset()
        simulation.run(len(controls) * simulation.equations.network.dt)
        samples = simulation.recordings()["torque.output"]
        assert isinstance(samples, Samples)
        controls[:] = samples.values


def circuit_loop(name: str) -> EngineLoop:
    """Return the loop of a circuit by its name; raises UnknownNameError."""
    return EngineLoop(circuits.get(name))


@njit(nogil=True)
def _replay(model: int, data: int, ctrl: int, controls: FloatArray, substeps: int) -> None:
    for t in range(len(controls)):
        view(ctrl, controls.shape[1])[:] = controls[t]
        for _ in range(substeps):
            mj_step(model, data)
        mj_forward(model, data)


def measure(loop: Loop = chain_loop, n_links: int = 6, rounds: int = 5, steps: int = 1000) -> dict[str, Any]:
    """Time a closed loop against bare MuJoCo (compiled `mj_step`, one `mj_forward` per control step) on equal controls.

    Rounds are interleaved, so that a change in the machine's speed affects every contender; ratios are taken within
    rounds.

    Arguments:
        loop: runs one episode on a body and fills its second argument with the controls it applied, shape (T, inputs),
            releasing the interpreter if it should profit from threads.
        n_links: number of links of the body.
        rounds: number of rounds, at least 5.
        steps: control steps per episode.

    Returns medians and all rounds: CPU time (s) of `bare`, `closed_loop` and, where it runs, `dm_control`; ratios to
    `bare`; `two_threads`: throughput over that of one thread in elapsed time, which other work on the machine lowers,
    and CPU time over that of one thread, which such work hardly affects (1 means that threads do not slow each other).
    Raises DescriptionError for fewer than 5 rounds or no steps; RunFailed when the replay of the controls ends in
    another state, because then the two did not do the same work.
    """
    if rounds < 5 or steps < 1:
        raise DescriptionError(
            f"swimmer_loop: rounds={rounds}, steps={steps}; give at least 5 rounds and 1 step"
        )
    pair = _Episode(loop, n_links, steps), _Episode(loop, n_links, steps)
    contenders: dict[str, Callable[[], float]] = {"bare": pair[0].bare, "closed_loop": pair[0].closed}
    dm_control = _dm_control(n_links, pair[0].controls)
    if callable(dm_control):
        contenders["dm_control"] = dm_control
    for episode in pair:  # compiles, and leaves controls to replay
        episode.closed()
        episode.bare()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    threads: dict[str, list[float]] = {"throughput": [], "cpu_time": []}
    for _ in range(rounds):
        for name, contender in contenders.items():
            seconds[name].append(contender())
        for values, value in zip(threads.values(), _two_threads(pair), strict=True):
            values.append(value)
    ratios = {
        name: [a / b for a, b in zip(values, seconds["bare"], strict=True)]
        for name, values in seconds.items()
    }
    return {
        "cpu_seconds": _medians(seconds),
        "over_bare": _medians(ratios),
        "two_threads": _medians(threads),
        "not_measured": {} if callable(dm_control) else {"dm_control": dm_control},
        "rounds": {"cpu_seconds": seconds, "two_threads": threads},
        "setting": {"n_links": n_links, "steps": steps, "rounds": rounds, **_machine()},
    }


class _Episode:
    """The same episode in two ways: a closed loop on a body, and its controls replayed by bare MuJoCo."""

    def __init__(self, loop: Loop, n_links: int, steps: int) -> None:
        self.body = Swimmer(n_links)
        self.body.reset(np.random.default_rng(0))
        self.start = self.body.save()
        self.controls = np.zeros((steps, self.body.n_inputs))
        self._loop = loop
        self._model = mujoco.MjModel.from_xml_string(swimmer_mjcf(n_links))
        self._data = mujoco.MjData(self._model)
        self._substeps = round(self.body.control_dt / self._model.opt.timestep)

    def closed(self) -> float:
        self.body.load(self.start)
        return _cpu(lambda: self._loop(self.body, self.controls))

    def bare(self) -> float:
        model, data, state = self._model, self._data, mujoco.mjtState.mjSTATE_INTEGRATION
        mujoco.mj_setState(model, data, self.start, state)
        arguments = model._address, data._address, address_of(data.ctrl), self.controls, self._substeps
        seconds = _cpu(lambda: _replay(*arguments))
        end = np.empty_like(self.start)
        mujoco.mj_getState(model, data, end, state)
        if not np.array_equal(end, self.body.save()):
            raise RunFailed(
                "swimmer_loop: the replayed controls end in another state; the loop must fill them in"
            )
        return seconds


def _two_threads(pair: tuple[_Episode, _Episode]) -> tuple[float, float]:
    start = time.perf_counter()
    cpu = sum(episode.closed() for episode in pair)
    wall = time.perf_counter() - start
    with ThreadPoolExecutor(len(pair)) as pool:
        start = time.perf_counter()
        cpu_together = sum(pool.map(_Episode.closed, pair))
        return wall / (time.perf_counter() - start), cpu_together / cpu


def _medians(rounds: Mapping[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in rounds.items()}


def _dm_control(n_links: int, controls: FloatArray) -> Callable[[], float] | str:
    """Return a timed episode of dm_control's swimmer with the same controls, or why there is none."""
    try:
        from dm_control.suite import swimmer

        environment = swimmer.swimmer(n_links=n_links, time_limit=float("inf"))
    except (ImportError, AttributeError) as reason:  # not installed, or not compatible with mujoco
        return str(reason)

    def episode() -> float:
        environment.reset()
        return _cpu(lambda: [environment.step(control) for control in controls])

    return episode


def _cpu(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


def _machine() -> dict[str, str]:
    versions = {name: metadata.version(name) for name in ("mujoco", "numba", "numpy")}
    return {"machine": platform.machine(), "python": platform.python_version(), **versions}


def _table(result: Mapping[str, Any]) -> str:
    lines = [f"{'CPU time of one episode':28}{'s':>8}{'over bare':>11}"]
    for name, seconds in result["cpu_seconds"].items():
        lines.append(f"{name:28}{seconds:8.4f}{result['over_bare'][name]:11.3f}")
    lines += [f"{name:28}not measured: {reason}" for name, reason in result["not_measured"].items()]
    threads = result["two_threads"]
    lines.append(
        f"{'two threads over one':28}throughput {threads['throughput']:.2f}, CPU time {threads['cpu_time']:.2f}"
    )
    setting = ", ".join(f"{name} {value}" for name, value in result["setting"].items())
    return "\n".join([*lines, f"medians; {setting}"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table, or JSON with every round."""
    parser = argparse.ArgumentParser(prog="python -m neurosim.bench.swimmer_loop", description=main.__doc__)
    parser.add_argument(
        "--circuit", default="celegans_swimmer", help="what drives the body (default celegans_swimmer)"
    )
    parser.add_argument("--links", type=int, default=6, help="links of the swimmer (default 6)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds, at least 5 (default 5)")
    parser.add_argument("--steps", type=int, default=1000, help="control steps per episode (default 1000)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    try:
        loop = circuit_loop(options.circuit)
        result = measure(loop, options.links, options.rounds, options.steps)
    except NeurosimError as error:
        parser.exit(1, f"{error}\n")
    print(json.dumps(result, indent=1) if options.json else _table(result))


if __name__ == "__main__":
    main()
