"""SoftHebb with anti-Hebbian losers."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class SoftAntiHebb(SynapticRule):
    """Soft anti-Hebbian competition: the winner learns as in SoftHebb, all others unlearn.

    W += eta * s*y * (x.T - u*W) after a presentation;  y = exp(beta*(u - max(u)))/sum(exp(beta*(u - max(u)))), softmax;
    s = 1 + 2*sign(u - max(u)), which is 1 for the winner and -1 for the others.
    x column of presynaptic activity, which must have length 1 (1), u column of postsynaptic activity, that is W @ x
    (1), W weights (1), one row per postsynaptic neuron, eta learning rate per presentation (1), beta inverse
    temperature (1).
    Source: Journé, Garcia Rodriguez, Guo, Moraitis 2023, ICLR, arXiv 2209.11883 (there with a rate for each neuron).
    Checked: neurons that win clusters of inputs end with weights of length 1 (0.02) along the mean of their inputs
    (|cos| > 0.99).
    """

    eta = parameter(0.05, "learning rate per presentation", low=0.0)
    beta = parameter(80.0, "inverse temperature", low=0.0)
    clock = "sample"
    x, u = pre.activity, post.activity
    dW = "eta * (1 + 2*sign(u - max(u))) * exp(beta*(u - max(u)))/sum(exp(beta*(u - max(u)))) * (x.T - u*W)"
