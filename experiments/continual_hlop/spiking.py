"""Neurons of the spiking networks of the study, one kind for each way of training them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurosim.experiments.continual_hlop.config import Config
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter
from neurosim.model.units import ms


class SteppedLIF(NeuronModel):
    """Leaky integrate-and-fire neuron in discrete time, whose output is its spike of the step before.

    v <- v + (drive I - v) dt/tau; a spike if v >= theta, then v <- keep (v - drop); s is the height of a spike in the
    step after it, else 0; r <- r - r dt/tau + s.  v membrane potential (1), I input (1), s output (1), r trace (1).
    keep = 0 is a reset to 0, keep = 1 a reset by subtraction.
    Source: Xiao, Meng, Zhang, He, Lin 2024, ICLR, arXiv 2402.11984.
    """

    tau = parameter(2 * ms, "membrane time constant", low=0 * ms)
    drive = parameter(1.0, "factor of the input")
    theta = parameter(1.0, "threshold")
    keep = parameter(0.0, "0 for a reset to 0, 1 for a reset by subtraction", low=0, high=1)
    drop = parameter(1.0, "what a reset by subtraction takes")
    height = parameter(1.0, "output of a spike")
    equations = """
    dv/dt = (drive*I - v)/tau : 1
    ds/dt = -s/dt : 1
    dr/dt = -r/tau : 1
    I : 1 (input)
    """
    threshold = "v >= theta"
    reset = "v = keep*(v - drop); s = height; r += height"
    method = "euler"
    output = "s"


class SteppedSum(NeuronModel):
    """Neuron without spikes that sums its input over steps.

    u <- (1 - leak) u + gain I;  u sum (1), I input (1).
    """

    leak = parameter(0.0, "share that is lost in a step", low=0, high=1)
    gain = parameter(1.0, "factor of the input")
    equations = """
    du/dt = (gain*I - leak*u)/dt : 1
    I : 1 (input)
    """
    method = "euler"
    output = "u"


@dataclass(frozen=True)
class Spiking:
    """Neurons of a spiking network and for how many steps they run.

    Arguments: hidden, values of the parameters of `SteppedLIF`; steps, T; decay, of a spike's weight in the rate that
    counts, from step to step (1); recorded, variables that are read.
    """

    hidden: Mapping[str, Any]
    steps: int
    decay: float = 1.0
    recorded: tuple[str, ...] = ("s",)

    @property
    def weights(self) -> list[float]:
        """The weight of each step in the rate that counts: decay^(T - i) over their sum."""
        found = [self.decay ** (self.steps - 1 - i) for i in range(self.steps)]
        return [one / sum(found) for one in found]

    def neuron(self) -> SteppedLIF:
        """Return the model of hidden neurons."""
        return SteppedLIF(**self.hidden)

    def readout(self) -> SteppedSum:
        """Return the model of the outputs: the weighted mean of what they receive."""
        return SteppedSum(leak=1 - self.decay, gain=self.weights[-1])


STEP, PEAK, SHARE = 0.05, 0.3, 0.3
"""Of DSR: a step over the membrane time constant, what a reset takes, and the threshold's share of it."""


def spiking(trainer: str, config: Config) -> Spiking:
    """Return the neurons of a way of training: 'bptt', 'ottt' or 'dsr'."""
    if trainer == "bptt":
        return Spiking({"drive": config.drive}, config.spike_steps)
    if trainer == "ottt":
        return Spiking({"drive": 2.0, "keep": 1.0}, config.spike_steps, recorded=("s", "r", "v"))
    decay = math.exp(-STEP)
    hidden = {"tau": 1 / (1 - decay) * ms, "theta": SHARE * PEAK, "keep": 1.0, "drop": PEAK}
    return Spiking({**hidden, "height": PEAK / STEP}, config.rate_steps, decay)
