"""A recurrent spiking network that learns by surrogate gradient: our compiled description, snnTorch and Norse.

Current-based leaky integrate-and-fire neurons by forward Euler, spikes s = [v > 1], a leaky read-out without threshold,
and the cross-entropy of the mean of its potential:
    v <- v + (dt/tau_m) (gain u - v),  u <- u - (dt/tau_s) u + W_in x + W_rec s,
with a reset by subtraction (as snnTorch has it) or to 0 (Norse), through which no gradient goes. The derivative of a
spike is 1/(1 + k |v - 1|)**2 in all.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
from brian2 import ms

from neurosim import AllToAll, Network, NeuronModel, Population, Projection, Recorder, parameter
from neurosim.bench.descents.programs import OurSteps, TorchSteps
from neurosim.bench.program import Arrays
from neurosim.engines.jax import Surrogate
from neurosim.learning.bptt import network_model
from neurosim.learning.protocol import Descend, Learner, Shuffled
from neurosim.neurons import SpikeTrain
from neurosim.rng import generator
from neurosim.synapses import Pulse

INPUTS, UNITS, OUTPUTS, TRIALS, STEPS = 140, 128, 20, 64, 100
DT, TAU_M, TAU_S, RATE = 1.0, 20.0, 5.0, 1e-3
DRIVE = 0.1
"""Probability of an input spike per step."""
GAIN = TAU_M / DT
"""The gain with which the potential takes all of the current in a step, as in snnTorch."""
LAG = 3
"""By how many steps our record of the read-out is later than a peer's."""


def start(gain: float) -> Arrays:
    """Return weights (targets, sources), input spikes (trials, steps, inputs) and labels (trials,)."""
    draw = generator(0, "bench spiking")
    return {
        "in": draw.normal(0.02, 0.5, size=(UNITS, INPUTS)) / gain,
        "rec": draw.normal(size=(UNITS, UNITS)) / np.sqrt(UNITS) / gain,
        "read": draw.normal(size=(OUTPUTS, UNITS)) / np.sqrt(UNITS) / gain,
        "x": (draw.random((TRIALS, STEPS, INPUTS)) < DRIVE).astype(float),
        "label": draw.integers(0, OUTPUTS, TRIALS),
    }


class Membrane(NeuronModel, abstract=True):
    """Leaky integrator of an exponential current.

    dv/dt = (gain u - v)/tau_m, du/dt = -u/tau_s; v potential, u current.
    """

    tau_m = parameter(TAU_M * ms, "membrane time constant", low=0 * ms)
    tau_s = parameter(TAU_S * ms, "time constant of the current", low=0 * ms)
    gain = parameter(1.0, "potential per current")
    equations = """
    dv/dt = (gain*u - v)/tau_m : 1
    du/dt = -u/tau_s : 1
    """
    method = "euler"


class Subtracting(Membrane, abstract=True):
    """The same with a threshold at 1 and a reset by subtraction: v falls by `fall` at a spike."""

    fall = parameter(1.0, "what a spike takes from v")
    threshold = "v > 1"
    reset = "v -= fall"


class Returning(Membrane, abstract=True):
    """The same with a threshold at 1 and a reset to 0."""

    threshold = "v > 1"
    reset = "v = 0"


def network(hidden: NeuronModel, gain: float) -> Network:
    """Return the network; gain, of the read-out."""
    values = start(gain)
    pulse = Pulse(port="u")
    return Network("bench", dt=DT * ms).add(
        Population("x", INPUTS, SpikeTrain()),
        Population("hidden", UNITS, hidden),
        Population("out", OUTPUTS, Membrane(gain=gain)),
        Projection("in", "x", "hidden", pulse, AllToAll(), values["in"]),
        Projection("rec", "hidden", "hidden", pulse, AllToAll(), values["rec"]),
        Projection("read", "hidden", "out", pulse, AllToAll(), values["read"]),
        Recorder("out", "v"),
    )


def cross_entropy(outcome: Mapping[str, Any], batch: Mapping[str, Any]) -> Any:
    """Return the cross-entropy of the mean potential of the read-out."""
    mean = outcome["out.v"].mean(1)
    return optax.softmax_cross_entropy_with_integer_labels(mean, batch["label"]).mean()


def learner(described: Network, steepness: float, every: int) -> Learner:
    """Return a learner of all weights."""
    values = start(1.0)
    surrogate = Surrogate("fast_sigmoid", 1 / steepness, 1 / steepness)
    model = network_model(described, ("in.w", "rec.w", "read.w"), surrogate=surrogate, detach_reset=True)
    data = {"inputs": {"x": values["x"].astype("float32")}, "label": jnp.asarray(values["label"])}
    return Learner(
        model, Descend(cross_entropy, optax.adam(RATE)), batches=Shuffled(data, TRIALS), every=every
    )


def like_snntorch(every: int) -> Learner:
    """Return a learner of the network as snnTorch has it."""
    fall = 1 / (1 - DT / TAU_M)  # snnTorch subtracts 1 after the leak
    return learner(network(Subtracting(gain=GAIN, fall=fall), GAIN), 25.0, every)


