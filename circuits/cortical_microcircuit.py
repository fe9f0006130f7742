"""The cortical microcircuit: four layers of excitatory and inhibitory neurons below one square millimetre."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from brian2 import Hz, ms, mV, pA

from neurosim.errors import DescriptionError
from neurosim.model.network import Network
from neurosim.model.pairs import TotalNumber
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.values import Normal, Redrawn
from neurosim.neurons import DrivenLIF
from neurosim.synapses import Pulse

POPULATIONS: Final = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
NEURONS: Final = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
EXTERNAL: Final = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)
"""External in-degrees."""
RATES: Final = (0.971, 2.868, 4.746, 5.396, 8.142, 9.078, 0.991, 7.523)
"""Mean rates (Hz) of a run of the public implementation at full size, which down-scaling keeps."""
PROBABILITY: Final = (
    (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0),
    (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0),
    (0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0),
    (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0),
    (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0),
    (0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0),
    (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),
    (0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443),
)
"""Probability that two neurons are connected: a row for each target, a column for each source."""
WEIGHT, INHIBITION, EXTERNAL_RATE = 87.8, -4.0, 8.0
TAU_SYN, DT = 0.5, 0.1


@dataclass(frozen=True)
class CorticalMicrocircuit:
    """Layers 2/3, 4, 5 and 6 with an excitatory and an inhibitory population each, at natural density.

    77,169 `DrivenLIF` neurons and about 299 million synapses at full size. The number of synapses from N_s to N_t
    neurons that are connected with the probability p is K = ln(1 - p)/ln((N_t N_s - 1)/(N_t N_s)), drawn with multiple
    synapses of a pair. Weights are normal about 87.8 pA (twice that from L4E to L23E), -4 times that for inhibition,
    with a standard deviation of 10 %, and keep their sign; delays are normal, 1.5 +- 0.75 ms from excitatory and
    0.75 +- 0.375 ms from inhibitory neurons, at least a step of 0.1 ms. Each neuron receives Poisson spikes of 8 Hz
    from each of its external inputs.

    A scale f below 1 keeps the share f of neurons and of in-degrees, so that f**2 of the synapses are left. Weights
    grow by 1/sqrt(f), and a constant current keeps the mean input,
    I_e = tau_syn (1 - sqrt(f)) (sum over sources of w K/N_t r + w_ext K_ext 8 Hz), with the rates r at full size.

    Arguments:
        scale (1): share of the neurons and of in-degrees, above 0 and up to 1.

    Raises DescriptionError on another scale, and where it leaves no neuron.
    Source: Potjans & Diesmann 2014, Cereb. Cortex 24:785, doi:10.1093/cercor/bhs358; numbers as in the public models.
    """

    scale: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.scale <= 1 or 0 in self.sizes.values():
            raise DescriptionError(
                f"cortical microcircuit: scale = {self.scale:g}: give a share up to 1 of which every population keeps "
                "a neuron, as 0.1"
            )

    @property
    def sizes(self) -> dict[str, int]:
        """Number of neurons by population."""
        return {name: round(n * self.scale) for name, n in zip(POPULATIONS, NEURONS, strict=True)}

    @property
    def synapses(self) -> dict[tuple[str, str], int]:
        """Number of synapses by source and target, where there are any."""
        found = {
            (POPULATIONS[s], POPULATIONS[t]): round(_full_size(t, s) * self.scale**2)
            for t in range(8)
            for s in range(8)
        }
        return {pair: number for pair, number in found.items() if number}

    @property
    def constant_currents(self) -> dict[str, float]:
        """The currents (pA) by population that stand for the inputs which are left out."""
        lost = TAU_SYN * 1e-3 * (1 - math.sqrt(self.scale))
        return {
            name: lost
            * (
                sum(_weight(t, s) * _full_size(t, s) / NEURONS[t] * RATES[s] for s in range(8))
                + WEIGHT * EXTERNAL[t] * EXTERNAL_RATE
            )
            for t, name in enumerate(POPULATIONS)
        }

    def network(self, record: bool = True) -> Network:
        """Return the circuit: a population for each name in `POPULATIONS`, projections 'L4E_L23E' from L4E to L23E.

        Arguments:
            record: whether spikes of all populations are recorded.
        """
        network = Network("cortical_microcircuit", DT * ms)
        grown, currents = 1 / math.sqrt(self.scale), self.constant_currents
        for name, size, inputs in zip(POPULATIONS, self.sizes.values(), EXTERNAL, strict=True):
            model = DrivenLIF(
                I_e=currents[name] * pA,
                rate_ext=inputs * self.scale * EXTERNAL_RATE * Hz,
                j_ext=grown * WEIGHT * pA,
            )
            network.add(Population(name, size, model, {"v": Normal(-58 * mV, 5 * mV)}))
        for (source, target), number in self.synapses.items():
            w = grown * _weight(POPULATIONS.index(target), POPULATIONS.index(source))
            drawn = Normal(w * pA, 0.1 * abs(w) * pA)
            mean = 1.5 if w > 0 else 0.75
            network.add(
                Projection(
                    f"{source}_{target}",
                    source,
                    target,
                    Pulse(port="i_syn"),
                    TotalNumber(number, multapses=True),
                    Redrawn(drawn, low=0 * pA) if w > 0 else Redrawn(drawn, high=0 * pA),
                    delay=Redrawn(Normal(mean * ms, mean / 2 * ms), low=DT * ms),
                )
            )
        return network.add(*(Recorder(name) for name in POPULATIONS)) if record else network


def _weight(target: int, source: int) -> float:
    """Return the mean weight (pA) at full size."""
    if source % 2:
        return WEIGHT * INHIBITION
    return WEIGHT * (2 if (POPULATIONS[target], POPULATIONS[source]) == ("L23E", "L4E") else 1)


def _full_size(target: int, source: int) -> float:
    """Return the number of synapses at full size."""
    pairs = float(NEURONS[target]) * NEURONS[source]
    return float(np.log1p(-PROBABILITY[target][source]) / np.log1p(-1 / pairs))
