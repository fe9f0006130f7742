"""Models of the library against closed forms, published values and equations that are written here once more."""

import numpy as np
import pytest
from brian2 import Hz, cm, ms, mV, nA, second, uA
from scipy.integrate import quad, solve_ivp

from neurosim import AllToAll, Network, Population, Projection, Recorder, simulate
from neurosim.errors import DescriptionError
from neurosim.neurons import (
    LIF,
    AdEx,
    ExponentialIF,
    FitzHughNagumo,
    HindmarshRose,
    HodgkinHuxley,
    Izhikevich,
    JansenRit,
    MorrisLecar,
    PhaseOscillator,
    QuadraticIF,
    Signal,
    TraubMiles,
    WilsonCowan,
)
from neurosim.synapses import Graded, PhaseCoupling

ENGINES = ("fused", "brian2", "jax")


def driven(model, weight, duration, dt=0.1 * ms, engine="fused", record="spikes", substeps=1, initial=None):
    network = Network("driven", dt=dt).add(
        Population("drive", 1, Signal()),
        Population("p", 1, model, initial or {}, substeps=substeps),
        Projection("k", "drive", "p", Graded(), AllToAll(), weight),
        Recorder("p", record),
    )
    simulation = simulate(network, engine=engine)
    simulation.run(duration, {"drive": [1.0]})
    return simulation, simulation.recordings()[f"p.{record}"]


def course(model, names, start, derivatives, duration, weight, dt=0.05 * ms):
    """Return the end of a run and the end by scipy, for states in SI units."""
    initial = dict(zip(names, start, strict=True))
    simulation, _ = driven(model, weight, duration, dt, record=names[0], initial=initial)
    first = np.array([float(np.asarray(value)) for value in start])
    solved = solve_ivp(derivatives, (0, float(duration)), first, rtol=1e-10, atol=1e-12, method="LSODA")
    return np.array([float(np.asarray(simulation.get(f"p.{n}"))[0]) for n in names]), solved.y[:, -1]


def test_fitzhugh_nagumo():
    def derivatives(t, s):
        v, w = s
        return np.array([v - v**3 / 3 - w + 0.5, (v + 0.7 - 0.8 * w) / 12.5]) / 1e-3

    ours, theirs = course(FitzHughNagumo(), ("v", "w_rec"), (-1.0, 0.3), derivatives, 50 * ms, 0.5)
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_hindmarsh_rose():
    def derivatives(t, s):
        x, y, z = s
        return np.array([y - x**3 + 3 * x**2 - z + 2, 1 - 5 * x**2 - y, 0.006 * (4 * (x + 1.6) - z)]) / 1e-3

    ours, theirs = course(
        HindmarshRose(), ("x", "y", "z"), (-1.6, -11.8, 0.1), derivatives, 30 * ms, 2.0, 0.01 * ms
    )
    assert ours == pytest.approx(theirs, rel=1e-4)


def test_morris_lecar():
    def derivatives(t, s):
        v, n = s[0] * 1e3, s[1]
        m = 0.5 * (1 + np.tanh((v + 1.2) / 18))
        rest = 0.5 * (1 + np.tanh((v - 2) / 30))
        current = 100 - 4.4 * m * (v - 120) - 8 * n * (v + 84) - 2 * (v + 60)
        return [current / 20, 0.04 * np.cosh((v - 2) / 60) * (rest - n) * 1e3]

    model, weight = MorrisLecar(), 100 * uA / cm**2
    ours, theirs = course(model, ("v", "n"), (-40 * mV, 0.1), derivatives, 60 * ms, weight)
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_wilson_cowan():
    def s(x, a, theta):
        return 1 / (1 + np.exp(-a * (x - theta))) - 1 / (1 + np.exp(a * theta))

    def derivatives(t, state):
        e, j = state
        return [
            (-e + (1 - e) * s(16 * e - 12 * j + 1.25, 1.3, 4)) / 0.01,
            (-j + (1 - j) * s(15 * e - 3 * j, 2, 3.7)) / 0.01,
        ]

    ours, theirs = course(WilsonCowan(), ("E", "J"), (0.1, 0.05), derivatives, 100 * ms, 1.25)
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_a_column_of_jansen_and_rit_has_the_rhythm_of_its_source():
    _, samples = driven(JansenRit(), 0 * Hz, 4 * second, 1 * ms, record="eeg")
    eeg = samples.values[1000:, 0]
    assert np.ptp(eeg) > 1e-3
    spectrum = np.abs(np.fft.rfft(eeg - eeg.mean()))
    # With an input of 120 to 320 pulses/s the model shows alpha activity, 8 to 12 Hz.
    assert 8 <= np.fft.rfftfreq(eeg.size, 1e-3)[spectrum.argmax()] <= 12


def test_the_quadratic_neuron_has_the_period_of_the_closed_form():
    # tau dv/dt = ((v - m)**2 - q)/s + I, m the middle of rest and threshold, q the square of half their distance.
    m, q, s, tau, drive = -60e-3, 25e-6, 10e-3, 10e-3, 10e-3
    k = np.sqrt(s * drive - q)
    period = tau * s / k * (np.arctan((30e-3 - m) / k) - np.arctan((-70e-3 - m) / k))
    _, spikes = driven(QuadraticIF(), drive * 1e3 * mV, 500 * ms, 0.01 * ms)
    assert np.diff(spikes.times / second).mean() == pytest.approx(period, rel=2e-3)


