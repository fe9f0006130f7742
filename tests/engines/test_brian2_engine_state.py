"""Reading, setting, saving and resuming on the reference engine."""

import subprocess
import sys

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim.engines.brian2.engine import Brian2Engine
from neurosim.errors import DescriptionError, ResultFileError, RunFailed
from neurosim.model.connectivity import AllToAll, OneToOne, Probability
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter
from neurosim.model.parts import External, NamedParameter, Population, Projection, Tied
from neurosim.model.recorder import Recorder
from neurosim.model.values import Uniform
from neurosim.neurons import LIF, GradedUnit, LeakyRate, Poisson, Signal
from neurosim.rules import GainAdaptation, Oja, PairSTDP
from neurosim.synapses import Graded, Pulse


class StateNoisy(NeuronModel):
    """A noisy unit: dx/dt = -x/tau + xi*tau**-0.5."""

    tau = parameter(20 * ms, "time constant")
    equations = "dx/dt = -x/tau + xi*tau**-0.5 : 1"
    method = "euler"
    output = "x"


class StateExplosion(NeuronModel):
    """A unit that leaves every bound: dx/dt = rate*x**3."""

    rate = parameter(1e6 * Hz, "rate")
    equations = "dx/dt = rate*x**3 : 1"
    method = "euler"
    initial = {"x": 10.0}


class Integrator:
    """An external that adds up what it is given, from a start."""

    n_inputs = 2
    outputs = {"sum": slice(1, 3)}

    def __init__(self) -> None:
        self.total = np.array([0.0, 10.0, 20.0])
        self.handles = np.zeros(0, dtype=np.int64)

    def function(self, handles, inputs, outputs):
        self.total[1:] += inputs
        outputs[:] = self.total

    @property
    def output_values(self):
        return self.total.copy()

    def save(self):
        return self.total.copy()

    def load(self, state):
        self.total[:] = state


def everything() -> tuple[Network, dict[str, Integrator]]:
    """Return a network with every kind of state."""
    network = Network("everything")
    start = {"v": Uniform(-60 * mV, -50 * mV)}
    network.add(Population("P", 20, Poisson(rate=150 * Hz)), Population("E", 15, LIF(), start))
    network.add(NamedParameter("c", np.array([2.0, 4.0]) * mV), Population("n", 2, StateNoisy()))
    network.add(Population("s", 2, Signal()), Population("r", 2, LeakyRate(), rules=(GainAdaptation(),)))
    rules = (PairSTDP(w_max=4 * mV),)
    network.add(
        Projection("PE", "P", "E", Pulse(), Probability(0.5), Uniform(0 * mV, 4 * mV), 1.5 * ms, rules=rules)
    )
    network.add(Projection("EE", "E", "E", Pulse(), Probability(0.3), 1 * mV, 0.7 * ms))
    delay = Uniform(0 * ms, 1 * ms)
    network.add(
        Projection("apart", "P", "E", Pulse(), Probability(0.3), Uniform(0 * mV, 2 * mV), delay, rules=rules)
    )
    network.add(Projection("tied", "n", "E", Graded(), AllToAll(), Tied("c", (0, 1) * 15)))
    network.add(Projection("sr", "s", "r", Graded(), AllToAll(), 0.1, rules=(Oja(eta=1 / second),)))
    network.add(
        Projection("nr", "n", "r", Graded(), OneToOne(), 1.0), External("body", ("r.output",), {"s": "sum"})
    )
    network.add(
        *(Recorder("E", v) for v in ("spikes", "v")), Recorder("PE", "w", every=50), Recorder("s", "value")
    )
    return network, {"body": Integrator()}


def compiled_everything():
    network, externals = everything()
    return Brian2Engine().compile(network, 11, externals)


def recorded(simulation) -> dict[str, np.ndarray]:
    found = {}
    for name, record in simulation.recordings().items():
        found[f"{name} steps"] = record.steps
        found[f"{name} values"] = record.ids if hasattr(record, "ids") else record.values
    return found


def go_on(state_file: str, result_file: str) -> None:
    """In a new process: take over a state, run on, write what was recorded and the state after it."""
    simulation = compiled_everything()
    with np.load(state_file, allow_pickle=False) as stored:
        simulation.restore({name: stored[name] for name in stored.files})
    simulation.run(20 * ms)
    np.savez(result_file, **recorded(simulation), **simulation.state())


@pytest.mark.slow
def test_resuming_in_a_new_process_gives_the_bits_of_not_stopping(tmp_path):
    simulation = compiled_everything()
    simulation.run(13 * ms)
    simulation.set("c", np.array([3.0, 5.0]) * mV)
    simulation.set("E.tau_m", 15 * ms)
    simulation.run(0.3 * ms)
    state = simulation.state()
    assert state["spikes/P/ids"].size > 0 and all(isinstance(array, np.ndarray) for array in state.values())
    np.savez(tmp_path / "state.npz", **state)
    command = [sys.executable, __file__, str(tmp_path / "state.npz"), str(tmp_path / "result.npz")]
    subprocess.run(command, check=True)
    simulation.run(20 * ms)
    expected = {**recorded(simulation), **simulation.state()}
    with np.load(tmp_path / "result.npz", allow_pickle=False) as result:
        assert set(result.files) == set(expected)
        assert result["E.spikes values"].size > 20
        for name, value in expected.items():
            late, steps = slice(None), f"{name.rpartition(' ')[0]} steps"
            if steps in expected:
                late = expected[steps] >= 133
            np.testing.assert_array_equal(result[name], value[late] if value.ndim else value, err_msg=name)


