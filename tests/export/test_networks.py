"""Networks to and from networkx, SONATA and NIR."""

import h5py
import networkx as nx
import numpy as np
import pytest
from brian2 import Hz, ms, mV, second, volt

from neurosim import AllToAll, Edges, Network, Population, Projection, Recorder, export, simulate
from neurosim.errors import DescriptionError, ResultFileError, UnknownNameError
from neurosim.neurons import LIF, LeakyRate, Poisson
from neurosim.neurons.graded import Signal
from neurosim.rules import PairSTDP
from neurosim.synapses import Graded, Pulse, ScaledPulse


def delayed():
    edges = Edges([0, 0, 1, 2, 0], [1, 0, 1, 0, 1])  # one pair twice
    return Network("delayed").add(
        Population("input", 3, Poisson(rate=100 * Hz)),
        Population("cells", 2, LIF()),
        Projection(
            "drive", "input", "cells", Pulse(), edges, [1, 2, 3, 4, 5] * mV, delay=[1, 2, 3, 4, 5] * ms
        ),
        Projection(
            "brake", "cells", "cells", Pulse(port="g_i"), Edges([0, 1], [1, 0]), -1 * mV, delay=1 * ms
        ),
    )


NEURONS = {"input": Poisson(rate=100 * Hz), "cells": LIF()}
SYNAPSES = {"drive": Pulse(), "brake": Pulse(port="g_i")}
UNITS = {"drive": volt, "brake": volt}


def connections(simulation, projection):
    pre, post = simulation.edges(projection)
    weight = np.broadcast_to(simulation.get(f"{projection}.w") / volt, pre.shape)
    delay = simulation.delays(projection) / second
    return sorted(zip(pre.tolist(), post.tolist(), weight.tolist(), delay.round(9).tolist(), strict=True))


def test_networkx_there_and_back_keeps_weights_and_delays():
    simulation = simulate(delayed())
    graph = export.to_networkx(simulation)
    assert graph.number_of_nodes() == 5 and graph.number_of_edges() == 7
    assert graph.nodes["input 2"] == {"population": "input", "index": 2}
    again = simulate(export.from_networkx(graph, "again", NEURONS, SYNAPSES, UNITS))
    for projection in ("drive", "brake"):
        assert connections(again, projection) == connections(simulation, projection)


def test_a_graph_survives_graphml(tmp_path):
    simulation = simulate(delayed())
    nx.write_graphml(export.to_networkx(simulation), tmp_path / "net.graphml")
    read = nx.read_graphml(tmp_path / "net.graphml", force_multigraph=True)
    again = simulate(export.from_networkx(read, "again", NEURONS, SYNAPSES, UNITS))
    assert connections(again, "drive") == connections(simulation, "drive")


def test_any_weighted_graph_is_a_network():
    graph = nx.path_graph(4)
    nx.set_edge_attributes(graph, 0.5, "weight")
    network = export.from_networkx(graph, "path", {"nodes": LeakyRate()}, {"edges": Graded()})
    pre, post = simulate(network).edges("edges")
    assert sorted(zip(pre.tolist(), post.tolist(), strict=True)) == [
        (0, 1),
        (1, 0),
        (1, 2),
        (2, 1),
        (2, 3),
        (3, 2),
    ]


def test_a_graph_that_says_too_little_is_refused():
    graph = nx.DiGraph([(0, 1)])
    with pytest.raises(DescriptionError, match="edge 0 to 1 has no weight"):
        export.from_networkx(graph, "n", {"nodes": LIF()}, {})
    nx.set_edge_attributes(graph, 1.0, "weight")
    with pytest.raises(DescriptionError, match=r"no model for synapses\['edges'\]"):
        export.from_networkx(graph, "n", {"nodes": LIF()}, {})
    with pytest.raises(UnknownNameError, match="neurons: there is no 'node': did you mean 'nodes'"):
        export.from_networkx(graph, "n", {"node": LIF()}, {})
    graph.nodes[0]["index"] = 5
    with pytest.raises(DescriptionError, match="indices are not 0 to 1"):
        export.from_networkx(graph, "n", {"nodes": LIF()}, {"edges": Pulse()})
    with pytest.raises(DescriptionError, match=r"give simulate\(network\)"):
        export.to_networkx(delayed())


def sonata(folder, weights=True):
    with h5py.File(folder / "nodes.h5", "w") as file:
        for name, size in (("input", 3), ("cells", 2)):
            file[f"nodes/{name}/node_type_id"] = np.zeros(size, dtype=np.uint64)
            file[f"nodes/{name}/node_id"] = np.arange(size)
    with h5py.File(folder / "edges.h5", "w") as file:
        group = file.create_group("edges/drive")
        for end, name, ids in (("source", "input", [2, 0, 1]), ("target", "cells", [1, 0, 1])):
            group[f"{end}_node_id"] = np.array(ids, dtype=np.uint64)
            group[f"{end}_node_id"].attrs["node_population"] = name
        group["edge_type_id"] = [100, 101, 101]
        group["edge_group_id"] = [0, 0, 1]
        group["edge_group_index"] = [1, 0, 0]
        group["0/delay"] = [2.0, 1.0]
        if weights:
            group["0/syn_weight"] = [0.002, 0.001]
    (folder / "types.csv").write_text("edge_type_id syn_weight delay\n100 0.004 NULL\n101 0.003 3.0\n")
    return folder / "nodes.h5", folder / "edges.h5", folder / "types.csv"


