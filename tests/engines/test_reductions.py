"""Recorders as streams and reductions: what they keep is what follows from all samples, wherever a run is split."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import Hz, ms, mV, second
from hypothesis import given, settings
from hypothesis import strategies as st

import neurosim as ns
from neurosim.errors import DescriptionError, EngineRefusal, ResultFileError, UnknownNameError
from neurosim.neurons import LIF, Poisson
from neurosim.rules import PairSTDP
from neurosim.store import open_results, segments
from neurosim.synapses import ScaledPulse
from tests.references import EACH

DT = 1e-4


def network(*recorders, delay=1 * ms):
    rule = PairSTDP(w_max=1.0, a_plus=0.1, a_minus=0.12)
    return ns.Network("recorded").add(
        ns.Population("input", 4, Poisson(rate=300 * Hz)),
        ns.Population("cells", 3, LIF(E_L=-52 * mV), {"v": [-60, -57, -55] * mV}),
        ns.Projection(
            "drive", "input", "cells", ScaledPulse(quantum=10 * mV), ns.AllToAll(), 0.5, delay, rules=rule
        ),
        ns.Recorder("cells"),
        ns.Recorder("cells", "v"),
        ns.Recorder("drive", "w"),
        *recorders,
    )


KINDS = (
    ns.Recorder("cells", name="at", values=("v", "g_e")),
    ns.Recorder("cells", "v", name="early", start=3 * ms, stop=7 * ms),
    ns.Recorder("cells", "v", name="moments", every=3, reduce=ns.Variance()),
    ns.Recorder("cells", "v", name="both", indices=(2, 0), reduce=ns.Covariance()),
    ns.Recorder("cells", name="rate", reduce=ns.Rate(40)),
    ns.Recorder(
        "cells", name="counts", indices=(2, 1), start=1 * ms, reduce=(ns.Rate(10, each=True), ns.Mean())
    ),
    ns.Recorder("cells", name="intervals", reduce=ns.Intervals()),
    ns.Recorder("cells", "v", name="around", reduce=ns.Windows("cells[1:]", 2 * ms, 1 * ms)),
    ns.Recorder("drive", "w", name="average", reduce=(ns.Windows("input", 0 * ms, 1 * ms), ns.Mean())),
)


def assert_same(one, other):
    """Compare recordings bit by bit."""
    assert one.keys() == other.keys()
    for path in one.infos():
        np.testing.assert_array_equal(one.data(path).array, other.data(path).array, err_msg=path)
    for name in one.populations():
        np.testing.assert_array_equal(one.spikes(name).times, other.spikes(name).times)


@pytest.mark.parametrize("engine", EACH)
def test_what_is_kept_follows_from_all_samples(engine, tmp_path):
    simulation = ns.simulate(network(*KINDS), engine, seed=4)
    for steps in (1, 333, 166):
        simulation.run(steps * DT * second)
    found = simulation.recordings()
    spikes, v = found["cells.spikes"], found["cells.v"].values
    assert len(spikes.ids) > 10
    assert np.all(found["at"].at["v"] > -0.05) and np.array_equal(found["at"].steps, spikes.steps)
    assert np.array_equal(found["early"].values, v[30:70]) and found["early"].steps[0] == 30
    np.testing.assert_allclose(found["moments"]["variance"] / mV**2, v[::3].var(axis=0) * 1e6, rtol=1e-9)
    np.testing.assert_allclose(found["moments"]["mean"] / mV, v[::3].mean(axis=0) * 1e3, rtol=1e-12)
    np.testing.assert_allclose(
        found["both"]["covariance"] / mV**2, np.cov(v[:, [2, 0]].T, bias=True) * 1e6, rtol=1e-9
    )
    counts = np.bincount(spikes.steps // 40, minlength=13)[:12]
    np.testing.assert_allclose(found["rate"].quantity[:, 0] / Hz, counts / (3 * 40 * DT))
    late = spikes.steps >= 10
    of = [np.sum(spikes.ids[late] == unit) / (490 * DT) for unit in (2, 1)]
    np.testing.assert_allclose(found["counts"]["mean"] / Hz, of, rtol=1e-12)
    for unit in range(3):
        own = np.diff(spikes.steps[spikes.ids == unit]) * DT
        np.testing.assert_allclose(found["intervals"]["mean"][unit] / second, own.mean(), rtol=1e-12)
        np.testing.assert_allclose(found["intervals"]["cv"][unit], own.std() / own.mean(), rtol=1e-9)
    around = found["around"]
    there = (spikes.ids >= 1) & (spikes.steps >= 20) & (spikes.steps <= 490)
    assert np.array_equal(around.steps, spikes.steps[there]) and np.array_equal(around.ids, spikes.ids[there])
    rows = around.steps[:, None] + np.arange(-20, 10)
    assert np.array_equal(around.values, v[rows]) and around.lags[0] == -2 * ms
    assert found["average"]["mean"].shape == (10, 12)
    with open_results(found.save(tmp_path / "r.h5")) as results:
        for path in found.infos():
            if path != "network/description":
                np.testing.assert_array_equal(results.array(path), found.data(path).array)
    assert "Variance" in str(ns.to_json(ns.from_json(ns.to_json(network(*KINDS)))))


def test_splitting_and_resuming_change_no_bit(tmp_path):
    whole = ns.simulate(network(*KINDS), seed=4)
    whole.run(50 * ms)
    split = ns.simulate(network(*KINDS), seed=4)
    for cut in (17, 130, 131, 353):
        split.run((cut - split.now) * DT * second)
        split.save(tmp_path / "kept.h5")
        split = type(split).load(tmp_path / "kept.h5")
    split.run((500 - split.now) * DT * second)
    assert_same(whole.recordings(), split.recordings())
    damaged = {**split.checkpoint()}
    damaged["recorded/moments/0/mean"] = np.zeros((2, 2))
    with pytest.raises(ResultFileError, match="its recordings of 'moments' do not fit"):
        split.restore(damaged)


REDUCTIONS = [ns.Mean(), ns.Variance(), ns.Covariance()]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 300), max_size=8), st.integers(0, 2**32 - 1))
def test_statistics_have_the_same_bits_wherever_a_stream_is_cut(cuts, seed):
    values = np.random.default_rng(seed).normal(3.0, 1.0, (300, 2))
    steps = np.arange(300)
    for reduction in REDUCTIONS:
        found = []
        for edges in ([300], sorted({*cuts, 300})):
            state, last = reduction.begin((2,), 0, DT), 0
            for edge in edges:
                reduction.take(state, (steps[last:edge], values[last:edge]), edge, None)
                last = edge
            found.append(reduction.numbers(state, Hz.dim))
        for name, (value, _) in found[0].items():
            np.testing.assert_array_equal(value, found[1][name][0])


@pytest.mark.parametrize("engine", ["fused", pytest.param("brian2", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "delay", [0 * ms, 1 * ms, [0.3 * k for k in range(12)] * ms], ids=["none", "one", "each"]
)
def test_weights_at_spikes_are_those_at_arrival(engine, delay):
    passing = ns.Recorder("drive", "spikes", values=("w",))
    some = ns.Recorder("drive", "spikes", name="some", indices=(5, 2))
    simulation = ns.simulate(network(passing, some, ns.Recorder("input"), delay=delay), engine, seed=1)
    simulation.run(10 * ms)
    simulation.restore(simulation.checkpoint())
    simulation.run(20 * ms)
    found = simulation.recordings()
    noted, sent = found["drive.spikes"], found["input.spikes"]
    pre, _ = simulation.edges("drive")
    late = np.rint(simulation.delays("drive") / second / DT).astype(int)
    steps, edges = (
        (sent.steps[:, None] + late)[pre == sent.ids[:, None]],
        np.broadcast_to(np.arange(12), (len(sent.ids), 12)),
    )
    edges = edges[pre == sent.ids[:, None]]
    order = np.lexsort((edges, steps))
    kept = order[steps[order] < 300]
    assert np.array_equal(noted.steps, steps[kept]) and np.array_equal(noted.ids, edges[kept])
    # Weights of the start of the step: rules act after arrival.
    assert np.array_equal(noted.at["w"], found["drive.w"].values[noted.steps, noted.ids])
    assert len(set(noted.at["w"])) > 20
    assert np.array_equal(found["some"].steps, noted.steps[np.isin(noted.ids, (2, 5))])


def test_spikes_rates_and_values_are_those_of_brian2s_monitors():
    class Monitored(ns.NeuronModel):
        """Leaky neuron with a drive. dv/dt = (drive - v)/tau;  v (V), drive (V), tau (s)."""

        tau = ns.parameter(10 * ms, "membrane time constant", low=0 * ms)
        drive = ns.parameter(0 * mV, "constant drive")
        equations = "dv/dt = (drive - v)/tau : volt\ntwice = 2*v : volt"
        threshold = "v > 10*mV"
        reset = "v = 0*mV"
        method = "exact"

    drive = [12, 15, 20] * mV
    described = ns.Network("monitored").add(
        ns.Population("cells", 3, Monitored(drive=drive)),
        ns.Recorder("cells", values=("v", "twice")),
        ns.Recorder("cells", name="rate", reduce=ns.Rate(1)),
    )
    simulation = ns.simulate(described)
    simulation.run(100 * ms)
    found = simulation.recordings()
    group = b2.NeuronGroup(
        3,
        "dv/dt = (drive - v)/(10*ms) : volt\ndrive : volt\ntwice = 2*v : volt",
        threshold="v > 10*mV",
        reset="v = 0*mV",
        method="exact",
        codeobj_class=b2.codegen.runtime.numpy_rt.NumpyCodeObject,
        clock=b2.Clock(0.1 * ms),
    )
    group.drive = drive
    spikes = b2.SpikeMonitor(group, variables=["v", "twice"], codeobj_class=group.codeobj_class)
    rates = b2.PopulationRateMonitor(group, codeobj_class=group.codeobj_class)
    b2.Network(group, spikes, rates).run(100 * ms, namespace={})
    assert np.array_equal(found["cells.spikes"].ids, spikes.i[:])
    for name in ("v", "twice"):
        np.testing.assert_allclose(
            found["cells.spikes"].at[name], np.asarray(getattr(spikes, name)[:]), rtol=1e-12
        )
    np.testing.assert_allclose(found["rate"].quantity[:, 0] / Hz, rates.rate[:] / Hz)


@pytest.mark.slow
def test_a_stream_keeps_statistics_and_writes_what_grows(tmp_path):
    whole = ns.simulate(network(*KINDS), seed=4)
    whole.run(50 * ms)
    streamed = ns.simulate(network(*KINDS), seed=4)
    streamed.stream(tmp_path / "stream", room=1)
    for _ in range(5):
        streamed.run(10 * ms)
    streamed.stream(None)
    assert np.array_equal(
        whole.recordings()["both"]["covariance"], streamed.recordings()["both"]["covariance"]
    )
    pieces, last = [], None
    for path in segments(tmp_path / "stream"):
        with open_results(path) as results:
            pieces.append(results.array("around/v"))
            last = results.array("both/covariance")
    assert np.array_equal(np.concatenate(pieces), whole.recordings()["around"].values)
    assert np.array_equal(last, whole.recordings().data("both/covariance").array)


def test_asking_again_copies_nothing_that_was_recorded_before():
    simulation = ns.simulate(network(), seed=4)
    simulation.run(100 * ms)
    first = simulation.recordings()["cells.v"].values
    copy = first.copy()
    assert np.shares_memory(first, simulation.recordings()["cells.v"].values)
    for _ in range(5):
        simulation.run(20 * ms)
    assert np.array_equal(first, copy) and np.array_equal(
        simulation.recordings()["cells.v"].values[:1000], copy
    )
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 0


@pytest.mark.parametrize(
    ("recorder", "message"),
    [
        (lambda: ns.Recorder("cells", "v", values=("v",)), "are those at spikes: record 'spikes'"),
        (lambda: ns.Recorder("cells", values=("v", "v")), "name each variable once"),
        (lambda: ns.Recorder("cells", every=2), "all spikes of a step are recorded: leave every = 2 out"),
        (lambda: ns.Recorder("cells", start=2 * ms, stop=1 * ms), "is not after its start: raise it"),
        (lambda: ns.Recorder("cells", "v", start=-1 * ms), "start = .* is negative"),
        (lambda: ns.Recorder("cells", "v", reduce=ns.Rate()), "Rate is a reduction of spikes, not of samples"),
        (lambda: ns.Recorder("cells", "v", reduce=[ns.Mean()] * 2), "is a reduction of samples, not of statistics"),
        (lambda: ns.Recorder("cells", "v", reduce="mean"), r"reduce holds 'mean': give reductions, as Mean\(\)"),
        (lambda: ns.Recorder("cells", values=("v",), reduce=ns.Rate()), "leave values or reduce out"),
        (lambda: ns.Recorder("cells", "v", every=2, reduce=ns.Windows("cells", 1 * ms, 1 * ms)), "leave every = 2 out"),
        (lambda: ns.Windows("cells", 0 * ms, 0 * ms), "give times from 0, one of them above"),
        (lambda: ns.Recorder("cells", "v", name="a b"), "recorder name 'a b'"),
    ],
)  # fmt: skip
def test_recorders_say_what_does_not_fit(recorder, message):
    with pytest.raises(DescriptionError, match=message):
        recorder()


def test_recorders_are_checked_against_the_network():
    around = ns.Recorder("cells", "v", name="around", reduce=ns.Windows("cell", 1 * ms, 1 * ms))
    with pytest.raises(UnknownNameError, match="no population 'cell': did you mean 'cells'"):
        ns.simulate(network(around))
    with pytest.raises(DescriptionError, match="values: no such variable: did you mean 'g_e'"):
        ns.simulate(network(ns.Recorder("cells", name="at", values=("g_ee",))))
    with pytest.raises(DescriptionError, match="give one of them another name"):
        network(ns.Recorder("cells", "v", start=1 * ms))
    with pytest.raises(EngineRefusal, match="spikes that arrive at connections are not recorded in JAX"):
        ns.simulate(network(ns.Recorder("drive", "spikes")), "jax")
