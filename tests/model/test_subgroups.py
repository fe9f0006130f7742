"""Subgroups: some neurons of a population as source, target, recorder, clamp, and in get and set."""

import numpy as np
import pytest
from brian2 import ms, mV
from hypothesis import given, settings
from hypothesis import strategies as st

import neurosim as ns
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.chosen import positions
from neurosim.model.convolution import Convolution
from neurosim.neurons import LIF, SpikeTrain
from neurosim.synapses import Pulse
from tests.references import BOTH

SOURCE = ns.Population("s", 10, SpikeTrain(times=np.arange(10) * ms, ids=np.arange(10)))
CELLS = ns.Population("c", 6, LIF(E_L=-60 * mV))


def network(*parts):
    return ns.Network("subgroups").add(SOURCE, CELLS, *parts)


def projection(source, target, connect, weight=1 * mV, delay=0 * ms):
    return ns.Projection("p", source, target, Pulse(), connect, weight, delay)


@pytest.mark.parametrize("engine", BOTH)
def test_a_subgroup_does_what_listed_pairs_do(engine):
    pre, post = np.repeat([0, 1, 2], 2), np.tile([4, 5], 3)
    matrix = np.arange(1, 7).reshape(2, 3) * 4 * mV
    by_name = network(projection("s[:3]", "c[4:]", ns.AllToAll(), matrix), ns.Recorder("c", "v"))
    listed = network(projection("s", "c", ns.Edges(pre, post), matrix.T.ravel()), ns.Recorder("c", "v"))
    found = []
    for net in (by_name, listed):
        simulation = ns.simulate(net, engine=engine)
        simulation.run(10 * ms)
        found.append(simulation.recordings()["c.v"].values)
    assert np.array_equal(*found)
    assert np.ptp(found[0][-1]) > 1e-4


def test_texts_count_from_0_within_a_subgroup_and_results_from_0_within_the_population():
    net = network(projection(SOURCE[[9, 1]], CELLS[[0, 2]], ns.OneToOne(), "(i + 1)*mV", "j*ms"))
    simulation = ns.simulate(net)
    assert [end.tolist() for end in simulation.edges("p")] == [[9, 1], [0, 2]]
    assert simulation.get("p.w") / mV == pytest.approx([1, 2])
    assert simulation.delays("p") / ms == pytest.approx([0, 1])
    where = network(projection("s[5:]", "c[::2]", ns.Where("i == j and N_pre == 5 and N_post == 3")))
    assert [end.tolist() for end in ns.simulate(where).edges("p")] == [[5, 6, 7], [0, 2, 4]]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 5), st.booleans())
def test_pairs_are_those_of_populations_of_that_size(seed, first, second, multapses):
    small = ns.Network("small").add(
        ns.Population("s", first, SpikeTrain()),
        ns.Population("c", second, LIF()),
        projection("s", "c", ns.InDegree(1, multapses=multapses)),
    )
    large = network(projection(f"s[{10 - first}:]", f"c[:{second}]", ns.InDegree(1, multapses=multapses)))
    pre, post = ns.simulate(small, seed=seed).edges("p")
    found = ns.simulate(large, seed=seed).edges("p")
    assert np.array_equal(found, (pre + 10 - first, post))


def test_autapses_are_those_of_the_population():
    def edges(source, target, connect):
        return ns.simulate(network(projection(source, target, connect))).edges("p")

    pre, post = edges("c[1:4]", "c[1:4]", ns.InDegree(2, autapses=False))
    assert (pre != post).all() and set(pre) == {1, 2, 3}
    assert len(edges("c[:3]", "c[3:]", ns.InDegree(3, autapses=False))[0]) == 9
    with pytest.raises(DescriptionError, match="overlap: make them equal or apart"):
        edges("c[:4]", "c[2:]", ns.InDegree(1, autapses=False))


