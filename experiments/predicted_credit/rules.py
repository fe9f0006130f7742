"""Predicted credit as a neuromodulator: a three-factor rule, and the delta rule of the module that predicts."""

from __future__ import annotations

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, modulator, post, pre


class CreditedHebb(SynapticRule):
    """Three factors: what comes in, how steep the neuron is, and its credit.

    dw/dt = -eta*m*(1 - y^2)*x;  x presynaptic and y postsynaptic activity (1), 1 - y^2 the slope of y = tanh(u),
    m credit of the postsynaptic neuron (1), the derivative of a loss by y or a prediction of it, w weight (1),
    eta learning rate (1/s). m is the output of a population with as many neurons as the target.
    Source: the chain rule; predicted credit after Jaderberg et al. 2016, arXiv 1608.05343.
    """

    eta = parameter(5 / second, "learning rate", low=0 / second)
    clock = "continuous"
    x, y, m = pre.activity, post.activity, modulator("module", "credit of each neuron")
    dw = "-eta * m * (1 - y*y) * x"


class GatedDelta(SynapticRule):
    """Delta rule with a teacher for each neuron, while a gate is open.

    dw/dt = eta*g*(t - y)*x;  x presynaptic and y postsynaptic activity (1), t what the postsynaptic neuron should have
    been (1), the output of a population 'teacher' with as many neurons, g gate (1), w weight (1), eta rate (1/s).
    Source: stochastic gradient descent on the squared error of a linear neuron.
    """

    eta = parameter(20 / second, "learning rate", low=0 / second)
    clock = "continuous"
    x, y = pre.activity, post.activity
    t, g = modulator("teacher", "what each neuron should be"), modulator("gate", "whether the rule learns")
    dw = "eta * g * (t - y) * x"
