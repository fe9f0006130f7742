"""Intrinsic plasticity of logistic neurons."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import NeuronRule, own


class IntrinsicPlasticity(NeuronRule):
    """Intrinsic plasticity of a logistic neuron: gain and bias bring its output close to an exponential distribution.

    y = 1/(1 + exp(-(a*x + b)));  db/dt = eta * (1 - (2 + 1/mu)*y + y**2/mu), da/dt = eta/a + x * db/dt.
    x summed input (1), y activity (1) of a neuron with the transfer function 'logistic', a gain of the input (1), 1 at
    the start, b added to the bias (1), mu mean of the distribution (1), eta learning rate (1/s).
    Source: Triesch 2005, Artificial Neural Networks - ICANN 2005, Lecture Notes in Computer Science 3696:65.
    Checked: Gaussian inputs give outputs with the mean mu (10 %) and the standard deviation mu (25 %) of an exponential
    distribution.
    """

    eta = parameter(1e-3 / second, "learning rate", low=0 / second)
    mu = parameter(0.1, "target mean of the output", low=0.0, high=1.0)
    clock = "continuous"
    x, y = own.variable("I"), own.activity
    a, b = own.gain("I"), own.offset("bias")
    db = "eta * (1 - (2 + 1/mu)*y + y**2/mu)"
    da = f"eta/a + x * {db}"
