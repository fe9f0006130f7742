"""SoftHebb: soft competition of the neurons of a layer."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class SoftHebb(SynapticRule):
    """SoftHebb: each neuron learns the inputs that it explains better than the others, with weights of length 1.

    W += eta * y * (x.T - u*W) after a presentation;  y = exp(beta*(u - max(u)))/sum(exp(beta*(u - max(u)))), softmax.
    x column of presynaptic activity, which must have length 1 (1), u column of postsynaptic activity, that is W @ x
    (1), W weights (1), one row per postsynaptic neuron, eta learning rate per presentation (1), beta inverse
    temperature (1); a very large one gives hard competition. All neurons have the same prior.
    Source: Moraitis, Toichkin, Journé, Chua, Guo 2022, Neuromorph. Comput. Eng. 2:044017,
    doi:10.1088/2634-4386/aca710, arXiv 2107.05747.
    Checked: every neuron ends with weights of length 1 (0.02) along the mean of the inputs that it wins (|cos| > 0.99).
    """

    eta = parameter(0.05, "learning rate per presentation", low=0.0)
    beta = parameter(80.0, "inverse temperature", low=0.0)
    clock = "sample"
    x, u = pre.activity, post.activity
    dW = "eta * exp(beta*(u - max(u)))/sum(exp(beta*(u - max(u)))) * (x.T - u*W)"
