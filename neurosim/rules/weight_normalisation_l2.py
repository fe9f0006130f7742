"""Normalisation of the length of the weight vector onto a neuron, by one factor."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post


class WeightNormalisationL2(SynapticRule):
    """Multiplicative weight normalisation, L2: the weight vector of a neuron always has the same length.

    w *= target / sqrt(s) after all changes of a step;  s = sum of w**2 over the connections onto the neuron, w weight
    (any unit), target length to be kept (unit of w). Beside a small Hebbian change this is Oja's rule to first order.
    It acts together with the other rules, in their order, after every step or, beside rules with the clock 'sample',
    after every `sample()`.
    Source: Oja 1982, J. Math. Biol. 15:267, doi:10.1007/BF00275687.
    Checked: the length is kept to 1e-12; with Hebb the weights reach the first principal direction (|cos| > 0.98).
    """

    target = parameter(1.0, "length of the weight vector onto a neuron", low=0.0, of_weight=True)
    family = "homeostatic"
    s = post.total("w**2")
    # The second term matters only where all weights are 0, and there they remain 0.
    after = "w *= target / sqrt(s + 1e-30*target**2)"
