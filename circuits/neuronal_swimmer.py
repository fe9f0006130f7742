"""The swimmer's circuit with B neurons that take time: leaky rate neurons, or pools of spiking ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from brian2 import mV
from numpy.typing import ArrayLike, NDArray

from neurosim.circuits.celegans_swimmer import SwimmerCircuit
from neurosim.errors import DescriptionError
from neurosim.model.connectivity import Edges
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.units import second
from neurosim.model.values import Uniform
from neurosim.neurons import LIF, GradedUnit, LeakyRate
from neurosim.synapses import AlphaCurrent, Graded

Array = NDArray[np.float64]
KINDS: Final = ("stateless", "leaky", "spiking")
DT, PERIOD, CONTROL_DT = 0.002, 1.8, 0.03
TAU_M, TAU_REF = 0.02, 0.004
RESET, THRESHOLD, LOWEST, CURRENT = -60.0, -50.0, -60.0, 30.0
"""In mV: reset and threshold of the cells, resting potential of the last to be recruited, current of a full input."""


@dataclass(frozen=True)
class NeuronalSwimmer:
    """The swimmer's circuit, whose B neurons have dynamics.

    What a B neuron receives, u in [0, 1] (see `SwimmerCircuit`), becomes its activity b
    stateless: b = u;
    leaky: tau db/dt = u - b;
    spiking: b = clip(s, 0, 1), s the sum of alpha functions of time constant tau/2, one for each spike of a pool of
    integrate-and-fire neurons that receive the current 30 mV u. Their resting potentials lie evenly between -60 mV and
    the threshold, -50 mV, so that they are recruited one after the other; s is 1 at the rate of a full input. Their
    potentials start at random.
    All else is as in the circuit; tau is the mean delay of leaky and of spiking neurons.

    Arguments:
        circuit: the circuit, by default with a step of 2 ms and an oscillator of 1.8 s.
        kind: stateless, leaky or spiking.
        tau (s): see above.
        cells: spiking neurons for each B neuron.

    Raises DescriptionError when an argument is out of range.
    Source: circuit after Bhattasali, Zador, Engel 2022, NeurIPS, arXiv 2201.05242; the dynamics are ours.
    """

    circuit: SwimmerCircuit = field(default_factory=lambda: SwimmerCircuit(period=round(PERIOD / DT), dt=DT))
    kind: str = "leaky"
    tau: float = 0.05
    cells: int = 10

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DescriptionError(f"neuronal swimmer: kind = {self.kind!r}: give one of {', '.join(KINDS)}")
        if not 0 < self.tau < np.inf:
            raise DescriptionError(f"neuronal swimmer: tau = {self.tau}: give a time above 0")
        if self.cells < 1:
            raise DescriptionError(f"neuronal swimmer: cells = {self.cells}: give a number from 1")

    @property
    def dt(self) -> float:
        """The control step (s)."""
        return self.circuit.dt

    def weights(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        """Return a vector of the circuit's weights split by kind."""
        return self.circuit.weights(vector)

    def initial(self, seed: int = 0) -> np.ndarray:
        """Return the initial weights of the circuit."""
        return self.circuit.initial(seed)

    def network(self, vector: np.ndarray | None = None, record: tuple[str, ...] = ()) -> Network:
        """Return the circuit as a network, with the ports of `SwimmerCircuit.network`.

        Spiking neurons are the population 'cell', those of a B neuron side by side; 'input' is what they receive.

        Arguments:
            vector: weights of the circuit, the initial ones if omitted.
            record: populations whose output is recorded at every step; 'cell' for its spikes.
        """
        plain = self.circuit.network(vector, tuple(name for name in record if name != "cell"))
        network = Network("neuronal_swimmer", plain.dt)
        if self.kind == "spiking":
            network.add(*self._pools())
        network.add(*(self._replaced(part) for part in plain.parts()))
        if self.kind == "spiking":
            network.add(*self._synapses())
            if "cell" in record:
                network.add(Recorder("cell"))
        return network

    def _replaced(self, part: Any) -> Any:
        if isinstance(part, Population) and part.name == "b" and self.kind == "leaky":
            return replace(part, model=LeakyRate(tau=self.tau * second, transfer="unit_interval"))
        if isinstance(part, Projection) and part.target == "b" and self.kind == "spiking":
            return replace(part, target="input")
        return part

    def _pools(self) -> tuple[Population, Population]:
        n = 2 * self.circuit.n_joints
        model = LIF(
            tau_m=TAU_M * second,
            tau_ref=TAU_REF * second,
            E_L=np.tile(self._rest(), n) * mV,
            v_threshold=THRESHOLD * mV,
            v_reset=RESET * mV,
        )
        start = {"v": Uniform(RESET * mV, THRESHOLD * mV)}
        return Population("input", n, GradedUnit()), Population("cell", n * self.cells, model, start)

    def _synapses(self) -> tuple[Projection, Projection]:
        cell = range(2 * self.circuit.n_joints * self.cells)
        unit = [k // self.cells for k in cell]
        # The area below an alpha function of peak w is w e tau.
        peak = 1 / (math.e * self.tau / 2 * float(self.rate(1.0)))
        return (
            Projection("current", "input", "cell", Graded(), Edges(unit, cell), CURRENT * mV),
            Projection(
                "release", "cell", "b", AlphaCurrent(tau=self.tau / 2 * second), Edges(cell, unit), peak
            ),
        )

    def _rest(self) -> Array:
        """Return the resting potentials of a pool (mV), from the first that is recruited to the last."""
        share = (np.arange(self.cells) + 0.5) / self.cells
        rest: Array = THRESHOLD - share * (THRESHOLD - LOWEST)
        return rest

    def rate(self, u: ArrayLike) -> Array:
        """Return the spikes per second of a pool that receives u.

        From the reset, v reaches the threshold after tau_m ln((E_L + I - v_reset)/(E_L + I - v_threshold)), if E_L + I
        is above it; spikes are at the end of steps, and the step after a spike is the first of the refractory period.

        Arguments:
            u: inputs, any shape.
        """
        target = self._rest() + CURRENT * np.asarray(u, float)[..., None]
        above = np.maximum(target, THRESHOLD + 1e-9)
        rising = TAU_M * np.log((above - RESET) / (above - THRESHOLD))
        steps = np.ceil(rising / self.dt) + round(TAU_REF / self.dt) - 1
        rates: Array = np.where(target > THRESHOLD, 1 / (steps * self.dt), 0.0).sum(axis=-1)
        return rates