def test_the_exponential_neuron_has_the_period_of_the_quadrature():
    drive = 12e-3

    def time(v):
        return 10e-3 / (-(v + 65e-3) + 3.48e-3 * np.exp((v + 59.9e-3) / 3.48e-3) + drive)

    period = 1.7e-3 + quad(time, -68e-3, -30e-3)[0]
    _, spikes = driven(ExponentialIF(), drive * 1e3 * mV, 500 * ms, 0.01 * ms)
    assert np.diff(spikes.times / second).mean() == pytest.approx(period, rel=2e-3)


def test_izhikevich_rests_at_the_zero_of_its_equations_and_spikes_by_kind():
    # 0.04 v**2 + 5 v + 140 = 0.2 v has the solutions -70 and -50.
    simulation, _ = driven(Izhikevich(), 0 * mV / ms, 100 * ms)
    assert simulation.get("p.v") / mV == pytest.approx([-70])
    counts = {
        name: len(driven(Izhikevich.named(name), 10 * mV / ms, 500 * ms)[1].ids)
        for name in ("regular spiking", "chattering", "fast spiking")
    }
    assert counts["regular spiking"] < counts["chattering"] < counts["fast spiking"]


def test_hodgkin_huxley_fires_at_the_rate_of_its_source():
    simulation, _ = driven(HodgkinHuxley(), 0 * uA / cm**2, 50 * ms, 0.02 * ms)
    assert simulation.get("p.v") / mV == pytest.approx([-65], abs=0.05)
    _, spikes = driven(HodgkinHuxley(), 10 * uA / cm**2, 300 * ms, 0.01 * ms)
    # The period at 10 uA/cm^2 is 14.6 ms at 6.3 degrees.
    assert np.diff(spikes.times / ms)[3:].mean() == pytest.approx(14.6, rel=0.01)


class TraubMilesFourth(TraubMiles):
    """By a method of fourth order, to be compared closely."""

    method = "rk4"


@pytest.mark.slow
def test_traub_miles():
    def derivatives(t, s):
        v, m, h, n = s[0] * 1e3, *s[1:]
        u = v + 63
        rates = {
            "m": (0.32 * (13 - u) / (np.exp((13 - u) / 4) - 1), 0.28 * (u - 40) / (np.exp((u - 40) / 5) - 1)),
            "h": (0.128 * np.exp((17 - u) / 18), 4 / (1 + np.exp((40 - u) / 5))),
            "n": (0.032 * (15 - u) / (np.exp((15 - u) / 5) - 1), 0.5 * np.exp((10 - u) / 40)),
        }
        current = 10 * (-60 - v) - 20_000 * m**3 * h * (v - 50) - 6000 * n**4 * (v + 90) + 300
        gates = [1e3 * (a * (1 - x) - b * x) for (a, b), x in zip(rates.values(), (m, h, n), strict=True)]
        return [current / 200, *gates]

    start = (-60.2 * mV, 0.03, 0.9, 0.1)
    model, names = TraubMilesFourth(), ("v", "m", "h", "n")
    ours, theirs = course(model, names, start, derivatives, 15 * ms, 0.3 * nA, 0.005 * ms)
    assert ours == pytest.approx(theirs, rel=1e-4)
    _, spikes = driven(TraubMiles(), 0.5 * nA, 100 * ms, 0.05 * ms)
    assert len(spikes.ids) > 5


def test_two_phases_lock_at_the_angle_of_the_closed_form():
    # The difference d of two phases follows dd/dt = delta - 2*k*sin(d), so that sin(d) = delta/(2*k).
    network = Network("phases", dt=0.1 * ms).add(
        Population("p", 2, PhaseOscillator(frequency=[10, 11] * Hz)),
        Projection("k", "p", "p", PhaseCoupling(), AllToAll(), 10 * Hz),
    )
    for engine in ENGINES:
        simulation = simulate(network, engine=engine)
        simulation.run(1 * second)
        first, second_ = simulation.get("p.theta")
        assert np.sin(second_ - first) == pytest.approx(2 * np.pi / 20, rel=1e-6)


# Parts of a step -----------------------------------------------------------------------------------------------------


class AdExFourth(AdEx):
    """AdEx by a method whose stages lie beyond the peak."""

    method = "rk4"


@pytest.mark.slow
def test_stages_beyond_the_peak_stay_finite():
    _, fine = driven(AdExFourth(), 1 * nA, 200 * ms, 0.005 * ms)
    _, coarse = driven(AdExFourth(), 1 * nA, 200 * ms, 0.1 * ms)
    assert len(coarse.ids) == len(fine.ids)
    # A spike is found at the end of a step, so that each interval is up to a step too long.
    assert coarse.times / ms == pytest.approx(fine.times / ms, abs=0.1 * len(fine.ids))


@pytest.mark.slow
def test_parts_of_a_step_are_steps_of_their_own():
    start = {"v": -0.5, "w_rec": 0.1}
    model = FitzHughNagumo()
    whole, _ = driven(model, 0.5, 20 * ms, 0.1 * ms, record="v", initial=start)
    for engine in ENGINES:
        parts, _ = driven(model, 0.5, 20 * ms, 0.5 * ms, engine, record="v", substeps=5, initial=start)
        assert parts.get("p.v") == pytest.approx(whole.get("p.v"), rel=1e-9)


def test_parts_of_an_exact_step_are_rejected():
    with pytest.raises(DescriptionError, match="method 'exact' has no error that substeps lower"):
        simulate(Network("n").add(Population("p", 1, LIF(), substeps=3)))
    with pytest.raises(DescriptionError, match="population 'p': substeps = 0: give a whole number from 1"):
        Population("p", 1, LIF(), substeps=0)
