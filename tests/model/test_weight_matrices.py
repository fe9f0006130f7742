"""Distributions of weight matrices: their norm, rank, signs and balance, and what is refused."""

import numpy as np
import pytest
from brian2 import ms

from neurosim import (
    AllToAll,
    Blocks,
    ChainMotif,
    Dale,
    LowRank,
    Network,
    OneToOne,
    Population,
    Projection,
    TruncatedSVD,
    from_json,
    simulate,
    to_json,
)
from neurosim.compiler.equations.network import network_equations
from neurosim.errors import DescriptionError
from neurosim.model.evaluate import evaluate
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.neurons.transfer import TRANSFERS
from neurosim.synapses import Graded

N = 40


def network(weight, connect=None, sources=N) -> Network:
    return Network("drawn", 1 * ms).add(
        Population("x", sources, Signal()),
        Population("y", N, GradedUnit(transfer="identity")),
        Projection("w", "x", "y", Graded(), connect or AllToAll(), weight),
    )


def drawn(weight, seed=0, sources=N) -> np.ndarray:
    """The weights (targets, sources) of a projection."""
    return (
        network_equations(network(weight, sources=sources), seed)
        .projections["w"]
        .states["w"]
        .reshape(sources, N)
        .T
    )


@pytest.mark.parametrize(
    "weight",
    [
        LowRank(1.5, 3),
        TruncatedSVD(1.5, 3),
        Dale(1.5),
        ChainMotif(1.5, 0.5),
        Blocks(1.5, [[1.0, -1.0], [0.5, 0.0]], [[0.1, 0.2], [0.3, 0.4]]),
    ],
)
def test_the_norm_is_the_gain_and_the_seed_tells_the_draw(weight):
    w = drawn(weight)
    assert np.linalg.norm(w) == pytest.approx(1.5 * np.sqrt(N), rel=1e-12)
    np.testing.assert_array_equal(drawn(weight), w)
    assert not np.array_equal(drawn(weight, seed=1), w)
    rebuilt = from_json(to_json(network(weight)))
    np.testing.assert_array_equal(
        network_equations(rebuilt, 0).projections["w"].states["w"].reshape(N, N).T, w
    )


@pytest.mark.parametrize("kind", [LowRank, TruncatedSVD])
def test_the_rank_is_what_it_says(kind):
    for rank in (1, 4):
        assert np.linalg.matrix_rank(drawn(kind(1.0, rank), sources=25)) == rank


def test_the_largest_singular_values_are_kept():
    whole, kept = (np.linalg.svd(drawn(TruncatedSVD(1.0, rank)), compute_uv=False) for rank in (N, 5))
    np.testing.assert_allclose(kept[:5] / kept[0], whole[:5] / whole[0], rtol=1e-10)


def test_sources_have_one_sign_and_targets_are_in_balance():
    sums = []
    for seed in range(20):
        w = drawn(Dale(1.0, 0.75), seed)
        assert np.all(w[:, :30] > 0) and np.all(w[:, 30:] < 0)
        sums.append(w.sum(1).mean() / np.abs(w).sum(1).mean())
    assert abs(np.mean(sums)) < 3 * np.std(sums) / np.sqrt(20) + 1e-3


def test_a_motif_joins_strong_inputs_and_outputs():
    def alike(strength, seed):
        left, _, right = np.linalg.svd(drawn(ChainMotif(1.0, strength), seed))
        return abs(left[:, 0] @ right[0])

    none, strong = ([alike(strength, seed) for seed in range(5)] for strength in (0.0, 10.0))
    assert np.mean(none) < 0.5 and min(strong) > 0.95


def test_blocks_have_the_means_and_deviations_of_their_types():
    mean, deviation = np.array([[2.0, -1.0], [0.5, 0.0]]), np.array([[0.1, 0.0], [0.5, 1.0]])
    w = np.stack([drawn(Blocks(1.0, mean, deviation), seed) for seed in range(10)])
    w *= 2.0 / w[:, :20, :20].mean((1, 2), keepdims=True)
    parts = w.reshape(10, 2, 20, 2, 20)
    np.testing.assert_allclose(parts.mean((0, 2, 4)), mean, atol=0.05)
    np.testing.assert_allclose(parts.std((2, 4)).mean(0), deviation, atol=0.05)
    sizes = np.unique(drawn(Blocks(1.0, [[1.0, 2.0, 3.0]], 0.0), sources=10)[0], return_counts=True)[1]
    assert sorted(sizes) == [3, 3, 4]


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(DescriptionError, match="needs all-to-all connectivity"):
        network_equations(network(LowRank(1.0), OneToOne()))
    with pytest.raises(DescriptionError, match="a motif needs a square matrix, not 40 targets by 30 sources"):
        drawn(ChainMotif(1.0), sources=30)
    with pytest.raises(DescriptionError, match="it can be the weight of an all-to-all projection alone"):
        simulate(Network("initial", 1 * ms).add(Population("y", 2, LeakyRate(), {"r": LowRank(1.0)})))
    for make in (
        lambda: LowRank(1.0, 0),
        lambda: LowRank(-1.0),
        lambda: Dale(1.0, 1.0),
        lambda: ChainMotif(1.0, np.inf),
        lambda: Blocks(1.0, [1.0, 2.0]),
        lambda: Blocks(1.0, [[1.0]], [[1.0, 2.0]]),
        lambda: Blocks(1.0, [[0.0]], 0.0),
        lambda: drawn(Blocks(1.0, np.ones((50, 1)))),
    ):
        with pytest.raises(DescriptionError):
            make()
    with pytest.raises(DescriptionError, match="all would have one sign"):
        drawn(Dale(1.0, 0.999))


@pytest.mark.parametrize(
    ("transfer", "expected"),
    [
        ("leaky_relu", lambda u: np.where(u > 0, u, 0.01 * u)),
        ("elu", lambda u: np.where(u > 0, u, np.expm1(u))),
        ("softplus", lambda u: np.log1p(np.exp(u))),
    ],
)
def test_transfer_functions(transfer, expected):
    u = np.array([-3.0, -0.1, 0.0, 0.2, 4.0])
    np.testing.assert_allclose(evaluate(TRANSFERS[transfer], {"u": u}), expected(u), rtol=1e-13)
