"""Equations of neuron models: checked when a network is written out, refused in one line that says where."""

import subprocess
import sys

import pytest
from brian2 import ms, mV

from neurosim.compiler.equations.network import network_equations
from neurosim.engines import simulate
from neurosim.errors import DescriptionError, NeurosimError
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import option, parameter
from neurosim.model.parts import Population
from neurosim.model.registries import neurons
from neurosim.model.rule import SynapticRule
from neurosim.model.synapse import SynapseModel


class Leaky(NeuronModel, abstract=True):
    """What the models below vary."""

    tau = parameter(10 * ms, "time constant")
    equations = "dv/dt = -v/tau : volt"


def model(**facts):
    """An instance of a new model that differs from `Leaky` by some facts."""
    return type("Varied", (Leaky,), facts, abstract=True)()


def written_out(model, **options):
    return network_equations(Network("n").add(Population("a", 2, model, **options))).populations["a"]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"equations": "dv/dt = -v : volt"}, "dv/dt: .* has the unit V where .* is needed"),
        ({"equations": "dv/dt = -v/tau + 1 : volt"}, "dv/dt.*correct the units"),
        ({"equations": "dv/dt = -v/taum : volt"}, "unknown name 'taum' .*did you mean 'tau'"),
        ({"equations": "dv/dt = -v/tau : vlt"}, "vlt"),
        ({"equations": "dv/dt = -tnh(v)/tau : 1"}, "'v': unknown function 'tnh': did you mean 'tanh'"),
        ({"equations": "dv/dt = -v/tau : 1 (frozen)"}, "flag"),
        ({"equations": "v = 1 : 1 (input)"}, "flags .input. are not known here"),
        ({"equations": "dv/dt = -v/tau"}, "Varied.equations"),
        ({"equations": "a = b : 1\nb = a : 1"}, "Varied.equations"),
        ({"equations": "dv/dt = {transfer}/tau : 1"}, "'{transfer}' in the equations"),
        ({"equations": "dw/dt = -w/tau : 1"}, "'w' is reserved"),
        ({"equations": "dactive/dt = -active/tau : 1"}, "'active' is reserved"),
        ({"equations": "dtau/dt = -tau/second : 1"}, "reserved or taken twice"),
        ({"e": parameter(1.0, "shadows Euler's number")}, "'e' is reserved"),
        ({"_x": parameter(1.0, "hidden")}, "'_x': no underscore at the start"),
        ({"a__b": parameter(1.0, "two underscores")}, "no underscore at the start, and no two in a row"),
        ({"threshold": "v"}, "threshold: 'v' is not a condition"),
        ({"threshold": "v > 1"}, "threshold"),
        ({"threshold": "v > vt"}, "unknown name 'vt'"),
        ({"threshold": "v > 0*v", "reset": "tau = 5*tau"}, "writes 'tau', which is no state"),
        ({"threshold": "v > 0*v", "reset": "t = 0*dt"}, "writes 't', which is no state"),
        ({"threshold": "v > 0*v", "reset": "u = v"}, "writes 'u', which is no state"),
        ({"threshold": "v > 0*v", "reset": "v = tau"}, "reset, 'v = tau'.* has the unit s where V is needed"),
        ({"threshold": "v > 0*v", "reset": "v == 1"}, "is not an assignment"),
        ({"refractory": "tua"}, "Varied.refractory is 'tua', which does not exist: did you mean 'tau'"),
        ({"refractory": "v"}, "Varied.refractory is 'v'"),
        ({"output": "r"}, "Varied.output is 'r', which does not exist: known: v"),
        ({"initial": {"u": 1.0}}, "initial 'u' is not a state: known: v"),
        ({"initial": {"v": "v_rest"}}, "Varied.initial v is 'v_rest', which does not exist: known: tau"),
        ({"initial": {"v": 1.0}}, "a.v has no unit: give a value in V"),
        ({"method": "Euler"}, "method 'Euler': did you mean 'euler'"),
        ({"equations": "dv/dt = xi/tau**0.5 : 1"}, "white noise xi needs method 'euler' .*, not 'exact'"),
        ({"equations": "dv/dt = rand(2)/tau : 1"}, "rand takes no arguments"),
    ],
    ids=lambda value: " ".join(f"{k} {v}" for k, v in value.items())[:50] if isinstance(value, dict) else "",
)
def test_what_does_not_hold_together_is_refused(facts, message):
    with pytest.raises(NeurosimError, match=message) as refusal:
        written_out(model(**facts))
    assert len(str(refusal.value).splitlines()) == 1


def test_initial_values_of_a_population():
    unit = written_out(model(initial={"v": -5 * mV}))
    assert unit.states["v"].tolist() == [-0.005, -0.005]
    assert written_out(model(), initial={"v": [1, 2] * mV}).states["v"].tolist() == [0.001, 0.002]
    for initial, message in (
        ({"u": 1.0}, "initial 'u' is not a state"),
        ({"v": "tau"}, "a.v: .*'tau'.* does not have the unit V"),
    ):
        with pytest.raises(DescriptionError, match=message):
            written_out(model(), initial=initial)


def test_drawn_parameters_keep_their_bounds():
    from neurosim.model.values import Normal
    from neurosim.neurons import LIF

    with pytest.raises(DescriptionError, match="a.tau_m = -.* below its bound"):
        network_equations(Network("n").add(Population("a", 100, LIF(tau_m=Normal(0 * ms, 1 * ms)))))