def like_norse(every: int) -> Learner:
    """Return a learner of the network as Norse has it."""
    return learner(network(Returning(), 1.0), 1.0, every)


class LikeSnnTorch(OurSteps):
    """Steps in the network as snnTorch has it."""

    def __init__(self, steps: int) -> None:
        super().__init__(like_snntorch(steps))


class LikeNorse(OurSteps):
    """Steps in the network as Norse has it."""

    def __init__(self, steps: int) -> None:
        super().__init__(like_norse(steps))


class _Torch(TorchSteps):
    """What both peers share: weights, Adam, the loss.

    Our recorder takes a potential before the step, and our currents act from the step after: so the peer's
    potentials come `LAG` steps earlier.
    """

    gain: float

    def prepare(self) -> None:
        """Create all that the steps require."""
        values = start(self.gain)
        self.x = self.torch.tensor(values["x"].transpose(1, 0, 2), dtype=self.torch.float32).contiguous()
        self.label = self.torch.tensor(values["label"])
        self.weights = {
            name: self.torch.tensor(values[name], dtype=self.torch.float32) for name in ("in", "rec", "read")
        }
        self.build()
        self.optimiser = self.torch.optim.Adam(self.parameters(), lr=RATE)

    def build(self) -> None:
        """Create the layers."""
        raise NotImplementedError

    def parameters(self) -> list[Any]:
        """Return the weights of the layers: in, rec, read."""
        raise NotImplementedError

    def potentials(self) -> list[Any]:
        """Return the potential of the read-out after each step."""
        raise NotImplementedError

    def loss(self) -> Any:
        """Return the loss on the batch."""
        mean = self.torch.stack(self.potentials()[: STEPS - LAG]).sum(0) / STEPS
        return self.torch.nn.functional.cross_entropy(mean, self.label)

    def step(self) -> float:
        """Take one training step and return its loss."""
        loss = self.loss()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return float(loss.detach())


class SnnTorch(_Torch):
    """The network as a user of snnTorch writes it."""

    gain = GAIN

    def build(self) -> None:
        """Create the layers."""
        snn, surrogate = (importlib.import_module(name) for name in ("snntorch", "snntorch.surrogate"))
        nn, leaks = self.torch.nn, {"alpha": 1 - DT / TAU_S, "beta": 1 - DT / TAU_M}
        self.fc, self.read = nn.Linear(INPUTS, UNITS, bias=False), nn.Linear(UNITS, OUTPUTS, bias=False)
        self.hidden = snn.RSynaptic(
            **leaks, linear_features=UNITS, spike_grad=surrogate.fast_sigmoid(25.0), threshold=1.0
        )
        self.hidden.recurrent.bias = None
        self.out = snn.Synaptic(**leaks, reset_mechanism="none")
        with self.torch.no_grad():
            for weight, name in zip(self.parameters(), ("in", "rec", "read"), strict=True):
                weight.copy_(self.weights[name])

    def parameters(self) -> list[Any]:
        """Return the weights of the layers."""
        return [self.fc.weight, self.hidden.recurrent.weight, self.read.weight]

    def potentials(self) -> list[Any]:
        """Return the potential of the read-out after each step."""
        spikes, current, potential = self.hidden.init_rsynaptic()
        current_out, potential_out = self.out.init_synaptic()
        found = []
        for x in self.x:
            spikes, current, potential = self.hidden(self.fc(x), spikes, current, potential)
            _, current_out, potential_out = self.out(self.read(spikes), current_out, potential_out)
            found.append(potential_out)
        return found


class Norse(_Torch):
    """The network as a user of Norse writes it."""

    gain = 1.0

    def build(self) -> None:
        """Create the layers."""
        norse = importlib.import_module("norse.torch")
        rates = {"tau_mem_inv": 1e3 / TAU_M, "tau_syn_inv": 1e3 / TAU_S}
        tensors = {name: self.torch.as_tensor(value) for name, value in rates.items()}
        self.hidden = norse.LIFRecurrentCell(
            INPUTS,
            UNITS,
            p=norse.LIFParameters(**tensors, alpha=self.torch.as_tensor(1.0)),
            autapses=True,
            dt=1e-3 * DT,
        )
        self.read = self.torch.nn.Linear(UNITS, OUTPUTS, bias=False)
        self.out = norse.LICell(norse.LIParameters(**tensors), dt=1e-3 * DT)
        with self.torch.no_grad():
            for weight, name in zip(self.parameters(), ("in", "rec", "read"), strict=True):
                weight.copy_(self.weights[name])

    def parameters(self) -> list[Any]:
        """Return the weights of the layers."""
        return [self.hidden.input_weights, self.hidden.recurrent_weights, self.read.weight]

    def potentials(self) -> list[Any]:
        """Return the potential of the read-out after each step."""
        state = out = None
        found = []
        for x in self.x:
            spikes, state = self.hidden(x, state)
            potential, out = self.out(self.read(spikes), out)
            found.append(potential)
        return found
