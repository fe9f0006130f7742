"""Slow synapses beside fast gains: from primary neurons to interneurons."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class WhiteningForward(SynapticRule):
    """Slow synapses of gain whitening, onto interneurons: they turn to the basis that all contexts share.

    w += eta * (n*r - g*w) after a presentation;  r activity of the primary neuron (1), n activity of the interneuron,
    its gain included (1), g that gain (1), w weight (1), eta learning rate per presentation (1), far
    below that of the gains.
    Source: Duong, Simoncelli, Chklovskii, Lipshutz 2023, NeurIPS, arXiv 2308.13633.
    Checked: the error in the same contexts falls with experience, and the weights turn to the basis that the contexts
    share (|cos| > 0.95).
    """

    eta = parameter(1e-5, "learning rate per presentation", low=0.0)
    family = "gain control and short term"
    clock = "sample"
    r, n, g = pre.activity, post.activity, post.gain
    dw = "eta * (n*r - g*w)"
