"""A network for every rule, neuron model and synapse model that is registered, and how it is stopped and continued."""

from itertools import product

import numpy as np
from brian2 import amp, ms, mV, nS, second, volt

from neurosim import (
    AllToAll,
    Network,
    Population,
    Projection,
    Recorder,
    Uniform,
    neurons,
    rules,
    simulate,
    synapses,
)
from neurosim.compiler.equations.network import network_equations
from neurosim.compiler.schedule.order import lower
from neurosim.engines import files
from neurosim.engines.simulation import Simulation
from neurosim.errors import NeurosimError
from neurosim.model.units import quantity
from neurosim.neurons import LIF, ConductanceLIF, LeakyRate, MorrisLecar, PhaseOscillator, Poisson, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded, Pulse
from neurosim.testing import HOSTS
from neurosim.testing.companions import as_tried
from neurosim.testing.hosts import DT, inputs
from neurosim.testing.trial import Trial
from tests.synapses.kept_networks import Membrane

STEPS, SAMPLE, SEED = 400, 100, 2
"""Length of a run, after how many steps rules with the clock 'sample' are applied, and the seed."""


def own(registry):
    """Return the names of what the library itself registers."""
    return [name for name in registry if registry.get(name).__module__.startswith(f"{registry.group}.")]


def of_rule(name):
    """Return the first kind of network that has the signals of a rule."""
    rule = as_tried(rules.registry.get(name).example())
    trials = (Trial(rule, host, [], SEED) for host in HOSTS)
    return next(trial for trial in trials if not trial.missing()).network()


DRIVES = {volt.dim: 0.02, amp.dim: 1e-9}
"""What drives neurons at an input of a dimension, in SI units, where it is not about 1."""


def of_neuron(name):
    """Return driven neurons of a model, whose spikes travel on to others."""
    model = neurons.registry.get(name).example()
    ports = {port: e.dim for port, e in model.parsed().items() if "input" in e.flags}
    network = Network("neuron", DT).add(Population("p", 3, model), Population("drive", 2, Signal()))
    for port, unit in ports.items():
        weight = quantity(np.array(DRIVES.get(unit, 1.0)), unit)
        network.add(Projection(f"to_{port}", "drive", "p", Graded(port=port), AllToAll(), weight))
    if model.spiking:
        delay = Uniform(0 * ms, 3 * ms)
        network.add(Population("after", 2, LIF()), Recorder("p"), Recorder("after", "v", every=7))
        return network.add(Projection("out", "p", "after", Pulse(), AllToAll(), 2 * mV, delay=delay))
    return network.add(Recorder("p", model.output, every=7))


ENDS = {
    "poisson": Poisson(),
    "lif": LIF(),
    "channels": MorrisLecar(),
    "conductance": ConductanceLIF(),
    "phase": PhaseOscillator(),
    "rate": LeakyRate(),
    "membrane": Membrane(),
}


def of_synapse(name):
    """Return the first pair of populations, and unit of the weights, that a synapse fits."""
    model = synapses.registry.get(name).example()
    for source, target, unit in product(ENDS, ENDS, (1, mV, nS, 1 / second)):
        delay = 1 * ms if model.graded is None else 0 * ms
        network = Network("synapse", DT).add(
            Population("source", 3, ENDS[source]),
            Population("target", 2, ENDS[target]),
            Projection("p", "source", "target", model, AllToAll(), 0.7 * unit, delay=delay),
        )
        try:
            lower(network_equations(network, SEED))
        except NeurosimError:
            continue
        return network
    raise LookupError(f"{name}: no population receives it: add one to ENDS")


KINDS = {
    "rule": (rules.registry, of_rule),
    "neuron": (neurons.registry, of_neuron),
    "synapse": (synapses.registry, of_synapse),
}
CASES = [(kind, name) for kind, (registry, _) in KINDS.items() for name in own(registry)]


def network_of(kind, name):
    """Return the network of a case."""
    return KINDS[kind][1](name)


def advance(simulation, rows, stop):
    """Run to a step; after every SAMPLE steps the rules with the clock 'sample' are applied."""
    while simulation.now < stop:
        start = simulation.now
        until = min(stop, (start // SAMPLE + 1) * SAMPLE)
        given = {name: row[start:until] for name, row in rows.items()}
        simulation.run((until - start) * simulation.dt * second, given)
        if until % SAMPLE == 0:
            simulation.sample()


def cuts_of(number):
    """Return random steps at which a run is stopped, in order."""
    return sorted(generator(SEED, "cuts").choice(np.arange(1, STEPS), number, replace=False).tolist())


def whole(network, engine):
    """Return the simulation of a run that is not stopped."""
    simulation = simulate(network, engine, seed=SEED)
    advance(simulation, inputs(network, STEPS, SEED), STEPS)
    return simulation


def stopped_and_continued(network, here, there, cuts, path):
    """Return the simulation of a run that goes through a file at each cut, and is continued by another simulation.

    The two take turns, so that whatever one of them has done since counts for nothing.
    """
    rows = inputs(network, STEPS, SEED)
    here.reset()
    for cut in [*cuts, STEPS]:
        advance(here, rows, cut)
        here.save(path)
        there.restore(files.read(path).arrays)
        here, there = there, here
    return here


def continued(path, cut):
    """Continue what is in a file up to a step, and save it: what a process does that knows nothing else."""
    network = files.read(path).network
    simulation = Simulation.load(path)
    advance(simulation, inputs(network, STEPS, SEED), cut)
    simulation.save(path)
