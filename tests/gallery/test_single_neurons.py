"""Examples of Brian2's gallery with neurons apart from each other: every spike and every potential is the same."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import Hz, amp, cm, ms, msiemens, mV, nA, nS, pA, pF, uA, uF

from neurosim import AllToAll, NeuronModel, OneToOne, Population, Projection, Recorder, parameter
from neurosim.neurons import LIF, AdEx, HindmarshRose, JansenRit, MorrisLecar, Signal, SpikeTrain, TraubMiles
from neurosim.synapses import Graded, Pulse
from tests.gallery.pairs import ours, same, same_spikes, spikes, theirs


def test_if_curve_lif():
    drive = np.linspace(0, 20, 60) * mV
    cell = LIF(E_L=drive, tau_m=10 * ms, v_threshold=10 * mV, v_reset=0 * mV, tau_ref=5 * ms)
    simulation = ours(Population("cell", 60, cell), Recorder("cell"), duration=300 * ms)
    group = b2.NeuronGroup(
        60,
        "dv/dt = (v0 - v)/(10*ms) : volt (unless refractory)\nv0 : volt",
        threshold="v > 10*mV",
        reset="v = 0*mV",
        refractory=5 * ms,
        method="exact",
    )
    group.v0 = drive
    monitor = b2.SpikeMonitor(group)
    theirs(group, monitor, duration=300 * ms)
    same_spikes(simulation, "cell", monitor, at_least=500)


@pytest.mark.slow
def test_if_curve_hodgkin_huxley():
    current = np.linspace(0, 0.7, 20) * nA
    cell = TraubMiles(E_L=-65 * mV, v_spike=-40 * mV)
    simulation = ours(
        Population("current", 20, Signal()),
        Population("cell", 20, cell),
        Projection("injection", "current", "cell", Graded(), OneToOne(), 1 * amp),
        Recorder("cell"),
        duration=200 * ms,
        inputs={"current": np.asarray(current)},
    )
    group = b2.NeuronGroup(
        20,
        """
        dv/dt = (10*nS*(-65*mV - v) - 20*uS*m**3*h*(v - 50*mV) - 6*uS*n**4*(v + 90*mV) + I)/(200*pF) : volt
        dm/dt = 0.32*(4*mV)/exprel((13*mV - v + VT)/(4*mV))/mV/ms*(1 - m)
                - 0.28*(5*mV)/exprel((v - VT - 40*mV)/(5*mV))/mV/ms*m : 1
        dn/dt = 0.032*(5*mV)/exprel((15*mV - v + VT)/(5*mV))/mV/ms*(1 - n)
                - 0.5*exp((10*mV - v + VT)/(40*mV))/ms*n : 1
        dh/dt = 0.128*exp((17*mV - v + VT)/(18*mV))/ms*(1 - h) - 4/(1 + exp((40*mV - v + VT)/(5*mV)))/ms*h : 1
        I : amp
        """,
        threshold="v > -40*mV",
        refractory=3 * ms,
        method="exponential_euler",
        namespace={"VT": -63 * mV},
    )
    group.v, group.h, group.I = -65 * mV, 1, current
    monitor = b2.SpikeMonitor(group)
    theirs(group, monitor, duration=200 * ms)
    same_spikes(simulation, "cell", monitor, at_least=100)


@pytest.mark.slow
def test_adaptive_threshold():
    class GalleryAdaptiveThreshold(NeuronModel):
        equations = "dv/dt = -v/(10*ms) : volt\ndvt/dt = (10*mV - vt)/(15*ms) : volt"
        threshold = "v > vt"
        reset = "v = 0*mV; vt += 3*mV"
        method = "exact"
        initial = {"vt": 10 * mV}

    times, ids = spikes(np.random.default_rng(0), 50, 2000, 0.01)
    simulation = ours(
        Population("input", 50, SpikeTrain(times=times, ids=ids)),
        Population("cell", 5, GalleryAdaptiveThreshold()),
        Projection("drive", "input", "cell", Pulse(port="v"), AllToAll(), "(0.5 + 0.5*j)*mV"),
        Recorder("cell"),
        duration=200 * ms,
    )
    source = b2.SpikeGeneratorGroup(50, ids, times)
    group = b2.NeuronGroup(
        5,
        "dv/dt = -v/(10*ms) : volt\ndvt/dt = (10*mV - vt)/(15*ms) : volt",
        threshold="v > vt",
        reset="v = 0*mV; vt += 3*mV",
        method="exact",
    )
    group.vt = 10 * mV
    synapses = b2.Synapses(source, group, "w : volt", on_pre="v += w")
    synapses.connect()
    synapses.w = "(0.5 + 0.5*j)*mV"
    monitor = b2.SpikeMonitor(group)
    theirs(source, group, synapses, monitor, duration=200 * ms)
    same_spikes(simulation, "cell", monitor, at_least=50)


@pytest.mark.slow
def test_brette_gerstner_2005():
    kinds = {"tau_w": [144, 20, 144] * ms, "a": [4, 4, 4] * nS, "b": [0.0805, 0.0, 0.0] * nA,
             "v_reset": [-70.6, -45.4, -70.6] * mV}  # fmt: skip
    simulation = ours(
        Population("current", 1, Signal()),
        Population("cell", 3, AdEx(v_peak=20 * mV, **kinds)),
        Projection("injection", "current", "cell", Graded(), AllToAll(), 1 * nA),
        Recorder("cell"),
        duration=150 * ms,
        inputs={"current": np.repeat([0.0, 1.0, 0.0], [200, 1000, 300])[:, None]},
    )
    group = b2.NeuronGroup(
        3,
        """
        dv/dt = (30*nS*(-70.6*mV - v) + 30*nS*2*mV*exp((v + 50.4*mV)/(2*mV)) + I(t) - w)/(281*pF) : volt
        dw/dt = (4*nS*(v + 70.6*mV) - w)/tau_w : amp
        tau_w : second
        b : amp
        vr : volt
        """,
        threshold="v > 20*mV",
        reset="v = vr; w += b",
        method="euler",
        namespace={
            "I": b2.TimedArray(np.array([0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]) * nA, dt=10 * ms)
        },
    )
    group.v, group.tau_w, group.b, group.vr = -70.6 * mV, kinds["tau_w"], kinds["b"], kinds["v_reset"]
    monitor = b2.SpikeMonitor(group)
    theirs(group, monitor, duration=150 * ms)
    same_spikes(simulation, "cell", monitor)


@pytest.mark.slow
def test_naud_et_al_2008_adex_firing_patterns():
    # Adaptation, initial bursts, regular bursts and delayed spiking by the parameters alone.
    values = {"C": [200, 130, 200, 200] * pF, "g_L": [12, 18, 10, 12] * nS, "E_L": [-70, -58, -58, -70] * mV,
              "a": [2, 4, 2, -10] * nS, "tau_w": [300, 150, 120, 300] * ms, "b": [60, 120, 100, 0] * pA,
              "v_reset": [-58, -50, -46, -58] * mV}  # fmt: skip
    current = [500, 400, 210, 300] * pA
    simulation = ours(
        Population("current", 4, Signal()),
        Population("cell", 4, AdEx(V_T=-50 * mV, Delta_T=2 * mV, **values)),
        Projection("injection", "current", "cell", Graded(), OneToOne(), 1 * amp),
        Recorder("cell"),
        duration=300 * ms,
        inputs={"current": np.asarray(current)},
    )
    group = b2.NeuronGroup(
        4,
        """
        dv/dt = (gL*(EL - v) + gL*2*mV*exp((v + 50*mV)/(2*mV)) + I - w)/C : volt
        dw/dt = (a*(v - EL) - w)/tau_w : amp
        C : farad
        gL : siemens
        EL : volt
        a : siemens
        tau_w : second
        b : amp
        vr : volt
        I : amp
        """,
        threshold="v > 0*mV",
        reset="v = vr; w += b",
        method="euler",
    )
    group.I = current
    for mine, name in (("C", "C"), ("gL", "g_L"), ("EL", "E_L"), ("a", "a"), ("tau_w", "tau_w"), ("b", "b"),
                       ("vr", "v_reset"), ("v", "E_L")):  # fmt: skip
        setattr(group, mine, values[name])
    monitor = b2.SpikeMonitor(group)
    theirs(group, monitor, duration=300 * ms)
    same_spikes(simulation, "cell", monitor, at_least=30)


@pytest.mark.slow
def test_hindmarsh_rose_1984():
    simulation = ours(
        Population("current", 3, Signal()),
        Population("cell", 3, HindmarshRose(r=0.001)),
        Projection("injection", "current", "cell", Graded(), OneToOne(), 1.0),
        duration=200 * ms,
        inputs={"current": [1.0, 2.0, 4.0]},
    )
    group = b2.NeuronGroup(
        3,
        """
        dx/dt = (y - x**3 + 3*x**2 + I - z)/ms : 1
        dy/dt = (1 - 5*x**2 - y)/ms : 1
        dz/dt = 0.001*(4*(x + 1.6) - z)/ms : 1
        I : 1
        """,
        method="rk4",
    )
    group.x, group.y, group.I = -1.6, -11.8, [1, 2, 4]
    theirs(group, duration=200 * ms)
    for name in "xyz":
        same(simulation.get(f"cell.{name}"), getattr(group, name)[:], rtol=1e-7)


@pytest.mark.slow
def test_jansen_rit_1995_single_column():
    constants = np.array([68, 128, 135, 270.0])
    simulation = ours(Population("column", 4, JansenRit(C=constants)), duration=500 * ms, dt=1 * ms)
    group = b2.NeuronGroup(
        4,
        """
        dy0/dt = y3 : volt
        dy1/dt = y4 : volt
        dy2/dt = y5 : volt
        dy3/dt = A*a*S(y1 - y2) - 2*a*y3 - a**2*y0 : volt/second
        dy4/dt = A*a*(220*Hz + 0.8*C*S(C*y0)) - 2*a*y4 - a**2*y1 : volt/second
        dy5/dt = B*b*0.25*C*S(0.25*C*y0) - 2*b*y5 - b**2*y2 : volt/second
        C : 1
        """.replace("S(y1 - y2)", "(5*Hz)/(1 + exp(r*(6*mV - (y1 - y2))))")
        .replace("S(C*y0)", "(5*Hz)/(1 + exp(r*(6*mV - C*y0)))")
        .replace("S(0.25*C*y0)", "(5*Hz)/(1 + exp(r*(6*mV - 0.25*C*y0)))"),
        method="rk4",
        namespace={"A": 3.25 * mV, "B": 22 * mV, "a": 100 * Hz, "b": 50 * Hz, "r": 0.56 / mV},
    )
    group.C = constants
    theirs(group, duration=500 * ms, dt=1 * ms)
    same(simulation.get("column.eeg"), group.y1[:] - group.y2[:], rtol=1e-7)


@pytest.mark.slow
def test_morris_lecar_1981():
    current = np.array([40, 90, 120, 250]) * uA / cm**2
    simulation = ours(
        Population("current", 4, Signal()),
        Population("fibre", 4, MorrisLecar()),
        Projection("injection", "current", "fibre", Graded(), OneToOne(), 1 * uA / cm**2),
        duration=200 * ms,
        inputs={"current": [40.0, 90.0, 120.0, 250.0]},
    )
    group = b2.NeuronGroup(
        4,
        """
        dv/dt = (I - gL*(v + 60*mV) - gCa*(1 + tanh((v + 1.2*mV)/(18*mV)))/2*(v - 120*mV) - gK*w*(v + 84*mV))/C : volt
        dw/dt = 0.04/ms*cosh((v - 2*mV)/(60*mV))*((1 + tanh((v - 2*mV)/(30*mV)))/2 - w) : 1
        I : amp/metre**2
        """,
        method="rk4",
        namespace={
            "C": 20 * uF / cm**2,
            "gL": 2 * msiemens / cm**2,
            "gCa": 4.4 * msiemens / cm**2,
            "gK": 8 * msiemens / cm**2,
        },
    )
    group.v, group.I = -60 * mV, current
    theirs(group, duration=200 * ms)
    same(simulation.get("fibre.v"), group.v[:], rtol=1e-7)


@pytest.mark.slow
def test_wang_buszaki_1996():
    class GalleryWangBuzsaki(NeuronModel):
        I = parameter(0 * uA / cm**2, "current")  # noqa: E741
        equations = """
        dv/dt = (-35*(msiemens/cm**2)*m**3*h*(v - 55*mV) - 9*(msiemens/cm**2)*n**4*(v + 90*mV)
                 - 0.1*(msiemens/cm**2)*(v + 65*mV) + I)/(1*uF/cm**2) : volt
        dh/dt = 5*(0.07*exp(-(v + 58*mV)/(20*mV))*(1 - h) - 1/(exp(-0.1*(v + 28*mV)/mV) + 1)*h)/ms : 1
        dn/dt = 5*(0.1/exprel(-0.1*(v + 34*mV)/mV)*(1 - n) - 0.125*exp(-(v + 44*mV)/(80*mV))*n)/ms : 1
        m = alpha/(alpha + 4*exp(-(v + 60*mV)/(18*mV))) : 1
        alpha = 1/exprel(-0.1*(v + 35*mV)/mV) : 1
        """
        threshold = "v > 0*mV"
        refractory = "tau_ref"
        tau_ref = parameter(3 * ms, "time in which a spike is counted once")
        method = "exponential_euler"
        initial = {"v": -70 * mV, "h": 1.0}

    current = np.array([0.0, 1.0, 2.0, 4.0]) * uA / cm**2
    cells = Population("cell", 4, GalleryWangBuzsaki(I=current))
    simulation = ours(cells, Recorder("cell"), duration=60 * ms, dt=0.02 * ms)
    group = b2.NeuronGroup(
        4,
        """
        dv/dt = (-gNa*m**3*h*(v - 55*mV) - gK*n**4*(v + 90*mV) - gL*(v + 65*mV) + I)/C : volt
        m = alpha_m/(alpha_m + beta_m) : 1
        alpha_m = 0.1/mV*10*mV/exprel(-(v + 35*mV)/(10*mV))/ms : Hz
        beta_m = 4*exp(-(v + 60*mV)/(18*mV))/ms : Hz
        dh/dt = 5*(alpha_h*(1 - h) - beta_h*h) : 1
        alpha_h = 0.07*exp(-(v + 58*mV)/(20*mV))/ms : Hz
        beta_h = 1/(exp(-0.1/mV*(v + 28*mV)) + 1)/ms : Hz
        dn/dt = 5*(alpha_n*(1 - n) - beta_n*n) : 1
        alpha_n = 0.01/mV*10*mV/exprel(-(v + 34*mV)/(10*mV))/ms : Hz
        beta_n = 0.125*exp(-(v + 44*mV)/(80*mV))/ms : Hz
        I : amp/metre**2
        """,
        threshold="v > 0*mV",
        refractory=3 * ms,
        method="exponential_euler",
        namespace={"C": 1 * uF / cm**2, "gNa": 35 * msiemens / cm**2, "gK": 9 * msiemens / cm**2,
                   "gL": 0.1 * msiemens / cm**2},
    )  # fmt: skip
    group.v, group.h, group.I = -70 * mV, 1, current
    monitor = b2.SpikeMonitor(group)
    theirs(group, monitor, duration=60 * ms, dt=0.02 * ms)
    same_spikes(simulation, "cell", monitor, at_least=8)


@pytest.mark.slow
def test_phase_locking():
    class GalleryPhase(NeuronModel):
        a = parameter(1.0, "constant drive")
        equations = "dv/dt = (-v + a + 2*sin(2*pi*t/(10*ms)))/(20*ms) : 1 (unless refractory)"
        threshold = "v > 1"
        reset = "v = 0"
        refractory = "tau_ref"
        tau_ref = parameter(1 * ms, "refractory period")
        method = "euler"

    drive = np.linspace(0.8, 4, 30)
    simulation = ours(Population("cell", 30, GalleryPhase(a=drive)), Recorder("cell"), duration=200 * ms)
    group = b2.NeuronGroup(
        30,
        "dv/dt = (-v + a + 2*sin(2*pi*t/tau))/(20*ms) : 1 (unless refractory)\na : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory=1 * ms,
        method="euler",
        namespace={"tau": 10 * ms},
    )
    group.a = drive
    monitor = b2.SpikeMonitor(group)
    theirs(group, monitor, duration=200 * ms)
    same_spikes(simulation, "cell", monitor, at_least=200)
