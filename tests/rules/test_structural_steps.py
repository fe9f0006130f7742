"""Structural rules as pure functions: what one update drops and grows."""

import math

import numpy as np
import pytest
from brian2 import ms
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurosim.errors import DescriptionError
from neurosim.model.selection import erk_densities
from neurosim.model.structural import StructuralRule, updated
from neurosim.rng import generator
from neurosim.rules import SET, DeepR, GraNet, HomeostaticRewiring, RigL

RULES = [
    SET(),
    RigL(),
    DeepR(),
    DeepR(drift=0.5, noise=1.0),
    GraNet(),
    GraNet(scope="layer", density=0.5, s_final=0.8),
]
TIMES = st.integers(1, 120)


@st.composite
def updates(draw):
    """Return (mask, w, signal) of a random update over two projections; some weights are tied, many are 0."""
    n = draw(st.integers(4, 60))
    mask = draw(arrays(bool, n))
    values = st.floats(-2, 2, allow_nan=False).map(lambda x: round(x, 1))
    initial = draw(arrays(float, n, elements=values))
    w = np.where(mask, np.abs(draw(arrays(float, n, elements=values))) * np.where(initial < 0, -1, 1), 0.0)
    signal = {"g": draw(arrays(float, n, elements=values)), "initial": initial, "layer": np.arange(n) % 2}
    return mask, w, signal


@pytest.mark.parametrize("rule", RULES, ids=repr)
@settings(max_examples=30, deadline=None)
@given(update=updates(), t=TIMES, seed=st.integers(0, 99))
def test_an_update_drops_what_is_there_grows_what_is_not_and_conserves_where_it_says_so(
    rule, update, t, seed
):
    mask, w, signal = update
    moved = rule.move(mask, w, signal, t, generator(seed, "a"))
    drop, grow = rule.step(mask, moved, signal, t, generator(seed, "b"))
    assert not np.any(drop & ~mask) and not np.any(grow & mask)
    if rule.conserves:
        assert drop.sum() == grow.sum()
    after, weights, changed = updated(rule, mask, w, signal, t, generator(seed, "c"))
    assert not weights[~after].any()
    grown = after & ~mask
    assert np.array_equal(
        weights[grown], signal["initial"][grown] if rule.grown == "initial" else np.zeros(grown.sum())
    )
    assert np.array_equal(changed, after != mask)
    again = updated(rule, mask, w, signal, t, generator(seed, "c"))
    assert np.array_equal(after, again[0]) and np.array_equal(weights, again[1])


@settings(max_examples=30, deadline=None)
@given(update=updates(), seed=st.integers(0, 99))
def test_set_drops_exactly_the_weights_nearest_to_zero_within_each_sign(update, seed):
    mask, w, signal = update
    drop, _ = SET().step(mask, w, signal, 1, generator(seed, "set"))
    positive, negative = mask & (w >= 0), mask & (w < 0)
    wanted = [int(0.3 * sign.sum()) for sign in (positive, negative)]
    if sum(wanted) > (~mask).sum():
        return
    for sign, count in zip((positive, negative), wanted, strict=True):
        gone = np.sort(np.abs(w[drop & sign]))
        assert np.array_equal(gone, np.sort(np.abs(w[sign]))[:count])


def test_set_grows_uniformly_among_all_that_is_absent():
    mask = np.arange(20) < 10
    w = np.linspace(1, 2, 20) * mask
    counts = np.zeros(20)
    for seed in range(2000):
        counts += SET().step(mask, w, {}, 1, generator(seed, "uniform"))[1]
    # 3 of 10 at each of 2000 updates: 600 each, with a standard deviation of 20.5.
    assert counts[mask].sum() == 0 and np.abs(counts[~mask] - 600).max() < 5 * 20.5


def test_rigl_replaces_the_smallest_weights_by_the_largest_gradients():
    mask = np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)
    w = np.array([0.1, -0.2, 3, -4, 0, 0, 0, 0])
    g = np.array([0, 0.0, 9, 9, 1, -5, 2, 0])
    rule = RigL(alpha=0.5, updates=10)
    drop, grow = rule.step(mask, w, {"g": g}, 0, generator(0, "rigl"))
    assert np.flatnonzero(drop).tolist() == [0, 1] and np.flatnonzero(grow).tolist() == [5, 6]
    # One that is dropped and has one of the largest gradients stays.
    g[0] = 7
    drop, grow = rule.step(mask, w, {"g": g}, 0, generator(0, "rigl"))
    assert np.flatnonzero(drop).tolist() == [1] and np.flatnonzero(grow).tolist() == [5]


def test_the_fraction_of_rigl_is_annealed_along_a_cosine():
    rule = RigL()  # alpha = 0.3, as the project's rule sheet notes it; 100 updates, a choice made here
    assert rule.fraction(0) == pytest.approx(0.3, abs=1e-15)
    assert rule.fraction(50) == pytest.approx(0.15, abs=1e-15)
    assert rule.fraction(25) == pytest.approx(0.15 * (1 + math.sqrt(0.5)), abs=1e-15)
    assert rule.fraction(100) == rule.fraction(1000) == 0


