"""Rules that do not fit are refused in one line that names the object, its attribute, and what to do."""

import numpy as np
import pytest
from brian2 import ms, mV, second

from neurosim import (
    AllToAll,
    Bounds,
    Network,
    NeuronRule,
    Population,
    Projection,
    SynapticRule,
    own,
    parameter,
    post,
    pre,
    simulate,
    synapse,
)
from neurosim.compiler.equations.network import network_equations
from neurosim.errors import DescriptionError, NeurosimError, SignalMissing, UnknownNameError
from neurosim.neurons import LIF, LeakyRate, Poisson, Signal
from neurosim.rules import GainAdaptation, Oja, PairSTDP, SynapticScaling
from neurosim.synapses import Graded, Pulse, ScaledPulse


def rates(*rules, weight=0.5, sign=0):
    """Return a rate network with the rules on its projection 'p'."""
    return Network("rates").add(
        Population("a", 3, Signal(), {"value": 1.0}),
        Population("b", 2, LeakyRate()),
        Projection("p", "a", "b", Graded(), AllToAll(), weight, sign=sign, rules=rules),
    )


def spikes(*rules, weight=0.5, synapse=None):
    """Return a spiking network with the rules on its projection 'p'."""
    return Network("spikes").add(
        Population("a", 3, Poisson()),
        Population("b", 2, LIF()),
        Projection("p", "a", "b", synapse or ScaledPulse(quantum=1 * mV), AllToAll(), weight, rules=rules),
    )


class Setter(SynapticRule):
    """w = level at a presynaptic spike;  level (1). Source: none."""

    level = parameter(0.2, "the weight that is set")
    clock = "spike"
    on_pre = "w = level"


class High(SynapticRule):
    """dw/dt = -rate * w;  rate (1/s). Source: none."""

    rate = parameter(1 / second, "rate")
    dw = "-rate * w"
    then = Bounds(2, 3)


class BoundsNothing(High):
    """As High. Source: none."""

    then = Bounds(0, 1, variable="weight")


class UnknownSymbol(SynapticRule):
    """dw/dt = etta * w;  eta (1/s). Source: none."""

    eta = parameter(1 / second, "rate")
    dw = "etta * w"


class WritesSignal(SynapticRule):
    """x += 1 at a presynaptic spike. Source: none."""

    clock = "spike"
    tau = parameter(1 * second, "time constant")
    x = pre.trace("dx/dt = -x/tau")
    on_post = "x += 1"


class WritesParameter(SynapticRule):
    """w += step at a presynaptic spike. Source: none."""

    step = parameter(0.1, "step")
    clock = "spike"
    on_pre = "w += step; step += 1"


class UnknownGain(NeuronRule):
    """dg/dt = rate * z. Source: none."""

    rate = parameter(1 / second, "rate")
    g = own.gain("I")
    dg = "rate * z"


