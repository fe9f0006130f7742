"""A neuron whose response is divided by the activity of a pool."""

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class NormalisedUnit(NeuronModel):
    """Divisive normalisation: a stateless neuron whose drive, raised to a power, is divided by that of a pool.

    r = gamma * x^n / (sigma^n + pool), x = max(I, 0), pool = sum of w_j x_j^n over the neurons of the pool.
    r response (1), I summed drive (1), pool summed input of the port `pool`, by `GradedPower(port="pool", exponent=n)`
    (1), w_j weights of the pool (1), gamma largest response (1), sigma semi-saturation (1), n exponent (1).
    Source: Carandini, Heeger 2012, Nat. Rev. Neurosci. 13:51, doi:10.1038/nrn3136.
    """

    gamma = parameter(1.0, "largest response", low=0.0)
    sigma = parameter(0.15, "semi-saturation", low=1e-12)
    n = parameter(2.0, "exponent", low=0.0)
    equations = """
    r = gamma * clip(I, 0, inf)**n / (sigma**n + pool) : 1
    I : 1 (input)
    pool : 1 (input)
    """
    output = "r"
