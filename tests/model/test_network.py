"""Networks as data: parts that do not fit are refused, and what is there can be read and drawn."""

import networkx as nx
import numpy as np
import pytest
from brian2 import Hz, ms, mV

from neurosim.compiler.equations.network import network_equations
from neurosim.errors import NeurosimError, UnknownNameError
from neurosim.model.clamp import Clamp
from neurosim.model.connectivity import AllToAll, Edges, OneToOne
from neurosim.model.network import Network
from neurosim.model.parts import External, NamedParameter, Population, Projection, Tied
from neurosim.model.recorder import Recorder
from neurosim.model.summary import graph
from neurosim.model.values import Uniform
from neurosim.neurons import LIF, GradedUnit, LeakyRate, Poisson, Signal
from neurosim.rules import Oja, PairSTDP
from neurosim.synapses import Graded, Pulse


def network(*more):
    """A network with one part of every kind."""
    return Network("n", 0.5 * ms).add(
        Population("a", 3, LIF(), initial={"v": Uniform(-60 * mV, -50 * mV)}),
        Population("s", 3, Poisson(rate=5 * Hz)),
        Population("u", 2, Signal()),
        Population("r", 2, LeakyRate()),
        NamedParameter("k", [1.0, -2.0], sign=1),
        Projection("sa", "s", "a", Pulse(), OneToOne(), 1 * mV, delay=2 * ms, rules=PairSTDP(w_max=2 * mV)),
        Projection("ur", "u", "r", Graded(), AllToAll(), Tied("k", (0, 1, 1, 0))),
        External("body", ("r.output",), {"u": "angle"}),
        Recorder("a"),
        Recorder("r", "r", every=2, indices=(1,)),
        Clamp("a", "v", -60 * mV, indices=(0,), stop=5 * ms),
        *more,
    )


def test_a_network_can_be_read():
    text = str(network())
    for line in (
        "Network 'n', dt = 0.5 ms",
        "  population a: 3 x LIF",
        "  projection sa: s -> a, Pulse on g_e, OneToOne, weight 1. mV, delay 2. ms + PairSTDP",
        "  projection ur: u -> r, Graded on I, AllToAll, weight tied to k, delay 0. s",
        "  parameter k = [1.0, -2.0] (>= 0)",
        "  external body: r.output -> u",
        "  records a.spikes, r.r",
        "  clamp a.v = -60. mV",
    ):
        assert line in text.splitlines()
    assert repr(network()) == "<Network 'n': 4 populations, 2 projections>"


