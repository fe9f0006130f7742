"""Gain whitening with gains that cannot become negative."""

from neurosim.model.rule import Bounds
from neurosim.rules.gain_whitening import GainWhitening


class NonnegativeGainWhitening(GainWhitening):
    """Gain whitening with g >= 0: interneurons inhibit or are silent, so variances are lowered and never raised.

    g += eta * (z**2 - target) after a presentation, then g = max(g, 0);  z input of the interneuron, its activity
    before the gain (1), g gain of its output (1), target variance (1), eta learning rate per presentation (1).
    Where a gain ends at 0, the interneuron's input has at most the target variance.
    Source: Duong, Lipshutz, Heeger, Chklovskii, Simoncelli 2023, ICML, arXiv 2301.11955.
    Checked: gains end at 0 where the variance is below the target, and elsewhere the variance ends at the target
    (1e-6).
    """

    then = Bounds(0, "inf", "g")
