"""The contract of every kind of rule: modulated, eligibility, sampled, matrix, offset, driven by spikes."""

import pytest
from brian2 import ms, mV, second

from neurosim import NeuronRule, SynapticRule, modulator, own, parameter, post, pre, synapse
from neurosim.errors import ContractError
from neurosim.testing import RATE, SPIKING, check_rule


class Rewarded(SynapticRule):
    """Eligibility turned into weight by reward.

    dc/dt = -c/tau, at a postsynaptic spike c += x;  dx/dt = -x/tau, at a presynaptic spike x += 1;
    dw/dt = eta * reward * c;  c, x traces (1), reward (1), w weight (1), eta (1/s), tau (s).
    Source: none.
    """

    tau = parameter(20 * ms, "time constant", low=0 * ms)
    eta = parameter(1 / second, "learning rate")
    reward = modulator("dopamine", "reward")
    clock = "spike"
    x = pre.trace("dx/dt = -x/tau")
    c = synapse.variable("dc/dt = -c/tau")
    on_pre = "x += 1"
    on_post = "c += x"
    dw = "eta * reward * c"


class SampledHebb(SynapticRule):
    """w += eta * (x*y - w) after a presentation;  x, y activity (1), w weight (1), eta (1).

    Source: none.
    """

    eta = parameter(0.1, "learning rate per presentation")
    clock = "sample"
    x, y = pre.activity, post.activity
    dw = "eta * (x*y - w)"


class Subspace(SynapticRule):
    """dW/dt = eta * (y @ x.T - y @ y.T @ W);  x, y activity (1), W weights (1), eta (1/s).

    Source: none.
    """

    eta = parameter(1 / second, "learning rate")
    x, y = pre.activity, post.activity
    dW = "eta * (y @ x.T - y @ y.T @ W)"


class Excitable(NeuronRule):
    """db/dt = -b/tau, at a spike b -= step;  b offset of the current (V), tau (s), step (V).

    Source: none.
    """

    tau = parameter(100 * ms, "time constant", low=0 * ms)
    step = parameter(0.1 * mV, "fall per spike")
    b = own.offset("I")
    db = "-b/tau"
    on_spike = "b -= step"


class Biased(NeuronRule):
    """db/dt = eta * (target - z);  z activity (1), b bias (1), target (1), eta (1/s).

    Source: none.
    """

    eta = parameter(0.5 / second, "rate")
    target = parameter(0.2, "activity to be reached")
    z, b = own.activity, own.offset("bias")
    db = "eta * (target - z)"


@pytest.mark.parametrize(
    ("rule", "host"),
    [
        pytest.param(Rewarded, SPIKING, marks=pytest.mark.slow),
        pytest.param(SampledHebb, SPIKING, marks=pytest.mark.slow),
        pytest.param(SampledHebb, RATE, marks=pytest.mark.slow),
        (Subspace, RATE),
        pytest.param(Excitable, SPIKING, marks=pytest.mark.slow),
        (Biased, RATE),
    ],
)
def test_every_kind_of_rule_can_keep_the_contract(rule, host):
    report = check_rule(rule, engines=["fused", "brian2"], hosts=[host])
    passed = {outcome.clause for outcome in report.passed}
    assert {"runs", "changes something", "survives storage", "continues after a stop"} <= passed
    assert ("independent of dt" in passed) == (rule.clock != "sample")
    # Brian2 has no matrix language.
    assert ("engines agree" in passed) == (rule is not Subspace)


@pytest.mark.parametrize(
    ("rule", "host", "missing"),
    [
        (Rewarded, RATE, "needs spikes of 'source'"),
        (Excitable, RATE, "needs spikes, which 'target' does not have"),
        (Biased, SPIKING, "no 'bias' to add to"),
    ],
)
def test_a_kind_of_rule_without_its_signal_is_refused(rule, host, missing):
    with pytest.raises(
        ContractError, match=f"{rule.__name__}: dimensions: no kind of network can have it: .*{missing}"
    ):
        check_rule(rule, engines=["fused"], hosts=[host])


def test_symbols_of_every_kind_of_fact_must_be_explained():
    for rule, symbol in ((Rewarded, "reward"), (Subspace, "eta"), (Excitable, "step"), (Biased, "target")):
        assert rule.__doc__
        silent = type(rule.__name__, (rule,), {"__doc__": rule.__doc__.replace(symbol, "?")})
        with pytest.raises(ContractError, match=f"does not mention {symbol}"):
            check_rule(silent, engines=["fused"])
