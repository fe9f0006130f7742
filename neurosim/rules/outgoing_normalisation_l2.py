"""Normalisation of the length of the weight vector that leaves a neuron, by one factor."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, pre


class OutgoingNormalisationL2(SynapticRule):
    """Multiplicative normalisation of outgoing weights, L2: those of a presynaptic neuron always have the same length.

    w *= target / sqrt(s) after all changes of a step;  s = sum of w**2 over the connections that leave the neuron, w
    weight (any unit), target length to be kept (unit of w). It acts at the same times as `WeightNormalisationL2`.
    Source: Duong, Simoncelli, Chklovskii, Lipshutz 2023, NeurIPS, arXiv 2308.13633 (columns of W renormalised).
    Checked: the length is kept to 1e-12, ratios to machine precision, dense and sparse.
    """

    target = parameter(1.0, "length of the weight vector that leaves a neuron", low=0.0, of_weight=True)
    family = "homeostatic"
    s = pre.total("w**2")
    # The second term matters only where all weights are 0, and there they remain 0.
    after = "w *= target / sqrt(s + 1e-30*target**2)"
