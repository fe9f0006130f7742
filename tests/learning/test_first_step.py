"""What the first step of a training costs: how many programs are compiled for it, and what it leaves as it was."""

import gc

import jax
import numpy as np
import optax
from brian2 import ms

from neurosim import AllToAll, Network, Population, Projection, Recorder
from neurosim.engines.jax.compiled import without_collection
from neurosim.learning.bptt import mean_square, network_model
from neurosim.learning.protocol import Descend, Learner, Shuffled
from neurosim.neurons import GradedUnit, Signal
from neurosim.synapses import Graded

COMPILED: list[str] = []


def test_a_training_compiles_its_start_and_its_steps_and_nothing_else():
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, duration, **more: COMPILED.append(event) if "backend_compile" in event else None
    )
    network = Network("few", dt=1 * ms).add(
        Population("x", 3, Signal()),
        Population("y", 2, GradedUnit(transfer="identity")),
        Projection("p", "x", "y", Graded(), AllToAll(), 0.5),
        Projection("q", "x", "y", Graded(), AllToAll(), np.full((2, 3), 0.1)),
        Recorder("y", "output"),
    )
    data = {"inputs": {"x": np.ones((4, 1, 3), "float32")}, "target": np.ones((4, 1, 2), "float32")}
    COMPILED.clear()
    model = network_model(network, ("q.w",))
    learner = Learner(
        model, Descend(mean_square("y.output"), optax.sgd(0.1)), batches=Shuffled(data, 4), every=1
    )
    learner.train(1)
    assert len(COMPILED) == 2
    assert gc.isenabled()


def test_collection_is_as_it_was_after_tracing():
    gc.disable()
    try:
        with without_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
    with without_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
