"""What the reference engine refuses, and that it leaves Brian2's global state alone."""

import brian2
import numpy as np
import pytest
from brian2 import Hz, ms, mV

from neurosim.compiler.equations.network import network_equations
from neurosim.engines import registry
from neurosim.engines.brian2.engine import Brian2Engine
from neurosim.errors import EngineRefusal
from neurosim.model.connectivity import OneToOne
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter
from neurosim.model.parts import Population, Projection
from neurosim.model.rule import SynapticRule, pre
from neurosim.neurons import LIF, SpikeTrain
from neurosim.synapses import Pulse


class RefusalQuadratic(NeuronModel):
    """dx/dt = rate*x**2, which has no exact step by a matrix."""

    rate = parameter(1 * Hz, "rate")
    equations = "dx/dt = rate*x**2 : 1"


class RefusalOscillator(NeuronModel):
    """dx/dt = (y - x)/tau, dy/dt = -(a*x + y)/tau: for a > 0 a damped oscillation, with complex eigenvalues."""

    a = parameter(1.0, "coupling")
    tau = parameter(20 * ms, "time constant")
    equations = """
    dx/dt = (y - x)/tau : 1
    dy/dt = (-a*x - y)/tau : 1
    """
    initial = {"x": 1.0}


class RefusalDrift(NeuronModel):
    """dx/dt = rate: no fixed point, which Brian2's closed form starts from."""

    rate = parameter(1 * Hz, "rate")
    equations = "dx/dt = rate : 1"


class RefusalImplicit(NeuronModel):
    """dx/dt = rate*exp(x), which is not linear in x."""

    rate = parameter(1 * Hz, "rate")
    equations = "dx/dt = rate*exp(x) : 1"
    method = "exponential_euler"


class RefusalTwoStage(SynapticRule):
    """Two traces in a row: dx/dt = -x/tau_x, dz/dt = (x - z)/tau_z."""

    tau_x = parameter(10 * ms, "time constant")
    tau_z = parameter(20 * ms, "time constant")
    clock = "spike"
    x = pre.trace("dx/dt = -x/tau_x")
    z = pre.trace("dz/dt = (x - z)/tau_z")
    step = parameter(0.1, "change of the weight", of_weight=True)
    on_pre = "w += step * z; x += 1"


def one(model: NeuronModel) -> Network:
    return Network("one").add(Population("E", 2, model))


def reasons(network: Network) -> list[str]:
    return Brian2Engine().refuses(network_equations(network))


def test_coinciding_time_constants_are_refused_by_name_of_variable_and_engine():
    network = one(LIF(tau_m=5 * ms))
    with pytest.raises(
        EngineRefusal, match=r"population 'E'.* dv/dt has no finite real value.*engine 'fused' can run it"
    ):
        Brian2Engine().compile(network)
    # One unit among others is enough.
    assert len(reasons(one(LIF(tau_m=np.array([20.0, 10.0]) * ms)))) == 1
    assert reasons(one(LIF())) == []


def test_equations_without_a_closed_form_are_refused_with_what_to_do():
    (nonlinear,) = reasons(one(RefusalQuadratic()))
    assert "dx/dt is not linear" in nonlinear and "'rk4'" in nonlinear
    (drift,) = reasons(one(RefusalDrift()))
    assert "no closed form for x with method 'exact'" in drift and "engine 'fused' can run it" in drift
    oscillating = reasons(one(RefusalOscillator()))
    assert (
        "dx/dt has no finite real value" in oscillating[0] and "engine 'fused' can run it" in oscillating[0]
    )
    assert reasons(one(RefusalOscillator(a=-0.5))) == []
    (wrong_method,) = reasons(one(RefusalImplicit()))
    assert "method 'exponential_euler' does not apply to x" in wrong_method


def test_traces_with_coinciding_time_constants_are_refused():
    def network(tau_z):
        made = Network("traces", dt=1 * ms)
        made.add(
            Population("in", 1, SpikeTrain(times=[0.0, 5.0] * ms, ids=[0.0, 0.0])), Population("E", 1, LIF())
        )
        rules = (RefusalTwoStage(tau_z=tau_z, step=0.1 * mV),)
        return made.add(Projection("q", "in", "E", Pulse(), OneToOne(), 1 * mV, rules=rules))

    assert "projection 'q'" in reasons(network(10 * ms))[0]
    assert reasons(network(20 * ms)) == []


def test_the_engine_is_registered():
    assert registry.get("brian2").name == "brian2"


def test_another_device_is_refused():
    brian2.set_device("cpp_standalone", build_on_run=False)
    try:
        assert "set_device('runtime')" in reasons(one(LIF()))[0]
    finally:
        brian2.set_device("runtime")
    assert reasons(one(LIF())) == []


def test_numpy_runs_it_whatever_the_preference_and_nothing_global_changes(capsys):
    chosen = brian2.prefs["codegen.target"]
    brian2.prefs["codegen.target"] = "cython"
    try:
        before = dict(brian2.prefs)
        simulation = Brian2Engine().compile(one(LIF()))
        simulation.run(1 * ms)
        assert dict(brian2.prefs) == before
    finally:
        brian2.prefs["codegen.target"] = chosen
    kinds = {code.class_name for item in simulation.core._machine.active for code in item.code_objects}
    assert kinds == {"numpy"}
    assert brian2.defaultclock.dt == 0.1 * ms
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
