"""Földiák's sparse coding: thresholds."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import NeuronRule, own


class FoldiakThreshold(NeuronRule):
    """Thresholds of Földiák's sparse code: the bias of a neuron falls when it fires, so it fires as often as desired.

    b += gamma * (p - int(y > 0.5)) after a presentation;  b minus the threshold, added to the bias (1), y activity
    (1), once settled; gamma learning rate per presentation (1), p target probability that a neuron fires (1). It is
    used with FoldiakForward and FoldiakLateral.
    Source: Földiák 1990, Biol. Cybern. 64:165, doi:10.1007/BF02331346.
    Checked: with its companions, on images of random lines, every neuron fires with a probability within 0.03 of p.
    """

    gamma = parameter(0.02, "learning rate per presentation", low=0.0)
    p = parameter(0.125, "target probability that a neuron fires", low=0.0, high=1.0)
    family = "hebbian"
    clock = "sample"
    y = own.activity
    b = own.offset("bias")
    db = "gamma * (p - int(y > 0.5))"
