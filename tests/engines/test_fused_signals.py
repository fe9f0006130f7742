"""Graded signals, inputs, clamps, gains, recorders, reading and writing in the fused engine."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second, volt

from neurosim import (
    AllToAll,
    Clamp,
    Edges,
    NamedParameter,
    Network,
    NeuronModel,
    NeuronRule,
    OneToOne,
    Population,
    Projection,
    Recorder,
    SynapseModel,
    Tied,
    option,
    own,
    parameter,
    simulate,
)
from neurosim.errors import DescriptionError, RunFailed, UnknownNameError
from neurosim.neurons import LIF, GradedUnit, LeakyRate, Poisson, Signal, SquareWave
from neurosim.rules import Oja, PairSTDP
from neurosim.synapses import Graded, Pulse


def graded(name, source, target, weight=1.0, connect=None):
    return Projection(name, source, target, Graded(), connect or AllToAll(), weight)


def unit(name, size=1, **model):
    return Population(name, size, GradedUnit(**{"transfer": "identity", **model}))


def samples(simulation, key):
    return simulation.recordings()[key].values


CHAIN = ("c", "b", "a")  # declared against the direction in which signals flow


def chain(*more):
    """Return u -> a -> b -> c, each stateless, with gains 2, 3, 5 and a bypass of 7 from u to c; dt 1 ms."""
    return Network("n", 1 * ms).add(
        *(unit(name) for name in CHAIN),
        Population("u", 1, Signal()),
        graded("bc", "b", "c", 5.0),
        graded("uc", "u", "c", 7.0),
        graded("ab", "a", "b", 3.0),
        graded("ua", "u", "a", 2.0),
        *(Recorder(name, "output") for name in (*CHAIN, "u")),
        *more,
    )


def test_stateless_units_follow_within_the_step_in_the_order_of_the_signal():
    simulation = simulate(chain())
    u = np.array([[1.0], [0.0], [-2.0]])
    simulation.run(3 * ms, {"u": u})
    for name, gain in (("a", 2), ("b", 6), ("c", 37), ("u", 1)):
        assert np.array_equal(samples(simulation, f"{name}.output"), gain * u)


def test_a_cycle_of_stateless_units_is_refused():
    with pytest.raises(
        DescriptionError, match="the stateless populations .* form a cycle: give one of them dynamics"
    ):
        simulate(chain(graded("ca", "c", "a")))


def test_a_cycle_with_a_state_is_fine_and_reads_the_state_at_the_start_of_the_step():
    network = Network("n", 1 * ms).add(
        unit("y"),
        Population("r", 1, LeakyRate(tau=10 * ms, transfer="identity"), initial={"r": 1.0}),
        graded("ry", "r", "y", 2.0),
        graded("yr", "y", "r", 0.25),
        graded("rr", "r", "r", -0.5),
        Recorder("y", "y"),
        Recorder("r", "r"),
        Recorder("r", "I"),
    )
    simulation = simulate(network)
    simulation.run(5 * ms)
    # The drives cancel: r decays alone.
    r = np.exp(-np.arange(5) / 10)
    np.testing.assert_allclose(samples(simulation, "r.r")[:, 0], r, rtol=1e-13)
    np.testing.assert_allclose(samples(simulation, "y.y")[:, 0], 2 * r, rtol=1e-13)
    np.testing.assert_allclose(samples(simulation, "r.I")[:, 0], 0, atol=1e-16)


class DriveSynapse(SynapseModel):
    """Reads another variable of its source than the output."""

    port = option("I", "input")
    graded = "w * u_pre"


def test_the_order_follows_whatever_a_synapse_reads():
    network = Network("n", 1 * ms).add(
        unit("late"),
        unit("early", transfer="tanh"),
        Population("u", 1, Signal()),
        Projection("el", "early", "late", DriveSynapse(), AllToAll(), 10.0),
        graded("ue", "u", "early", 2.0),
        Recorder("late", "y"),
    )
    simulation = simulate(network)
    simulation.run(2 * ms, {"u": np.array([[3.0], [0.5]])})
    assert samples(simulation, "late.y")[:, 0].tolist() == [60.0, 10.0]


def test_transfer_functions():
    u = np.array([-2.0, -0.3, 0.0, 0.4, 3.0])
    expected = {
        "identity": u,
        "tanh": np.tanh(u),
        "relu": np.maximum(u, 0),
        "logistic": 1 / (1 + np.exp(-u)),
        "unit_interval": np.clip(u, 0, 1),
        "symmetric": np.clip(u, -1, 1),
    }
    for name, y in expected.items():
        network = Network("n", 1 * ms).add(unit("a", 5, transfer=name, bias=u), Recorder("a", "y"))
        simulation = simulate(network)
        simulation.run(1 * ms)
        np.testing.assert_allclose(simulation.get("a.y"), y, rtol=1e-15, atol=0)
        np.testing.assert_allclose(samples(simulation, "a.y")[0], y, rtol=4e-16, atol=0)


def test_a_square_wave_has_its_period():
    network = Network("n", 1 * ms).add(
        Population("o", 2, SquareWave(period=5, side=[0, 1])), Recorder("o", "output")
    )
    simulation = simulate(network)
    simulation.run(11 * ms)
    first = [1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1]
    assert samples(simulation, "o.output").T.tolist() == [first, [1 - x for x in first]]


# Inputs and outputs -----------------------------------------------------------------------------------------


def test_inputs_are_held_or_given_per_step_and_stay():
    simulation = simulate(chain())
    simulation.run(2 * ms, {"u": 3.0})
    simulation.run(2 * ms, {"u": [4.0]})
    simulation.run(2 * ms, {"u": [[5.0], [6.0]]})
    simulation.run(1 * ms)
    assert samples(simulation, "u.output")[:, 0].tolist() == [3, 3, 4, 4, 5, 6, 6]
    assert simulation.recordings()["u.output"].steps.tolist() == list(range(7))


def test_a_step_returns_what_each_population_put_out():
    network = Network("n", 1 * ms).add(
        Population("u", 2, Signal()),
        unit("y", 2),
        Population("s", 3, Poisson(rate=[1000, 0, 1000] * Hz)),
        Population("v", 1, LIF()),
        graded("uy", "u", "y", np.array([[1.0, 2.0], [3.0, 4.0]])),
    )
    simulation = simulate(network)
    put_out = simulation.step({"u": [1.0, 10.0]})
    assert put_out["u"].tolist() == [1, 10] and put_out["y"].tolist() == [21, 43]
    assert put_out["s"].tolist() == [0, 2] and put_out["v"].tolist() == []
    assert set(put_out) == {"u", "y", "s", "v"} and simulation.now == 1
    assert simulation.step()["y"].tolist() == [21, 43]


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        ({"x": 1.0}, UnknownNameError, "input 'x' is not a Signal population: known: u"),
        ({"a": 1.0}, UnknownNameError, "input 'a' is not a Signal population"),
        ({"u": 1 * mV}, DescriptionError, "input 'u' has the unit V"),
        ({"u": np.nan}, DescriptionError, "input 'u' holds a value that is not finite"),
        ({"u": [1.0, 2.0]}, DescriptionError, r"has the shape \(2,\): give \(1,\) or \(3, 1\)"),
        ({"u": [[1.0], [2.0]]}, DescriptionError, r"has the shape \(2, 1\)"),
        ({"u": np.zeros((3, 1, 1))}, DescriptionError, "has the shape"),
        ({"u": "up"}, DescriptionError, "not a number"),
    ],
)
def test_wrong_inputs_are_refused_before_any_step(inputs, error, message):
    simulation = simulate(chain())
    with pytest.raises(error, match=message):
        simulation.run(3 * ms, inputs)
    assert simulation.now == 0


@pytest.mark.parametrize("duration", [0.5 * ms, -1 * ms, 3, np.inf * second, [1, 2] * ms, "long"])
def test_wrong_durations_are_refused(duration):
    simulation = simulate(chain())
    with pytest.raises(DescriptionError, match="run: duration"):
        simulation.run(duration)
    simulation.run(0 * ms)
    assert simulation.now == 0


def test_progress_is_told(monkeypatch):
    monkeypatch.setattr("neurosim.engines.fused.core.MOST", 4)
    told = []
    simulate(chain()).run(10 * ms, {"u": np.ones((10, 1))}, progress=lambda *done: told.append(done))
    assert told == [(4, 10), (8, 10), (10, 10)]


# Recorders --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", [(20,), (1, 2, 3, 14), (7, 13), (5, 5, 5, 5)])
def test_recorders_sample_every_nth_step_of_chosen_units_however_the_run_is_split(split):
    network = Network("n", 1 * ms).add(
        Population("u", 4, Signal()),
        Population("r", 4, LeakyRate(tau=5 * ms, transfer="identity")),
        graded("ur", "u", "r", connect=OneToOne()),
        Recorder("u", "value", every=3, indices=(2, 0)),
        Recorder("r", "r", every=7),
        Recorder("r", "I"),
    )
    rows = np.arange(80.0).reshape(20, 4)
    simulation = simulate(network)
    done = 0
    for steps in split:
        simulation.run(steps * ms, {"u": rows[done : done + steps]})
        done += steps
    found = simulation.recordings()
    assert found["u.value"].steps.tolist() == [0, 3, 6, 9, 12, 15, 18]
    assert found["u.value"].indices.tolist() == [2, 0]
    assert np.array_equal(found["u.value"].values, rows[::3][:, [2, 0]])
    # A sample belongs to the inputs of its step; the state is the one before they act.
    assert np.array_equal(found["r.I"].values, rows)
    r = np.zeros((21, 4))
    for k in range(20):
        r[k + 1] = rows[k] + (r[k] - rows[k]) * np.exp(-1 / 5)
    assert found["r.r"].steps.tolist() == [0, 7, 14]
    np.testing.assert_allclose(found["r.r"].values, r[[0, 7, 14]], rtol=1e-13)
    np.testing.assert_allclose(np.asarray(found["r.r"].times), [0, 0.007, 0.014])


def test_recordings_have_units():
    simulation = simulate(Network("n").add(Population("a", 2, LIF()), Recorder("a", "v")))
    simulation.run(1 * ms)
    recorded = simulation.recordings()["a.v"]
    assert recorded.quantity.dim is volt.dim and recorded.quantity.shape == (10, 2)
    assert recorded.quantity[0, 0] == -60 * mV
    np.testing.assert_allclose(np.asarray(recorded.times), np.arange(10) * 1e-4)


# Clamps -----------------------------------------------------------------------------------------------------


def test_a_clamped_state_is_held_from_start_to_stop_whatever_writes_it():
    network = Network("n", 1 * ms).add(
        Population("s", 1, Poisson(rate=1000 * Hz)),
        Population("a", 2, LIF(tau_e=5 * ms), initial={"g_e": 1 * mV}),
        Projection("p", "s", "a", Pulse(), AllToAll(), 1 * mV),
        Clamp("a", "g_e", 20 * mV, indices=(1,), start=3 * ms, stop=6 * ms),
        Recorder("a", "g_e"),
    )
    simulation = simulate(network)
    simulation.run(9 * ms)
    g = samples(simulation, "a.g_e") * 1e3
    free = [1.0]
    for _ in range(8):
        free.append(free[-1] * np.exp(-1 / 5) + 1)
    np.testing.assert_allclose(g[:, 0], free, rtol=1e-13)
    after = [20.0]
    for _ in range(2):
        after.append(after[-1] * np.exp(-1 / 5) + 1)
    # Held in steps 3, 4 and 5, so at time 6 ms it is still 20 mV; from step 6 on it decays from there.
    np.testing.assert_allclose(g[:, 1], [*free[:3], 20, 20, 20, *after], rtol=1e-13)


def test_a_clamped_definition_acts_on_all_that_reads_it():
    network = chain(
        Clamp("b", "y", 100.0, start=1 * ms, stop=3 * ms), Clamp("a", "output", -1.0, start=2 * ms)
    )
    simulation = simulate(network)
    simulation.run(4 * ms, {"u": 1.0})
    assert samples(simulation, "a.output")[:, 0].tolist() == [2, 2, -1, -1]
    assert samples(simulation, "b.output")[:, 0].tolist() == [6, 100, 100, -3]
    assert samples(simulation, "c.output")[:, 0].tolist() == [37, 507, 507, -8]


def test_clamps_of_some_units_by_different_values():
    clamp = Clamp("a", "y", [5.0, 6.0], indices=(2, 0))
    simulation = simulate(Network("n", 1 * ms).add(unit("a", 3, bias=1.0), clamp, Recorder("a", "output")))
    simulation.run(1 * ms)
    assert samples(simulation, "a.output").tolist() == [[6, 1, 5]]


def test_a_clamped_signal_ignores_its_input():
    simulation = simulate(chain(Clamp("u", "value", 4.0, start=1 * ms)))
    simulation.run(3 * ms, {"u": 1.0})
    assert samples(simulation, "u.output")[:, 0].tolist() == [1, 4, 4]
    assert samples(simulation, "c.output")[:, 0].tolist() == [37, 148, 148]


# Gains ------------------------------------------------------------------------------------------------------


class FixedGain(NeuronRule, abstract=True):
    """A gain that grows by 1 per second."""

    dg = "1 * rate"
    rate = parameter(0.0 / second, "growth")


def gain(multiplies, initial):
    return type("FixedGain", (FixedGain,), {"g": own.gain(multiplies, initial)}, abstract=True)()


def test_a_gain_multiplies_a_graded_port_or_the_output():
    for multiplies in ("I", "output"):
        network = Network("n", 1 * ms).add(
            Population("u", 1, Signal()),
            Population("a", 2, GradedUnit(transfer="identity", bias=1.0), rules=gain(multiplies, 3.0)),
            unit("z"),
            graded("ua", "u", "a"),
            graded("az", "a", "z"),
            Recorder("z", "y"),
            Recorder("a", "y"),
        )
        simulation = simulate(network)
        simulation.run(1 * ms, {"u": 10.0})
        y = {"I": 31.0, "output": 11.0}[multiplies]
        assert samples(simulation, "a.y").tolist() == [[y, y]]
        assert samples(simulation, "z.y").tolist() == [[2 * y * (3 if multiplies == "output" else 1)]]


def test_a_gain_multiplies_what_pulses_deliver():
    network = Network("n", 1 * ms).add(
        Population("s", 1, Poisson(rate=1000 * Hz)),
        Population("a", 1, LIF(), rules=gain("g_e", 3.0)),
        Projection("e", "s", "a", Pulse(), AllToAll(), 1 * mV),
        Projection("i", "s", "a", Pulse(port="g_i"), AllToAll(), 1 * mV),
    )
    simulation = simulate(network)
    simulation.step()
    np.testing.assert_allclose(np.asarray(simulation.get("a.g_e")), 3e-3)
    np.testing.assert_allclose(np.asarray(simulation.get("a.g_i")), 1e-3)


# Reading and writing ----------------------------------------------------------------------------------------


def everything():
    return Network("n", 0.1 * ms).add(
        Population("s", 2, Poisson()),
        Population("a", 3, LIF(tau_m=[10, 20, 30] * ms)),
        Population("u", 2, Signal()),
        Population("r", 2, LeakyRate()),
        NamedParameter("k", [1.0, -2.0], sign=1),
        Projection("sa", "s", "a", Pulse(), AllToAll(), 1 * mV, sign=1, rules=PairSTDP(w_max=2 * mV)),
        Projection("ur", "u", "r", Graded(), AllToAll(), Tied("k", (0, 1, 1, 0))),
        Projection("rr", "r", "r", Graded(), AllToAll(), 0.5),
        Projection("some", "u", "r", Graded(), Edges((1, 0), (0, 1)), [10.0, 20.0], rules=Oja()),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a.v", [-1, -2, -3] * mV),
        ("a.v", -5 * mV),
        ("a.tau_m", [5, 6, 7] * ms),
        ("a.tau_e", 3 * ms),
        ("a.tau_ref", 2 * ms),
        ("u.value", [1.0, 2.0]),
        ("r.r", 0.3),
        ("r.bias", 0.1),
        ("sa.w", np.arange(6) / 4 * mV),
        ("sa.pair_stdp_x", [1.0, 2.0]),
        ("sa.pair_stdp_tau_pre", 7 * ms),
        ("sa.pair_stdp_w_max", 5 * mV),
        ("rr.w", 0.7),
        ("k", [3.0, -4.0]),
        ("k", 2.5),
    ],
)
def test_what_is_set_is_got_with_its_unit(name, value):
    simulation = simulate(everything())
    simulation.set(name, value)
    assert np.all(simulation.get(name) == value)


def test_what_is_got_is_a_copy():
    simulation = simulate(everything())
    simulation.get("a.v")[:] = 0 * mV
    simulation.get("k")[:] = 0
    assert np.all(simulation.get("a.v") == -60 * mV) and simulation.get("k").tolist() == [1, -2]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("a.v", 1, "a.v has no unit: give a value in V"),
        ("a.v", [1, 2] * mV, r"a.v: a value of shape \(2,\) for one of shape \(3,\)"),
        ("a.v", np.nan * mV, "a.v holds a value that is not finite"),
        ("a.v", "low", "a.v is 'low', which is not a number"),
        (
            "a.tau_e",
            [1, 2, 3] * ms,
            r"a.tau_e: it is one number for all neurons, not an array of shape \(3,\)",
        ),
        ("a.tau_m", -1 * ms, "a.tau_m = -0.001 .* below its bound"),
        ("sa.pair_stdp_tau_pre", -1 * ms, "sa.pair_stdp_tau_pre = -0.001 .* below its bound"),
        ("sa.w", -1 * mV, r"'sa.w': weights must have the sign \+1"),
        ("a.I", 1 * mV, "'a.I' follows from other variables"),
        ("r.output", 1.0, "'r.output' follows from other variables"),
        ("r.f", 1.0, "'r.f' follows from other variables"),
        ("ur.w", 1.0, "'ur.w' is tied to 'k': set that"),
        ("k", 1 * mV, "k has the unit V"),
        ("k", [1.0, 2.0, 3.0], "k: a value of shape"),
        ("a.V", 1 * mV, "'a' has no variable 'V': did you mean 'v'|known"),
        ("b.v", 1 * mV, "nothing is named 'b'"),
        ("", 1, "nothing is named ''"),
    ],
)
def test_what_cannot_be_set_is_refused_and_changes_nothing(name, value, message):
    simulation = simulate(everything())
    before = simulation.state()
    with pytest.raises((DescriptionError, UnknownNameError), match=message):
        simulation.set(name, value)
    after = simulation.state()
    assert all(np.array_equal(before[key], after[key]) for key in before)


def test_a_named_parameter_acts_with_its_sign_and_keeps_its_value():
    simulation = simulate(everything())
    assert simulation.get("ur.w").tolist() == [1, 0, 0, 1] and simulation.get("k").tolist() == [1, -2]
    simulation.set("k", [-3.0, 4.0])
    assert simulation.get("ur.w").tolist() == [0, 4, 4, 0] and simulation.get("k").tolist() == [-3, 4]
    results = []
    for violating in (-3.0, -0.1, 0.0):
        simulation.reset()
        simulation.set("k", [violating, 4.0])
        simulation.run(1 * ms, {"u": [1.0, 0.5]})
        results.append(simulation.get("r.r").tolist())
    assert results[0] == results[1] == results[2]


def test_a_constant_set_during_a_run_acts_from_then_on():
    changed, fresh = simulate(everything()), simulate(everything())
    for simulation, at in ((changed, 5), (fresh, 0)):
        simulation.run(at * 0.1 * ms)
        simulation.set("a.tau_m", [5, 6, 7] * ms)
        simulation.set("a.tau_e", 3 * ms)
        simulation.set("a.v", -60 * mV)
        for port in ("g_e", "g_i"):
            simulation.set(f"a.{port}", 2 * mV)
        simulation.set("sa.w", 0 * mV)
        simulation.run(1 * ms)
    assert np.array_equal(changed.get("a.v"), fresh.get("a.v"))
    unchanged = simulate(everything())
    unchanged.run(1 * ms)
    assert np.abs(np.asarray(changed.get("a.v") - unchanged.get("a.v"))).min() > 1e-4


def test_a_refractory_period_set_during_a_run_acts_at_the_next_spike():
    model = LIF(E_L=0 * mV, tau_ref=5 * ms)
    simulation = simulate(Network("n", 1 * ms).add(Population("a", 1, model), Recorder("a")))
    simulation.run(100 * ms)
    before = np.diff(simulation.recordings()["a.spikes"].steps)
    simulation.set("a.tau_ref", 1 * ms)
    simulation.run(100 * ms)
    after = np.diff(simulation.recordings()["a.spikes"].steps)
    assert set(before) == {before[0]} and after[-1] == before[0] - 4


def test_weights_as_matrix_and_as_edges():
    simulation = simulate(everything())
    assert simulation.matrix("rr").tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert simulation.matrix("sa").shape == (3, 2) and simulation.matrix("sa").dim is volt.dim
    simulation.set("sa.w", np.arange(6) * 0.1 * mV)
    np.testing.assert_allclose(np.asarray(simulation.matrix("sa")), 1e-4 * np.arange(6).reshape(2, 3).T)
    pre, post = simulation.edges("some")
    assert pre.tolist() == [1, 0] and post.tolist() == [0, 1]
    assert simulation.get("some.w").tolist() == [10, 20]
    for ask, message in (
        (lambda: simulation.matrix("some"), "is not all-to-all"),
        (lambda: simulation.matrix("sa", "pair_stdp_x"), "kept per neuron"),
        (lambda: simulation.matrix("sx"), "no projection 'sx': did you mean 'sa'|known"),
        (lambda: simulation.edges("sx"), "no projection 'sx'"),
        (lambda: simulation.get("a.w"), "'a' has no variable 'w'"),
    ):
        with pytest.raises((DescriptionError, UnknownNameError), match=message):
            ask()


class Counting(NeuronModel):
    """Uses the clock, integers and conditions in a definition."""

    n = parameter(3, "divisor")
    equations = """
    y = int(t_in_timesteps % n == 0 and t >= 2*dt) + 10*int(x/2) + 100*sign(x) + 1000*clip(x, -1, 1) : 1
    x = t/dt - 4 : 1
    """
    output = "y"


def test_definitions_read_after_a_step_are_those_of_that_step():
    network = Network("n", 1 * ms).add(Population("a", 1, Counting()), Recorder("a", "y"))
    simulation = simulate(network)
    read = []
    for _ in range(9):
        simulation.step()
        read.append(float(simulation.get("a.y")[0]))
    x = np.arange(9.0) - 4
    k = np.arange(9)
    expected = ((k % 3 == 0) & (k >= 2)) + 10 * np.trunc(x / 2) + 100 * np.sign(x) + 1000 * np.clip(x, -1, 1)
    assert read == expected.tolist() == samples(simulation, "a.y")[:, 0].tolist()


def test_a_number_that_is_not_one_is_not_hidden_by_clip():
    class HiddenSignal(NeuronModel):
        equations = "x : 1 (state)\nz = clip(sqrt(x), 0, 1) : 1"

    network = Network("n", 1 * ms).add(
        Population("a", 1, HiddenSignal(), initial={"x": -1.0}), Recorder("a", "z")
    )
    with pytest.raises(RunFailed, match="'a.z' is not finite at index 0 after step 0 "):
        simulate(network).run(2 * ms)
