"""Leaky rate neuron."""

from brian2 import ms

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import option, parameter
from neurosim.neurons.transfer import TRANSFERS


class LeakyRate(NeuronModel):
    """Leaky rate neuron with a named transfer function.

    dr/dt = (-r + f(u))/tau, u = I + bias.
    r firing rate (1), I summed input (1), bias (1), f one of identity, tanh,
    rectified_tanh, relu, leaky_relu (slope 0.01 below 0), elu, softplus, logistic, unit_interval, symmetric, step
    (1 above 0, else 0).
    Source: Wilson & Cowan 1972, Biophys. J. 12:1, doi:10.1016/S0006-3495(72)86068-5 (the form without refractoriness).
    """

    tau = parameter(20 * ms, "time constant", low=0 * ms)
    bias = parameter(0.0, "constant input")
    transfer = option("tanh", "transfer function", tuple(TRANSFERS))
    texts = {"transfer": TRANSFERS}
    equations = """
    dr/dt = (-r + f)/tau : 1
    f = {transfer} : 1
    u = I + bias : 1
    I : 1 (input)
    """
    method = "exponential_euler"
    output = "r"
