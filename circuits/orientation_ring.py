"""A ring of orientation-tuned neurons with fixed recurrence, whose input gains are learned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.analysis.gains import efficient_gain_equations
from neurosim.errors import DescriptionError
from neurosim.model.connectivity import AllToAll, OneToOne
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.units import ms
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.rules import EfficientGain
from neurosim.synapses import Graded

Array = NDArray[np.float64]
TAU = 1.0 * ms
DECODERS = ("ridge", "exact")


def tuning(degrees: Array, concentration: float) -> Array:
    """Return exp(kappa (cos 2x - 1)), a bump of period 180 degrees and height 1; x in degrees, kappa (1)."""
    bump: Array = np.exp(concentration * (np.cos(2 * np.deg2rad(degrees)) - 1))
    return bump


@dataclass(frozen=True)
class OrientationRing:
    """N neurons with preferred orientations theta_i = -90 + 180 i/N degrees and S stimuli, equally spaced.

    tau dr/dt = -r + g f(s) + W r,  f_i(s) = tuning(s - theta_i; drive), W = excitation K(spread) - inhibition
    K(inhibition_spread), K(kappa) the bumps of `tuning` at the differences of preferred orientations, each row divided
    by its sum. The decoder D reads f from r: 'ridge', D = <f r.T> (<r r.T> + alpha)^-1 for equally frequent stimuli and
    gains 1, or 'exact', D = 1 - W.

    Arguments:
        neurons: N.
        stimuli: S.
        drive (1): concentration of the tuning of the input.
        excitation, inhibition (1): weights.
        spread, inhibition_spread (1): concentrations of the recurrent weights.
        activity_cost (1): alpha.
        homeostatic_cost (1): gamma.
        decoder: 'ridge' or 'exact'.

    Raises DescriptionError when a size is too small, the decoder is not known or the recurrence is not stable.
    Source: after Duong, Bredenberg, Heeger, Simoncelli 2023, arXiv 2305.19869; the defaults are this project's.
    """

    neurons: int = 91
    stimuli: int = 511
    drive: float = 5.93
    excitation: float = 0.823
    spread: float = 7.28
    inhibition: float = 0.0
    inhibition_spread: float = 1.0
    activity_cost: float = 0.188
    homeostatic_cost: float = 0.12
    decoder: str = "ridge"

    def __post_init__(self) -> None:
        if self.neurons < 3 or self.stimuli < 3:
            raise DescriptionError(
                f"orientation ring: neurons = {self.neurons}, stimuli = {self.stimuli}: give at least 3 of each"
            )
        if self.decoder not in DECODERS:
            raise DescriptionError(
                f"orientation ring: decoder = '{self.decoder}': give one of {', '.join(DECODERS)}"
            )
        radius = float(np.abs(np.linalg.eigvals(self.recurrent)).max())
        if radius >= 1:
            raise DescriptionError(
                f"orientation ring: the recurrent weights have the spectral radius {radius:.3g}: lower excitation "
                f"({self.excitation:g}) or inhibition ({self.inhibition:g}), so that it is below 1"
            )

    @cached_property
    def preferred(self) -> Array:
        """Preferred orientations (degrees), (N,)."""
        return _around(self.neurons)

    @cached_property
    def orientations(self) -> Array:
        """Orientations of the stimuli (degrees), (S,)."""
        return _around(self.stimuli)

    @cached_property
    def inputs(self) -> Array:
        """The feed-forward drive f of each neuron by each stimulus (1), (N, S)."""
        return tuning(self.orientations[None] - self.preferred[:, None], self.drive)

    @cached_property
    def recurrent(self) -> Array:
        """The recurrent weights W (1), (N, N)."""
        kernels = [
            weight * _rows(tuning(self.preferred[None] - self.preferred[:, None], width))
            for weight, width in ((self.excitation, self.spread), (-self.inhibition, self.inhibition_spread))
        ]
        return kernels[0] + kernels[1]

    @cached_property
    def response(self) -> Array:
        """A = (1 - W)^-1, which turns the input g f into the steady response (1), (N, N)."""
        inverse: Array = np.asarray(np.linalg.inv(np.eye(self.neurons) - self.recurrent))
        return inverse

    @cached_property
    def read_out(self) -> Array:
        """The decoder D (1), (N, N)."""
        if self.decoder == "exact":
            return np.eye(self.neurons) - self.recurrent
        f, r = self.inputs, self.response @ self.inputs
        ridge = self.activity_cost * np.eye(self.neurons)
        return (f * self.uniform) @ r.T @ np.linalg.inv((r * self.uniform) @ r.T + ridge)

    @property
    def uniform(self) -> Array:
        """Equal probabilities of stimuli, (S,)."""
        return np.full(self.stimuli, 1 / self.stimuli)

    def biased(self, share: float, width: float) -> Array:
        """Return probabilities of stimuli (S,): equal, apart from a share of a Gaussian about the adapter at 0 degrees.

        Arguments:
            share (1): of the Gaussian.
            width (degrees): standard deviation of the Gaussian.
        """
        near = np.exp(-0.5 * (self.orientations / width) ** 2)
        return (1 - share) * self.uniform + share * near / near.sum()

    def curves(self, gains: Array) -> Array:
        """Return the steady responses A (g f) of each neuron to each stimulus (1), (N, S), for gains g (N,)."""
        return self.response @ (gains[:, None] * self.inputs)

    def equations(self, probability: Array) -> tuple[Array, Array]:
        """Return (H, b) of the optimal gains H g = b for probabilities of stimuli (S,)."""
        costs = self.activity_cost, self.homeostatic_cost
        return efficient_gain_equations(self.inputs, probability, self.recurrent, self.read_out, *costs)

    def optimal_gains(self, probability: Array) -> Array:
        """Return the optimal gains (1), (N,), for probabilities of stimuli (S,)."""
        gains: Array = np.asarray(np.linalg.solve(*self.equations(probability)))
        return gains

    def network(self, eta: float) -> Network:
        """Return the circuit that learns its gains by `EfficientGain` (states 'input.efficient_gain_g', at first 1).

        Signal 'drive' is f; 'input' applies the gains; 'ring' is r; 'error' is e = f - D r; 'worth' is
        d = D.T e - alpha r + W.T d, so that d = A.T (D.T e - alpha r). Time is in units of tau = 1 ms, and a step is 3
        of them.

        Arguments:
            eta (1): learning rate per presentation.
        """
        n, linear = self.neurons, {"transfer": "identity"}
        w, decoder = self.recurrent, self.read_out
        wired: dict[str, tuple[str, str, Any]] = {
            "afferent": ("drive", "input", 1.0),
            "feedforward": ("input", "ring", 1.0),
            "recurrent": ("ring", "ring", w),
            "truth": ("drive", "error", 1.0),
            "decoded": ("ring", "error", -decoder),
            "feedback": ("error", "worth", decoder.T),
            "cost": ("ring", "worth", -self.activity_cost),
            "transposed": ("worth", "worth", w.T),
        }
        rule = EfficientGain(eta=eta, gamma=self.homeostatic_cost)
        return Network("orientation_ring", 3 * TAU).add(
            Population("drive", n, Signal()),
            Population("input", n, GradedUnit(**linear), rules=(rule,)),
            Population("ring", n, LeakyRate(tau=TAU, **linear)),
            Population("error", n, GradedUnit(**linear)),
            Population("worth", n, LeakyRate(tau=TAU, **linear)),
            *(
                Projection(name, source, target, Graded(), AllToAll() if np.ndim(x) else OneToOne(), x)
                for name, (source, target, x) in wired.items()
            ),
        )


def _around(n: int) -> Array:
    return -90 + 180 * np.arange(n) / n


def _rows(kernel: Array) -> Array:
    scaled: Array = kernel / kernel.sum(axis=1, keepdims=True)
    return scaled
