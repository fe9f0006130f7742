"""Gain adaptation by variance, from presentation to presentation."""

from neurosim.model.parameters import parameter
from neurosim.model.rule import NeuronRule, own


class GainWhitening(NeuronRule):
    """Gain whitening: interneurons whose input variance exceeds the target feed back more until it is reached.

    g += eta * (z**2 - target) after a presentation;  z input of the interneuron, its activity before the gain (1), g
    gain of its output (1), target variance (1), eta learning rate per presentation (1).
    Primary neurons y = x - W (g z), z = W.T y with unit-norm columns of W; C_yy becomes 1 at the gains of
    `neurosim.analysis.gains.whitening_gains`, the closed form. `GainAdaptation` is the rule in continuous time.
    Source: Duong, Lipshutz, Heeger, Chklovskii, Simoncelli 2023, ICML, arXiv 2301.11955.
    Checked: in the setting of figure 2 of the paper the gains come within 0.1 of the closed form, in two contexts.
    """

    eta = parameter(2e-3, "learning rate per presentation", low=0.0)
    target = parameter(1.0, "target variance", low=0.0)
    family = "gain control and short term"
    clock = "sample"
    z, g = own.activity, own.gain("output")
    dg = "eta * (z**2 - target)"
