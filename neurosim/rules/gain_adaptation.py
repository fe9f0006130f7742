"""Gain adaptation by variance."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import NeuronRule, own


class GainAdaptation(NeuronRule):
    """Gain adaptation: the gain of a neuron's output grows while the variance of its activity exceeds the target.

    dg/dt = eta * (z**2 - target);  z activity before the gain (1), target variance (1), eta rate (1/s), g gain (1).
    The output that other neurons receive is g * z: with feedback inhibition by g * z the variance settles at the
    target.
    Source: Duong, Lipshutz, Heeger, Chklovskii, Simoncelli 2023, ICML, arXiv 2301.11955.
    Checked: in a scalar loop with feedback inhibition gain and variance settle at the fixed point of the equation
    (2 %).
    """

    eta = parameter(0.1 / second, "rate of adaptation", low=0 / second)
    target = parameter(1.0, "target variance", low=0.0)
    family = "gain control and short term"
    clock = "continuous"
    z = own.activity
    g = own.gain("output")
    dg = "eta * (z**2 - target)"
