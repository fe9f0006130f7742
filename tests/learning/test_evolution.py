"""The evolution strategy against hand computation, closed forms and its own repeats."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurosim.errors import DescriptionError, RunFailed
from neurosim.learning.evolution import EvolutionState, EvolutionStrategy, centred_ranks

TARGET = np.array([1.0, -2.0, 0.5])


def quadratic(candidates, epoch):
    return -np.sum((candidates - TARGET) ** 2, axis=1)


def bits(state):
    return {name: value.tobytes() for name, value in state.arrays().items()}


def test_one_epoch_equals_the_hand_computation():
    strategy = EvolutionStrategy(population=4, sigma=0.5, learning_rate=0.1, decay=0.01, clip=0.3)
    state = strategy.start([1.0, 2.0], seed=0)
    e1, e2 = np.array([0.5, 0.0]), np.array([0.0, -1.0])
    candidates = state.parameters + np.array([e1, e2, -e1, -e2])
    # Returns 3, 1, 2, 10: centred ranks 1/6, -1/2, -1/6, 1/2, so sum r e = e1/3 - e2 = (1/6, 1),
    # -(1/(4 * 0.5)) of it is (-1/12, -1/2), clipped (-1/12, -0.3), with decay (-1/12 + 0.01, -0.3 + 0.02).
    after = strategy.tell(state, candidates, [3, 1, 2, 10])
    g = np.array([-1 / 12 + 0.01, -0.28])
    np.testing.assert_allclose(after.moment1, 0.1 * g, rtol=1e-12)
    np.testing.assert_allclose(after.moment2, 0.001 * g**2, rtol=1e-12)
    np.testing.assert_allclose(
        after.parameters, [1.1, 2.1], rtol=1e-7
    )  # first step of Adam: the learning rate
    assert after.epoch == 1

    # Second epoch, all returns equal: only decay and Adam's memory are left.
    g2 = 0.01 * after.parameters
    m, v = 0.9 * 0.1 * g + 0.1 * g2, 0.999 * 0.001 * g**2 + 0.001 * g2**2
    step = 0.1 * (m / (1 - 0.9**2)) / (np.sqrt(v / (1 - 0.999**2)) + 1e-8)
    last = strategy.tell(after, after.parameters + np.array([e1, e2, -e1, -e2]), [5, 5, 5, 5])
    np.testing.assert_allclose(last.parameters, after.parameters - step, rtol=1e-12)


def test_gradient_of_a_linear_return_has_its_closed_form_mean():
    # P = 2: g = -sign(c.e) e / (2 sigma), so E g = -sqrt(2/pi)/2 c/|c|; its parts have at most variance 1/4.
    strategy = EvolutionStrategy(population=2, sigma=0.1, clip=np.inf)
    slope, n = np.array([3.0, 0.0, 4.0]), 4000
    estimates = []
    for seed in range(n):
        state = strategy.start(np.zeros(3), seed)
        candidates = strategy.ask(state)
        estimates.append(strategy.gradient(state, candidates, candidates @ slope))
    expected = -np.sqrt(2 / np.pi) / 2 * slope / 5
    np.testing.assert_allclose(np.mean(estimates, axis=0), expected, atol=5 * 0.5 / np.sqrt(n))


def test_gradient_of_a_quadratic_points_along_the_true_one_in_the_mean():
    # By symmetry about the line to the optimum, E g is parallel to it, whatever the ranks do to its length.
    strategy = EvolutionStrategy(population=16, sigma=0.1, clip=np.inf)
    estimates = []
    for seed in range(1000):
        state = strategy.start(np.zeros(3), seed)
        candidates = strategy.ask(state)
        estimates.append(strategy.gradient(state, candidates, quadratic(candidates, 0)))
    mean, error = np.mean(estimates, axis=0), np.std(estimates, axis=0) / np.sqrt(1000)
    length = -mean @ TARGET / np.linalg.norm(TARGET)
    assert length > 0.1
    assert np.all(np.abs(mean + length * TARGET / np.linalg.norm(TARGET)) < 5 * error)


def test_optimum_of_a_quadratic_is_found():
    strategy = EvolutionStrategy(decay=0.0)
    *_, last = strategy.run(quadratic, strategy.start(np.zeros(3), seed=3), epochs=300)
    # Near the optimum ranks keep their size, so steps stay of the order of sigma.
    assert np.linalg.norm(last.parameters - TARGET) < 0.2
    assert last.best > last.mean > -0.2


def test_candidates_are_mirrored_and_have_spread_sigma():
    strategy = EvolutionStrategy(population=8, sigma=0.3)
    state = strategy.start(np.full(5000, 2.0), seed=1)
    candidates = strategy.ask(state)
    np.testing.assert_allclose(candidates[:4] + candidates[4:], 4.0, rtol=1e-14)
    noise = (candidates[:4] - 2.0) / 0.3
    assert abs(noise.mean()) < 5 / np.sqrt(noise.size)
    assert abs(noise.var() - 1) < 5 * np.sqrt(2 / noise.size)


def test_population_depends_on_seed_and_epoch_only():
    strategy = EvolutionStrategy()
    state = strategy.start(np.zeros(3), seed=1)
    first = strategy.ask(state)
    assert np.array_equal(first, strategy.ask(strategy.start(np.zeros(3), seed=1)))
    assert not np.any(first == strategy.ask(strategy.start(np.zeros(3), seed=2)))
    later = strategy.tell(state, first, quadratic(first, 0))
    noise = strategy.ask(later) - later.parameters
    assert not np.any(np.isclose(first, noise, rtol=1e-9))


def test_parameters_do_not_depend_on_who_evaluates():
    strategy = EvolutionStrategy()

    def by_threads(candidates, epoch):
        order = np.random.default_rng(epoch).permutation(len(candidates))
        returns = np.empty(len(candidates))
        with ThreadPoolExecutor(3) as pool:
            returns[order] = list(pool.map(lambda j: quadratic(candidates[j : j + 1], epoch)[0], order))
        return returns

    runs = [
        [
            bits(record.state)
            for record in strategy.run(evaluate, strategy.start(np.zeros(3), seed=7), epochs=5)
        ]
        for evaluate in (quadratic, by_threads)
    ]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("stop", [0, 1, 4, 9])
def test_resuming_from_saved_arrays_gives_the_same_bits(stop):
    strategy = EvolutionStrategy(population=6)
    start = strategy.start(np.zeros(3), seed=2**63)
    whole = list(strategy.run(quadratic, start, epochs=9, steps_per_candidate=10))
    part = list(strategy.run(quadratic, start, epochs=stop, steps_per_candidate=10))

    file = io.BytesIO()
    np.savez(file, **(part[-1].state if part else start).arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        restored = EvolutionState.from_arrays(arrays)
    rest = list(strategy.run(quadratic, restored, epochs=9, steps_per_candidate=10))

    assert [bits(r.state) for r in part + rest] == [bits(r.state) for r in whole]
    assert [(r.epoch, r.steps, r.mean) for r in part + rest] == [(r.epoch, r.steps, r.mean) for r in whole]


def test_record_describes_the_population_that_was_measured():
    strategy = EvolutionStrategy(population=4)
    records = list(strategy.run(quadratic, strategy.start(np.zeros(3), seed=5), 2, steps_per_candidate=1000))
    state = strategy.start(np.zeros(3), seed=5)
    for epoch, record in enumerate(records):
        returns = quadratic(strategy.ask(state), epoch)
        assert (record.epoch, record.steps) == (epoch, 4000 * (epoch + 1))
        assert (record.mean, record.sd, record.best) == (returns.mean(), returns.std(), returns.max())
        assert np.array_equal(record.parameters, state.parameters)
        state = record.state


@given(st.lists(st.integers(0, 5), min_size=2, max_size=12).map(lambda x: np.array(x, dtype=float)))
def test_ranks_share_ties_as_scipy_does(values):
    expected = (stats.rankdata(values) - 1) / (values.size - 1) - 0.5
    np.testing.assert_allclose(centred_ranks(values), expected, atol=1e-15)


def test_ranks_by_hand():
    assert centred_ranks(np.array([10.0, -3.0, 0.0])).tolist() == [0.5, -0.5, 0.0]
    assert centred_ranks(np.array([7.0, 7.0])).tolist() == [0.0, 0.0]
    assert centred_ranks(np.array([1.0, 1.0, 2.0])).tolist() == [-0.25, -0.25, 0.5]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_return_that_is_not_finite_is_refused_with_candidate_and_epoch(value):
    strategy = EvolutionStrategy(population=4)

    def evaluate(candidates, epoch):
        return [0, 1, value if epoch == 2 else 2, 3]

    with pytest.raises(
        RunFailed, match=rf"^evolution, epoch 2: candidate 2 returned {value}; every return must be"
    ):
        list(strategy.run(evaluate, strategy.start([0.0], seed=0), epochs=5))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("population", p) for p in (1, 0, 7)),
        *(("sigma", s) for s in (0, -1, np.nan)),
        *(("learning_rate", 0), ("decay", -1), ("clip", 0), ("beta1", 1), ("beta2", -0.1), ("epsilon", 0)),
    ],
)
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(DescriptionError, match=f"^EvolutionStrategy.{field} = {value}: must be "):
        EvolutionStrategy(**{field: value})


def test_wrong_shapes_and_broken_checkpoints_are_refused():
    strategy = EvolutionStrategy(population=4)
    state = strategy.start([0.0, 1.0], seed=0)
    candidates = strategy.ask(state)
    for bad in ((candidates, [1, 2, 3]), (candidates[:2], [1, 2, 3, 4]), (candidates[:, :1], [1, 2, 3, 4])):
        with pytest.raises(
            DescriptionError, match=r"^evolution, epoch 0: candidates and returns .* must have"
        ):
            strategy.tell(state, *bad)
    for start in ([[0.0]], [np.nan], 3.0):
        with pytest.raises(DescriptionError, match=r"^EvolutionState\.parameters: must be a vector"):
            strategy.start(start, seed=0)
    arrays = state.arrays()
    with pytest.raises(DescriptionError, match=r"^EvolutionState\.moment2: must be a vector"):
        EvolutionState.from_arrays({**arrays, "moment2": np.zeros(3)})
    del arrays["moment1"]
    with pytest.raises(DescriptionError, match=r"^evolution state: no 'moment1'"):
        EvolutionState.from_arrays(arrays)
