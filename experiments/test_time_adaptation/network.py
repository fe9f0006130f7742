"""A small convolutional network whose first layer can learn without labels, and what its normalisation can use."""

from __future__ import annotations

import numpy as np

from neurosim.experiments.test_time_adaptation.config import Config
from neurosim.model.connectivity import AllToAll, OneToOne
from neurosim.model.convolution import Convolution
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.rule import SynapticRule
from neurosim.model.units import ms
from neurosim.model.values import Normal
from neurosim.neurons import BatchNormalised, GradedUnit, Signal
from neurosim.rules import SoftHebb
from neurosim.synapses import Graded

KERNELS = ("kernels1.w", "kernels2.w")
AFFINE = ("gain1.w", "offset1.w", "gain2.w", "offset2.w")
READ = ("read.w", "y.bias")
LAYERS = (1, 2)


def windows(config: Config) -> tuple[Convolution, Convolution]:
    """Return the windows of both layers; those of the first are whole, as a rule needs them."""
    first = Convolution((1, config.side, config.side), config.kernel, stride=config.stride)
    return first, Convolution((config.features[0], *first.output), 3, stride=2, padding=1)


def convolutional(config: Config) -> Network:
    """Return the network y = read(h2), h = relu(gain n + offset) of each layer, n its normalised drive.

    Drives are convolutions of the image, and of h1, whose kernels all positions share; n has mean 0 and variance 1 over
    trials and positions, by the batch or by what 'norm1.mean' and 'norm1.variance' say; gain and offset are one number
    per feature. The first kernels are plastic by a soft Hebbian rule.
    """
    layers = zip(LAYERS, ("x", "h1"), windows(config), config.features, strict=True)
    network = Network("convolutional", 1 * ms).add(Population("x", config.side**2, Signal()))
    positions = 1
    for layer, source, kernel, features in layers:
        positions = int(np.prod(kernel.output))
        size, inputs = features * positions, kernel.image[0] * int(np.prod(kernel.kernel))
        plastic = SoftHebb(eta=config.hebb_rate, beta=1 / config.temperature)
        rules: tuple[SynapticRule, ...] = (plastic,) if layer == 1 else ()
        each = Convolution((features, *kernel.output), 1, per_channel=True)
        common = Convolution((1, *kernel.output), 1)
        network.add(
            Population(f"one{layer}", positions, Signal(), {"value": np.ones(positions)}),
            Population(f"drive{layer}", size, GradedUnit(transfer="identity")),
            Population(
                f"norm{layer}",
                size,
                BatchNormalised(group=positions, mean=np.zeros(size), variance=np.ones(size)),
            ),
            Population(f"h{layer}", size, GradedUnit(transfer="relu")),
            Projection(
                f"kernels{layer}",
                source,
                f"drive{layer}",
                Graded(),
                kernel,
                Normal(0, inputs**-0.5),
                rules=rules,
            ),
            Projection(f"drives{layer}", f"drive{layer}", f"norm{layer}", Graded(), OneToOne(), 1.0),
            Projection(f"gain{layer}", f"norm{layer}", f"h{layer}", Graded(), each, np.ones((features, 1))),
            Projection(
                f"offset{layer}", f"one{layer}", f"h{layer}", Graded(), common, np.zeros((features, 1))
            ),
        )
    size = config.features[1] * positions
    network.add(
        Population("y", 10, GradedUnit(transfer="identity", bias=np.zeros(10))),
        Projection("read", "h2", "y", Graded(), AllToAll(), Normal(0, size**-0.5)),
    )
    statistics = [Recorder(f"norm{layer}", name) for layer in LAYERS for name in ("m", "v")]
    return network.add(Recorder("y", "output"), *statistics)
