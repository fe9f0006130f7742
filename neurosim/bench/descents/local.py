"""A network of ten projections that descends: with a rule of its own beside the descent, and without."""

from __future__ import annotations

import numpy as np
import optax
from brian2 import ms

from neurosim import AllToAll, Network, Population, Projection, Recorder
from neurosim.bench.descents.programs import OurSteps
from neurosim.learning.bptt import mean_square, network_model
from neurosim.learning.protocol import Descend, Learner, Local, Shuffled
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.rng import generator
from neurosim.rules import SoftHebb
from neurosim.synapses import Graded

UNITS, TRIALS, STEPS = 64, 64, 20
ENDS = ("xa", "aa", "ab", "ba", "bb", "bc", "cb", "cc", "ca", "cy")
"""Source and target of each projection."""


def learner(ruled: bool, every: int) -> Learner:
    """Return a learner of nine projections by descent; ruled, whether a rule changes the tenth, which is held else."""
    draw = generator(0, "bench local")
    network = Network("bench", dt=10 * ms).add(
        Population("x", UNITS, Signal()),
        *(Population(name, UNITS, LeakyRate(tau=50 * ms)) for name in "abc"),
        Population("y", UNITS, GradedUnit(transfer="identity")),
    )
    for source, target in map(tuple, ENDS):
        rules = (SoftHebb(eta=0.05),) if ruled and source == "x" else ()
        weight = draw.normal(size=(UNITS, UNITS)) / np.sqrt(UNITS)
        network.add(Projection(source + target, source, target, Graded(), AllToAll(), weight, rules=rules))
    network.add(Recorder("y", "output"))
    data = {
        "inputs": {"x": draw.normal(size=(TRIALS, STEPS, UNITS)).astype("float32")},
        "target": draw.normal(size=(TRIALS, STEPS, UNITS)).astype("float32"),
    }
    descended = tuple(f"{ends}.w" for ends in ENDS[1:])
    parts = (Descend(mean_square("y.output"), optax.adam(1e-3)), *((Local("xa.w"),) if ruled else ()))
    model = network_model(network, (*descended, "xa.w") if ruled else descended)
    return Learner(model, *parts, batches=Shuffled(data, TRIALS), every=every)


class With(OurSteps):
    """The step with the rule."""

    def __init__(self, steps: int) -> None:
        super().__init__(learner(True, steps))


class Without(OurSteps):
    """The step without it."""

    def __init__(self, steps: int) -> None:
        super().__init__(learner(False, steps))
