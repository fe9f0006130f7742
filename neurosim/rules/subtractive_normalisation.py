"""Normalisation of the sum of the weights onto a neuron, by one amount."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post


class SubtractiveNormalisation(SynapticRule):
    """Subtractive weight normalisation: weights onto a neuron keep their sum, each losing an equal share of any excess.

    w -= (s - target)/n after all changes of a step;  s = sum of w over the connections onto the neuron, n their number,
    w weight (any unit), target sum to be kept (unit of w). Differences of weights are kept, so that those that grow
    more take all, up to the bounds of another rule. It acts together with the other rules, in their order, after every
    step or, beside rules with the clock 'sample', after every `sample()`.
    Source: Miller, MacKay 1994, Neural Comput. 6:100, doi:10.1162/neco.1994.6.1.100.
    Checked: sums are kept to 1e-12 and differences to machine precision; with Hebb and bounds one or two weights
    take all.
    """

    target = parameter(1.0, "sum of the weights onto a neuron", of_weight=True)
    family = "homeostatic"
    s, n = post.total("w"), post.total("1")
    after = "w -= (s - target)/n"
