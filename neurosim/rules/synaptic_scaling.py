"""Synaptic scaling, proportional."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post


class SynapticScaling(SynapticRule):
    """Synaptic scaling: all weights onto a neuron grow or shrink by one factor until its activity meets a target.

    dw/dt = beta * w * (target - y);  y postsynaptic activity (1), target (1), beta rate (1/s), w weight (any unit).
    Source: van Rossum, Bi, Turrigiano 2000, J. Neurosci. 20:8812, doi:10.1523/JNEUROSCI.20-23-08812.2000.
    """

    beta = parameter(0.1 / second, "rate of scaling", low=0 / second)
    target = parameter(1.0, "activity to be reached", low=0.0)
    clock = "continuous"
    y = post.activity
    dw = "beta * w * (target - y)"
