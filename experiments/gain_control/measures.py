"""What adaptation does to a ring: the same measures for the circuit and for the closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.analysis.tuning import covariance, distance, normalised, repulsion, variation
from neurosim.circuits.orientation_ring import OrientationRing

Array = NDArray[np.float64]
INNER = 85.0  # degrees: beyond, the side of the adapter on which a neuron stands is not clear


@dataclass(frozen=True)
class Adaptation:
    """Tuning curves before and after adaptation, and what tells them apart.

    Arguments: ring; before, after, responses (1), (N, S); probability of each stimulus after the change, (S,).
    """

    ring: OrientationRing
    before: Array
    after: Array
    probability: Array

    @property
    def curves(self) -> tuple[Array, Array]:
        """The curves before and after, each by the map that takes the one before to 0 ... 1."""
        return normalised(self.before, self.before), normalised(self.before, self.after)

    @property
    def shifts(self) -> Array:
        """By how much each preferred orientation moves away from the adapter (degrees), (N,)."""
        return repulsion(self.before, self.after, self.ring.orientations, self.ring.preferred)

    @property
    def inner_shifts(self) -> Array:
        """The shifts of neurons within 85 degrees (degrees)."""
        return self.shifts[np.abs(self.ring.preferred) < INNER]

    @property
    def maxima(self) -> Array:
        """The greatest normalised response after adaptation, (N,)."""
        return self.curves[1].max(axis=1)

    @property
    def minima(self) -> Array:
        """The least normalised response after adaptation, (N,)."""
        return self.curves[1].min(axis=1)

    @property
    def variations(self) -> Array:
        """Coefficient of variation over neurons of mean responses to the biased stimuli, before and after, (2,)."""
        return np.array([variation(curves, self.probability) for curves in self.curves])

    @property
    def covariances(self) -> Array:
        """Covariances, scaled to variance 1 before: equal stimuli; biased before, biased after; (3, N, N)."""
        before, after = self.curves
        usual = covariance(before, self.ring.uniform)
        scale = np.sqrt(np.diag(usual))
        found = (usual, covariance(before, self.probability), covariance(after, self.probability))
        return np.array(found) / np.outer(scale, scale)

    @property
    def distances(self) -> Array:
        """Distance of the covariance from that with equal stimuli, before and after, (2,)."""
        usual, *biased = self.covariances
        return np.array([distance(one, usual) for one in biased])

    @property
    def summary(self) -> Array:
        """Adapter's maximum, largest shift away and towards (degrees), ratios of variation and of distance, (5,)."""
        at = int(np.abs(self.ring.preferred).argmin())
        (v0, v1), (d0, d1) = self.variations, self.distances
        return np.array(
            [self.maxima[at], self.inner_shifts.max(), -self.inner_shifts.min(), v1 / v0, d1 / d0]
        )


SUMMARY = ("adapter maximum", "repulsion", "attraction", "variation ratio", "distance ratio")


def optimal_adaptation(ring: OrientationRing, share: float, width: float) -> Adaptation:
    """Return the adaptation of a ring with optimal gains, by their closed form.

    Arguments: ring; share (1) and width (degrees) of the adapter, as of `OrientationRing.biased`.
    """
    biased = ring.biased(share, width)
    before, after = (ring.curves(ring.optimal_gains(p)) for p in (ring.uniform, biased))
    return Adaptation(ring, before, after, biased)
