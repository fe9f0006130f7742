"""Networks to JSON and back: the same network, the same digest; nothing of a file is imported or evaluated."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim import equation_function
from neurosim.errors import DescriptionError, NeurosimError
from neurosim.model import expressions
from neurosim.model.clamp import Clamp
from neurosim.model.connectivity import AllToAll, Edges, InDegree, OneToOne, Probability
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter
from neurosim.model.parts import External, NamedParameter, Population, Projection, Tied
from neurosim.model.recorder import Recorder
from neurosim.model.serial import digest, from_json, to_json
from neurosim.model.values import Normal, Uniform
from neurosim.neurons import LIF, LeakyRate, Poisson, Signal
from neurosim.rules import GainAdaptation, Oja, PairSTDP, SynapticScaling
from neurosim.synapses import Graded, Pulse, ScaledPulse

NUMBERS = st.floats(-1e3, 1e3) | st.integers(-5, 5)
TIMES = st.floats(0.1, 100).map(lambda x: x * ms)


def arrays(size, unit=1):
    return st.lists(st.floats(-100, 100), min_size=size, max_size=size).map(lambda v: np.array(v) * unit)


def voltages(size):
    drawn = st.builds(Uniform, st.just(-60 * mV), st.floats(-50, 0).map(lambda x: x * mV))
    return st.floats(-100, 100).map(lambda x: x * mV) | arrays(size, mV) | drawn


@st.composite
def networks(draw):
    n = draw(st.integers(1, 4))
    network = Network("n", draw(TIMES)).add(
        Population("E", n, LIF(tau_m=draw(TIMES)), initial={"v": draw(voltages(n))}),
        Population("P", n, Poisson(rate=draw(st.floats(0, 50)) * Hz)),
        Population("u", 2, Signal()),
        Population(
            "r",
            2,
            LeakyRate(bias=draw(NUMBERS | arrays(2))),
            rules=draw(st.sampled_from([(), GainAdaptation()])),
        ),
        NamedParameter("k", draw(NUMBERS | arrays(3)), draw(st.sampled_from([-1, 0, 1]))),
    )
    connect = draw(
        st.builds(Probability, st.floats(0, 1), st.booleans())
        | st.builds(InDegree, st.integers(0, n))
        | st.builds(lambda i: Edges(i, i[::-1]), st.lists(st.integers(0, n - 1)))
        | st.sampled_from([AllToAll(), OneToOne()])
    )
    synapse = draw(st.sampled_from([Pulse(), Pulse(port="g_i"), ScaledPulse(quantum=2 * mV)]))
    rules = draw(st.sampled_from([(), PairSTDP(), (PairSTDP(tau_pre=5 * ms), SynapticScaling())]))
    weight = draw(NUMBERS | st.builds(Normal, st.floats(0, 1), st.floats(0, 1)))
    network.add(
        Projection("PE", "P", "E", synapse, connect, weight, delay=draw(TIMES | arrays(n, ms)), rules=rules),
        Projection(
            "ur", "u", "r", Graded(), AllToAll(), Tied("k", draw(st.lists(st.integers(0, 2), max_size=4)))
        ),
        Projection("rr", "r", "r", Graded(), AllToAll(), draw(arrays(4)).reshape(2, 2), rules=(Oja(),)),
    )
    for part in (
        External("body", ("r.output",), {"u": "angle"}),
        Recorder("E"),
        Recorder("r", "r", every=draw(st.integers(1, 9)), indices=(1,)),
        Clamp("E", "v", draw(voltages(1)), indices=(0,), start=draw(TIMES)),
    ):
        if draw(st.booleans()):
            network.add(part)
    return network


@settings(max_examples=40)
@given(networks())
def test_a_copy_through_json_is_the_same_network(network):
    text = json.dumps(to_json(network))
    copy = from_json(json.loads(text))
    assert digest(copy) == digest(network)
    assert json.dumps(to_json(copy)) == text
    assert str(copy) == str(network)


def described(**changes):
    """A small network of which every part can be changed by name."""
    parts = {
        "dt": 0.1 * ms,
        "E": Population("E", 3, LIF(), initial={"v": -60 * mV}),
        "k": NamedParameter("k", 1.0),
        "EE": Projection("EE", "E", "E", Pulse(), Probability(0.1), 1 * mV, rules=PairSTDP(w_max=2 * mV)),
        "clamp": Clamp("E", "v", -60 * mV),
        "record": Recorder("E"),
        **changes,
    }
    return Network("n", parts.pop("dt")).add(*parts.values())


CHANGES = [
    {"dt": 0.2 * ms},
    {"E": Population("E", 4, LIF(), initial={"v": -60 * mV})},
    {"E": Population("E", 3, LIF(tau_m=21 * ms), initial={"v": -60 * mV})},
    {"E": Population("E", 3, LIF(tau_m=np.nextafter(0.02, 1) * second), initial={"v": -60 * mV})},
    {"E": Population("E", 3, LIF(), initial={"v": -61 * mV})},
    {"E": Population("E", 3, LIF(), initial={"v": -60 * mV}, reference_rate=11 * Hz)},
    {"k": NamedParameter("k", 1.5)},
    {"k": NamedParameter("k", 1.0, sign=1)},
    {"k": NamedParameter("l", 1.0)},
    {"clamp": Clamp("E", "v", -60 * mV, stop=1 * second)},
    {"clamp": Clamp("E", "v", -60 * mV, indices=(0,))},
    {"record": Recorder("E", "v")},
    {"record": Recorder("E", indices=(1,))},
    {"more": Population("I", 1, LIF())},
    *(
        {"EE": Projection("EE", "E", "E", synapse, connect, weight, delay, sign, rules)}
        for synapse, connect, weight, delay, sign, rules in (
            (Pulse(port="g_i"), Probability(0.1), 1 * mV, 0 * ms, 0, PairSTDP(w_max=2 * mV)),
            (Pulse(), Probability(0.2), 1 * mV, 0 * ms, 0, PairSTDP(w_max=2 * mV)),
            (Pulse(), Probability(0.1, autapses=False), 1 * mV, 0 * ms, 0, PairSTDP(w_max=2 * mV)),
            (Pulse(), AllToAll(), 1 * mV, 0 * ms, 0, PairSTDP(w_max=2 * mV)),
            (Pulse(), Probability(0.1), 1.1 * mV, 0 * ms, 0, PairSTDP(w_max=2 * mV)),
            (Pulse(), Probability(0.1), 1 * mV, 1 * ms, 0, PairSTDP(w_max=2 * mV)),
            (Pulse(), Probability(0.1), 1 * mV, 0 * ms, 1, PairSTDP(w_max=2 * mV)),
            (Pulse(), Probability(0.1), 1 * mV, 0 * ms, 0, PairSTDP(w_max=3 * mV)),
            (Pulse(), Probability(0.1), 1 * mV, 0 * ms, 0, SynapticScaling()),
            (Pulse(), Probability(0.1), 1 * mV, 0 * ms, 0, ()),
        )
    ),
]


def test_digests_differ_when_anything_differs():
    digests = [digest(described(**change)) for change in ({}, *CHANGES)]
    assert len(set(digests)) == len(digests)
    assert digest(described()) == digests[0]
    assert digest(described(dt=100e-6 * second)) == digests[0]


@pytest.mark.slow
def test_a_digest_is_the_same_in_every_process():
    code = (
        "from neurosim import Network, Population, AllToAll, Projection; from neurosim.neurons import LIF, LeakyRate\n"
        "from neurosim.rules import PairSTDP; from neurosim.synapses import Pulse; from neurosim import digest\n"
        "n = Network('n').add(Population('E', 3, LIF()), Population('r', 3, LeakyRate()))\n"
        "w = n.populations['E'].model.v_reset\n"
        "n.add(Projection('EE', 'E', 'E', Pulse(), AllToAll(), w, rules=PairSTDP()))\n"
        "print(digest(n))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "HOME": str(Path.home())},
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(seen) == 1


def test_changed_equations_are_noticed():
    class Changing(NeuronModel):
        tau = parameter(10 * ms, "time constant")
        equations = "dv/dt = -v/tau : 1"

    data = to_json(Network("n").add(Population("a", 1, Changing())))
    assert digest(from_json(data)) == digest(Network("n").add(Population("a", 1, Changing())))
    Changing.equations = "dv/dt = -2*v/tau : 1"
    with pytest.raises(DescriptionError, match="'Changing' in the file has other equations"):
        from_json(data)
    Changing.equations, Changing.method = "dv/dt = -v/tau : 1", "euler"
    with pytest.raises(DescriptionError, match="'Changing' in the file has other equations"):
        from_json(data)


def test_the_wording_of_a_parameter_is_no_change():
    class Reworded(NeuronModel):
        tau = parameter(10 * ms, "time constant")
        equations = "dv/dt = -v/tau : 1"

    data = to_json(Network("n").add(Population("a", 1, Reworded())))
    Reworded.parameters = {"tau": parameter(10 * ms, "how slow it is")}
    Reworded.tau = Reworded.parameters["tau"]
    assert digest(from_json(data)) == digest(from_json(data))


def damaged(change):
    data = json.loads(json.dumps(to_json(described())))
    change(data)
    return data


DAMAGE = {
    "format": (lambda d: d.update(format=99), "format 99 is not 1"),
    "name": (lambda d: d.pop("name"), "damaged"),
    "no text": (lambda d: d.update(name=3), "network name 3"),
    "kind of part": (lambda d: d["parts"][0].update(part="os.system"), "damaged"),
    "module path": (lambda d: d["parts"][0]["model"].update({"class": "os.system"}), "unknown neuron model 'os"),
    "registry": (lambda d: d["parts"][0]["model"].update(of="module"), "damaged"),
    "facts": (lambda d: d["parts"][0]["model"].update(facts="0"), "has other equations"),
    "parameter": (lambda d: d["parts"][0]["model"]["values"].update(tau_x=1), "has no parameter 'tau_x'"),
    "value": (lambda d: d["parts"][0]["model"]["values"].update(tau_m="__import__('os')"), "unknown function"),
    "unit": (lambda d: d["dt"].update(dim=[0] * 7), "dt has no unit"),
    "dimensions": (lambda d: d["dt"].update(dim=[0, 1]), "damaged"),
    "connectivity": (lambda d: d["parts"][2]["connect"].update(kind="Popen"), "unknown connectivity 'Popen'"),
    "argument": (lambda d: d["parts"][2]["connect"].update(shell=True), "damaged"),
    "distribution": (
        lambda d: d["parts"][0]["initial"]["map"].update(v={"draw": "exec", "arguments": {}}),
        "unknown distribution",
    ),
    "parts": (lambda d: d.update(parts=None), "damaged"),
    "part": (lambda d: d.update(parts=[1]), "damaged"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_refused_in_one_line(change, message):
    with pytest.raises(NeurosimError, match=message) as refusal:
        from_json(damaged(change))
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("data", [None, [], "network", 3, {}])
def test_what_is_no_network_is_refused(data):
    with pytest.raises(DescriptionError, match="network file: format"):
        from_json(data)


def test_reading_imports_nothing_that_the_file_names(tmp_path, monkeypatch):
    (tmp_path / "evil.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("evil", "evil:Model", "evil.Model"):
        data = damaged(lambda d, name=name: d["parts"][0]["model"].update({"class": name}))
        with pytest.raises(NeurosimError, match="unknown neuron model"):
            from_json(data)
    assert "evil" not in sys.modules


class SerialSaturating(NeuronModel):
    """Rate neuron with a function of a user."""

    tau = parameter(10 * ms, "time constant")
    equations = "dr/dt = (serial_outer(I) - r)/tau : 1\nI : 1 (input)"
    method = "exponential_euler"
    output = "r"


def test_the_text_of_a_users_functions_is_covered(monkeypatch):
    monkeypatch.setattr(expressions, "FORMULAS", {})
    equation_function("serial_inner(x)", "x**2")
    equation_function("serial_outer(x)", "1 + serial_inner(x)")
    network = Network("n").add(Population("a", 1, SerialSaturating()))
    data, before = json.loads(json.dumps(to_json(network))), digest(network)
    assert data["functions"] == {"serial_inner(x)": "x**2", "serial_outer(x)": "1 + serial_inner(x)"}
    assert digest(from_json(data)) == before
    equation_function("serial_inner(x)", "x**3")
    assert digest(network) != before
    with pytest.raises(
        DescriptionError, match=r"'serial_inner\(x\)' is 'x\*\*2' in the file and 'x\*\*3' here"
    ):
        from_json(data)
    expressions.FORMULAS.clear()
    with pytest.raises(
        DescriptionError, match=r"call 'serial_inner\(x\)', which is not defined: import the module"
    ):
        from_json(data)
    assert "functions" not in to_json(Network("n").add(Population("a", 1, LIF())))