@settings(max_examples=30, deadline=None)
@given(update=updates(), t=TIMES)
def test_rigl_with_alpha_zero_changes_nothing(update, t):
    mask, w, signal = update
    drop, grow = RigL(alpha=0).step(mask, w, signal, t, generator(0, "none"))
    assert not drop.any() and not grow.any()


@pytest.mark.parametrize(("s_initial", "s_final", "start", "stop"), [(0, 0.95, 0, 40), (0.5, 0.9, 3, 17)])
def test_granet_prunes_along_a_cubic(s_initial, s_final, start, stop):
    rule = GraNet(density=1 - s_initial, s_final=s_final, start=start, stop=stop)
    course = [rule.sparsity(t) for t in np.linspace(0, stop + 10, 501)]
    assert rule.sparsity(start) == pytest.approx(s_initial, abs=1e-15)
    assert rule.sparsity(stop) == rule.sparsity(stop + 5) == pytest.approx(s_final, abs=1e-15)
    assert np.all(np.diff(course) >= 0)
    half = rule.sparsity((start + stop) / 2)
    assert half == pytest.approx(s_initial + 7 / 8 * (s_final - s_initial), abs=1e-15)


def test_the_fraction_of_granet_is_annealed_along_a_cosine():
    # From 0.5 to 0.005 over the whole training, of which it prunes for the first half (80 of 160 epochs), in the
    # authors' code.
    rule = GraNet()
    assert (rule.stop, rule.start) == (rule.updates / 2, 0)
    assert rule.fraction(0) == pytest.approx(0.5, abs=1e-15)
    assert rule.fraction(25) == pytest.approx(0.005 + 0.495 * (1 + math.sqrt(0.5)) / 2, abs=1e-15)
    assert rule.fraction(100) == rule.fraction(1000) == pytest.approx(0.005, abs=1e-15)


@pytest.mark.parametrize("scope", ["global", "layer"])
def test_granet_keeps_the_largest_weights_among_all_or_within_each_projection(scope):
    rng = generator(0, "granet")
    layer = np.repeat([0, 1], [300, 100])
    w = rng.normal(size=400) * np.where(layer == 0, 1, 3)
    rule = GraNet(scope=scope, s_final=0.75, stop=1, r_initial=0, r_final=0)
    drop, grow = rule.step(np.ones(400, dtype=bool), w, {"g": w, "layer": layer}, 1, rng)
    assert not grow.any() and drop.sum() == 300
    own = [layer == 0, layer == 1] if scope == "layer" else [layer >= 0]
    for part in own:
        assert (part & ~drop).sum() == part.sum() // 4
        assert np.abs(w[part & drop]).max() < np.abs(w[part & ~drop]).min()


@settings(max_examples=30, deadline=None)
@given(update=updates(), t=st.integers(1, 99))
def test_granet_without_pruning_is_rigl_with_its_annealed_fraction(update, t):
    mask, w, signal = update
    density = mask.mean()
    granet = GraNet(density=density, s_final=1 - density, r_initial=0.5, r_final=0, updates=100)
    rigl = RigL(alpha=0.5, updates=100)
    for own in (0, 1):
        part = signal["layer"] == own
        wanted = rigl.step(mask[part], w[part], {"g": signal["g"][part]}, t, generator(0, "x"))
        found = granet.step(mask, w, signal, t, generator(0, "x"))
        assert np.array_equal(found[0][part], wanted[0]) and np.array_equal(found[1][part], wanted[1])


def test_granet_reaches_the_final_sparsity_and_keeps_it():
    rng = generator(1, "course")
    rule, mask = GraNet(s_final=0.9, stop=20, updates=40), np.ones(1000, dtype=bool)
    w = rng.normal(size=1000)
    for t in range(1, 41):
        signal = {"g": rng.normal(size=1000), "layer": np.repeat([0, 1], 500), "initial": w}
        mask, w, _ = updated(rule, mask, w + mask * rng.normal(0, 0.1, 1000), signal, t, rng)
        assert mask.sum() == math.floor((1 - rule.sparsity(t)) * 1000 + 1e-9)
    assert mask.sum() == 100


@settings(max_examples=30, deadline=None)
@given(
    shapes=st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300)), min_size=1, max_size=6),
    density=st.floats(0, 1),
)
def test_densities_add_up_none_is_above_one_and_free_ones_share_one_epsilon(shapes, density):
    places = np.array([n * m for n, m in shapes])
    found = erk_densities(shapes, places, density)
    assert found @ places == pytest.approx(density * places.sum(), rel=1e-12, abs=1e-12)
    assert found.min() >= 0 and found.max() <= 1
    epsilon = [d * n * m / (n + m) for d, (n, m) in zip(found, shapes, strict=True) if d < 1]
    assert np.allclose(epsilon, epsilon[0] if epsilon else 0, rtol=1e-9)


def test_a_density_that_is_no_fraction_is_refused():
    with pytest.raises(DescriptionError, match=r"density 1\.5 is not a fraction: give a number from 0 to 1"):
        erk_densities([(2, 2)], [4], 1.5)


