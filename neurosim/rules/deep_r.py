"""DEEP R: deep rewiring."""

import numpy as np

from neurosim.model.parameters import parameter
from neurosim.model.selection import at_random, smallest
from neurosim.model.structural import Change, Signals, StructuralRule


class DeepR(StructuralRule):
    """DEEP R: weights drift and diffuse, and a connection whose weight reaches 0 is replaced by another.

    w = s theta with a sign s = +1 or -1 of each edge that never changes; at each interval
    theta += -drift + noise * xi,  xi standard normal;  where theta < 0 the connection is dropped, and as many absent
    ones, drawn at random from all projections with this rule, are grown with the weight 0.
    drift = eta alpha and noise = sqrt(2 eta T) of the paper, whose third term, -eta s dL/dw, is the step of whatever
    else changes the weights: an optimiser with the rate eta that takes one step per interval, or a synaptic rule.
    s is the sign of the weight that the description gives the edge. drift, noise (unit of the weight); density (1),
    constant over all projections together; interval (s), in training one optimiser step.
    Source: Bellec, Kappel, Maass, Legenstein 2018, ICLR, arXiv:1711.05136.
    Checked: signs and the number of connections never change; without a gradient every connection is replaced in time.
    """

    drift = parameter(1e-4, "decrease of |w| at each update", low=0.0, of_weight=True)
    noise = parameter(1e-3, "standard deviation of the noise at each update", low=0.0, of_weight=True)
    together = True
    conserves = True

    def move(
        self, mask: np.ndarray, w: np.ndarray, signal: Signals, t: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Return the weights after drift and noise."""
        s = _signs(signal)
        theta = s * w - float(self.drift) + float(self.noise) * rng.standard_normal(w.shape)
        gone, free = mask & (theta < 0), int((~mask).sum())
        # If more weights reach 0 than places are free, the rest start again at once, on their own edges.
        anew = gone & ~smallest(theta, gone, free)
        return np.where(anew, 0.0, s * theta)

    def step(
        self, mask: np.ndarray, w: np.ndarray, signal: Signals, t: int, rng: np.random.Generator
    ) -> Change:
        """Return (drop, grow)."""
        drop = mask & (_signs(signal) * w < 0)
        return drop, at_random(~mask, int(drop.sum()), rng)


def _signs(signal: Signals) -> np.ndarray:
    return np.where(signal["initial"] < 0, -1.0, 1.0)