def test_sonata_is_read(tmp_path):
    nodes, edges, types = sonata(tmp_path)
    network = export.read_sonata(
        nodes, edges, "read", NEURONS, {"drive": Pulse()}, {"drive": volt}, edge_types=types
    )
    assert {name: p.size for name, p in network.populations.items()} == {"input": 3, "cells": 2}
    expected = [(0, 0, 0.002, 0.002), (1, 1, 0.003, 0.003), (2, 1, 0.001, 0.001)]
    assert connections(simulate(network), "drive") == expected


def test_sonata_that_lacks_something_is_refused(tmp_path):
    nodes, edges, types = sonata(tmp_path, weights=False)
    with pytest.raises(
        DescriptionError, match="3 edges of '/edges/drive' have no 'syn_weight'.*give edge_types"
    ):
        export.read_sonata(nodes, edges, "n", NEURONS, {"drive": Pulse()})
    with pytest.raises(DescriptionError, match="has no group '/nodes'"):
        export.read_sonata(edges, edges, "n", NEURONS, {"drive": Pulse()})
    with pytest.raises(ResultFileError, match="cannot be read as HDF5"):
        export.read_sonata(types, edges, "n", NEURONS, {"drive": Pulse()})
    (tmp_path / "bad.csv").write_text("a b\n1 2\n")
    with pytest.raises(DescriptionError, match="no column 'edge_type_id'"):
        export.read_sonata(nodes, edges, "n", NEURONS, {"drive": Pulse()}, edge_types=tmp_path / "bad.csv")


def spiking(port="v", tau_ref=0 * ms, rules=()):
    model = LIF(tau_ref=tau_ref, tau_m=12 * ms, E_L=-55 * mV)
    weights = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) * 2 * mV
    return Network("nir").add(
        Population("input", 3, Poisson(rate=300 * Hz)),
        Population("cells", 2, model),
        Projection(
            "drive", "input", "cells", Pulse(port=port), AllToAll(), weights, delay=1 * ms, rules=rules
        ),
        Recorder("cells"),
    )


@pytest.mark.parametrize("port", ["v", pytest.param("g_e", marks=pytest.mark.slow)])
def test_nir_there_and_back_gives_the_same_spikes(port, tmp_path):
    nir = pytest.importorskip("nir")
    simulation = simulate(spiking(port), engine="brian2", seed=3)
    graph = export.to_nir(simulation)
    assert type(graph.nodes["cells"]).__name__ == ("LIF" if port == "v" else "CubaLIF")
    nir.write(tmp_path / "net.nir", graph)
    again = export.from_nir(nir.read(tmp_path / "net.nir"), "again", {"input": Poisson(rate=300 * Hz)})
    again = simulate(again.add(Recorder("cells")), engine="brian2", seed=3)
    for run in (simulation, again):
        run.run(100 * ms)
    mine, theirs = (run.recordings()["cells.spikes"] for run in (simulation, again))
    assert len(mine.ids) > 10
    assert np.array_equal(mine.steps, theirs.steps) and np.array_equal(mine.ids, theirs.ids)


def test_nir_rates_follow_their_closed_form():
    nir = pytest.importorskip("nir")
    nodes = {
        "in": nir.Input({"input": np.array([2])}),
        "mix": nir.Affine(np.array([[1.0, -1.0], [0.5, 0.5]]), np.array([0.1, 0.0])),
        "leaky": nir.LI(np.full(2, 0.02), np.array([1.0, 2.0]), np.array([0.0, 0.3])),
        "out": nir.Output({"output": np.array([2])}),
    }
    graph = nir.NIRGraph(nodes, [("in", "mix"), ("mix", "leaky"), ("leaky", "out")])
    simulation = simulate(export.from_nir(graph, "li", dt=1 * ms), engine="brian2")
    simulation.run(1 * second, {"in": [1.0, 0.5]})
    # v = v_leak + R (W x + b) at rest.
    assert simulation.get("leaky.r") == pytest.approx([0.6, 1.8])
    assert np.allclose(export.to_nir(simulation).nodes["leaky"].v_leak, [0.1, 0.3])


@pytest.mark.slow
def test_nir_says_what_it_cannot():
    nir = pytest.importorskip("nir")
    scaled = Network("n").add(
        Population("input", 2, Signal()),
        Population("cells", 2, LIF()),
        Projection("drive", "input", "cells", Graded(), AllToAll(), 1 * mV),
    )
    plastic = Network("n").add(
        Population("input", 3, Poisson(rate=1 * Hz)),
        Population("cells", 2, LIF(tau_ref=0 * ms)),
        Projection("drive", "input", "cells", ScaledPulse(quantum=1 * mV), AllToAll(), 0.5, rules=PairSTDP()),
    )
    for network, message in (
        (scaled, "no refractory period: set tau_ref to 0"),
        (spiking("g_i"), "driven at g_i: NIR can say"),
        (plastic, "'drive' has rules, which NIR cannot say"),
    ):
        with pytest.raises(DescriptionError, match=message):
            export.to_nir(simulate(network))
    one, out = {"input": np.array([1])}, {"output": np.array([1])}
    for node, message in (
        (nir.Threshold(np.ones(1)), "node \\(Threshold\\) cannot be run"),
        (nir.LI(np.ones(1), np.ones(1), np.zeros(1)), "an LI driven by spikes"),
    ):
        graph = nir.NIRGraph(
            {
                "in": nir.Input(one),
                "w": nir.Linear(np.ones((1, 1))),
                "node": node,
                "out": nir.Output(out),
            },
            [("in", "w"), ("w", "node"), ("node", "out")],
        )
        with pytest.raises(DescriptionError, match=message):
            export.from_nir(graph, "n", {"in": Poisson(rate=1 * Hz)})
    with pytest.raises(DescriptionError, match="'on' is no Input node"):
        export.from_nir(graph, "n", {"on": Signal()})
