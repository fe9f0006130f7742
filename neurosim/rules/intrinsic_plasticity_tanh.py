"""Intrinsic plasticity of tanh neurons."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import NeuronRule, own


class IntrinsicPlasticityTanh(NeuronRule):
    """Intrinsic plasticity of a tanh neuron: gain and bias bring its output close to a Gaussian distribution.

    y = tanh(a*x + b);  db/dt = -eta * (-mu/sigma**2 + y/sigma**2 * (2*sigma**2 + 1 - y**2 + mu*y)),
    da/dt = eta/a + x * db/dt.
    x summed input (1), y activity (1) of a neuron with the transfer function 'tanh', a gain of the input (1), 1 at the
    start, b added to the bias (1), mu, sigma mean and standard deviation of the distribution (1), eta learning rate
    (1/s).
    Source: Schrauwen, Wardermann, Verstraeten, Steil, Stroobandt 2008, Neurocomputing 71:1159.
    Checked: Gaussian inputs give outputs with the mean mu and the standard deviation sigma (15 % of sigma).
    """

    eta = parameter(1e-3 / second, "learning rate", low=0 / second)
    mu = parameter(0.0, "target mean of the output", low=-1.0, high=1.0)
    sigma = parameter(0.2, "target standard deviation of the output", low=0.0)
    clock = "continuous"
    x, y = own.variable("I"), own.activity
    a, b = own.gain("I"), own.offset("bias")
    db = "-eta * (-mu/sigma**2 + y/sigma**2 * (2*sigma**2 + 1 - y**2 + mu*y))"
    da = f"eta/a + x * ({db})"
