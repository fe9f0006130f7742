"""Homeostatic structural plasticity: synapses come and go with the synaptic elements of their neurons."""

import numpy as np
from brian2 import Hz, ms

from neurosim.model.parameters import option, parameter
from neurosim.model.rule import post, pre
from neurosim.model.structural import Change, Signals, StructuralRule
from neurosim.rules.synaptic_elements import SynapticElements

_FAST = SynapticElements(beta_Ca=0.01, nu_axonal=500 * Hz, nu_excitatory=500 * Hz, nu_inhibitory=500 * Hz)


class HomeostaticRewiring(StructuralRule):
    """Synapses that are made of synaptic elements: one axonal and one dendritic element each.

    At each interval, for every neuron, first of its axonal and then of its dendritic elements,
    deleted = max(0, connected - floor(z)) of its synapses, drawn at random, which frees the elements at their other
    ends;  then vacant = floor(z) - connected axonal and dendritic elements, each list in random order, are paired, and
    each pair grows a synapse with the weight that the description gives the edge; pairs without a free edge are
    shuffled again until no free edge joins vacant elements. The edge of a deleted synapse is free at the next update.
    z is axonal of the source and, by kind, excitatory or inhibitory of the target, from SynapticElements on both; all
    projections with this rule share the elements of their neurons. density at the start (1); interval (s).
    Source: Butz, van Ooyen 2013, PLoS Comput. Biol. 9:e1003259, doi:10.1371/journal.pcbi.1003259.
    Checked: synapses never exceed elements, and only those in excess are lost.
    """

    interval = parameter(100 * ms, "time between two updates", low=0 * ms)
    density = parameter(0.0, "fraction of the edges that exist at the start", low=0.0, high=1.0)
    kind = option("excitatory", "dendritic elements that it uses", ("excitatory", "inhibitory"))
    axonal = pre.variable("synaptic_elements_axonal")
    excitatory = post.variable("synaptic_elements_excitatory")
    inhibitory = post.variable("synaptic_elements_inhibitory")
    grown = "initial"
    together = True
    beside = (_FAST,)

    def step(
        self, mask: np.ndarray, w: np.ndarray, signal: Signals, t: int, rng: np.random.Generator
    ) -> Change:
        """Return (drop, grow)."""
        ends = [(signal["pre"], signal["axonal"]), (signal["post"], signal[self.kind])]
        places = [_per_neuron(neurons, z) for neurons, z in ends]
        left = mask.copy()
        for (neurons, _), room in zip(ends, places, strict=True):
            left &= ~_beyond(left, neurons, room, rng)
        vacant = [
            room - np.bincount(neurons[left], minlength=room.size)
            for (neurons, _), room in zip(ends, places, strict=True)
        ]
        return mask & ~left, _paired(~mask, signal["pre"], signal["post"], vacant, rng)


def _per_neuron(neurons: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return the whole elements of each neuron, from values at the edges."""
    found = np.zeros(neurons.max(initial=-1) + 1, dtype=np.int64)
    found[neurons] = np.maximum(np.floor(z), 0)
    return found


def _beyond(mask: np.ndarray, neurons: np.ndarray, room: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return random connections of each neuron, as many as exceed its room."""
    edges = np.flatnonzero(mask)
    edges = edges[np.lexsort((rng.random(edges.size), neurons[edges]))]
    of = neurons[edges]
    place = np.arange(edges.size) - np.searchsorted(of, of)
    chosen = np.zeros_like(mask)
    chosen[edges[place >= room[of]]] = True
    return chosen


def _paired(
    free: np.ndarray, pre: np.ndarray, post: np.ndarray, vacant: list[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Return the free edges that join vacant axonal and dendritic elements paired at random."""
    width, edges = vacant[1].size, np.flatnonzero(free)
    edges = edges[np.argsort(pre[edges] * width + post[edges], kind="stable")]
    grow = np.zeros_like(free)
    while True:
        edges = edges[(vacant[0][pre[edges]] > 0) & (vacant[1][post[edges]] > 0) & ~grow[edges]]
        if not edges.size:
            return grow
        axons, dendrites = (_shuffled(v, n[edges], rng) for v, n in zip(vacant, (pre, post), strict=True))
        pairs = min(axons.size, dendrites.size)
        wanted = np.unique(axons[:pairs] * width + dendrites[:pairs])
        keys = pre[edges] * width + post[edges]
        # The first free edge of each pair of neurons, where several join them.
        made = edges[np.searchsorted(keys, wanted[np.isin(wanted, keys)])]
        if not made.size:
            made = rng.choice(edges, 1)
        grow[made] = True
        vacant = [
            v - np.bincount(n[made], minlength=v.size) for v, n in zip(vacant, (pre, post), strict=True)
        ]


def _shuffled(vacant: np.ndarray, neurons: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the vacant elements of the neurons that could make a synapse, each as its neuron, in random order."""
    able = np.unique(neurons)
    return rng.permutation(np.repeat(able, vacant[able]))
