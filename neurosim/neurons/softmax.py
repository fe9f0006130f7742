"""Neurons that share one unit of activity."""

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class Softmax(NeuronModel):
    """Softmax over groups of neurons that follow one another: stateless neurons, whose outputs add up to 1 in a group.

    y_k = exp(beta*(u_k - max u))/sum over the group of exp(beta*(u - max u)), u = I + bias.
    The maximum is subtracted against overflow and changes nothing; y output (1), I summed input (1), bias (1), beta
    inverse temperature (1), group number of neurons in each (1).
    Source: Bridle 1990, in: Neurocomputing (NATO ASI F68), 227, doi:10.1007/978-3-642-76153-9_28.
    """

    group = parameter(0, "number of neurons of a group, 0 for one group of all", low=0)
    beta = parameter(1.0, "inverse temperature", low=0.0)
    bias = parameter(0.0, "constant input")
    equations = """
    y = raised/group_sum(raised, group) : 1
    raised = exp(beta*(u - group_max(u, group))) : 1
    u = I + bias : 1
    I : 1 (input)
    """
    output = "y"