def test_reset_starts_anew_with_the_present_constants():
    simulation = compiled_everything()
    simulation.run(5 * ms)
    simulation.set("E.tau_m", 15 * ms)
    simulation.set("c", np.array([3.0, 5.0]) * mV)
    simulation.reset()
    assert simulation.now == 0 and simulation.recordings()["E.v"].steps.size == 0
    np.testing.assert_array_equal(simulation.get("r.I"), [0.0, 0.0])
    # The external keeps its state, and its outputs are what the signals now hold.
    np.testing.assert_array_equal(
        simulation.get("s.value"), simulation.core._machine.bodies["body"].function.total[1:]
    )
    fresh = compiled_everything()
    fresh.set("E.tau_m", 15 * ms)
    fresh.set("c", np.array([3.0, 5.0]) * mV)
    fresh.set("s.value", simulation.get("s.value"))
    fresh.core._machine.bodies["body"].function.load(simulation.core._machine.bodies["body"].function.save())
    for one in (simulation, fresh):
        one.run(10 * ms)
    found = {**recorded(simulation), **simulation.state()}
    for name, value in {**recorded(fresh), **fresh.state()}.items():
        if name != "set/s.value":
            np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_splitting_a_run_changes_nothing_and_progress_reaches_the_end():
    whole, parts, seen = compiled_everything(), compiled_everything(), []
    whole.run(6 * ms, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (60, 60)
    for steps in (1, 0, 25, 34):
        parts.run(steps * 0.1 * ms)
    for name, value in {**recorded(whole), **whole.state()}.items():
        np.testing.assert_array_equal({**recorded(parts), **parts.state()}[name], value, err_msg=name)


def test_an_external_reads_this_step_and_writes_the_next():
    network = Network("loop", dt=1 * ms)
    network.add(Population("s", 2, Signal()), Population("y", 2, GradedUnit(transfer="identity", bias=1.0)))
    network.add(Projection("sy", "s", "y", Graded(), OneToOne(), 2.0))
    network.add(External("body", ("y.y",), {"s": "sum"}), Recorder("s", "value"), Recorder("y", "y"))
    simulation = Brian2Engine().compile(network, externals={"body": Integrator()})
    np.testing.assert_array_equal(simulation.get("s.value"), [10.0, 20.0])
    simulation.run(3 * ms)
    # y = 2 s + 1, then s += y.
    np.testing.assert_array_equal(simulation.recordings()["s.value"].values, [[10, 20], [31, 61], [94, 184]])
    np.testing.assert_array_equal(simulation.recordings()["y.y"].values, [[21, 41], [63, 123], [189, 369]])
    np.testing.assert_array_equal(simulation.get("s.value"), [283, 553])


def test_get_and_set_of_every_kind():
    simulation = compiled_everything()
    assert simulation.get("E.tau_m") == 20 * ms and simulation.get("PE.pair_stdp_a_plus") == 0.01
    for name, value in (("E.v", -55 * mV), ("E.tau_m", 10 * ms), ("PE.w", 1 * mV), ("PE.pair_stdp_y", 0.5)):
        simulation.set(name, value)
        assert np.all(simulation.get(name) == value)
    simulation.set("n.x", np.array([3.0, 4.0]))
    np.testing.assert_array_equal(simulation.get("n.output"), [3.0, 4.0])
    for name in ("n.output", "r.I"):
        with pytest.raises(DescriptionError, match=f"'{name}' follows from other variables"):
            simulation.set(name, 0.0)
    with pytest.raises(DescriptionError, match="shape"):
        simulation.set("E.v", np.zeros(3) * mV)


def test_a_constant_that_is_set_acts_on_the_steps_that_follow():
    network = Network("constant")
    network.add(Population("E", 1, LIF(), initial={"v": -60 * mV}))
    simulation = Brian2Engine().compile(network)
    simulation.run(1 * ms)
    simulation.set("E.tau_m", 4 * ms)
    simulation.run(2 * ms)
    expected = -49e-3 - 11e-3 * np.exp(-1 / 20) * np.exp(-2 / 4)
    assert float(simulation.get("E.v")[0]) == pytest.approx(expected, rel=1e-13)


def test_a_learning_rate_that_is_set_reaches_the_synapses_and_the_traces():
    simulation = compiled_everything()
    simulation.set("PE.pair_stdp_tau_pre", 7 * ms)
    objects = simulation.core._machine.projections["PE"].objects
    assert len(objects) == 3
    assert {float(o.variables["s_pair_stdp_tau_pre_s"].get_value()[0]) for o in objects} == {7e-3}


def test_a_state_of_another_network_is_refused_and_changes_nothing():
    simulation = compiled_everything()
    simulation.run(1 * ms)
    before = simulation.state()
    foreign = dict(before)
    foreign["E.v"] = np.zeros(3)
    with pytest.raises(ResultFileError, match="'E.v' is missing, unknown or of another shape"):
        simulation.restore(foreign)
    del foreign["E.v"]
    with pytest.raises(ResultFileError, match="'E.v' is missing, unknown or of another shape"):
        simulation.restore(foreign)
    for name, value in simulation.state().items():
        np.testing.assert_array_equal(before[name], value)


def test_a_value_that_is_not_finite_stops_the_run_and_is_named():
    network = Network("bang", dt=1 * ms)
    network.add(Population("x", 2, StateExplosion()))
    simulation = Brian2Engine().compile(network)
    with pytest.raises(RunFailed, match=r"'x.x' is not finite at index 0 after step 4 "):
        simulation.run(20 * ms)


if __name__ == "__main__":
    go_on(*sys.argv[1:])
