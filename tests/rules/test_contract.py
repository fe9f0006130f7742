"""Every rule of the project keeps the contract on both engines; a rule that breaks a clause is caught by it."""

import pytest
from brian2 import Hz, mV, second

from neurosim.compiler.equations.bounds import Change
from neurosim.compiler.schedule.order import lower
from neurosim.engines.fused.core import FusedCore
from neurosim.engines.fused.engine import FusedEngine
from neurosim.errors import ContractError
from neurosim.model.parameters import parameter
from neurosim.model.rule import NeuronRule, SynapticRule, own, post, pre, synapse
from neurosim.rules import PairSTDP, registry
from neurosim.testing import HOSTS, RATE, SPIKING, check_rule, examine_rule

OURS = [name for name in registry if registry.get(name).__module__.startswith("neurosim.rules.")]
REFUSED = {
    **{(name, "rate"): "needs spikes of 'source'" for name in OURS if registry.get(name).clock == "spike"},
    ("BiasAdaptation", "spiking"): "no 'bias' to add to",
    ("MetaplasticBinary", "rate"): "acts on what spikes deliver",
    **{(name, "rate"): "it needs 'v'" for name in ("ClopathSTDP", "HomeostaticClopathSTDP")},
    **{(name, host): "it needs 'psi'" for name in ("EProp", "EPropAdaptive") for host in ("spiking", "rate")},
    ("EfficientGain", "spiking"): "it needs 'I' without unit",
    ("FoldiakThreshold", "spiking"): "no 'bias' to add to",
    ("GainAdaptation", "spiking"): "no graded output",
    ("GainWhitening", "spiking"): "no graded output",
    ("NonnegativeGainWhitening", "spiking"): "no graded output",
    ("HomeostaticRewiring", "rate"): "it needs spikes, which 'source' does not have",
    ("IntrinsicPlasticity", "spiking"): "no 'bias' to add to",
    ("IntrinsicPlasticityTanh", "spiking"): "no 'bias' to add to",
    ("LinearElements", "rate"): "it needs spikes, which 'target' does not have",
    ("SynapticElements", "rate"): "it needs spikes, which 'target' does not have",
    ("ThresholdAdaptation", "rate"): "no 'v_threshold' to add to",
    ("TsodyksMarkram", "rate"): "needs spikes of 'source'",
    ("WhiteningBackward", "spiking"): "'source' has no gain of its output",
    ("WhiteningForward", "spiking"): "'target' has no gain of its output",
}
# Rules that another one shares its terms with, or that take longest to start: they are tried with the slow tests.
LATER = {
    "CoincidentSTDP",
    *("CovariancePost", "CovariancePre", "LawCooper", "OjaSubspace", "SoftAntiHebb", "FoldiakForward"),
    *(
        "NearestSTDP",
        "NearestTripletSTDP",
        "PowerLawSTDP",
        "HomeostaticClopathSTDP",
        "EPropAdaptive",
        "SuccessSTDP",
    ),
    *(
        "IntrinsicPlasticityTanh",
        "SubtractiveNormalisation",
        "WeightNormalisationL2",
        "OutgoingNormalisationL2",
    ),
    *("LinearElements", "GraNet", "RigL", "DeepR", "WhiteningForward", "GainWhitening", "ActivityCovariance"),
    *("NonnegativeGainWhitening",),
    *("MultiplicativeSTDP", "BiasAdaptation", "FoldiakDecorrelator", "FoldiakThreshold"),
    *("Hebb", "Covariance", "Sanger", "WeightNormalisation", "VogelsInhibitory", "MetaplasticBinary"),
    *("BennaFusi", "SynapticScaling", "ClopathSTDP", "FoldiakLateral", "HomeostaticGain", "SET"),
    *("TripletSTDP", "EfficientGain", "WhiteningBackward"),
    *("BCM", "RewardSTDP", "TsodyksMarkram", "HomeostaticRewiring"),
    *("EProp", "FusiCascade", "SynapticElements", "ThresholdAdaptation", "GainAdaptation"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in LATER else name for name in OURS]
)
def test_rule_keeps_the_contract_on_both_engines(name):
    rule = registry.get(name)
    report = check_rule(rule, engines=["fused", "brian2"])
    tried = {(outcome.clause, outcome.network) for outcome in report.passed}
    assert ("documentation", "") in tried
    # Brian2 has no matrices, and neither presentations nor updates are time.
    matrix, apart = getattr(rule, "dW", None) is not None, rule.clock in ("sample", "interval")
    draws = "rand()" in getattr(rule, "on_pre", "") + getattr(rule, "on_post", "")
    without = {"engines agree": matrix, "independent of dt": apart or draws}
    for host in ("spiking", "rate"):
        refused = REFUSED.get((name, host))
        for clause in ("changes something", "engines agree", "continues after a stop", "independent of dt"):
            assert ((clause, host) in tried) == (refused is None and not without.get(clause, False))
        if refused:
            assert any(refused in outcome.skipped for outcome in report.skipped)
    # What no other kind of network has is tried on the spare one.
    spare = all((name, host) in REFUSED for host in ("spiking", "rate"))
    assert (("engines agree", "adaptive") in tried) == spare


