"""Models of whole populations: Wilson-Cowan and Jansen-Rit."""

from brian2 import Hz, ms, mV, second

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class WilsonCowan(NeuronModel):
    """Excitatory and inhibitory activity of one region.

    tau_e dE/dt = -E + (1 - E)*S(w_ee*E - w_ei*J + I, a_e, theta_e);
    tau_i dJ/dt = -J + (1 - J)*S(w_ie*E - w_ii*J + I_i, a_i, theta_i);
    S(x, a, theta) = 1/(1 + exp(-a*(x - theta))) - 1/(1 + exp(a*theta)).
    E, J active fractions of excitatory and inhibitory cells (1), I, I_i graded inputs of the two (1).
    Source: Wilson & Cowan 1972, Biophys. J. 12:1, doi:10.1016/S0006-3495(72)86068-5.
    """

    tau_e = parameter(10 * ms, "time constant of excitation", low=0 * ms)
    tau_i = parameter(10 * ms, "time constant of inhibition", low=0 * ms)
    w_ee = parameter(16.0, "excitation of excitation")
    w_ei = parameter(12.0, "inhibition of excitation")
    w_ie = parameter(15.0, "excitation of inhibition")
    w_ii = parameter(3.0, "inhibition of inhibition")
    a_e = parameter(1.3, "slope of excitation")
    theta_e = parameter(4.0, "threshold of excitation")
    a_i = parameter(2.0, "slope of inhibition")
    theta_i = parameter(3.7, "threshold of inhibition")
    equations = """
    dE/dt = (-E + (1 - E)*s_e)/tau_e : 1
    dJ/dt = (-J + (1 - J)*s_i)/tau_i : 1
    s_e = 1/(1 + exp(-a_e*(w_ee*E - w_ei*J + I - theta_e))) - 1/(1 + exp(a_e*theta_e)) : 1
    s_i = 1/(1 + exp(-a_i*(w_ie*E - w_ii*J + I_i - theta_i))) - 1/(1 + exp(a_i*theta_i)) : 1
    I : 1 (input)
    I_i : 1 (input)
    """
    method = "rk4"
    output = "E"


class JansenRit(NeuronModel):
    """Column of cortex: pyramidal cells with excitatory and inhibitory interneurons.

    dy_k/dt = z_k for k = 0, 1, 2; dz_0/dt = A*a*S(y_1 - y_2) - 2*a*z_0 - a**2*y_0;
    dz_1/dt = A*a*(p + I + 0.8*C*S(C*y_0)) - 2*a*z_1 - a**2*y_1;
    dz_2/dt = B*b*0.25*C*S(0.25*C*y_0) - 2*b*z_2 - b**2*y_2; S(v) = 2*e_0/(1 + exp(r*(v_0 - v))).
    y_0 potential by pyramidal cells, y_1 and y_2 excitatory and inhibitory potential at these (V), z_k their
    derivatives (V/s), I graded input (Hz); the output y_1 - y_2 is the model of an EEG.
    Source: Jansen & Rit 1995, Biol. Cybern. 73:357, doi:10.1007/BF00199471.
    """

    A = parameter(3.25 * mV, "amplitude of excitatory potentials")
    B = parameter(22 * mV, "amplitude of inhibitory potentials")
    a = parameter(100 / second, "rate of excitatory synapses", low=0 / second)
    b = parameter(50 / second, "rate of inhibitory synapses", low=0 / second)
    C = parameter(135.0, "number of synapses")
    e_0 = parameter(2.5 * Hz, "half of the largest rate", low=0 * Hz)
    r = parameter(0.56 / mV, "slope of the rate")
    v_0 = parameter(6 * mV, "potential at half of the largest rate")
    p = parameter(220 * Hz, "input from elsewhere")
    equations = """
    dy_0/dt = z_0 : volt
    dy_1/dt = z_1 : volt
    dy_2/dt = z_2 : volt
    dz_0/dt = A*a*2*e_0/(1 + exp(r*(v_0 - y_1 + y_2))) - 2*a*z_0 - a**2*y_0 : volt/second
    dz_1/dt = A*a*(p + I + 0.8*C*2*e_0/(1 + exp(r*(v_0 - C*y_0)))) - 2*a*z_1 - a**2*y_1 : volt/second
    dz_2/dt = B*b*0.25*C*2*e_0/(1 + exp(r*(v_0 - 0.25*C*y_0))) - 2*b*z_2 - b**2*y_2 : volt/second
    eeg = y_1 - y_2 : volt
    I : Hz (input)
    """
    method = "rk4"
    output = "eeg"
