"""Leaky rate neuron with a steep sigmoid, for networks that settle to a nearly binary code."""

from brian2 import ms

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class SigmoidRate(NeuronModel):
    """Leaky rate neuron with a logistic function of given slope.

    dr/dt = (-r + 1/(1 + exp(-slope*(I + bias))))/tau.
    r firing rate (1), I summed input (1), bias minus the threshold (1), slope (1), tau time constant (s).
    Source: Földiák 1990, Biol. Cybern. 64:165, doi:10.1007/BF02331346.
    """

    tau = parameter(20 * ms, "time constant", low=0 * ms)
    slope = parameter(10.0, "slope of the logistic function", low=0.0)
    bias = parameter(0.0, "constant input")
    equations = """
    dr/dt = (-r + 1/(1 + exp(-slope*(I + bias))))/tau : 1
    I : 1 (input)
    """
    method = "exponential_euler"
    output = "r"