def test_a_rule_for_weights_with_a_unit_is_tried_where_weights_may_have_one():
    report = check_rule(PairSTDP(w_max=2 * mV), engines=["fused"])
    assert {outcome.network for outcome in report.passed} == {"", "spiking"}
    (rate,) = [outcome for outcome in report.skipped if outcome.network == "rate"]
    assert rate.skipped == "PairSTDP: its weights have a unit: use a network whose weights act by pulses"


# Rules that break one clause each ----------------------------------------------------------------------------------


class WrongUnits(SynapticRule):
    """dw/dt = eta * y;  y activity (1), w weight (1), eta time (s).

    Source: none.
    """

    eta = parameter(1 * second, "a time where a rate is meant")
    y = post.activity
    dw = "eta * y"


class PerStep(SynapticRule):
    """w += gain * dt at each postsynaptic spike;  w weight (1), gain (1/s).

    Source: none.
    """

    gain = parameter(10 * Hz, "growth per second, wrongly applied per spike")
    clock = "spike"
    on_post = "w += gain * dt"


class SlightlyPerStep(SynapticRule):
    """w += gain * (1 + rate * dt) at each postsynaptic spike;  w weight (1), gain (1), rate (1/s).

    Source: none.
    """

    gain = parameter(0.01, "growth per spike")
    rate = parameter(300 / second, "share of the step")
    clock = "spike"
    on_post = "w += gain * (1 + rate * dt)"


class PerStepGain(NeuronRule):
    """dg/dt = (target - z) / dt;  z activity (1), target (1), g gain (1).

    Source: none.
    """

    target = parameter(1.0, "activity to be reached")
    z, g = own.activity, own.gain("I")
    dg = "1e-6 * (target - z) / dt"


class Idle(SynapticRule):
    """dw/dt = eta * y;  y activity (1), w weight (1), eta rate (1/s).

    Source: none.
    """

    eta = parameter(0 / second, "rate, zero")
    y = post.activity
    dw = "eta * y"


class HalfIdle(NeuronRule):
    """dg/dt = eta * (target - z), db/dt = 0 * eta;  z activity (1), target (1), g gain (1), b bias (1), eta (1/s).

    Source: none.
    """

    eta = parameter(0.1 / second, "rate")
    target = parameter(1.0, "activity to be reached")
    z, g, b = own.activity, own.gain("I"), own.offset("bias")
    dg = "eta * (target - z)"
    db = "0 * eta"


class Explosive(SynapticRule):
    """dw/dt = eta * w**3;  w weight (1), eta rate (1/s).

    Source: none.
    """

    eta = parameter(1e12 / second, "rate, far too high")
    dw = "eta * w**3"


class Calcium(SynapticRule):
    """dw/dt = eta * c;  c calcium (1), w weight (1), eta rate (1/s).

    Source: none.
    """

    eta = parameter(1 / second, "rate")
    c = post.variable("calcium")
    dw = "eta * c"


class Hidden(SynapticRule):
    """dw/dt = eta * y;  y activity (1), w weight (1), eta rate (1/s).

    Source: none.
    """

    eta = parameter(1 / second, "rate")
    y = post.activity

    def __init__(self, hidden=1, **values):
        super().__init__(**values)
        self.__dict__["hidden"] = hidden

    @property
    def dw(self):
        return f"{self.hidden} * eta * y"


@pytest.mark.parametrize(
    ("rule", "hosts", "seen"),
    [
        (WrongUnits, HOSTS, r"dimensions \(spiking\): .*'plastic'.*dw/dt.*has the unit"),
        (
            PerStep,
            HOSTS,
            r"independent of dt \(spiking\): the change of plastic\.w in 0\.2 s depends on dt: .* apart",
        ),
        pytest.param(
            SlightlyPerStep,
            HOSTS,
            r"independent of dt \(spiking\): the change of plastic\.w",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            PerStepGain,
            [RATE],
            r"independent of dt \(rate\): the change of target\.per_step_gain_g",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            Idle,
            [RATE],
            r"changes something \(rate\): plastic\.w did not change in 100\. ms",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            HalfIdle,
            [RATE],
            r"changes something \(rate\): target\.half_idle_b did not change in 100\. ms",
            marks=pytest.mark.slow,
        ),
        pytest.param(Explosive, [RATE], r"runs \(rate\): '.*' is not finite", marks=pytest.mark.slow),
        (Calcium, HOSTS, r"dimensions: no kind of network can have it: .*it needs 'calcium'"),
        (
            Hidden(hidden=3),
            [RATE],
            r"survives storage \(rate\): the network rebuilt from JSON ends with another",
        ),
    ],
    ids=[
        "WrongUnits",
        "PerStep",
        "SlightlyPerStep",
        "PerStepGain",
        "Idle",
        "HalfIdle",
        "Explosive",
        "Calcium",
        "Hidden",
    ],
)
def test_a_rule_that_breaks_a_clause_breaks_that_one_alone_and_is_told_so_in_one_line(
    rule, hosts, seen, request
):
    name = request.node.callspec.id
    report = examine_rule(rule, engines=["fused"], hosts=hosts)
    assert len({outcome.clause for outcome in report.broken}) == 1
    with pytest.raises(ContractError, match=f"^{name}: {seen}") as caught:
        report.raise_broken()
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, AssertionError)


