"""Edges: within range, sorted once a network is written out, of the number and law that was asked for."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from brian2 import metre, mm, ms
from hypothesis import given
from hypothesis import strategies as st

from neurosim.compiler.equations.network import network_equations
from neurosim.engines import simulate
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.connectivity import (
    AllToAll,
    Connectivity,
    Edges,
    InDegree,
    OneToOne,
    Probability,
    edge_order,
)
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.serial import digest, from_json, to_json
from neurosim.neurons import GradedUnit, Signal
from neurosim.rng import generator
from neurosim.synapses import Graded
from tests.references import EACH


def drawn(connect, sources, targets, seed):
    """The pairs alone, which is faster."""
    return connect.pairs(sources, targets, generator(seed, "test"), "here")


def link(connect, sources=5, targets=7, weight=1.0, seed=0, recurrent=False):
    """The edges of one projection as an engine gets them; a recurrent one ends where it begins."""
    network = Network("n", 1 * ms).add(
        Population("a", sources, Signal()), Population("b", targets, GradedUnit())
    )
    ends = ("b", "b") if recurrent else ("a", "b")
    return network_equations(
        network.add(Projection("p", *ends, Graded(), connect, weight)), seed
    ).projections["p"]


SIZES = st.integers(1, 12)
DRAWN = st.builds(Probability, st.floats(0, 1), st.booleans()) | st.just(InDegree(1))


@given(DRAWN | st.just(AllToAll()), SIZES, SIZES, st.integers(0, 5))
def test_edges_lie_in_range_once_and_sorted(connect, sources, targets, seed):
    edges = link(connect, sources, targets, seed=seed)
    assert edges.pre.dtype == edges.post.dtype == np.int32 and edges.pre.shape == edges.post.shape
    assert np.all((edges.pre >= 0) & (edges.pre < sources) & (edges.post >= 0) & (edges.post < targets))
    flat = edges.pre.astype(np.int64) * targets + edges.post
    assert np.all(np.diff(flat) > 0)


@given(st.integers(0, 9), st.booleans(), st.integers(0, 5))
def test_in_degree_is_exact(k, autapses, seed):
    edges = link(InDegree(k, autapses), targets=10, seed=seed, recurrent=True)
    assert np.array_equal(np.bincount(edges.post, minlength=10), np.full(10, k))
    assert autapses or np.all(edges.pre != edges.post)


@pytest.mark.parametrize("k", [3, 7])  # of more than half of all sources, those left out are drawn
def test_sources_of_an_in_degree_are_uniform(k):
    hits = np.zeros((10, 10))
    for seed in range(2000):
        pre, post = drawn(InDegree(k, autapses=False), 10, 10, seed)
        hits[pre, post] += 1
    p = k / 9 * (1 - np.eye(10))
    assert np.all(np.abs(hits / 2000 - p) <= 5 * np.sqrt(p * (1 - p) / 2000))


def test_every_choice_of_sources_is_as_likely():
    counts = {}
    for seed in range(3000):
        pre, _ = drawn(InDegree(2), 4, 1, seed)
        counts[tuple(pre)] = counts.get(tuple(pre), 0) + 1
    assert len(counts) == 6 and np.all(
        np.abs(np.array(list(counts.values())) - 500) < 5 * np.sqrt(500 * 5 / 6)
    )


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 3)), max_size=12), st.booleans()
)
def test_edges_that_are_sorted_stay_as_they_are(rows, ahead):
    keys = np.array(sorted(rows) if ahead else rows, dtype=np.int32).reshape(-1, 3).T
    order = edge_order(*keys)
    assert np.array_equal(np.arange(len(rows))[order], np.lexsort(keys[::-1]))
    assert isinstance(order, slice) == (rows == sorted(rows) or ahead)


@pytest.mark.parametrize("p", [0.003, 0.1, 0.7])
def test_probability_has_its_mean_and_variance_over_seeds(p):
    pairs, seeds = 50 * 40, 300
    found = np.array([drawn(Probability(p), 50, 40, seed)[0].size for seed in range(seeds)])
    sd = np.sqrt(pairs * p * (1 - p))
    assert abs(found.mean() - pairs * p) < 4 * sd / np.sqrt(seeds)
    # The standard deviation of a standard deviation is about sd / sqrt(2 seeds).
    assert abs(found.std() - sd) < 4 * sd / np.sqrt(2 * seeds)


def test_every_pair_has_the_same_probability():
    hits = np.zeros((6, 5))
    for seed in range(2000):
        pre, post = drawn(Probability(0.3), 6, 5, seed)
        hits[pre, post] += 1
    assert np.all(np.abs(hits / 2000 - 0.3) < 5 * np.sqrt(0.3 * 0.7 / 2000))


def test_extreme_probabilities():
    assert link(Probability(0)).pre.size == 0 and link(Probability(1)).pre.size == 35
    assert link(Probability(1e-300), 4000, 4000).pre.size == 0


def test_autapses_are_of_one_population():
    assert link(Probability(1, autapses=False), targets=4, recurrent=True).pre.size == 12
    assert link(Probability(1, autapses=False), 4, 4).pre.size == 16
    assert set(link(InDegree(3, autapses=False), 3, 9).pre) == {0, 1, 2}


def test_weights_follow_their_edges():
    shuffled = Edges([4, 0, 2, 0], [1, 3, 0, 1])
    edges = link(shuffled, weight=np.array([41.0, 3.0, 20.0, 1.0]))
    assert edges.pre.tolist() == [0, 0, 2, 4] and edges.post.tolist() == [1, 3, 0, 1]
    assert edges.states["w"].tolist() == [1.0, 3.0, 20.0, 41.0]
    matrix = np.arange(35.0).reshape(7, 5)
    dense = link(AllToAll(), weight=matrix)
    assert np.array_equal(dense.states["w"], matrix[dense.post, dense.pre])


def test_a_seed_gives_the_same_edges_whatever_else_is_there():
    first = link(Probability(0.5), seed=3)
    network = Network("other", 1 * ms).add(
        Population("x", 9, Signal()), Population("a", 5, Signal()), Population("b", 7, GradedUnit())
    )
    network.add(Projection("q", "x", "b", Graded(), Probability(0.5), 1.0))
    network.add(Projection("p", "a", "b", Graded(), Probability(0.5), 1.0))
    again = network_equations(network, 3).projections["p"]
    assert np.array_equal(first.pre, again.pre) and np.array_equal(first.post, again.post)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Probability(1.1), "not a probability"),
        (lambda: Probability(np.nan), "not finite"),
        (lambda: Probability("a"), "not a number"),
        (lambda: InDegree(2.5), "InDegree: k = 2.5 is not a whole number"),
        (lambda: Edges((0.5,), (1,)), "Edges: pre = 0.5 is not a whole number"),
        (lambda: Edges(3, (1,)), "Edges: pre = 3: give a list"),
        (lambda: link(InDegree(6)), "projection 'p': in-degree 6 from 5 possible sources"),
        (lambda: link(InDegree(-1)), "projection 'p': in-degree -1"),
        (lambda: link(InDegree(7, False), recurrent=True), "in-degree 7 from 6 possible"),
        (lambda: link(OneToOne()), "needs equal sizes, not 5 and 7"),
        (lambda: link(Edges((0, 5), (0, 0))), r"a source index lies outside 0\.\.4"),
        (lambda: link(Edges((0, 1), (0, 7))), r"a target index lies outside 0\.\.6"),
        (lambda: link(Edges((0, -1), (0, 1))), "a source index lies outside"),
        (lambda: link(Edges((2**40,), (0,))), "a source index lies outside"),
        (lambda: link(Edges((0, 1), (0,))), "2 sources and 1 targets"),
        (lambda: link(Edges((0, 2**70), (0, 1))), "source indices of type object: return whole numbers"),
        (lambda: link(AllToAll(), weight=np.ones((5, 7))), "targets by sources"),
        (lambda: link(OneToOne(), 7, 7, weight=np.ones((7, 7))), "needs all-to-all"),
        (lambda: link(AllToAll(), weight=np.ones(34)), r"p.w has the shape \(34,\)"),
        (lambda: link(AllToAll(), weight=[[1, 2], [3]]), "not a number"),
        (lambda: link(AllToAll(), weight="1 +"), "is not an expression"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()


def test_a_matrix_may_be_a_list_of_lists():
    assert link(AllToAll(), 2, 2, weight=[[1, 2], [3, 4]]).states["w"].tolist() == [1, 3, 2, 4]


@dataclass(frozen=True)
class Returned(Connectivity):
    """Whatever it is given."""

    given: Any

    def pairs(self, sources, targets, rng, where):
        """Return it."""
        return self.given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (([0, 1], [0, 7]), "Returned.pairs returns 7: a target index lies outside 0..6: correct the edges"),
        (([0, 1], [0, -1]), "Returned.pairs returns -1: a target index lies outside 0..6"),
        (([5, 1], [0, 1]), "Returned.pairs returns 5: a source index lies outside 0..4"),
        (([-2, 1], [0, 1]), "Returned.pairs returns -2: a source index lies outside 0..4"),
        (([0, 1, 2], [0, 1]), "Returned.pairs returns 3 sources and 2 targets"),
        (([0.0, 1.5], [0, 1]), "returns source indices of type float64: return whole numbers"),
        (([0, 1], [False, True]), "returns target indices of type bool: return whole numbers"),
        (([[0], [1]], [0, 1]), r"returns source indices of shape (2, 1): return a flat list"),
        ((np.array(0), np.array(0)), r"returns source indices of shape ()"),
        (np.ones((5, 7), dtype=bool), r"returns an array of shape (5, 7): return (pre, post)"),
        (None, "returns NoneType: return (pre, post)"),
        (([0, 1],), "returns tuple: return (pre, post)"),
    ],
)
def test_what_pairs_returns_is_checked(given, message):
    with pytest.raises(DescriptionError) as raised:
        link(Returned(given))
    assert message in str(raised.value) and str(raised.value).startswith("projection 'p': Returned.pairs")


@pytest.mark.parametrize("engine", ["fused", "brian2", "jax"])
def test_pairs_that_do_not_exist_reach_no_engine(engine):
    network = Network("n", 1 * ms).add(
        Population("a", 5, Signal()),
        Population("b", 7, GradedUnit()),
        Projection("p", "a", "b", Graded(), Returned(([0, 1], [0, -1])), 1.0),
    )
    with pytest.raises(DescriptionError, match="returns -1: a target index lies outside 0..6"):
        simulate(network, engine=engine)


@pytest.mark.parametrize(
    "given", [([3, 0, 1], [1, 1, 0]), (np.array([3, 0, 1]), np.array([1, 1, 0])), [[3, 0, 1], (1, 1, 0)]]
)
def test_pairs_may_be_lists_of_any_kind_in_any_order(given):
    edges = link(Returned(given), weight=[30.0, 1.0, 10.0])
    assert edges.pre.tolist() == [0, 1, 3] and edges.post.tolist() == [1, 0, 1]
    assert edges.states["w"].tolist() == [1.0, 10.0, 30.0] and edges.pre.dtype == np.int32
    assert link(Returned(([], []))).pre.size == 0


@dataclass(frozen=True)
class AllButOneself(AllToAll):
    """All pairs without those of a neuron with itself: not all pairs, though its base class is."""

    def pairs(self, sources, targets, rng, where):
        """Return all pairs but the diagonal."""
        pre, post = super().pairs(sources, targets, rng, where)
        return pre[pre != post], post[pre != post]


@pytest.mark.parametrize("engine", EACH)
def test_pairs_of_a_subclass_replace_those_of_its_base(engine):
    network = Network("n", 1 * ms).add(
        Population("a", 3, Signal()),
        Population("b", 3, GradedUnit(transfer="identity")),
        Projection("p", "a", "b", Graded(), AllButOneself(), 1.0),
    )
    simulation = simulate(network, engine=engine)
    simulation.step({"a": [1.0, 10.0, 100.0]})
    assert simulation.get("b.I").tolist() == [110.0, 101.0, 11.0]
    assert AllToAll().dense and not AllButOneself().dense


def incomplete(name, **contents):
    """A kind of connectivity without the decorator of a dataclass."""
    return type(name, (Connectivity,), contents)


def test_a_class_that_is_not_complete_is_rejected_where_it_is_used():
    bare = incomplete("WithoutDecorator", pairs=lambda *_: ([], []))
    with pytest.raises(DescriptionError, match=r"'p': WithoutDecorator is not a dataclass: decorate it"):
        link(bare())
    with pytest.raises(DescriptionError, match=r"'p': WithoutPairs has no method pairs\(self, sources"):
        link(dataclass(frozen=True)(incomplete("WithoutPairs"))())
    with pytest.raises(DescriptionError, match=r"SaysDense.dense follows from the method pairs: remove it"):
        incomplete("SaysDense", dense=True)


@pytest.mark.parametrize(
    "argument",
    [2.5, "text", ("a", "b"), None, 3 * mm, (1, -1), [1, -1], np.arange(3.0), np.arange(3) * metre],
    ids=str,
)
def test_arguments_of_a_kind_of_ones_own_come_back_from_json(argument):
    network = Network("n", 1 * ms).add(
        Population("a", 2, GradedUnit()), Projection("p", "a", "a", Graded(), Returned(argument), 1.0)
    )
    again = from_json(json.loads(json.dumps(to_json(network))))
    found = again.projections["p"].connect.given
    assert digest(again) == digest(network)
    assert np.array_equal(found, argument)


def test_what_json_cannot_hold_is_named():
    for bad in ({1: 2}, len, [None, 1]):
        network = Network("n", 1 * ms).add(
            Population("a", 2, GradedUnit()), Projection("p", "a", "a", Graded(), Returned(bad), 1.0)
        )
        with pytest.raises(DescriptionError, match=r"Returned.given = .* cannot be stored: give a number"):
            to_json(network)


def test_a_file_with_an_unknown_kind_says_to_import_it():
    network = Network("n", 1 * ms).add(
        Population("a", 2, GradedUnit()), Projection("p", "a", "a", Graded(), OneToOne(), 1.0)
    )
    data = to_json(network)
    text = json.dumps(data)
    for changed in (text.replace("OneToOne", "RingOfMine"), text.replace("GradedUnit", "UnitOfMine")):
        with pytest.raises(UnknownNameError, match=r"OfMine'.* import the module that defines it first"):
            from_json(json.loads(changed))


@dataclass(frozen=True)
class Diagonal(Connectivity):
    """Pairs of equal index, unless autapses are excluded."""

    autapses: bool = False

    def pairs(self, sources, targets, rng, where):
        """Return the diagonal or nothing."""
        index = np.arange(min(sources, targets) * self.autapses)
        return index, index


def test_autapses_of_a_kind_of_ones_own_are_those_of_one_population():
    assert link(Diagonal()).pre.size == 5 and link(Diagonal(), recurrent=True).pre.size == 0
