"""Constants of 0: refused where an equation divides by them, a limit where a trace has one."""

import numpy as np
import pytest
from brian2 import ms, mV, second

from neurosim import Network, OneToOne, Population, Projection, Recorder, simulate
from neurosim.errors import DescriptionError
from neurosim.neurons import LIF, LeakyRate, SpikeTrain
from neurosim.rules import PairSTDP, RewardSTDP, TsodyksMarkram
from neurosim.synapses import AlphaCurrent, Pulse
from tests.references import EACH


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LIF(tau_m=0 * ms), "LIF.tau_m = 0 divides dv/dt: give a value above 0"),
        (lambda: LIF(tau_e=[1, 0] * ms), "LIF.tau_e = 0 divides dg_e/dt"),
        (lambda: LeakyRate(tau=0 * ms), "LeakyRate.tau = 0 divides dr/dt"),
        (lambda: AlphaCurrent(tau=0 * ms), "AlphaCurrent.tau = 0 divides dx/dt"),
        (lambda: RewardSTDP(tau_c=0 * second), "RewardSTDP.tau_c = 0 divides dc/dt"),
    ],
)
def test_a_constant_of_zero_is_rejected_where_it_is_given(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()


def released(engine, **constants):
    trains = SpikeTrain(times=np.arange(1, 6) * 10 * ms, ids=np.zeros(5))
    network = Network("releases", dt=1 * ms).add(
        Population("s", 1, trains),
        Population("p", 1, LIF(E_L=-60 * mV, tau_e=1e9 * second)),
        Projection("k", "s", "p", Pulse(), OneToOne(), 1.0 * mV, rules=TsodyksMarkram(U=0.5, **constants)),
        Recorder("p", "g_e", every=10),
    )
    simulation = simulate(network, engine=engine)
    simulation.run(61 * ms)
    return np.diff(simulation.recordings()["p.g_e"].values[:, 0])[1:] / 1e-3


@pytest.mark.parametrize("engine", EACH)
def test_facilitation_of_no_duration_leaves_depression_alone(engine):
    expected, x = [], 1.0
    for _ in range(5):
        expected.append(0.5 * x)
        x = 1 - (1 - 0.5 * x) * np.exp(-10 / 130)
    assert released(engine, tau_f=0 * ms) == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["fused", "brian2", "jax"])
def test_recovery_of_no_duration_leaves_facilitation_alone(engine):
    expected, u = [], 0.0
    for _ in range(5):
        u += 0.5 * (1 - u)
        expected.append(u)
        u *= np.exp(-10 / 530)
    assert released(engine, tau_rec=0 * ms) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("engine", EACH)
def test_traces_of_no_duration_pair_spikes_of_one_step_alone(engine):
    # The target is a spike source, so that both trains of the pairs are given.
    trains = [SpikeTrain(times=times * ms, ids=np.zeros(2)) for times in ([1, 3], [1, 4])]
    rule = PairSTDP(tau_pre=0 * ms, tau_post=0 * ms, a_plus=0.1)
    network = Network("coincident").add(
        *(Population(name, 1, train) for name, train in zip("ab", trains, strict=True)),
        Projection("k", "a", "b", Pulse(), OneToOne(), 0.5, rules=rule),
    )
    simulation = simulate(network, engine=engine)
    simulation.run(5 * ms)
    assert simulation.get("k.w") == pytest.approx([0.6])


def test_a_projection_onto_a_spike_source_needs_a_rule():
    network = Network("useless").add(
        *(Population(name, 1, SpikeTrain()) for name in "ab"),
        Projection("k", "a", "b", Pulse(), OneToOne(), 0.5),
    )
    with pytest.raises(DescriptionError, match="'b' is a spike source, which takes no input: remove it"):
        simulate(network)