def test_options_shape_equations():
    class Chosen(Leaky, abstract=True):
        shape = option("flat", "shape", ("flat", "steep"))
        texts = {"shape": {"flat": "v", "steep": "v**3"}}
        equations = "dv/dt = -{shape}/tau : 1"

    assert Chosen(shape="steep").parsed()["v"].expr.code == "-v**3/tau"


TOWERS = [
    "dx/dt = -x*2**2**2**2**2**2/tau : 1",
    "dx/dt = -x*2**(64*64*64*64*64)/tau : 1",
    "dx/dt = (a + b + c + d + x)**40/tau : 1",
    f"dx/dt = {'-' * 3000}x/tau : 1",
    f"dx/dt = {'+'.join(['x'] * 3000)} : 1",
    f"dx/dt = {'x + ' * 4000}x : 1",
]


def test_what_would_never_end_is_refused_at_once():
    # In a process of its own: symbolic algebra that has begun cannot be stopped.
    code = (
        "import sys, time; from neurosim.model.neuron import parse_equations; began = time.process_time()\n"
        "for text in sys.argv[1:]:\n"
        "    try: parse_equations(text, 'M')\n"
        "    except ValueError as error: print(str(error)[:60])\n"
        "assert time.process_time() - began < 2"
    )
    done = subprocess.run([sys.executable, "-c", code, *TOWERS], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(TOWERS)


@pytest.mark.parametrize("name", ["value", "text", "self", "name", "names", "population"])
def test_a_parameter_may_have_the_name_of_an_argument_of_ours(name):
    facts = {"equations": "x : 1 (state)", name: parameter(2.0, "a number")}
    model = type(f"Named{name.title()}", (NeuronModel,), facts)(**{name: 4.0}).replace(**{name: 5.0})
    simulation = simulate(Network("n").add(Population("p", 1, model, {"x": f"3*{name}"})))
    assert simulation.get("p.x")[0] == 15.0


@pytest.mark.parametrize("base", [NeuronModel, SynapticRule, SynapseModel])
def test_a_parameter_with_the_name_of_a_fact_or_method_is_rejected(base):
    for name in ("values", "replace", "chosen", "named", "parameters", "options"):
        with pytest.raises(
            DescriptionError, match=f"^Shadowed.{name}: the name has another meaning here: choose"
        ):
            type("Shadowed", (base,), {name: parameter(1.0, "a number")}, abstract=True)


def test_a_model_has_one_name():
    class Twice(NeuronModel):
        equations = "x = 1 : 1"

    assert neurons.get("Twice") is Twice
    again = type("Twice", (NeuronModel,), {"equations": "x = 2 : 1", "__module__": __name__})
    assert neurons.get("Twice") is again
    with pytest.raises(
        DescriptionError, match="neuron model 'Twice' in elsewhere: the name is already taken by"
    ):
        type("Twice", (NeuronModel,), {"__module__": "elsewhere"})


@pytest.mark.parametrize(
    ("base", "facts", "message"),
    [
        (
            NeuronModel,
            {"equation": "dv/dt = -v/tau : 1"},
            "Odd.equation is not a fact of a neuron model: did you mean 'equations'?",
        ),
        (NeuronModel, {"refractory": 5 * ms}, "Odd.refractory = .* is not text: .* the name of a parameter"),
        (
            SynapseModel,
            {"on_pre": "g_e_post += w"},
            "Odd does not say which variable of the target receives it: add port",
        ),
        (SynapseModel, {"port": option("g_e", "port")}, "Odd does nothing: give on_pre or graded"),
        (
            SynapseModel,
            {"pre": "g_e_post += w"},
            "Odd.pre is not a fact of a synapse model: did you mean 'on_pre'?",
        ),
    ],
)
def test_a_class_that_would_do_something_else_is_refused_when_it_is_made(base, facts, message):
    with pytest.raises(DescriptionError, match=message):
        type("Odd", (base,), facts)
    assert neurons.held("Odd") is None


def test_units_in_equations_are_told_from_misspelt_names():
    with pytest.raises(NeurosimError, match="unknown name 'msec'"):
        written_out(model(equations="dv/dt = -v/(10*msec) : volt"))
    with pytest.raises(DescriptionError, match="'10 \\* mA' has the unit A, 'v' V"):
        written_out(model(equations="dv/dt = (10*mA - v)/(10*ms) : volt"))
    with pytest.raises(DescriptionError, match=r"BitXor .* a power is x\*\*2"):
        written_out(model(equations="dv/dt = -v^2/tau : volt"))


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            {"equations": "dv/dt = -v/tau : volt", "reset": "v = 0*volt"},
            r"\.reset needs a threshold: give one, or remove",
        ),
        (
            {"equations": "dv/dt = (I - v)/tau\nI : volt (input)"},
            r"dv/dt has no unit: end the line with ': volt'",
        ),
        ({"equations": "dv/dt = (x - v)/tau : volt\nx = 2*v  # : volt"}, r"equations: x has no unit"),
        ({"equations": "dv/dt = -v/tau : volts"}, r"unknown unit 'volts': did you mean 'volt'\?"),
        (
            {"equations": "dr/dt = ((r > 1)*2 - r)/tau : 1"},
            r"'r > 1' is true or false, not a number: write int\(r > 1\)",
        ),
    ],
)
def test_the_first_mistakes_are_named(facts, message):
    cls = type("FirstMistake", (NeuronModel,), {"tau": parameter(5 * ms, "tau"), **facts})
    with pytest.raises(DescriptionError, match=message):
        cls().parsed()
