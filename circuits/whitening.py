"""Neurons whitened by interneurons with adaptive gains: many independent copies in one network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import DescriptionError
from neurosim.model.connectivity import Edges, OneToOne
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.rule import NeuronRule, SynapticRule
from neurosim.model.units import ms
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.synapses import Graded

Array = NDArray[np.float64]
TAU = 1.0 * ms


class WhiteningCircuit:
    """Copies of tau dy/dt = -y + x - W (g z), z = W.T y: primary neurons y, interneurons z with gains g.

    Signal 's' is the input, x = s or x = V s; 'y' are the primary neurons, 'z' the interneurons, whose output
    is g z; the projections 'drive', 'ahead', y to z, and 'back', z to y, have the weights V, W and -W. Neurons are
    ordered copy by copy.

    Arguments:
        frames (1): W of each copy, shape (copies, N, K).
        gains (1): g at the start, shape (copies, K) or (K,).
        rule: of the gains.
        forward, backward: rules of the weights 'ahead' and 'back'.
        afferent (1): V of each copy, shape (copies, N, M), or None.
        afferent_rules: rules of V.
        dt (1): step in units of tau.

    Raises DescriptionError when frames and gains do not fit.
    Source: Duong, Lipshutz, Heeger, Chklovskii, Simoncelli 2023, ICML, arXiv 2301.11955.
    """

    def __init__(
        self,
        frames: Array,
        gains: Array,
        rule: NeuronRule,
        forward: tuple[SynapticRule, ...] = (),
        backward: tuple[SynapticRule, ...] = (),
        afferent: Array | None = None,
        afferent_rules: tuple[SynapticRule, ...] = (),
        dt: float = 0.2,
    ) -> None:
        if np.ndim(frames) != 3 or np.shape(gains) not in (np.shape(frames)[::2], np.shape(frames)[2:]):
            raise DescriptionError(
                f"whitening circuit: frames {np.shape(frames)}, gains {np.shape(gains)}: give frames (copies, N, K) "
                "and gains (copies, K) or (K,)"
            )
        self.frames, self.rule, self.forward, self.backward = frames, rule, forward, backward
        self.afferent, self.afferent_rules = afferent, afferent_rules
        self.gains, self.dt = np.broadcast_to(gains, frames.shape[::2]), dt

    def network(self) -> Network:
        """Return the circuit as a network."""
        copies, n, k = self.frames.shape
        y, z = _within(copies, n, k)
        linear, weights = {"transfer": "identity"}, self.frames.ravel()
        start = {f"{self.rule.prefix}_g": self.gains.ravel()}
        return Network("whitening", self.dt * TAU).add(
            Population("s", copies * (n if self.afferent is None else self.afferent.shape[2]), Signal()),
            Population("y", copies * n, LeakyRate(tau=TAU, **linear)),
            Population("z", copies * k, GradedUnit(**linear), start, (self.rule,)),
            self._drive(),
            Projection("ahead", "y", "z", Graded(), Edges(y, z), weights, rules=self.forward),
            Projection("back", "z", "y", Graded(), Edges(z, y), -weights, rules=self.backward),
        )

    def _drive(self) -> Projection:
        if self.afferent is None:
            return Projection("drive", "s", "y", Graded(), OneToOne(), 1.0)
        copies, n, m = self.afferent.shape
        s, y = _within(copies, m, n)
        weights = np.swapaxes(self.afferent, 1, 2).ravel()
        return Projection("drive", "s", "y", Graded(), Edges(s, y), weights, rules=self.afferent_rules)

    def read_frames(self, weights: Array) -> Array:
        """Return the weights of 'ahead', in the order of its edges, as frames (copies, N, K)."""
        frames: Array = weights.reshape(self.frames.shape)
        return frames


def _within(copies: int, sources: int, targets: int) -> tuple[list[int], list[int]]:
    """Return (source, target) of all connections within each copy, in the order of copies, sources, targets."""
    copy, source, target = np.meshgrid(
        np.arange(copies), np.arange(sources), np.arange(targets), indexing="ij"
    )
    return (copy * sources + source).ravel().tolist(), (copy * targets + target).ravel().tolist()


def random_frames(rng: np.random.Generator, copies: int, n: int, k: int) -> Array:
    """Return frames (copies, N, K) with columns of length 1 in random directions."""
    frames = rng.normal(size=(copies, n, k))
    unit: Array = frames / np.linalg.norm(frames, axis=1, keepdims=True)
    return unit


def mercedes_benz() -> Array:
    """Return the frame (2, 3) of three directions 120 degrees apart."""
    angles = np.deg2rad([0, 120, 240])
    return np.array([np.cos(angles), np.sin(angles)])


def icosahedral() -> Array:
    """Return the equiangular frame (3, 6) of the axes of an icosahedron."""
    a = 1 / np.sqrt(5)
    out, up = 0.1 * (5 - np.sqrt(5)), np.sqrt(0.1 * (5 + np.sqrt(5)))
    back, low = 0.1 * (-5 - np.sqrt(5)), np.sqrt(0.1 * (5 - np.sqrt(5)))
    return np.array(
        [(1, 0, 0), (a, 2 * a, 0), (a, out, up), (a, out, -up), (a, back, low), (a, back, -low)]
    ).T
