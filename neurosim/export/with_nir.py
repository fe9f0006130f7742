"""Networks in the Neuromorphic Intermediate Representation, and back, as far as it can say what they are.

Equations are taken as NIR writes them: continuous in time, a spike being a Dirac delta. So a spike through the weight W
(V s) raises v of a LIF node by R W / tau, and the current of a CubaLIF node by w_in W / tau_syn. NIR has no units: here
they are volts and seconds.
Source: Pedersen et al. 2024, Nat. Commun. 15:8122, doi:10.1038/s41467-024-52259-9.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import ms, second, volt

from neurosim.engines.simulation import Simulation
from neurosim.errors import DescriptionError
from neurosim.extras import optional
from neurosim.model.connectivity import AllToAll
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parts import Population, Projection
from neurosim.neurons import LIF, LeakyRate
from neurosim.neurons.graded import Signal
from neurosim.synapses import Graded, Pulse

if TYPE_CHECKING:
    import nir

_SPIKES_TO = {"LIF": "v", "CubaLIF": "g_e"}


def to_nir(simulation: Simulation) -> nir.NIRGraph:
    """Return a network with the weights that it has now as a graph of NIR.

    Populations of sources and signals become Input nodes; LIF, with pulses to v alone or to g_e alone, becomes LIF or
    CubaLIF; LeakyRate(transfer='identity') becomes LI; a projection becomes a Linear node, behind a Delay node if it
    has one. Populations that project to none lead to Output nodes.

    Arguments:
        simulation: a network that has drawn its connections, as `simulate` returns it.

    Raises DescriptionError for all that NIR cannot say: rules, refractory periods, other models and ports; MissingExtra
    without nir.
    """
    with optional():
        import nir
    if not isinstance(simulation, Simulation):
        raise DescriptionError(
            f"to_nir: a {type(simulation).__name__} has no weights yet: give simulate(network)"
        )
    network = simulation.recordings().network
    parts: list[Population | Projection] = [*network.populations.values(), *network.projections.values()]
    for part in parts:
        if part.rules:
            raise DescriptionError(
                f"'{part.name}' has rules, which NIR cannot say: export a network without them"
            )
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    for population in network.populations.values():
        nodes[population.name] = _node(nir, network, population)
    for projection in network.projections.values():
        chain = [projection.source]
        delays = np.unique(np.asarray(simulation.delays(projection.name), dtype=float))
        if delays.size > 1:
            raise DescriptionError(
                f"projection '{projection.name}' has many delays: NIR can say one for each source"
            )
        if delays.size and delays[0] > 0:
            size = network.population(projection.source).size
            nodes[f"{projection.name}_delay"] = nir.Delay(np.full(size, delays[0]))
            chain.append(f"{projection.name}_delay")
        nodes[projection.name] = nir.Linear(_matrix(simulation, network, projection))
        chain += [projection.name, projection.target]
        edges += pairwise(chain)
    sources = {projection.source for projection in network.projections.values()}
    for name, population in network.populations.items():
        if name not in sources:
            nodes[f"{name}_output"] = nir.Output({"output": np.array([population.size])})
            edges.append((name, f"{name}_output"))
    graph: nir.NIRGraph = nir.NIRGraph(nodes, edges)
    return graph


def from_nir(
    graph: nir.NIRGraph, name: str, inputs: Mapping[str, NeuronModel] | None = None, dt: Any = 0.1 * ms
) -> Network:
    """Return the network that a graph of NIR describes.

    Arguments:
        graph: of Input, LIF, CubaLIF, LI, Linear, Affine, Delay and Output nodes.
        name: of the network.
        inputs: the model of each Input node (by default a Signal; with a spiking source, its weights act by spikes).
        dt: time step of the network (s).

    Raises DescriptionError for other nodes and for what neurosim would run otherwise than NIR means it; MissingExtra
    without nir.
    """
    with optional():
        import nir
    inputs = dict(inputs or {})
    network = Network(name, dt)
    kinds = {key: type(node).__name__ for key, node in graph.nodes.items()}
    unknown = [f"{key} ({kind})" for key, kind in kinds.items() if kind not in _KNOWN]
    if unknown:
        raise DescriptionError(
            f"NIR nodes {', '.join(unknown)} cannot be run: known are {', '.join(sorted(_KNOWN))}"
        )
    stray = [key for key in inputs if kinds.get(key) != "Input"]
    if stray:
        raise DescriptionError(f"inputs: '{stray[0]}' is no Input node of the graph")
    biases = {key: np.zeros(1) for key in kinds}
    paths = [
        path for key, kind in kinds.items() if kind in _POPULATIONS for path in _paths(graph, kinds, key)
    ]
    for _, through, target in paths:
        for node in (graph.nodes[key] for key in through):
            if isinstance(node, nir.Affine):
                biases[target] = biases[target] + np.asarray(node.bias, dtype=float)
    for key, kind in kinds.items():
        if kind in _POPULATIONS:
            network.add(_population(key, kind, graph.nodes[key], inputs.get(key, Signal()), biases[key]))
    for source, through, target in paths:
        network.add(_projection(network, graph, kinds, source, through, target))
    return network


_POPULATIONS = ("Input", "LIF", "CubaLIF", "LI")
_BETWEEN = ("Linear", "Affine", "Delay")
_KNOWN = {*_POPULATIONS, *_BETWEEN, "Output"}


def _node(nir: Any, network: Network, population: Population) -> Any:
    model, size = population.model, population.size
    incoming = [p for p in network.projections.values() if p.target == population.name]
    if not incoming and (isinstance(model, Signal) or not isinstance(model, LIF | LeakyRate)):
        return nir.Input({"input": np.array([size])})
    values = {key: np.broadcast_to(np.asarray(v, dtype=float), (size,)) for key, v in model.values().items()}
    one = np.ones(size)
    if type(model) is LeakyRate and model.chosen()["transfer"] == "identity":
        return nir.LI(values["tau"], one, values["bias"])
    if type(model) is not LIF:
        raise DescriptionError(f"population '{population.name}': NIR has no {type(model).__name__}")
    if np.any(values["tau_ref"] > 0):
        raise DescriptionError(
            f"population '{population.name}': NIR has no refractory period: set tau_ref to 0*ms"
        )
    ports = {p.synapse.port for p in incoming}
    facts = (one, values["E_L"], values["v_threshold"], values["v_reset"])
    if ports <= {"v", "I"}:
        return nir.LIF(values["tau_m"], *facts)
    if ports == {"g_e"}:
        return nir.CubaLIF(values["tau_e"], values["tau_m"], *facts)
    raise DescriptionError(
        f"population '{population.name}' is driven at {', '.join(sorted(ports))}: NIR can say v and I, or g_e alone"
    )


def _matrix(simulation: Simulation, network: Network, projection: Projection) -> np.ndarray:
    """Return the weights (targets, sources) as NIR means them."""
    source, target = network.population(projection.source), network.population(projection.target)
    weights = np.zeros((target.size, source.size))
    pre, post = simulation.edges(projection.name)
    np.add.at(weights, (post, pre), np.asarray(simulation.get(f"{projection.name}.w"), dtype=float))
    if type(projection.synapse) is Graded and projection.synapse.port == "I":
        return weights
    scales = {"v": "tau_m", "g_e": "tau_e"}
    if type(projection.synapse) is Pulse and projection.synapse.port in scales:
        return weights * np.reshape(target.model.values()[scales[projection.synapse.port]], (-1, 1))
    raise DescriptionError(
        f"projection '{projection.name}': NIR cannot say {type(projection.synapse).__name__} to "
        f"'{projection.synapse.port}'"
    )


def _paths(graph: nir.NIRGraph, kinds: Mapping[str, str], source: str) -> list[tuple[str, list[str], str]]:
    """Return (source, nodes between, target) for every way from a population to the next."""
    found: list[tuple[str, list[str], str]] = []
    open_: list[tuple[str, list[str]]] = [(source, [])]
    while open_:
        at, through = open_.pop()
        for _, after in (edge for edge in graph.edges if edge[0] == at):
            if kinds[after] in _POPULATIONS:
                found.append((source, through, after))
            elif kinds[after] in _BETWEEN:
                if after in through:
                    raise DescriptionError(
                        f"NIR node '{after}' feeds itself without neurons between: not run"
                    )
                open_.append((after, [*through, after]))
    return found


def _population(key: str, kind: str, node: Any, given: NeuronModel, bias: np.ndarray) -> Population:
    if kind == "Input":
        return Population(key, int(np.prod(node.input_type["input"])), given)
    size = int(np.size(node.v_leak))
    leak = np.asarray(node.v_leak, dtype=float)
    if np.any(bias) and kind == "CubaLIF":
        raise DescriptionError(f"NIR node '{key}': a bias before a CubaLIF is not run: fold it into v_leak")
    leak = leak + np.asarray(node.r, dtype=float) * bias
    if kind == "LI":
        model: NeuronModel = LeakyRate(tau=_one(node.tau) * second, bias=_one(leak), transfer="identity")
        return Population(key, size, model)
    reset = 0.0 if node.v_reset is None else node.v_reset
    facts = {
        "E_L": _one(leak) * volt,
        "v_threshold": _one(node.v_threshold) * volt,
        "v_reset": _one(reset) * volt,
        "tau_ref": 0 * second,
    }
    if kind == "LIF":
        return Population(key, size, LIF(tau_m=_one(node.tau) * second, **facts))
    return Population(
        key, size, LIF(tau_m=_one(node.tau_mem) * second, tau_e=_one(node.tau_syn) * second, **facts)
    )


def _one(values: Any) -> Any:
    """Return one number where all are the same, else the array."""
    array = np.asarray(values, dtype=float)
    return float(array.flat[0]) if np.all(array == array.flat[0]) else array


def _projection(
    network: Network,
    graph: nir.NIRGraph,
    kinds: Mapping[str, str],
    source: str,
    through: list[str],
    target: str,
) -> Projection:
    linear = [key for key in through if kinds[key] in ("Linear", "Affine")]
    delays = np.concatenate(
        [[0.0], *(np.ravel(graph.nodes[key].delay) for key in through if kinds[key] == "Delay")]
    )
    if len(linear) > 1:
        raise DescriptionError(f"NIR nodes {', '.join(linear)} follow each other: multiply them into one")
    size, into = network.population(source).size, graph.nodes[target]
    weight = np.asarray(graph.nodes[linear[0]].weight, dtype=float) if linear else np.eye(size)
    if np.unique(delays[1:]).size > 1:
        raise DescriptionError(f"NIR nodes between '{source}' and '{target}': give all sources one delay")
    weight = weight * np.reshape(np.asarray(into.r, dtype=float), (-1, 1))
    name = linear[0] if linear else f"{source}_to_{target}"
    delay = float(delays[-1]) * second
    if not network.population(source).model.spiking:
        if kinds[target] == "CubaLIF":
            raise DescriptionError(f"NIR node '{target}': a CubaLIF driven by what is no spike is not run")
        unit = 1 if kinds[target] == "LI" else volt
        return Projection(name, source, target, Graded(), AllToAll(), weight * unit, delay=delay)
    if kinds[target] == "LI":
        raise DescriptionError(f"NIR node '{target}': an LI driven by spikes is not run: use a CubaLIF")
    if kinds[target] == "LIF":
        jump = weight / np.reshape(np.asarray(into.tau, dtype=float), (-1, 1))
    else:
        jump = weight * np.reshape(np.asarray(into.w_in) / np.asarray(into.tau_syn), (-1, 1))
    return Projection(
        name, source, target, Pulse(port=_SPIKES_TO[kinds[target]]), AllToAll(), jump * volt, delay=delay
    )
