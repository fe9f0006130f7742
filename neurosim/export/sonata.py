"""Networks in the files of SONATA: nodes and edges.

Source: Dai et al. 2020, PLoS Comput. Biol. 16:e1007696, doi:10.1371/journal.pcbi.1007696.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from brian2 import ms

from neurosim.errors import DescriptionError, ResultFileError
from neurosim.export.build import Listed, built
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.synapse import SynapseModel


def read_sonata(
    nodes: str | Path,
    edges: str | Path,
    name: str,
    neurons: Mapping[str, NeuronModel],
    synapses: Mapping[str, SynapseModel],
    units: Mapping[str, Any] | None = None,
    dt: Any = 0.1 * ms,
    edge_types: str | Path | None = None,
) -> Network:
    """Return the network of a nodes file and an edges file (HDF5), its populations as those of the nodes.

    Weights are 'syn_weight' of an edge, or else of its type; delays (ms) are 'delay', 0 where neither says one. What
    else SONATA says of nodes and edges (places, model templates, cell types) is not read: the models are given here.

    Arguments:
        nodes, edges: the files.
        name: of the network.
        neurons: the model of each population of nodes.
        synapses: of each population of edges.
        units: of the weights of these (plain numbers if omitted).
        dt: time step (s).
        edge_types: the table of edge types (CSV, divided by spaces), where weights or delays are there.

    Raises ResultFileError when a file cannot be read, DescriptionError when it lacks what is needed.
    """
    sizes: dict[str, int] = {}
    with _opened(nodes) as file:
        for population, group in _groups(file, "nodes", nodes):
            sizes[population] = len(_needed(group, "node_type_id", nodes))
            ids = group.get("node_id")
            if ids is not None and not np.array_equal(np.sort(ids[()]), np.arange(len(ids))):
                raise DescriptionError(f"{nodes}: '{group.name}': node_id are not 0 to {len(ids) - 1}")
    types = {} if edge_types is None else _types(Path(edge_types))
    listed: dict[str, Listed] = {}
    with _opened(edges) as file:
        for population, group in _groups(file, "edges", edges):
            ends = [_needed(group, f"{end}_node_id", edges) for end in ("source", "target")]
            source, target = (str(_text(end.attrs.get("node_population", ""))) for end in ends)
            for end in (source, target):
                if end not in sizes:
                    raise DescriptionError(f"{edges}: '{group.name}' joins '{end}', which is not in {nodes}")
            pre, post = (end[()].astype(np.int64) for end in ends)
            weight = _values(group, "syn_weight", types, edges)
            delay = _values(group, "delay", types, edges, missing=0.0) * 1e-3
            listed[population] = Listed(source, target, pre, post, weight, delay)
    return built(name, dt, sizes, listed, neurons, synapses, units or {})


def _opened(path: str | Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise ResultFileError(f"{path}: cannot be read as HDF5: {' '.join(str(error).split())}") from None


def _groups(file: h5py.File, kind: str, path: str | Path) -> list[tuple[str, h5py.Group]]:
    if kind not in file:
        raise DescriptionError(f"{path}: has no group '/{kind}': give the SONATA file of {kind}")
    return list(file[kind].items())


def _needed(group: h5py.Group, name: str, path: str | Path) -> h5py.Dataset:
    if name not in group:
        raise DescriptionError(f"{path}: '{group.name}' has no '{name}', which SONATA asks for")
    return group[name]


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _types(path: Path) -> dict[int, dict[str, str]]:
    """Return the rows of a table of edge types by their id."""
    try:
        rows = list(
            csv.DictReader(path.read_text("utf-8").splitlines(), delimiter=" ", skipinitialspace=True)
        )
    except OSError as error:
        raise ResultFileError(f"{path}: cannot be read: {error.strerror}") from None
    if not all("edge_type_id" in row for row in rows):
        raise DescriptionError(f"{path}: has no column 'edge_type_id': give the SONATA table of edge types")
    return {int(row["edge_type_id"]): row for row in rows}


def _values(
    group: h5py.Group,
    name: str,
    types: Mapping[int, Mapping[str, str]],
    path: str | Path,
    missing: float | None = None,
) -> np.ndarray:
    """Return an attribute of each edge: its own, or else that of its type, or else `missing`."""
    count = len(group["source_node_id"])
    found = np.full(count, np.nan)
    if "edge_type_id" in group:
        for number in np.unique(group["edge_type_id"][()]):
            text = types.get(int(number), {}).get(name)
            if text not in (None, "", "NULL"):
                found[group["edge_type_id"][()] == number] = float(text)
    if "edge_group_id" in group:
        which, place = group["edge_group_id"][()], group["edge_group_index"][()]
    else:
        which, place = np.zeros(count, dtype=int), np.arange(count)
    for number in np.unique(which):
        own = group.get(f"{number}/{name}")
        if own is not None:
            found[which == number] = own[()][place[which == number]]
    if missing is not None:
        found[np.isnan(found)] = missing
    if np.isnan(found).any():
        raise DescriptionError(
            f"{path}: {int(np.isnan(found).sum())} edges of '{group.name}' have no '{name}', neither their own nor "
            "that of their type: give edge_types"
        )
    return found