@pytest.mark.parametrize("density", [0.1, 0.9])
@pytest.mark.parametrize("seed", range(3))
def test_deep_r_never_changes_a_sign_or_the_number_of_connections(seed, density):
    rng = generator(seed, "deep r")
    initial = rng.normal(size=500)
    mask = np.zeros(500, dtype=bool)
    mask[rng.choice(500, int(500 * density), replace=False)] = True
    w, rule = np.where(mask, initial, 0), DeepR(drift=0.02, noise=0.1)
    for t in range(1, 301):
        learned = w - 0.05 * rng.normal(size=500) * mask  # as an optimiser that knows no signs
        mask, w, _ = updated(rule, mask, learned, {"initial": initial}, t, rng)
        assert mask.sum() == int(500 * density)
        assert np.all(w * initial >= 0)


def test_deep_r_without_a_gradient_turns_every_connection_over():
    rng = generator(0, "turnover")
    initial, mask = np.full(60, 0.5), np.arange(60) < 20
    w, seen = np.where(mask, initial, 0), np.ones(60, dtype=bool)
    first = mask.copy()
    for t in range(1, 601):
        mask, w, _ = updated(DeepR(drift=0.01, noise=0.02), mask, w, {"initial": initial}, t, rng)
        first &= mask
    assert seen.all() and not first.any()


class Careless(StructuralRule):
    """drop, grow = what it is told. Source: none."""

    def step(self, mask, w, signal, t, rng):
        return signal["drop"], signal["grow"]


@pytest.mark.parametrize(
    ("drop", "grow", "seen"),
    [
        ([0, 1], [0, 0], "Careless.step drops connections that do not exist: choose among mask"),
        ([0, 0], [1, 0], "Careless.step grows connections that already exist: choose among ~mask"),
        (
            [0],
            [0, 0],
            r"Careless.step: drop has the shape \(1,\) and type bool: return one bool per edge, shape \(2,\)",
        ),
    ],
)
def test_a_rule_that_drops_or_grows_what_it_cannot_is_refused(drop, grow, seen):
    signal = {"drop": np.array(drop, dtype=bool), "grow": np.array(grow, dtype=bool)}
    with pytest.raises(DescriptionError, match=seen):
        updated(Careless(), np.array([True, False]), np.zeros(2), signal, 1, generator(0, "x"))


# Homeostatic rewiring ------------------------------------------------------------------------------------------------


@st.composite
def elements(draw):
    """Return (mask, signal) of 5 neurons and 5 others, or themselves, joined all to all in any order, and elements."""
    order, first = np.array(draw(st.permutations(range(25)))), draw(st.sampled_from([0, 5]))
    pre, post = order // 5, first + order % 5
    z = st.floats(-1, 6, allow_nan=False)
    axonal, dendritic = draw(arrays(float, 5, elements=z)), draw(arrays(float, 5, elements=z))
    signal = {"pre": pre, "post": post, "axonal": axonal[pre], "excitatory": dendritic[post - first]}
    return draw(arrays(bool, 25)), signal


@settings(max_examples=50, deadline=None)
@given(update=elements(), seed=st.integers(0, 99))
def test_synapses_never_exceed_elements_only_those_beyond_are_lost_and_no_two_vacant_ones_are_left(
    update, seed
):
    mask, signal = update
    drop, grow = HomeostaticRewiring().step(mask, np.zeros(25), signal, 1, generator(seed, "rewiring"))
    excess, joined = [], ~mask & ~grow
    for end, z in (("pre", "axonal"), ("post", "excitatory")):
        neurons = signal[end] % 5
        room = np.zeros(5)
        room[neurons] = np.maximum(np.floor(signal[z]), 0)
        before, after = (np.bincount(neurons[m], minlength=5) for m in (mask, (mask & ~drop) | grow))
        assert np.all(after <= room)
        excess.append(np.maximum(before - room, 0).sum())
        joined &= (after < room)[neurons]
    assert not joined.any()
    assert max(excess) <= drop.sum() <= sum(excess)


@pytest.mark.parametrize("kind", ["excitatory", "inhibitory"])
def test_vacant_elements_of_a_kind_are_paired_at_random(kind):
    pre, post = np.repeat(np.arange(30), 30), 30 + np.tile(np.arange(30), 30)
    other = {"excitatory": "inhibitory", "inhibitory": "excitatory"}[kind]
    signal = {
        "pre": pre,
        "post": post,
        "axonal": np.full(900, 1.5),
        kind: np.full(900, 1.9),
        other: np.zeros(900),
    }
    rule, none = HomeostaticRewiring(kind=kind), np.zeros(900, dtype=bool)
    assert rule.interval == 100 * ms  # 1,000 steps of 0.1 ms in a test file of NEST
    grown = [rule.step(none, np.zeros(900), signal, 1, generator(seed, "pairs"))[1] for seed in range(300)]
    # One element each: a random permutation, so that every pair comes up once in 30.
    assert all(g.sum() == 30 and len(set(pre[g])) == len(set(post[g])) == 30 for g in grown)
    assert np.sum(grown, axis=0).max() <= 10 + 6 * math.sqrt(10) and np.sum(grown, axis=0).mean() == 10
