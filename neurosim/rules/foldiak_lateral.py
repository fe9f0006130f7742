"""Földiák's sparse coding: lateral weights."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import Bounds, SynapticRule, post, pre


class FoldiakLateral(SynapticRule):
    """Anti-Hebbian lateral weights of Földiák's sparse code: neurons that fire together too often inhibit each other.

    w += -alpha * (int(x > 0.5) * int(y > 0.5) - p**2) after a presentation, w <= 0;  x, y pre- and postsynaptic
    activity (1), once settled; w weight (1), none from a neuron to itself, alpha learning rate per presentation (1),
    p target probability that a neuron fires (1). It is used with FoldiakForward and FoldiakThreshold.
    Source: Földiák 1990, Biol. Cybern. 64:165, doi:10.1007/BF02331346.
    Checked: with its companions, on images of random lines, every neuron fires with a probability within 0.03 of p.
    """

    alpha = parameter(0.1, "learning rate per presentation", low=0.0)
    p = parameter(0.125, "target probability that a neuron fires", low=0.0, high=1.0)
    clock = "sample"
    x, y = pre.activity, post.activity
    dw = "-alpha * (int(x > 0.5) * int(y > 0.5) - p**2)"
    then = Bounds("-inf", 0)
