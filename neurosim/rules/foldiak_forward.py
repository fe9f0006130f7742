"""Földiák's sparse coding: feed-forward weights."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class FoldiakForward(SynapticRule):
    """Hebbian feed-forward weights of Földiák's sparse code: those of a neuron that fires move towards the input.

    w += beta * int(y > 0.5) * (x - w) after a presentation;  x, y pre- and postsynaptic activity (1), once settled;
    w weight (1), beta learning rate per presentation (1). It is used with FoldiakLateral and FoldiakThreshold.
    Source: Földiák 1990, Biol. Cybern. 64:165, doi:10.1007/BF02331346.
    Checked: with its companions, on images of random lines, at least 14 of 16 lines come to be represented by one
    neuron each.
    """

    beta = parameter(0.02, "learning rate per presentation", low=0.0)
    clock = "sample"
    x, y = pre.activity, post.activity
    dw = "beta * int(y > 0.5) * (x - w)"
