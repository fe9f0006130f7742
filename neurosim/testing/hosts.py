"""The kinds of network on which a rule is tried, each with the signals that networks of its kind have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Hz, ms, mV, second

from neurosim.model.connectivity import AllToAll, OneToOne
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.rule import NeuronRule, Rule, SynapticRule
from neurosim.model.structural import StructuralRule
from neurosim.model.values import Uniform
from neurosim.neurons import LIF, AdaptiveLIF, LeakyRate, Poisson, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded, Pulse, ScaledPulse
from neurosim.testing.companions import beside
from neurosim.testing.imposed import ImposedAdaptive, imposed_population

SOURCES, TARGETS = 8, 3
DT = 0.1 * ms
HOLD = 0.01  # s
_ADAPTIVE = AdaptiveLIF(beta=0.5)
TRAIN = 0.2  # s

Build = Callable[[Rule, Any, Any, Any, int], Network]
"""build(rule, weight, quantum, dt, seed) returns a network with the rule on its projection 'plastic', from 'source' to
'target', or, for a neuron rule, on its population 'target'; quantum (V) is the pulse of a weight of 1, where weights
act by pulses."""


@dataclass(frozen=True)
class Host:
    """A kind of network that rules are tried on.

    Arguments:
        name: its name.
        driven: builds a network with random drive.
        known: builds a network whose spikes or inputs are given and lie on the grids of dt and dt/10.
        pulsed: whether weights act by pulses, so that they may have any unit.
        spare: whether it is tried only for rules whose signals no other kind has.
    """

    name: str
    driven: Build
    known: Build
    pulsed: bool
    spare: bool = False


def inputs(network: Network, steps: int, seed: int) -> dict[str, np.ndarray]:
    """Return random values (1) for every signal population, each held for 10 ms, shape (steps, size)."""
    held = round(HOLD / network.step)
    signals = [p for p in network.populations.values() if isinstance(p.model, Signal)]
    drawn = {p.name: generator(seed, p.name).normal(size=(-(-steps // held), p.size)) for p in signals}
    return {name: np.repeat(rows, held, axis=0)[:steps] for name, rows in drawn.items()}


def _spiking(rule: Rule, weight: Any, quantum: Any, dt: Any, seed: int) -> Network:
    start = {"v": Uniform(-60 * mV, -50 * mV)}
    return Network("spiking", dt).add(
        *_modulators(rule),
        Population("drive", SOURCES, Poisson(rate=100 * Hz)),
        Population("source", SOURCES, LIF(), start, rules=_beside(rule)),
        Population("target", TARGETS, LIF(), start, _if(NeuronRule, rule)),
        Projection("input", "drive", "source", Pulse(), OneToOne(), 8 * mV),
        _plastic(rule, weight, ScaledPulse(quantum=quantum)),
        Recorder("source"),
        Recorder("target"),
        *_recorders(rule),
    )


def _spiking_known(rule: Rule, weight: Any, quantum: Any, dt: Any, seed: int) -> Network:
    return Network("spiking_known", dt).add(
        *_modulators(rule),
        *imposed_population("source", SOURCES, *_train("source", SOURCES, seed), dt),
        *imposed_population(
            "target", TARGETS, *_train("target", TARGETS, seed), dt, rules=_if(NeuronRule, rule)
        ),
        _plastic(rule, weight, ScaledPulse(quantum=quantum)),
    )


def _rate(rule: Rule, weight: Any, quantum: Any, dt: Any, seed: int) -> Network:
    return Network("rate", dt).add(
        *_modulators(rule),
        Population("drive", SOURCES, Signal()),
        Population("source", SOURCES, LeakyRate(), rules=_beside(rule)),
        Population("target", TARGETS, LeakyRate(), rules=_if(NeuronRule, rule)),
        Projection("input", "drive", "source", Graded(), OneToOne(), 1.0),
        _plastic(rule, weight, Graded()),
        *_recorders(rule),
    )


def _adaptive(rule: Rule, weight: Any, quantum: Any, dt: Any, seed: int) -> Network:
    start = {"v": Uniform(-60 * mV, -50 * mV)}
    return Network("adaptive", dt).add(
        *_modulators(rule),
        Population("drive", SOURCES, Poisson(rate=100 * Hz)),
        Population("source", SOURCES, LIF(), start),
        Population("target", TARGETS, _ADAPTIVE, {"v": Uniform(0, 1)}, _if(NeuronRule, rule)),
        Projection("input", "drive", "source", Pulse(), OneToOne(), 8 * mV),
        _plastic(rule, weight, ScaledPulse(port="v", quantum=quantum / (10 * mV))),
        Recorder("source"),
        Recorder("target"),
        Recorder("plastic", "w"),
    )


def _adaptive_known(rule: Rule, weight: Any, quantum: Any, dt: Any, seed: int) -> Network:
    target, own = ImposedAdaptive(**_ADAPTIVE.values()), _if(NeuronRule, rule)
    return Network("adaptive_known", dt).add(
        *_modulators(rule),
        *imposed_population("source", SOURCES, *_train("source", SOURCES, seed), dt),
        *imposed_population("target", TARGETS, *_train("target", TARGETS, seed), dt, own, target),
        _plastic(rule, weight, ScaledPulse(port="v", quantum=quantum / (10 * mV))),
    )


def _plastic(rule: Rule, weight: Any, synapse: Any) -> Projection:
    return Projection(
        "plastic", "source", "target", synapse, AllToAll(), weight, rules=_if(SynapticRule, rule)
    )


def _modulators(rule: Rule) -> list[Population]:
    return [Population(name, 1, Signal()) for name in sorted(set(rule.modulators.values()))]


def _if(kind: type[Rule], rule: Rule) -> tuple[Any, ...]:
    return tuple(own for own in (rule, *beside(rule)) if isinstance(own, kind))


def _beside(rule: Rule) -> tuple[Any, ...]:
    return tuple(own for own in beside(rule) if isinstance(own, NeuronRule))


def _recorders(rule: Rule) -> list[Recorder]:
    names = ("w", "mask") if isinstance(rule, StructuralRule) else ("w",)
    return [Recorder("plastic", name) for name in names]


def _train(name: str, size: int, seed: int, each: int = 8) -> tuple[Any, np.ndarray]:
    """Return (times, ids): `each` spikes per neuron at random multiples of DT, the same whatever the network's step."""
    places = np.arange(2, round(TRAIN / float(DT)))
    drawn = [generator(seed, f"{name} {i}").choice(places, each, replace=False) for i in range(size)]
    return np.concatenate(drawn) * float(DT) * second, np.repeat(np.arange(size), each)


SPIKING = Host("spiking", _spiking, _spiking_known, pulsed=True)
RATE = Host("rate", _rate, _rate, pulsed=False)
ADAPTIVE = Host("adaptive", _adaptive, _adaptive_known, pulsed=True, spare=True)
HOSTS = (SPIKING, RATE, ADAPTIVE)
