"""Slow synapses beside fast gains: from interneurons back to primary neurons."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class WhiteningBackward(SynapticRule):
    """Slow synapses of gain whitening, by which interneurons inhibit: the mirror of `WhiteningForward`.

    w += -eta * (n*r + g*w) after a presentation;  r activity of the primary neuron (1), n activity of the interneuron,
    its gain included (1), g that gain (1), w weight (1), the negative of the forward one, which it remains if it starts
    so, eta learning rate per presentation (1).
    Source: Duong, Simoncelli, Chklovskii, Lipshutz 2023, NeurIPS, arXiv 2308.13633.
    Checked: it stays the mirror of the forward weights to 1e-12.
    """

    eta = parameter(1e-5, "learning rate per presentation", low=0.0)
    family = "gain control and short term"
    clock = "sample"
    n, r, g = pre.activity, post.activity, pre.gain
    dw = "-eta * (n*r + g*w)"
