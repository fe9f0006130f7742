"""Integrate-and-fire neurons whose spikes start by themselves: quadratic, exponential, and Izhikevich's."""

from brian2 import ms, mV, second

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class QuadraticIF(NeuronModel):
    """Quadratic integrate-and-fire neuron.

    tau dv/dt = (v - v_rest)*(v - v_crit)/v_scale + I; a spike when v > v_peak, then v = v_reset.
    v membrane potential (V), I graded input times the membrane resistance (V). Without input v falls to v_rest from
    below v_crit.
    Source: Ermentrout & Kopell 1986, SIAM J. Appl. Math. 46:233, doi:10.1137/0146017.
    """

    tau = parameter(10 * ms, "membrane time constant", low=0 * ms)
    v_rest = parameter(-65 * mV, "resting potential")
    v_crit = parameter(-55 * mV, "potential from which a spike starts")
    v_scale = parameter(10 * mV, "potential by which the square is divided", low=0 * mV)
    v_peak = parameter(30 * mV, "potential at which a spike ends")
    v_reset = parameter(-70 * mV, "potential after a spike")
    equations = """
    dv/dt = ((v - v_rest)*(v - v_crit)/v_scale + I)/tau : volt
    I : volt (input)
    """
    threshold = "v > v_peak"
    reset = "v = v_reset"
    method = "rk4"
    initial = {"v": "v_rest"}


class ExponentialIF(NeuronModel):
    """Exponential integrate-and-fire neuron.

    tau dv/dt = -(u - E_L) + Delta_T*exp((u - V_T)/Delta_T) + I, u = min(v, v_peak); a spike when v > v_peak, then
    v = v_reset, and v is constant for tau_ref.
    v membrane potential (V), u the same up to the peak (V), I graded input times the membrane resistance (V).
    Source: Fourcaud-Trocmé, Hansel, van Vreeswijk, Brunel 2003, J. Neurosci. 23:11628,
    doi:10.1523/JNEUROSCI.23-37-11628.2003.
    """

    tau = parameter(10 * ms, "membrane time constant", low=0 * ms)
    E_L = parameter(-65 * mV, "resting potential")
    V_T = parameter(-59.9 * mV, "threshold of the exponential")
    Delta_T = parameter(3.48 * mV, "slope of the exponential", low=0 * mV)
    v_peak = parameter(-30 * mV, "potential at which a spike ends")
    v_reset = parameter(-68 * mV, "potential after a spike")
    tau_ref = parameter(1.7 * ms, "refractory period", low=0 * second)
    equations = """
    dv/dt = (-(u - E_L) + Delta_T*exp((u - V_T)/Delta_T) + I)/tau : volt (unless refractory)
    u = clip(v, v, v_peak) : volt
    I : volt (input)
    """
    threshold = "v > v_peak"
    reset = "v = v_reset"
    refractory = "tau_ref"
    method = "rk4"
    initial = {"v": "E_L"}


class Izhikevich(NeuronModel):
    """Simple model of a spiking neuron with a recovery variable.

    dv/dt = 0.04 v**2/(mV ms) + 5 v/ms + 140 mV/ms - u + I, du/dt = a*(b*v - u); at v > 30 mV v = c, u += d.
    v membrane potential (V), u recovery (V/s), I graded input (V/s).
    a rate of recovery (1/s), b sensitivity of recovery (1/s), c potential after a spike (V), d recovery per spike
    (V/s).
    Source: Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569, doi:10.1109/TNN.2003.820440.
    """

    a = parameter(0.02 / ms, "rate of recovery", low=0 / second)
    b = parameter(0.2 / ms, "sensitivity of recovery")
    c = parameter(-65 * mV, "potential after a spike")
    d = parameter(8 * mV / ms, "recovery per spike")
    equations = """
    dv/dt = 0.04*v**2/(mV*ms) + 5*v/ms + 140*mV/ms - u + I : volt
    du/dt = a*(b*v - u) : volt/second
    I : volt/second (input)
    """
    threshold = "v > 30*mV"
    reset = "v = c; u += d"
    method = "euler"
    initial = {"v": -70 * mV, "u": -14 * mV / ms}
    _sets = {
        "regular spiking": {},
        "intrinsically bursting": {"c": -55 * mV, "d": 4 * mV / ms},
        "chattering": {"c": -50 * mV, "d": 2 * mV / ms},
        "fast spiking": {"a": 0.1 / ms, "d": 2 * mV / ms},
        "low-threshold spiking": {"b": 0.25 / ms, "d": 2 * mV / ms},
        "resonator": {"a": 0.1 / ms, "b": 0.26 / ms, "d": 2 * mV / ms},
    }
