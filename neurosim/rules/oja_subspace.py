"""Oja's subspace rule."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre


class OjaSubspace(SynapticRule):
    """Oja's rule for many neurons: the rows of W become orthogonal and span the subspace of largest variance.

    dW/dt = eta * y @ (x - W.T @ y).T;  x, y columns of pre- and postsynaptic activity (1), W weights (1), one row per
    postsynaptic neuron, eta learning rate (1/s).
    Source: Oja 1989, Int. J. Neural Systems 1:61, doi:10.1142/S0129065789000475.
    Checked: W'W becomes the projector on the leading subspace (Frobenius norm of the difference < 0.1), W W' the
    identity (0.05).
    """

    eta = parameter(0.01 / second, "learning rate", low=0 / second)
    clock = "continuous"
    x, y = pre.activity, post.activity
    dW = "eta * y @ (x - W.T @ y).T"
