"""Gains that make a recurrent network code efficiently."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import NeuronRule, modulator, own


class EfficientGain(NeuronRule):
    """Efficient-coding gain: input gains with which a fixed recurrent network encodes its input with little activity.

    g += 2*eta * (f*d - gamma*(g - g_0)) after a presentation, a step down the gradient of <|f - D r|^2 +
    alpha |r|^2> + gamma |g - g_0|^2, r = A (g f), A = (1 - W)^-1.
    g gain of the input I (1), f summed input I before the gain (1), d worth of a change of the neuron's input, A.T (D.T
    (f - D r) - alpha r), the output of a population with as many neurons that computes it (1), gamma cost of leaving
    the set point (1), g_0 set point (1), eta learning rate per presentation (1).
    Checked against H g = b, `neurosim.analysis.gains.efficient_gains`.
    Source: after Duong, Bredenberg, Heeger, Simoncelli 2023, arXiv 2305.19869.
    Checked: full-batch learning reaches the closed form to 1e-6; without recurrence tuning curves do not shift.
    """

    eta = parameter(0.005, "learning rate per presentation", low=0.0)
    gamma = parameter(0.12, "cost of leaving the set point", low=0.0)
    g_0 = parameter(1.0, "set point")
    family = "gain control and short term"
    clock = "sample"
    f, g = own.variable("I", number=True), own.gain("I")
    d = modulator("worth", "population that tells each neuron what a change of its input is worth")
    dg = "2*eta * (f*d - gamma*(g - g_0))"
