"""Presenting inputs to copies of a whitening circuit, and reading what their rules have learned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurosim.circuits.whitening import TAU, WhiteningCircuit
from neurosim.engines import get_engine
from neurosim.engines.simulation import Simulation
from neurosim.errors import RunFailed
from neurosim.model.parameters import parameter
from neurosim.model.rule import Bounds
from neurosim.rules import GainWhitening

Array = NDArray[np.float64]
STABLE = 0.008  # step in time constants with which feedback by two interneurons of the greatest gain settles


class SaturatingGainWhitening(GainWhitening):
    """Gain whitening with a greatest gain, so that a circuit settles after any sample.

    g += eta * (z**2 - target) after a presentation, then g = min(g, most);  z input of the interneuron (1), g gain of
    its output (1), target variance (1), eta learning rate per presentation (1), most the greatest gain (1). A rare
    large sample lifts a gain by eta * z**2, which the papers leave without bound.
    Source: after Duong, Simoncelli, Chklovskii, Lipshutz 2023, NeurIPS, arXiv 2308.13633.
    """

    most = parameter(100.0, "greatest gain", low=0.0)
    then = Bounds("-inf", "most", "g")


class Copies:
    """A whitening circuit that runs.

    Arguments: circuit; engine, its name; seed; held, for how many time constants each input is held.
    """

    def __init__(self, circuit: WhiteningCircuit, engine: str, seed: int, held: float) -> None:
        self.circuit, self.held = circuit, round(held / circuit.dt) * circuit.dt * TAU
        self.simulation: Simulation = get_engine(engine).compile(circuit.network(), seed)

    @property
    def gains(self) -> Array:
        """The gains, (copies, K)."""
        found = np.array(self.simulation.get(f"z.{self.circuit.rule.prefix}_g"))
        return found.reshape(self.circuit.gains.shape)

    @property
    def frames(self) -> Array:
        """The weights W, (copies, N, K); raises RunFailed when a column has vanished, which learns no more."""
        frames = self.circuit.read_frames(np.array(self.simulation.get("ahead.w")))
        vanished = np.argwhere(~frames.any(axis=1))
        if vanished.size:
            copy, inter = vanished[0]
            raise RunFailed(
                f"whitening: the weights of interneuron {inter} of copy {copy} have vanished, since its gain ran away: "
                "lower the learning rates"
            )
        return frames

    @property
    def afferent(self) -> Array:
        """The weights V, (copies, N, M)."""
        copies, n, _ = self.circuit.frames.shape
        return np.swapaxes(np.array(self.simulation.get("drive.w")).reshape(copies, -1, n), 1, 2)

    def present(self, batch: Array) -> None:
        """Present a batch (patterns, copies, inputs) once; the rules act on its mean."""
        self.simulation.present({"s": batch.reshape(len(batch), -1)}, self.held)

    def course(self, inputs: Array, read: Callable[[Copies], Array]) -> Array:
        """Present samples (samples, copies, inputs) one by one and return what is read after each."""
        return np.array([self._after(sample[None], read) for sample in inputs])

    def repeated(self, covariances: Array, updates: int, read: Callable[[Copies], Array]) -> Array:
        """Present inputs of given covariances (copies, N, N) again and again; return what is read after each update."""
        batch = moment_batch(covariances)
        return np.array([self._after(batch, read) for _ in range(updates)])

    def _after(self, batch: Array, read: Callable[[Copies], Array]) -> Array:
        self.present(batch)
        return read(self)


def moment_batch(covariances: Array) -> Array:
    """Return N patterns for each copy, (N, copies, N), whose mean of x x.T is its covariance: sqrt(N) C^(1/2).

    Rules of gains are quadratic in the input, so this batch gives their expected change.
    """
    values, vectors = np.linalg.eigh(covariances)
    columns = vectors * np.sqrt(values.shape[-1] * np.maximum(values, 0))[..., None, :]
    batch: Array = np.moveaxis(columns, -1, 0)
    return batch


def gaussian(rng: np.random.Generator, covariances: Array, samples: int) -> Array:
    """Return samples (samples, copies, N) of zero mean with covariances (copies, N, N)."""
    roots = np.linalg.cholesky(covariances)
    drawn: Array = np.einsum("cnm,scm->scn", roots, rng.normal(size=(samples, *covariances.shape[:2])))
    return drawn
