"""Connectivity by degrees, total number, symmetric pairs and expressions; values by expression."""

import json

import numpy as np
import pytest
from brian2 import mm, ms, mV

from neurosim import (
    AllToAll,
    Clipped,
    Computed,
    InDegree,
    Network,
    Normal,
    OutDegree,
    Population,
    Projection,
    Redrawn,
    SymmetricProbability,
    TotalNumber,
    Where,
    digest,
    from_json,
    simulate,
    to_json,
)
from neurosim.errors import NeurosimError
from neurosim.neurons import LIF
from neurosim.rng import generator
from neurosim.synapses import Pulse


def pairs(connect, sources=30, targets=30, seed=0):
    return connect.pairs(sources, targets, generator(seed, "pairs"), "here")


def network(connect=None, weight=1 * mV, delay=0 * ms, initial=None, model=None):
    return Network("n").add(
        Population("p", 6, model or LIF(), initial or {}),
        Projection("k", "p", "p", Pulse(), connect or AllToAll(), weight, delay),
    )


@pytest.mark.parametrize("autapses", [True, False])
@pytest.mark.parametrize("multapses", [True, False])
def test_degrees_and_numbers_are_kept(autapses, multapses):
    options = {"autapses": autapses, "multapses": multapses}
    found = {
        "in": pairs(InDegree(20, **options)),
        "out": pairs(OutDegree(20, **options)),
        "total": pairs(TotalNumber(600, **options)),
    }
    assert (np.bincount(found["in"][1]) == 20).all()
    assert (np.bincount(found["out"][0]) == 20).all()
    for pre, post in found.values():
        assert pre.size == 600
        assert (np.diff(pre) >= 0).all()
        assert (pre == post).any() == autapses
        assert (np.unique(pre * 30 + post).size < 600) == multapses


def test_all_pairs_are_equally_likely():
    counts = np.zeros((5, 5))
    for seed in range(2000):
        np.add.at(counts, pairs(TotalNumber(5, autapses=False), 5, 5, seed), 1)
    assert (np.diag(counts) == 0).all()
    assert counts[~np.eye(5, dtype=bool)] == pytest.approx(500, abs=4 * 500**0.5)


def test_symmetric_pairs_go_both_ways():
    pre, post = pairs(SymmetricProbability(0.3), 200, 200)
    there = set(zip(pre.tolist(), post.tolist(), strict=True))
    assert {(b, a) for a, b in there} == there
    assert len(there) == pytest.approx(0.3 * 200 * 199, rel=0.05)
    assert not any(a == b for a, b in there)


def test_pairs_by_condition_and_probability():
    pre, post = pairs(Where("abs(i - j) <= 1 and i != j"))
    assert (np.abs(pre - post) == 1).all()
    assert pre.size == 58
    pre, post = pairs(Where("i < j", "0.5*int(x_pre < 5*mm)", {"x": np.arange(300) * mm}), 300, 300)
    assert pre.max() == 4
    assert pre.size == pytest.approx(0.5 * sum(299 - k for k in range(5)), rel=0.1)


def test_values_by_expression():
    x = np.arange(6) * mm
    found = simulate(
        network(
            Where("i != j"),
            Computed("exp(-abs(x_pre - x_post)/mm)*mV", x=x),
            "0.1*ms*(i + j)",
            {"v": "E_L - i*mV"},
            LIF(tau_m="(10 + i)*ms"),
        )
    )
    pre, post = found.edges("k")
    assert found.get("k.w") / mV == pytest.approx(np.exp(-np.abs(pre - post)))
    assert found.delays("k") / ms == pytest.approx(0.1 * (pre + post))
    assert found.get("p.tau_m") / ms == pytest.approx(10 + np.arange(6.0))
    assert found.get("p.v") / mV == pytest.approx(-49 - np.arange(6.0))


def test_draws_in_expressions_depend_on_the_seed_alone():
    first, again, other = (
        simulate(network(weight="randn()*mV", initial={"v": "rand()*mV"}), seed=seed) for seed in (1, 1, 2)
    )
    for name in ("k.w", "p.v"):
        assert np.array_equal(first.get(name), again.get(name))
        assert not np.array_equal(first.get(name), other.get(name))


@pytest.mark.parametrize(
    "connect",
    [
        OutDegree(2),
        TotalNumber(40, multapses=True),
        SymmetricProbability(0.5),
        Where("x_pre < x_post", 0.5, {"x": np.arange(6) * mm}),
        Where(p="0.5*int(i < 3)"),
    ],
    ids=str,
)
def test_kinds_survive_storage(connect):
    described = network(connect, Clipped(Computed("x_post*mV/mm", x=np.arange(6) * mm), high=3 * mV))
    again = from_json(json.loads(json.dumps(to_json(described))))
    assert digest(again) == digest(described)
    assert np.array_equal(*(simulate(n).get("k.w") for n in (described, again)))


def test_an_option_that_is_not_used_leaves_digests_alone():
    assert "multapses" not in to_json(network(InDegree(3)))["parts"][1]["connect"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pairs(TotalNumber(901)), "901 connections among 900 possible pairs: lower the number"),
        (lambda: pairs(OutDegree(31)), "in-degree 31 from 30 possible sources"),
        (lambda: pairs(SymmetricProbability(0.5), 2, 3), "symmetric pairs need equal sizes"),
        (lambda: Where("i*mV"), "Where: 'i\\*mV' has a unit"),
        (lambda: Where("k > 3"), "unknown name 'k'"),
        (lambda: Computed("i.real"), "Attribute is not allowed"),
        (lambda: LIF(tau_m="i*mV"), "LIF.tau_m: .* does not have the unit s"),
        (lambda: simulate(network(initial={"v": "j*mV"})), "there is no 'j' of neurons"),
        (lambda: simulate(network(weight="i/N*mV")), "there is no 'N' of connections"),
        (lambda: simulate(network(weight="mV/(i - 2)")), "values that are not finite"),
        (lambda: simulate(network(weight="i*mV + 1*ms")), "units do not match"),
        (lambda: Redrawn(Computed("i*mV"), low=0 * mV), "cannot be drawn again: use Clipped"),
        (lambda: Clipped(3.0, 0.0), "Clipped of 3.0: give a distribution"),
        (lambda: Redrawn(Normal(0.0, 1.0), 2.0, 1.0), "low is not below high"),
    ],
)
def test_what_does_not_fit_is_rejected(make, message):
    with pytest.raises(NeurosimError, match=message):
        make()
