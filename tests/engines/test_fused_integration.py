"""Integration by the fused engine, against closed forms and against the order that theory gives each method."""

import mpmath
import numpy as np
import pytest
from brian2 import ms, mV, nS, pA, pF, second, volt
from scipy.integrate import solve_ivp

from neurosim import Network, Population, Recorder, parameter, simulate
from neurosim.errors import DescriptionError, RunFailed
from neurosim.model.neuron import NeuronModel
from neurosim.neurons import LIF

# One neuron per column: ordinary, tau_e = tau_m, the two nearly equal, tau_e = tau_i, all equal.
TAU_M = np.array([20.0, 20.0, 20.0, 20.0, 10.0]) * ms
TAU_E = np.array([5.0, 20.0, 20.0 * (1 + 1e-9), 5.0, 10.0]) * ms
TAU_I = np.array([10.0, 10.0, 10.0, 5.0, 10.0]) * ms
E_L = np.array([-49.0, -49.0, 0.0, 0.0, -60.0]) * mV
V = np.array([-60.0, -55.0, -60.0, 3.0, -50.0]) * mV
G_E, G_I = 4.0 * mV, -3.0 * mV


def lif_at(t, unit):
    """Return v of the LIF without spikes, v' = (g_e + g_i - (v - E_L))/tau_m, with 50 digits; t in seconds."""
    with mpmath.workdps(50):
        tau_m, tau_e, tau_i, e_l, v = (mpmath.mpf(float(x[unit])) for x in (TAU_M, TAU_E, TAU_I, E_L, V))
        t = mpmath.mpf(t)
        found = e_l + (v - e_l) * mpmath.exp(-t / tau_m)
        for g, tau in ((float(G_E), tau_e), (float(G_I), tau_i)):
            if tau == tau_m:
                found += g * t / tau_m * mpmath.exp(-t / tau_m)
            else:
                found += g * tau / (tau - tau_m) * (mpmath.exp(-t / tau) - mpmath.exp(-t / tau_m))
        return float(found)


def lif(dt, **parameters):
    model = LIF(v_threshold=1 * volt, **parameters)
    return Network("n", dt).add(Population("a", len(V), model, initial={"v": V, "g_e": G_E, "g_i": G_I}))


HETEROGENEOUS = {"tau_m": TAU_M, "tau_e": TAU_E, "tau_i": TAU_I, "E_L": E_L}


@pytest.mark.parametrize(("duration", "rtol"), [(5 * ms, 1e-13), (500 * ms, 1e-9)])
def test_exact_integration_is_exact_also_where_time_constants_coincide(duration, rtol):
    simulation = simulate(lif(0.1 * ms, **HETEROGENEOUS))
    simulation.run(duration)
    expected = [lif_at(float(duration), unit) for unit in range(len(V))]
    np.testing.assert_allclose(np.asarray(simulation.get("a.v")), expected, rtol=rtol)


def test_coinciding_time_constants_give_the_alpha_function():
    same = {"tau_m": 10 * ms, "tau_e": 10 * ms, "tau_i": 10 * ms, "E_L": 0 * mV}
    simulation = simulate(lif(0.1 * ms, **same))
    simulation.set("a.v", 0 * mV)
    simulation.run(5 * ms)
    alpha = (0.004 - 0.003) * 0.5 * np.exp(-0.5)
    np.testing.assert_allclose(np.asarray(simulation.get("a.v")), alpha, rtol=1e-13)


def test_one_number_for_all_is_that_number_for_each():
    for unit in range(len(V)):
        simulation = simulate(lif(0.1 * ms, **{name: value[unit] for name, value in HETEROGENEOUS.items()}))
        simulation.run(5 * ms)
        np.testing.assert_allclose(
            float(simulation.get("a.v")[unit]), lif_at(0.005, unit), rtol=1e-13, err_msg=str(unit)
        )


def test_any_step_is_exact():
    coarse, fine = (simulate(lif(dt, **HETEROGENEOUS)) for dt in (1 * ms, 0.05 * ms))
    for simulation in (coarse, fine):
        simulation.run(20 * ms)
    np.testing.assert_allclose(np.asarray(coarse.get("a.v")), np.asarray(fine.get("a.v")), rtol=1e-12)


class MembraneWithParts(NeuronModel):
    """A membrane in the units of a patch clamp, with two currents in a chain."""

    C = parameter(200 * pF, "capacitance")
    g_L = parameter(10 * nS, "leak")
    E = parameter(-70 * mV, "rest")
    tau_s = parameter(5 * ms, "time constant of the currents")
    equations = """
    dv/dt = (g_L*(E - v) + I_s)/C : volt
    dI_s/dt = (J - I_s)/tau_s : amp
    dJ/dt = -J/tau_s : amp
    """
    initial = {"v": "E"}


def membrane_at(t):
    """Return v for J = 100 pA, I_s = 50 pA at t = 0, with tau_m = 20 ms: I_s = (50 + 100 t/tau_s) exp(-t/tau_s)."""
    with mpmath.workdps(50):
        t, tau_m, tau_s, c = mpmath.mpf(t), mpmath.mpf("0.02"), mpmath.mpf("0.005"), mpmath.mpf("200e-12")

        def current(s):
            return (mpmath.mpf("50e-12") + mpmath.mpf("100e-12") * s / tau_s) * mpmath.exp(-s / tau_s)

        charge = mpmath.quad(lambda s: current(s) * mpmath.exp(-(t - s) / tau_m), [0, t])
        return float(mpmath.mpf("-0.07") + charge / c)