@pytest.mark.slow
def test_bounds_that_are_not_applied_are_seen(monkeypatch):
    monkeypatch.setattr(Change, "held", lambda change, limits: list(change.statements))
    with pytest.raises(
        ContractError, match=r"keeps its bounds \(spiking\): weights from -.* outside the bounds \[0, 1\]"
    ):
        check_rule(PairSTDP, engines=["fused"])


class Reseeded(FusedEngine):
    """Draws other random numbers."""

    name = "reseeded"

    def compile(self, network, seed=0, externals=None):
        return super().compile(network, seed + 1, externals)


class SlightlyOff(FusedCore):
    def get(self, owner, name):
        return super().get(owner, name) * (1 + 1e-8)


class Inexact(FusedEngine):
    """Reads states with a relative error of 1e-8."""

    name = "inexact"

    def _build(self, equations, externals):
        return SlightlyOff(lower(equations), externals)


@pytest.mark.parametrize(
    ("engine", "host", "seen"),
    [(Reseeded, SPIKING, r"disagree on source\.spikes"), (Inexact, RATE, r"disagree on plastic\.w")],
)
def test_engines_that_disagree_are_seen(engine, host, seen):
    with pytest.raises(ContractError, match=rf"Oja: engines agree \({host.name}\): .*{seen}"):
        check_rule(registry.get("Oja"), engines=[FusedEngine(), engine()], hosts=[host])


class Forgetful(FusedCore):
    def set_extra(self, extra):
        super().set_extra(
            {n: value * 0 if n.endswith("/pair_stdp_x") else value for n, value in extra.items()}
        )


class Amnesic(FusedEngine):
    """Loses the presynaptic traces when it goes on from a state."""

    name = "amnesic"

    def _build(self, equations, externals):
        return Forgetful(lower(equations), externals)


def test_a_state_that_is_not_kept_is_seen():
    with pytest.raises(
        ContractError, match=r"PairSTDP: continues after a stop \(spiking\): on engine 'amnesic'"
    ):
        check_rule(PairSTDP, engines=[Amnesic()])


def test_a_clause_that_no_network_can_try_is_reported_with_its_reason():
    report = check_rule(PairSTDP, engines=["fused"], seed=3)
    assert "engines agree (spiking): not applicable: only the engine 'fused' runs it" in str(report)
    assert str(report).startswith("PairSTDP keeps the contract: 8 passed, 2 not applicable")


# Documentation -----------------------------------------------------------------------------------------------------


def documented(text, doc="rate"):
    """Return a rule with a docstring and with a description of its parameter."""

    class Documented(SynapticRule):
        __doc__ = text
        eta = parameter(1 / second, doc)
        trace = synapse.variable("dtrace/dt = -trace/second")
        y = post.activity
        x = pre.activity
        dw = "eta * x * y + trace/second"

    return Documented


COMPLETE = "dw/dt = eta * x * y + trace;  x, y activity, trace memory, w weight (1).\n\nSource: none."


@pytest.mark.parametrize(
    ("text", "doc", "seen"),
    [
        (None, "rate", "no docstring"),
        (COMPLETE.replace("=", "is"), "rate", "no equation"),
        (COMPLETE.replace("Source:", "By"), "rate", "no line 'Source:"),
        (COMPLETE.replace("Source: none.", "Source:"), "rate", "no line 'Source:"),
        (COMPLETE.replace("eta", "beta"), "rate", "does not mention eta"),
        (COMPLETE.replace("x", "z"), "rate", "does not mention x"),
        (COMPLETE.replace("trace", "s"), "rate", "does not mention trace"),
        (COMPLETE.replace("w weight", "y*w"), "rate", "does not say what w is: write 'w"),
        (COMPLETE.replace("x, y activity", "y activity"), "rate", "does not say what x is"),
        (COMPLETE, " ", "the parameter eta has no description"),
    ],
)
def test_incomplete_documentation_is_seen(text, doc, seen):
    with pytest.raises(ContractError, match=f"^Documented: documentation: .*{seen}"):
        check_rule(documented(text, doc), engines=["fused"], hosts=[RATE])
