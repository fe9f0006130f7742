"""What a class says is done or rejected in one line: defaults that subclasses give, facts under a wrong name."""

import numpy as np
import pytest
from brian2 import ms, mV

from neurosim import (
    Bounds,
    InDegree,
    Network,
    NeuronModel,
    NeuronRule,
    Normal,
    Population,
    Recorder,
    SynapticRule,
    own,
    simulate,
)
from neurosim.errors import DescriptionError, NeurosimError
from neurosim.neurons import LIF, LeakyRate
from neurosim.rules import PairSTDP
from neurosim.synapses import Pulse


class FastLIF(LIF):
    """A LIF with a shorter membrane time constant."""

    tau_m = 5 * ms


class ReLURate(LeakyRate):
    """A rate neuron whose default transfer function is a rectifier."""

    transfer = "relu"
    bias = Normal(1.0, 0.0)


class StrongSTDP(PairSTDP):
    """As PairSTDP, with stronger potentiation. Source: none."""

    a_plus = 0.5


class Inhibitory(Pulse):
    """A pulse that acts on the inhibitory conductance."""

    port = "g_i"


def test_a_plain_value_in_a_subclass_is_its_default():
    assert FastLIF().tau_m == 5 * ms and FastLIF(tau_m=7 * ms).tau_m == 7 * ms and LIF().tau_m == 20 * ms
    assert StrongSTDP().a_plus == 0.5 and PairSTDP().a_plus == 0.01
    assert ReLURate().transfer == "relu" and Inhibitory().port == "g_i" and Pulse().port == "g_e"
    described = StrongSTDP.parameters["a_plus"]
    assert described.doc == PairSTDP.parameters["a_plus"].doc
    with pytest.raises(DescriptionError, match=r"^FastLIF\.tau_m has the unit V: give a value in s"):
        FastLIF(tau_m=5 * mV)


def test_the_default_of_a_subclass_reaches_the_run():
    def potential(model):
        network = Network("n").add(Population("a", 1, model, {"v": -55 * mV}), Recorder("a", "v"))
        simulation = simulate(network)
        simulation.run(1 * ms)
        return float(simulation.get("a.v")[0])

    assert potential(FastLIF()) == potential(LIF(tau_m=5 * ms)) != potential(LIF())
    rate = simulate(Network("r", dt=1 * ms).add(Population("r", 2, ReLURate())))
    rate.run(200 * ms)
    np.testing.assert_allclose(rate.get("r.output"), 1.0, rtol=1e-4)


@pytest.mark.parametrize(
    ("base", "facts", "message"),
    [
        (LIF, {"tau_m": 5 * mV}, r"Odd\.tau_m has the unit V: give a value in s"),
        (LIF, {"tau_ref": -1 * ms}, r"Odd\.tau_ref = .* lies below its bound"),
        (PairSTDP, {"a_plus": "big"}, r"Odd\.a_plus = 'big': unknown name 'big'"),
        (LeakyRate, {"transfer": "rellu"}, r"Odd\.transfer = 'rellu': did you mean 'relu'\?"),
        (
            PairSTDP,
            {"x": 4.0},
            r"Odd\.x is not a fact of a rule: declare a constant by x = parameter\(4\.0, ",
        ),
        (
            SynapticRule,
            {"dw": "-w/second", "bounds": Bounds(0, 1)},
            r"Odd\.bounds is not a fact of a rule: write then = Bounds\(low=0, high=1, variable='w'\)",
        ),
        (
            SynapticRule,
            {"dw": "-w/second", "delay": 1 * ms},
            r"Odd\.delay is not a fact of a rule: declare a constant by",
        ),
        (
            SynapticRule,
            {"dw": "-w/second", "rate": 5},
            r"Odd\.rate is .*: declare a constant by rate = parameter\(5, ",
        ),
        (SynapticRule, {"dw": "-w/second", "g": own.gain("I")}, r"Odd\.g is not a fact of a rule: known: "),
        (NeuronRule, {"then": 1}, r"Odd\.then = 1: give bounds"),
        (
            NeuronModel,
            {"equations": "n : 1 (state)", "event": {"a": "n > 1"}},
            r"Odd\.event is not a fact of a neuron model: did you mean 'events'\?",
        ),
        (
            NeuronModel,
            {"equations": "n : 1 (state)", "inital": {"n": 1}},
            r"Odd\.inital .*did you mean 'initial'\?",
        ),
        (NeuronModel, {"equations": "n : 1 (state)", "initial": 5}, r"Odd\.initial = 5 is not a dictionary"),
    ],
)
def test_what_would_change_nothing_is_rejected_when_the_class_is_made(base, facts, message):
    with pytest.raises(NeurosimError, match=f"^{message}") as caught:
        type("Odd", (base,), {"__doc__": "Odd. Source: none.", **facts})
    assert "\n" not in str(caught.value)


def test_an_overridden_field_of_a_connectivity_or_distribution_is_rejected():
    with pytest.raises(
        DescriptionError, match=r"^Own\.autapses = False does not change .*write 'autapses: bool = False'"
    ):
        type("Own", (InDegree,), {"autapses": False})
    with pytest.raises(DescriptionError, match=r"^Wide\.sd = 2 does not change the field 'sd'"):
        type("Wide", (Normal,), {"sd": 2})


def test_facts_that_only_python_uses_begin_with_an_underscore_or_are_code():
    class Helped(SynapticRule):
        """dw/dt = -w/tau, tau = 1 s. Source: none."""

        _notes = ("not read by the simulator",)
        dw = "-w/second"

        def doubled(self):
            return 2

    assert Helped().doubled() == 2
