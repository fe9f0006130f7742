"""A rule with the name of another."""

from brian2 import second

from neurosim import SynapticRule, parameter


class Oja(SynapticRule):
    """dw/dt = -rate*w;  rate (1/s), w weight (1).

    Source: none, an example.
    """

    rate = parameter(1 / second, "rate of decay")
    dw = "-rate*w"