def test_a_network_can_be_drawn():
    drawn = graph(network(Projection("aa", "a", "a", Pulse(), AllToAll(), 0 * mV)))
    assert isinstance(drawn, nx.MultiDiGraph) and set(drawn) == {"a", "s", "u", "r"}
    assert drawn.nodes["a"] == {"size": 3, "model": "LIF"}
    assert drawn.edges["s", "a", "sa"]["rules"] == "PairSTDP" and drawn.has_edge("a", "a", "aa")
    again = nx.parse_graphml("\n".join(nx.generate_graphml(drawn)), force_multigraph=True)
    assert again.edges["s", "a", "sa"]["rules"] == "PairSTDP"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Network("a b"), "network name 'a b'"),
        (lambda: Network("n\n"), "network name"),
        (lambda: Network("n", 0.1), "dt has no unit: give a value in s"),
        (lambda: Network("n", 0 * ms), "dt = 0. s is not positive"),
        (lambda: Network("n", [1, 2] * ms), "dt is an array"),
        (lambda: Population("a_", 1, LIF()), "population name 'a_'"),
        (lambda: Population("a__b", 1, LIF()), "population name 'a__b'"),
        (lambda: Population("import os", 1, LIF()), "population name"),
        (lambda: Population("a", 0, LIF()), "size = 0: give a whole number from 1"),
        (lambda: Population("a", 2.0, LIF()), "size = 2.0 is not a whole number"),
        (lambda: Population("a", 1, LIF), "model = .*: give a neuron model"),
        (lambda: Population("a", 1, LIF(), rules=Oja()), "Oja.* is not a NeuronRule"),
        (lambda: Population("a", 1, LIF(), reference_rate=0 * Hz), "reference_rate = 0. Hz is not positive"),
        (lambda: Population("a", 1, LIF(), activity_window=5), "activity_window has no unit"),
        (lambda: Projection("p", "a", "a", Pulse, AllToAll(), 1), "synapse = .* is not a SynapseModel"),
        (lambda: Projection("p", "a", "a", Pulse(), AllToAll, 1), "connect = .* is not a Connectivity"),
        (lambda: Projection("p", "a", "a", Pulse(), AllToAll(), 1, sign=2), "sign = 2: give"),
        (lambda: NamedParameter("k", np.nan), "'k' holds a value that is not finite"),
        (lambda: NamedParameter("k", np.ones((2, 2))), "'k' is a matrix"),
        (lambda: NamedParameter("k", "one"), "'k' is 'one', which is not a number"),
        (lambda: Tied("k", (0.5,)), "tied to 'k': index = .*0.5.* is not a whole number"),
        (lambda: Recorder("a", every=0), "every = 0: give a whole number from 1"),
        (lambda: Recorder("a", indices=(1.5,)), "indices = 1.5 is not a whole number"),
        (lambda: Clamp("a", "v", 1, indices="ab"), "indices = 'a' is not a whole number"),
        (lambda: Network("n").add("a"), "cannot add 'a'"),
        (lambda: network(Population("k", 1, LIF())), "the name 'k' is already taken"),
        (lambda: network(NamedParameter("sa", 1)), "the name 'sa' is already taken"),
        (lambda: network(External("a", (), {})), "the name 'a' is already taken"),
        (lambda: network(Projection("p", "a", "b", Pulse(), AllToAll(), 1)), "'p': no population 'b'"),
        (lambda: network(Recorder("b")), "recorder of 'b.spikes': nothing has this name"),
        (lambda: network(Recorder("a")), "'a.spikes' already exists"),
        (lambda: network(Clamp("b", "v", 1)), r"clamp of 'b\.v': nothing has this name"),
        (lambda: network(External("e", (), {"b": "x"})), "no population 'b'"),
    ],
)
def test_parts_that_do_not_fit_are_refused_at_once(make, message):
    with pytest.raises(NeurosimError, match=message) as refusal:
        make()
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Recorder("r", "spikes"), "'r' does not spike: record a state"),
        (Recorder("a", "V"), "recorder of 'a.V': no such variable: "),
        (Recorder("a", "g_e", indices=(3,)), r"an index lies outside 0\.\.2"),
        (Recorder("s", indices=(0, 3)), r"an index lies outside 0\.\.2"),
        (Recorder("sa", "pair_stdp_y", indices=(-1,)), r"an index lies outside 0\.\.2"),
        (Clamp("a", "I", 1 * mV), "clamp 1 of 'a.I': it is an input"),
        (Clamp("a", "v", 1), "clamp 1 of 'a.v' has no unit"),
        (Clamp("a", "v", 1 * mV, indices=(3,)), r"an index lies outside 0\.\.2"),
        (Clamp("a", "v", [1, 2] * mV), "give one number or an array of shape"),
        (Clamp("a", "v", 1 * mV, start=5 * ms, stop=5 * ms), "it holds nothing"),
        (Clamp("a", "v", 1 * mV, start=-5 * ms), "it holds nothing"),
        (Clamp("a", "v", 1 * mV, stop=5), "stop has no unit"),
        (External("e", ("a.output",), {}), "'e' reads 'a.output', which is not there"),
        (External("e", "x.v", {}), "'e' reads 'x.v', which is not there"),
        (External("e", (), {"a": "x"}), "'e' writes 'a', which is not a Signal"),
        (External("e", (), {"u": "x"}), "'e' writes 'u', as another does"),
        (Projection("p", "a", "a", Pulse(), AllToAll(), 1), "has no unit where V is needed"),
        (Projection("p", "r", "a", Pulse(), AllToAll(), 1 * mV), "'r' does not spike"),
        (Projection("p", "a", "r", Graded(), AllToAll(), 1), "'a' has no graded output"),
        (Projection("p", "a", "a", Pulse(port="I"), AllToAll(), 1 * mV), "'I' takes graded input"),
        (Projection("p", "r", "a", Graded(port="v"), AllToAll(), 1 * mV), "'v' of 'a' is not an input"),
        (
            Projection("p", "a", "a", Pulse(port="g_x"), AllToAll(), 1 * mV),
            "no port 'g_x': did you mean 'g_.'",
        ),
        (
            Projection("p", "u", "r", Graded(), AllToAll(), 1, dendritic_delay=1 * ms),
            "a graded synapse has no dendritic_delay",
        ),
        (Projection("p", "a", "a", Pulse(), AllToAll(), 1 * mV, delay=-1 * ms), "negative, down to -1 ms"),
        (
            Projection("p", "a", "a", Pulse(), AllToAll(), 1 * mV, delay="soon"),
            "unknown name 'soon'",
        ),
        (Projection("p", "a", "a", Pulse(), AllToAll(), -1 * mV, sign=1), r"must have the sign \+1"),
        (Projection("p", "a", "a", Pulse(), AllToAll(), np.nan * mV), "p.w holds a value that is not finite"),
        (Projection("p", "u", "r", Graded(), AllToAll(), Tied("x")), "no named parameter 'x'"),
        (
            Projection("p", "u", "r", Graded(), AllToAll(), Tied("k", (0, 2, 0, 0))),
            "a tied index lies outside 'k'",
        ),
        (Projection("p", "u", "r", Graded(), AllToAll(), Tied("k", (0, 1))), "2 tied indices for 4 edges"),
        (Projection("p", "u", "r", Graded(), AllToAll(), Tied("k"), rules=Oja()), "cannot be plastic"),
    ],
)
def test_what_does_not_hold_together_is_refused_when_it_is_written_out(part, message):
    with pytest.raises(NeurosimError, match=message) as refusal:
        network_equations(network(part))
    assert len(str(refusal.value).splitlines()) == 1


