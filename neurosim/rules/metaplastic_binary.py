"""Binary weights whose hidden values are protected by what they learned."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, modulator, pre


class MetaplasticBinary(SynapticRule):
    """Metaplastic binarised weight: a spike transmits the sign of a hidden weight, harder to flip the larger it is.

    dw/dt = -eta*L*x*f, f = 1 - tanh(m*w)**2 if that brings w nearer to 0, else f = 1; a spike transmits sign(w).
    w hidden weight (1), x presynaptic activity (1), L learning signal of the postsynaptic neuron, such as an error that
    is projected to it (1), eta learning rate (1/s), m strength of the metaplasticity (1): with m = 0 there is none.
    Source: Laborieux, Ernoult, Hirtzlin, Querlioz 2021, Nat. Commun. 12:2549, doi:10.1038/s41467-021-22768-y. The
    default of m was noted from memory.
    Checked: the factor is 1 - tanh(m*w)**2 only for changes towards 0 (1e-12), and m = 0 is the plain rule.
    """

    eta = parameter(0.1 / second, "learning rate", low=0 / second)
    m = parameter(1.35, "strength of the metaplasticity", low=0.0)
    x = pre.activity
    L = modulator("learning_signal", "learning signal of each neuron")
    family = "metaplasticity"
    clock = "continuous"
    efficacy = "sign(w)"
    dw = "-eta*L*x*(1 - int(L*x*w > 0)*tanh(m*w)**2)"
