"""Bias adaptation to a target activity."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import NeuronRule, own


class BiasAdaptation(NeuronRule):
    """Bias adaptation: a rate neuron becomes more excitable until its activity meets a target on average.

    db/dt = eta * (target - y);  b added to the bias (1), y activity (1), target (1), eta learning rate (1/s).
    Source: Lazar, Pipa, Triesch 2009, Front. Comput. Neurosci. 3:23, doi:10.3389/neuro.10.023.2009 (there for the
    threshold of binary neurons, in discrete time).
    Checked: the bias of a linear neuron approaches its fixed point exponentially, at the learning rate (0.2 %).
    """

    eta = parameter(0.1 / second, "learning rate", low=0 / second)
    target = parameter(0.5, "target activity")
    clock = "continuous"
    y, b = own.activity, own.offset("bias")
    db = "eta * (target - y)"
