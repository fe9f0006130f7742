"""A leaky recurrent network that learns to delay its input: our compiled description, and PyTorch's eager step."""

from __future__ import annotations

import numpy as np
import optax
from brian2 import ms

from neurosim import AllToAll, Network, Population, Projection, Recorder
from neurosim.bench.descents.programs import OurSteps, TorchSteps
from neurosim.bench.program import Arrays
from neurosim.learning.bptt import mean_square, network_model
from neurosim.learning.protocol import Descend, Learner, Shuffled
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded

UNITS, INPUTS, OUTPUTS, TRIALS, STEPS = 100, 2, 2, 256, 16
DT, TAU, RATE, MOMENTUM, CLIP = 10.0, 50.0, 0.02, 0.1, 2.0


def start() -> Arrays:
    """Return weights (targets, sources), inputs and targets (trials, steps, size)."""
    draw = generator(0, "bench training")
    x = draw.normal(size=(TRIALS, STEPS, INPUTS))
    return {
        "in": draw.normal(size=(UNITS, INPUTS)),
        "rec": draw.normal(size=(UNITS, UNITS)) / np.sqrt(UNITS),
        "read": draw.normal(size=(OUTPUTS, UNITS)) / np.sqrt(UNITS),
        "x": x,
        "target": np.roll(x, 3, axis=1),
    }


class Ours(OurSteps):
    """The network as a description, trained by our learner."""

    def __init__(self, steps: int) -> None:
        values = start()
        network = Network("bench", dt=DT * ms).add(
            Population("x", INPUTS, Signal()),
            Population("a", UNITS, LeakyRate(tau=TAU * ms, bias=np.zeros(UNITS))),
            Population("y", OUTPUTS, GradedUnit(transfer="identity")),
            Projection("in", "x", "a", Graded(), AllToAll(), values["in"]),
            Projection("rec", "a", "a", Graded(), AllToAll(), values["rec"]),
            Projection("read", "a", "y", Graded(), AllToAll(), values["read"]),
            Recorder("y", "output"),
        )
        data = {"inputs": {"x": values["x"]}, "target": values["target"]}
        optimiser = optax.chain(optax.clip_by_global_norm(CLIP), optax.sgd(RATE, MOMENTUM, nesterov=True))
        learner = Learner(
            network_model(network, ("in.w", "rec.w", "read.w", "a.bias")),
            Descend(mean_square("y.output"), optimiser),
            batches=Shuffled(data, TRIALS),
            every=steps,
        )
        super().__init__(learner)


class Peer(TorchSteps):
    """The same network as a user of PyTorch writes it."""

    def prepare(self) -> None:
        """Create all that the steps require."""
        tensors = {name: self.torch.from_numpy(v.astype("float32")) for name, v in start().items()}
        self.x, self.target = (tensors.pop(name).transpose(0, 1).contiguous() for name in ("x", "target"))
        self.weights = {name: tensor.requires_grad_() for name, tensor in tensors.items()}
        self.weights["bias"] = self.torch.zeros(UNITS, requires_grad=True)
        self.optimiser = self.torch.optim.SGD(
            list(self.weights.values()), lr=RATE, momentum=MOMENTUM, nesterov=True
        )

    def step(self) -> float:
        """Take one training step and return its loss."""
        torch, keep = self.torch, float(np.exp(-DT / TAU))
        drive, rec, read, bias = (self.weights[name] for name in ("in", "rec", "read", "bias"))
        r, outputs = torch.zeros(TRIALS, UNITS), []
        for x in self.x:
            outputs.append(r @ read.T)
            r = keep * r + (1 - keep) * torch.tanh(x @ drive.T + r @ rec.T + bias)
        loss = (torch.stack(outputs) - self.target).square().mean()
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(self.weights.values()), CLIP)
        self.optimiser.step()
        return float(loss.detach())