class GainWithoutChange(NeuronRule):
    """g stays. Source: none."""

    g = own.gain("I")


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: PairSTDP(tau=3), DescriptionError, r"PairSTDP has no parameter 'tau': did you mean 'tau_p\w+'\?"),
        (
            lambda: PairSTDP(tau_pre=20),
            DescriptionError,
            r"PairSTDP\.tau_pre has no unit: give a value in s",
        ),
        (lambda: Oja(eta=-1 / second), DescriptionError, r"Oja\.eta = .* lies below its bound .*: change it"),
        (lambda: Oja(eta=np.nan / second), DescriptionError, r"Oja\.eta holds a value that is not finite"),
        (
            lambda: spikes(PairSTDP(w_max=1 * mV)),
            DescriptionError,
            r"projection 'p', 'w -= .*' has the unit V where a number is needed: correct the units",
        ),
        (
            lambda: rates(PairSTDP()),
            SignalMissing,
            r"PairSTDP on projection 'p': it needs spikes of 'a', which does not spike: use a spiking population",
        ),
        (
            lambda: spikes(PairSTDP(w_max=0.4)),
            DescriptionError,
            r"projection 'p': initial weights from 0\.5 to 0\.5 \(SI\) violate the bounds \[0, 0\.4\]",
        ),
        (
            lambda: spikes(PairSTDP(), Setter()),
            DescriptionError,
            r"projection 'p': Setter\.on_pre sets 'w', which PairSTDP changes too: keep one of the two rules",
        ),
        (
            lambda: spikes(Setter(), SynapticScaling()),
            DescriptionError,
            r"projection 'p': Setter\.on_pre sets 'w', which SynapticScaling changes too",
        ),
        (
            lambda: spikes(PairSTDP(), High()),
            DescriptionError,
            r"projection 'p': High keeps weights from 2 on, PairSTDP up to 1 \(SI\): no value is left",
        ),
        (
            lambda: rates(High(), sign=-1, weight=-0.5),
            DescriptionError,
            r"projection 'p': High keeps weights from 2 on, sign up to 0 \(SI\): no value is left",
        ),
        (
            lambda: rates(BoundsNothing()),
            DescriptionError,
            r"projection 'p': BoundsNothing\.then bounds 'weight'",
        ),
        (
            lambda: rates(Oja(), Oja()),
            DescriptionError,
            r"projection 'p': rules holds Oja twice: keep one",
        ),
        (
            lambda: rates(Oja),
            DescriptionError,
            r"projection 'p': rules holds <class .*Oja'>, which is not a SynapticRule: give an instance, as Oja\(\)",
        ),
        (
            lambda: rates(GainAdaptation()),
            DescriptionError,
            r"projection 'p': rules holds GainAdaptation\(.*\), which is not a SynapticRule: put a SynapticRule here",
        ),
        (
            lambda: Network("n").add(Population("b", 2, LeakyRate(), rules=Oja())),
            DescriptionError,
            r"population 'b': rules holds Oja\(.*\), which is not a NeuronRule: put a NeuronRule here",
        ),
        (
            lambda: Network("n").add(Population("b", 2, LIF(), rules=GainAdaptation())),
            SignalMissing,
            r"GainAdaptation on population 'b': it has no graded output: use a rate unit",
        ),
        (
            lambda: Network("n").add(Population("b", 2, LeakyRate(), rules=GainWithoutChange())),
            DescriptionError,
            r"GainWithoutChange\.g: .*: give dg = '\.\.\.'",
        ),
        (
            lambda: rates(UnknownSymbol()),
            UnknownNameError,
            r"UnknownSymbol on projection 'p', dw: unknown name 'etta' in 'etta \* w': did you mean 'eta'\?",
        ),
        (
            lambda: spikes(WritesParameter()),
            DescriptionError,
            r"WritesParameter on projection 'p', on_pre: 'step \+= 1' writes 'step', which is no variable of the rule",
        ),
        (
            lambda: Network("n").add(Population("b", 2, LIF(), rules=UnknownGain())),
            UnknownNameError,
            r"UnknownGain on population 'b', dg: unknown name 'z' in 'rate \* z': ",
        ),
        (
            lambda: spikes(WritesSignal()),
            DescriptionError,
            r"projection 'p': 'writes_signal_x' is kept per presynaptic neuron, so only on_pre may write it",
        ),
        (
            lambda: spikes(Oja(), weight=1 * mV, synapse=Pulse()),
            DescriptionError,
            r"projection 'p', dw/dt: .*: correct the units",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_one_line(make, kind, message):
    with pytest.raises(kind, match=f"^{message}") as caught:
        simulate(make())
    assert isinstance(caught.value, NeurosimError)
    assert "\n" not in str(caught.value)


def test_facts_of_a_class_are_checked_when_it_is_made():
    with pytest.raises(
        DescriptionError, match=r"^Misspelt\.clock = 'continous': did you mean 'continuous'\?$"
    ):
        type("Misspelt", (SynapticRule,), {"clock": "continous", "dw": "-w/second"})
    with pytest.raises(
        DescriptionError, match=r"^Renamed\.x: its equation is written for 'y': use one name for both$"
    ):
        type("Renamed", (SynapticRule,), {"x": pre.trace("dy/dt = -y/second")})
    with pytest.raises(
        DescriptionError, match=r"^trace 'x = 1' is not of the form 'dx/dt = \.\.\.': correct it$"
    ):
        synapse.variable("x = 1")


def test_a_name_that_is_taken_is_refused_whoever_was_imported_first():
    with pytest.raises(
        DescriptionError,
        match=r"^rule 'Oja' in .*: the name is already taken by neurosim\.rules\.oja: choose",
    ):
        type("Oja", (SynapticRule,), {"__module__": "stranger", "dw": "-w/second"})


def test_rules_whose_bounds_meet_hold_together():
    # High decays the weight, and STDP's bound holds after the changes of both.
    class Low(SynapticRule):
        """dw/dt = rate;  rate (1/s). Source: none."""

        rate = parameter(100 / second, "rate")
        dw = "rate"

    simulation = simulate(spikes(PairSTDP(), Low()))
    simulation.run(0.1 * second)
    np.testing.assert_array_equal(simulation.get("p.w"), 1.0)


def test_a_bounded_variable_of_a_synapse_stays_within_its_bounds():
    class Eligible(SynapticRule):
        """dc/dt = rate;  c eligibility (1), rate (1/s). Source: none."""

        rate = parameter(100 / second, "rate")
        c = synapse.variable("dc/dt = rate")
        dw = "rate * c"
        then = Bounds(0, 0.25, variable="c")

    for engine in ("fused", "brian2"):
        simulation = simulate(rates(Eligible()), engine)
        simulation.run(0.1 * second)
        np.testing.assert_array_equal(simulation.get("p.eligible_c"), 0.25)
        assert np.all(simulation.get("p.w") > 1)


class ChangesNothing(SynapticRule):
    """Signals without a change."""

    eta = parameter(1 / second, "learning rate")
    x = pre.activity


class NothingAtSpikes(SynapticRule):
    """A rule at spikes that states a derivative alone."""

    eta = parameter(1 / second, "learning rate")
    clock = "spike"
    x = pre.activity
    dw = "eta * x"


class AlsoAtSpikes(SynapticRule):
    """A continuous rule that acts at spikes too."""

    eta = parameter(1 / second, "learning rate")
    clock = "continuous"
    x = pre.activity
    dw = "eta * x"
    on_post = "w += 0.1"


def test_a_rule_without_effect_is_rejected():
    with pytest.raises(DescriptionError, match="ChangesNothing changes nothing: give dw, on_pre or on_post"):
        ChangesNothing()
    with pytest.raises(
        DescriptionError, match=r"NothingAtSpikes.clock = 'spike', but nothing happens at spikes"
    ):
        NothingAtSpikes()


def test_statements_at_spikes_are_named_where_nothing_spikes():
    network = Network("n", 1 * ms).add(
        Population("a", 1, Signal()),
        Population("b", 1, LeakyRate()),
        Projection("p", "a", "b", Graded(), AllToAll(), 1.0, rules=AlsoAtSpikes()),
    )
    with pytest.raises(
        SignalMissing, match="'b', which does not spike: use a spiking population, or remove on_post"
    ):
        network_equations(network, 0)


def test_the_unit_of_a_trace_follows_from_its_equation():
    with pytest.raises(DescriptionError, match=r"its unit follows from the equation: leave ': 1' out"):
        post.trace("dtheta/dt = -theta/tau : 1")
