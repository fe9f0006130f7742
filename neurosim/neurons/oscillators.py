"""Models without units of potential: FitzHugh-Nagumo, Hindmarsh-Rose, and phases."""

from brian2 import Hz, ms

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class FitzHughNagumo(NeuronModel):
    """Excitable system of two variables.

    unit dv/dt = v - v**3/3 - w_rec + I, unit dw_rec/dt = (v + a - b*w_rec)/c.
    v fast variable (1), w_rec recovery (1), I graded input (1), unit the unit of the model's time (s).
    Source: FitzHugh 1961, Biophys. J. 1:445, doi:10.1016/S0006-3495(61)86902-6, in the form with w of the same sign.
    """

    unit = parameter(1 * ms, "unit of the model's time", low=0 * ms)
    a = parameter(0.7, "offset of the recovery")
    b = parameter(0.8, "leak of the recovery")
    c = parameter(12.5, "ratio of the time scales", low=0.0)
    equations = """
    dv/dt = (v - v**3/3 - w_rec + I)/unit : 1
    dw_rec/dt = (v + a - b*w_rec)/(c*unit) : 1
    I : 1 (input)
    """
    method = "rk4"
    output = "v"
    initial = {"v": -1.2, "w_rec": -0.6}


class HindmarshRose(NeuronModel):
    """Bursting system of three variables.

    unit dx/dt = y - a*x**3 + b*x**2 - z + I, unit dy/dt = c - d*x**2 - y, unit dz/dt = r*(s*(x - x_rest) - z).
    x fast variable (1), y recovery (1), z slow adaptation (1), I graded input (1), unit the unit of the model's time
    (s).
    Source: Hindmarsh & Rose 1984, Proc. R. Soc. B 221:87, doi:10.1098/rspb.1984.0024.
    """

    unit = parameter(1 * ms, "unit of the model's time", low=0 * ms)
    a = parameter(1.0, "coefficient of the cube")
    b = parameter(3.0, "coefficient of the square")
    c = parameter(1.0, "offset of the recovery")
    d = parameter(5.0, "coefficient of the recovery's square")
    r = parameter(0.006, "rate of the adaptation", low=0.0)
    s = parameter(4.0, "gain of the adaptation")
    x_rest = parameter(-1.6, "resting value of the fast variable")
    equations = """
    dx/dt = (y - a*x**3 + b*x**2 - z + I)/unit : 1
    dy/dt = (c - d*x**2 - y)/unit : 1
    dz/dt = r*(s*(x - x_rest) - z)/unit : 1
    I : 1 (input)
    """
    method = "rk4"
    output = "x"
    initial = {"x": -1.6, "y": -11.8, "z": 0.0}


class PhaseOscillator(NeuronModel):
    """Phase that turns at a rate of its own and by its input: with `PhaseCoupling` the model of Kuramoto.

    dtheta/dt = 2*pi*frequency + I.
    theta phase (1), I summed coupling (1/s), frequency of the free oscillator (Hz).
    Source: Acebrón, Bonilla, Pérez Vicente, Ritort, Spigler 2005, Rev. Mod. Phys. 77:137,
    doi:10.1103/RevModPhys.77.137.
    """

    frequency = parameter(10 * Hz, "frequency of the free oscillator")
    equations = """
    dtheta/dt = 2*pi*frequency + I : 1
    I : Hz (input)
    """
    method = "euler"
    output = "theta"