def test_units_of_nanosiemens_and_picofarad_cost_no_accuracy():
    start = {"I_s": 50 * pA, "J": 100 * pA}
    simulation = simulate(
        Network("n").add(Population("a", 1, MembraneWithParts(), initial=start), Recorder("a", "v"))
    )
    simulation.run(10 * ms)
    np.testing.assert_allclose(float(simulation.get("a.v")[0]), membrane_at(0.01), rtol=1e-12)
    depolarised = float(simulation.get("a.v")[0]) + 0.07
    np.testing.assert_allclose(depolarised, membrane_at(0.01) + 0.07, rtol=1e-12 * 0.07 / depolarised)
    # The current alone, tiny in SI units, keeps its relative accuracy too.
    expected = (50e-12 + 100e-12 * 2) * np.exp(-2)
    np.testing.assert_allclose(float(simulation.get("a.I_s")[0]), expected, rtol=1e-12)


class Nonlinear(NeuronModel, abstract=True):
    """A nonlinear system that is linear in each variable alone, as the exponential Euler method needs."""

    tau = parameter(10 * ms, "time constant")
    equations = """
    dx/dt = (1 - x*y)/tau : 1
    dy/dt = (x - y*x)/tau : 1
    """
    initial = {"x": 0.5, "y": 2.0}


def reference(t):
    """Return x and y at time t (s)."""

    def slopes(_, z):
        x, y = z
        return np.array([1 - x * y, x - y * x]) / 0.01

    return solve_ivp(slopes, (0, t), [0.5, 2.0], "DOP853", rtol=1e-13, atol=1e-14).y[:, -1]


@pytest.mark.parametrize(
    ("method", "order"), [("euler", 1), ("exponential_euler", 1), ("rk2", 2), ("rk4", 4)]
)
def test_each_method_has_its_order(method, order):
    model = type(f"Nonlinear_{method}", (Nonlinear,), {"method": method}, abstract=True)()
    errors = []
    for steps in (20, 40, 80):
        simulation = simulate(Network("n", 20 / steps * ms).add(Population("a", 1, model)))
        simulation.run(20 * ms)
        found = [float(simulation.get(f"a.{name}")[0]) for name in "xy"]
        errors.append(np.abs(found - reference(0.02)).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert abs(orders[-1] - order) < 0.15, orders


def test_a_state_that_is_not_finite_is_named():
    model = type("Exploding", (Nonlinear,), {"method": "euler", "equations": "dx/dt = x**2/tau : 1",
                                             "initial": {"x": 5.0}}, abstract=True)()  # fmt: skip
    simulation = simulate(Network("n", 1 * ms).add(Population("a", 3, model, initial={"x": [0.0, 5.0, 0.0]})))
    with pytest.raises(RunFailed, match=r"'a.x' is not finite at index 1 after step 12 .*: lower dt"):
        simulation.run(50 * ms)


def test_an_explosion_is_noticed_long_before_the_end(monkeypatch):
    monkeypatch.setattr("neurosim.engines.fused.core.MOST", 20)
    model = type("Exploding", (Nonlinear,), {"method": "euler", "equations": "dx/dt = x**2/tau : 1",
                                             "initial": {"x": 5.0}}, abstract=True)()  # fmt: skip
    simulation = simulate(Network("n", 1 * ms).add(Population("a", 3, model)))
    with pytest.raises(RunFailed, match="after step 12 "):
        simulation.run(100 * second)


def test_a_time_constant_of_zero_is_refused_when_it_is_given():
    with pytest.raises(DescriptionError, match="tau_m = 0 divides dv/dt: give a value above 0"):
        lif(0.1 * ms, tau_m=0 * ms)


def test_a_time_constant_of_zero_is_refused_and_changes_nothing():
    simulation, untouched = (simulate(lif(0.1 * ms)) for _ in range(2))
    with pytest.raises(DescriptionError, match="no finite step: tau_m = 0 .SI.: give time constants above 0"):
        simulation.set("a.tau_m", 0 * ms)
    for run in (simulation, untouched):
        run.run(1 * ms)
    assert np.array_equal(simulation.get("a.v"), untouched.get("a.v"))


def test_states_in_another_order_are_the_same_model():
    # The lowered equations are cached: the order of states is part of what they mean.
    one = "dv/dt = (g - v)/tau : 1\ndg/dt = -g/(2*tau) : 1"
    other = "dg/dt = -g/(2*tau) : 1\ndv/dt = (g - v)/tau : 1"
    for equations in (one, other):
        facts = {"equations": equations, "initial": {"g": 1.0, "v": 0.0}, "method": "exact"}
        model = type("Ordered", (Nonlinear,), facts, abstract=True)()
        simulation = simulate(Network("n").add(Population("a", 1, model)))
        simulation.run(10 * ms)
        np.testing.assert_allclose(simulation.get("a.v")[0], 2 * (np.exp(-0.5) - np.exp(-1)), rtol=1e-13)


@pytest.mark.parametrize(
    "text",
    ["-v**2/tau", "-clip(v, 0, 1)/tau", "-v/tau*int(v > 0)", "-v*t/tau**2", "(t/tau - v)/tau", "-abs(v)/tau"],
)
def test_what_has_no_exact_step_is_refused_by_name(text):
    model = type("Inexact", (Nonlinear,), {"equations": f"dv/dt = {text} : 1", "initial": {}, "method": "exact"},
                 abstract=True)()  # fmt: skip
    with pytest.raises(DescriptionError, match="population 'a': dv/dt .* no exact step: use method"):
        simulate(Network("n").add(Population("a", 1, model)))


def test_exponential_euler_needs_conditional_linearity():
    facts = {"equations": "dv/dt = -v**2/tau : 1", "initial": {}, "method": "exponential_euler"}
    model = type("Inexact", (Nonlinear,), facts, abstract=True)()
    with pytest.raises(DescriptionError, match="method 'exponential_euler' does not apply"):
        simulate(Network("n").add(Population("a", 1, model)))