def test_a_population_gives_names_of_its_subgroups():
    assert (CELLS[2:4], CELLS[2:], CELLS[::-2]) == ("c[2:4]", "c[2:6]", "c[5::-2]")
    assert CELLS[np.array([True, False] * 3)] == CELLS[[0, 2, 4]] == "c[0, 2, 4]"
    assert CELLS[-1] == "c[5]"
    with pytest.raises(DescriptionError, match="give a slice, a list of whole numbers, or 6 truth values"):
        CELLS[[0.5]]
    with pytest.raises(TypeError):
        list(CELLS)


@given(st.integers(1, 9), st.integers(-12, 12), st.integers(-12, 12), st.integers(-3, 3).filter(bool))
def test_slices_are_those_of_python(size, start, stop, step):
    population = ns.Population("p", size, LIF())
    wanted = np.arange(size)[start:stop:step]
    if wanted.size:
        name = population[start:stop:step]
        assert np.array_equal(positions(name[2:-1], size, "p"), wanted)


def test_recorders_and_clamps_take_subgroups():
    net = network(
        ns.Recorder("c[4:]", "v", every=50), ns.Recorder("s[::2]"), ns.Clamp("c[1, 2]", "v", -50 * mV)
    )
    simulation = ns.simulate(net)
    simulation.run(10 * ms)
    found = simulation.recordings()
    assert found["c.v"].indices.tolist() == [4, 5]
    assert found["s.spikes"].ids.tolist() == [0, 2, 4, 6, 8]
    assert simulation.get("c[1:3].v") / mV == pytest.approx([-50, -50])
    assert simulation.get("c[0].v") / mV == pytest.approx([-60])


def test_get_and_set_take_some_neurons_or_connections():
    simulation = ns.simulate(network(projection("s", "c", ns.Edges([1, 0], [0, 0]), [0.1, 0.2] * mV)))
    simulation.run(1 * ms)
    simulation.set("c[1:3].v", [-55, -54] * mV)
    simulation.set("p[0].w", 0.7 * mV)
    assert simulation.get("c[1:4].v") / mV == pytest.approx([-55, -54, -60])
    assert simulation.get("p.w") / mV == pytest.approx([0.7, 0.2])
    simulation.run(1 * ms)
    simulation.reset()
    assert simulation.get("c.v") / mV == pytest.approx([-60, -55, -54, -60, -60, -60])
    assert simulation.get("p[1].w") / mV == pytest.approx([0.2])
    with pytest.raises(DescriptionError, match="one number for all: leave the indices out"):
        simulation.set("c[0].tau_m", 10 * ms)
    with pytest.raises(DescriptionError, match=r"shape \(2,\) for one of shape \(1,\)"):
        simulation.set("c[0].v", [1, 2] * mV)


def test_a_network_with_subgroups_is_stored_and_shown():
    net = network(projection("s[:3]", "c[4:]", ns.Probability(0.5)))
    assert ns.digest(ns.from_json(ns.to_json(net))) == ns.digest(net)
    assert "s -> c, Pulse on g_e, Probability from [:3] to [4:]" in str(net)


@pytest.mark.parametrize(
    ("source", "match"),
    [
        ("s[:0]", r"projection 'p': \[:0\] chooses no neuron out of 10: correct it"),
        ("s[8, 10]", "chooses neuron 10 out of 10"),
        ("s[1, 1]", "chooses a neuron twice"),
        ("s[a:b]", r"is no choice of neurons: write \[3:5\]"),
    ],
)
def test_choices_that_are_none_are_rejected(source, match):
    with pytest.raises(DescriptionError, match=match):
        network(projection(source, "c", ns.AllToAll()))


def test_what_a_subgroup_cannot_be():
    with pytest.raises(UnknownNameError, match="no population 'x\\[:3\\]'"):
        network(projection("x[:3]", "c", ns.AllToAll()))
    with pytest.raises(DescriptionError, match="connect whole populations by it"):
        network(projection("s[:4]", "c", Convolution((1, 2, 2), 1)))
    with pytest.raises(DescriptionError, match="has indices already"):
        network(ns.Recorder("c[:3]", "v", indices=(0,)))
