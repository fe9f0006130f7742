"""Normalisation of the sum of the weights onto a neuron, by one factor."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post


class WeightNormalisation(SynapticRule):
    """Multiplicative weight normalisation, L1: the magnitudes of the weights onto a neuron always have the same sum.

    w *= target / s after all changes of a step;  s = sum of abs(w) over the connections onto the neuron, w weight (any
    unit), target sum to be kept (unit of w). Ratios of weights are kept. It acts together with the other rules, in
    their order, after every step or, beside rules with the clock 'sample', after every `sample()`.
    Source: von der Malsburg 1973, Kybernetik 14:85, doi:10.1007/BF00288907.
    Checked: sums are kept to 1e-12 and ratios to machine precision, dense and sparse; with Hebb the weights reach
    the first eigenvector of positive correlations (0.03).
    """

    target = parameter(1.0, "sum of the magnitudes of the weights onto a neuron", low=0.0, of_weight=True)
    family = "homeostatic"
    s = post.total("abs(w)")
    # The second term matters only where all weights are 0, and there they remain 0.
    after = "w *= target / (s + 1e-30*target)"
