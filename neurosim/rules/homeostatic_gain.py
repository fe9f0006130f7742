"""Homeostatic gain of a neuron's input."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import NeuronRule, own


class HomeostaticGain(NeuronRule):
    """Homeostatic input gain: a neuron scales all its input by one factor until its activity meets a target.

    dg/dt = beta * g * (target - y);  g gain of the input I (1), y activity (1), target (1), beta rate (1/s).
    It is synaptic scaling with the factor kept in the neuron, apart from the weights, so that it acts on input of every
    sign and from every projection alike.
    Source: after Turrigiano 2008, Cell 135:422, doi:10.1016/j.cell.2008.10.008.
    Checked: the activity of a linear neuron follows the logistic curve that solves its equation (0.1 %).
    """

    beta = parameter(0.1 / second, "rate of change", low=0 / second)
    target = parameter(1.0, "target activity", low=0.0)
    family = "homeostatic"
    clock = "continuous"
    y, g = own.activity, own.gain("I")
    dg = "beta * g * (target - y)"