def test_names_are_found_by_their_nearest():
    with pytest.raises(UnknownNameError, match="no population 'exc': did you mean 'Exc'"):
        Network("n").add(Population("Exc", 1, LIF())).population("exc")


def test_tied_weights_act_with_their_sign():
    links = network_equations(network()).projections
    # k = (1, -2) acts as (1, 0); edges are in the order (source, target).
    assert links["ur"].states["w"].tolist() == [1.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize(("sign", "effective"), [(1, [1.0, 0.0]), (-1, [0.0, -2.0]), (0, [1.0, -2.0])])
def test_a_sign_constrains_the_effect_and_not_the_value(sign, effective):
    parameter = NamedParameter("k", [1.0, -2.0], sign)
    described = Network("n").add(
        Population("u", 2, Signal()),
        Population("y", 2, GradedUnit()),
        parameter,
        Projection("p", "u", "y", Graded(), Edges((1, 0), (0, 1)), Tied("k", (0, 1))),
    )
    # The first edge listed is 1 -> 0, which comes second in the order (source, target).
    assert network_equations(described).projections["p"].states["w"].tolist() == effective[::-1]
    assert parameter.value == [1.0, -2.0]


def test_draws_do_not_depend_on_what_else_is_there():
    alone = Network("n").add(Population("a", 5, LIF(), initial={"v": Uniform(-60 * mV, -50 * mV)}))
    first = network_equations(alone, 4).populations["a"].states["v"]
    assert np.array_equal(
        network_equations(network(Population("b", 9, LIF())), 4).populations["a"].states["v"], first[:3]
    )
    assert not np.array_equal(network_equations(alone, 5).populations["a"].states["v"], first)


def test_sizes_may_be_numpy_integers():
    big = Network("n").add(
        Population("a", np.int32(60_000), Signal()),
        Population("b", np.int32(60_000), GradedUnit()),
        Projection("p", "a", "b", Graded(), Edges((59_999,), (59_999,)), 1.0),
    )
    assert network_equations(big).projections["p"].pre.tolist() == [59_999]
    assert type(big.populations["a"].size) is int


def test_a_part_in_place_of_its_name_is_refused():
    a = Population("a", 2, LIF())
    for make, message in (
        (
            lambda: Projection("p", a, "b", Pulse(), AllToAll(), 1 * mV),
            "projection 'p': source is the Population 'a'",
        ),
        (lambda: Projection("p", "a", 3, Pulse(), AllToAll(), 1 * mV), "projection 'p': target is 3"),
        (lambda: Recorder(a), "recorder: target is the Population 'a'"),
        (lambda: Clamp(a, "v", 1 * mV), "clamp: target is the Population 'a'"),
        (lambda: Tied(NamedParameter("k", 1.0)), "tied weight: parameter is the NamedParameter 'k'"),
    ):
        with pytest.raises(NeurosimError, match=f"^{message}: give a name, as text$"):
            make()


def test_initial_values_have_names():
    with pytest.raises(
        NeurosimError, match=r"^population 'a': initial = .*: give values by the names of variables"
    ):
        Population("a", 2, LIF(), -60 * mV)
