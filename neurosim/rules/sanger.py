"""Sanger's rule, the generalised Hebbian algorithm."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class Sanger(SynapticRule):
    """Sanger's rule: neuron k learns what the neurons before it leave, so the rows become the eigenvectors in order.

    dW/dt = eta * (y @ x.T - tril(y @ y.T) @ W);  x, y columns of pre- and postsynaptic activity (1), W weights (1),
    one row per postsynaptic neuron, tril the lower triangle with the diagonal, eta learning rate (1/s).
    Source: Sanger 1989, Neural Networks 2:459, doi:10.1016/0893-6080(89)90044-0.
    Checked: the rows reach the leading eigenvectors in order (|cos| > 0.99 each), with length 1 (2 %).
    """

    eta = parameter(0.01 / second, "learning rate", low=0 / second)
    clock = "continuous"
    x, y = pre.activity, post.activity
    dW = "eta * (y @ x.T - tril(y @ y.T) @ W)"
