"""What users of Brian2 write in equations: white noise of both kinds, variables with and without flags, units."""

import numpy as np
import pytest
from brian2 import ms, mV, second

from neurosim import (
    AllToAll,
    Network,
    NeuronModel,
    NeuronRule,
    OneToOne,
    Population,
    Projection,
    SynapseModel,
    SynapticRule,
    option,
    own,
    parameter,
    post,
    pre,
    simulate,
)
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.neurons import Signal, SpikeTrain
from neurosim.synapses import AlphaCurrent, Graded

ENGINES = ("fused", "brian2", "jax")


class GeometricNoise(NeuronModel):
    """dx/dt = s*x*xi, whose logarithm has the mean -s**2 t/2 after Ito and 0 after Stratonovich."""

    s = parameter(1 / second**0.5, "noise")
    equations = "dx/dt = s*x*xi : 1"
    method = "euler"
    initial = {"x": 1.0}


class ItoNoise(GeometricNoise):
    """As defined by Ito."""

    method = "euler_maruyama"


class HeunNoise(GeometricNoise):
    """As defined by Stratonovich."""

    method = "heun"


class MilsteinNoise(GeometricNoise):
    """As defined by Stratonovich."""

    method = "milstein"


def after(model, size, duration=500 * ms, engine="fused", dt=1 * ms, **initial):
    simulation = simulate(Network("noise", dt=dt).add(Population("p", size, model, initial)), engine=engine)
    simulation.run(duration)
    return simulation


@pytest.mark.parametrize(
    ("model", "mean"),
    [(ItoNoise(), -0.25), (HeunNoise(), 0.0), (MilsteinNoise(), 0.0)],
    ids=lambda m: str(m)[:8],
)
def test_multiplicative_noise_has_the_meaning_that_its_method_names(model, mean):
    x = after(model, 20_000).get("p.x")
    assert np.log(x).mean() == pytest.approx(mean, abs=4 * 0.5**0.5 / 20_000**0.5)
    assert x.mean() == pytest.approx(np.exp(mean + 0.25), rel=0.03)


@pytest.mark.parametrize("engine", ENGINES[1:])
@pytest.mark.parametrize("model", [ItoNoise(), HeunNoise(), MilsteinNoise()], ids=lambda m: str(m)[:8])
def test_engines_draw_the_same_noise(model, engine):
    expected = after(model, 4, 20 * ms).get("p.x")
    assert after(model, 4, 20 * ms, engine).get("p.x") == pytest.approx(expected, rel=1e-12)


class NoiseTwice(NeuronModel):
    """Two variables that share one noise; the first has another beside it."""

    method = "euler"
    equations = """
    dx/dt = a*xi_shared + a*xi : 1
    dy/dt = a*xi_shared : 1
    dz/dt = a*xi_shared : 1
    a : second**-0.5
    """


def test_a_noise_with_a_name_is_shared_by_the_equations_that_name_it():
    simulation = after(NoiseTwice(), 5000, 10 * ms, a=1 / second**0.5)
    x, y, z = (simulation.get(f"p.{name}") for name in "xyz")
    assert np.array_equal(y, z)
    assert np.corrcoef(x, y)[0, 1] == pytest.approx(0.5**0.5, abs=0.03)
    assert x.var() == pytest.approx(0.02, rel=0.1)


@pytest.mark.parametrize(
    ("equations", "method", "message"),
    [
        (
            "dx/dt = s*x*xi : 1",
            "euler",
            "'x' multiplies xi, which has two meanings: choose .* 'euler_maruyama'",
        ),
        ("dx/dt = k*xi : 1\nk = s*x : second**-0.5", "euler", "'x' multiplies xi"),
        ("dx/dt = s*x*xi : 1", "rk4", "white noise xi needs method 'euler'"),
        ("dx/dt = xi**2 : 1", "heun", "xi is no factor: write sigma\\*xi"),
        ("dx/dt = s*xi + s*xi_a*x : 1", "milstein", "'milstein' does not apply .*: use 'heun'"),
    ],
)
def test_noise_without_one_meaning_is_rejected(equations, method, message):
    kind = type("OddNoise", (GeometricNoise,), {"equations": equations, "method": method}, abstract=True)
    with pytest.raises(DescriptionError, match=message):
        after(kind(), 1)


class HeunDecay(NeuronModel):
    """dx/dt = -x**2, with the solution 1/(1 + t)."""

    equations = "dx/dt = -x**2/second : 1"
    method = "heun"
    initial = {"x": 1.0}


@pytest.mark.parametrize("engine", ENGINES)
def test_heun_is_of_second_order_without_noise(engine):
    errors = [
        abs(float(after(HeunDecay(), 1, 1 * second, engine, dt).get("p.x")[0]) - 0.5)
        for dt in (0.1 * second, 0.05 * second)
    ]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)


# Flags of variables ------------------------------------------------------------------------------------------------


class Flagged(NeuronModel):
    """A leaky neuron whose drive, time constant and leak are variables of its own."""

    equations = """
    dv/dt = (drive + offset - v)/tau : 1
    drive : 1
    tau : second (constant)
    offset : 1 (shared)
    """


@pytest.mark.parametrize("engine", ENGINES)
def test_variables_without_equation_are_states_or_constants_that_users_set(engine):
    population = Population("p", 2, Flagged(), {"drive": [1.0, 2.0], "tau": [10, 20] * ms, "offset": 0.5})
    simulation = simulate(Network("flags", dt=1 * ms).add(population), engine=engine)
    simulation.run(20 * ms)
    assert simulation.get("p.v") == pytest.approx([1.5 * (1 - np.exp(-2)), 2.5 * (1 - np.exp(-1))], rel=1e-12)
    simulation.set("p.tau", [20, 10] * ms)
    simulation.set("p.drive", [0.0, 0.0])
    simulation.set("p.offset", 0.0)
    simulation.run(20 * ms)
    assert simulation.get("p.v") == pytest.approx(
        [1.5 * (1 - np.exp(-2)) * np.exp(-1), 2.5 * (1 - np.exp(-1)) * np.exp(-2)], rel=1e-12
    )


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        (
            "(input, constant)",
            "flags \\(constant, input\\) are not known here: write \\(input\\) or \\(state\\)",
        ),
        ("(whatever)", "flags \\(whatever\\) are not known here"),
    ],
)
def test_a_flag_that_means_nothing_is_rejected(flag, message):
    kind = type("OddFlag", (Flagged,), {"equations": f"I : volt {flag}"}, abstract=True)
    with pytest.raises(DescriptionError, match=message):
        kind().parsed()


def test_variables_of_another_type_are_rejected():
    kind = type("OddType", (Flagged,), {"equations": "n : integer"}, abstract=True)
    with pytest.raises(DescriptionError, match="'n': variables are real numbers, .* write ': 1'"):
        kind().parsed()


def test_what_is_fed_says_that_it_must_be_an_input():
    for source, synapse in ((Signal(), Graded(port="drive")), (SpikeTrain(), AlphaCurrent(port="drive"))):
        network = Network("fed").add(
            Population("s", 1, source),
            Population("p", 1, Flagged(), {"tau": 10 * ms}),
            Projection("k", "s", "p", synapse, AllToAll(), 1.0),
        )
        with pytest.raises(DescriptionError, match="write 'drive : 1 \\(input\\)' in the equations"):
            simulate(network)


def test_a_shared_variable_has_one_value_and_a_constant_is_not_written():
    with pytest.raises(DescriptionError, match="p.offset is \\(shared\\), one number for all neurons"):
        after(Flagged(), 2, tau=10 * ms, offset=[1.0, 2.0])
    kind = type("Writes", (Flagged,), {"threshold": "v > 1", "reset": "tau = 0*second"}, abstract=True)
    with pytest.raises(DescriptionError, match="writes 'tau', which is no state"):
        after(kind(), 1, tau=10 * ms)


# Units -------------------------------------------------------------------------------------------------------------


class UnitNeuron(NeuronModel):
    """Units in equations, thresholds and resets."""

    equations = """
    dv/dt = (10*mV - v + I)/(10*ms) : volt
    dg/dt = -g/(5*ms) : volt
    I : volt (input)
    """
    threshold = "v > 9*mV"
    reset = "v = -5*mV"


class UnitPulse(SynapseModel):
    """Units in a statement."""

    port = option("g", "variable of the target")
    on_pre = "{port}_post += w*2*mV"


class UnitCurrent(SynapseModel):
    """Units in the equations of a synapse."""

    port = option("I", "input of the target")
    equations = "dx/dt = -x/(5*ms) : {unit}"
    on_pre = "x += w"
    current = "x + 1*mV"


class UnitRule(SynapticRule):
    """Units in a rule."""

    clock = "spike"
    x = pre.trace("dx/dt = -x/(20*ms)")
    on_pre = "w += 0.1*x*(v - 1*mV)/mV; x += 1"
    v = post.v


class UnitOffset(NeuronRule):
    """Units in a rule of neurons."""

    b = own.offset("I")
    db = "(1*mV - b)/(10*ms)"


def with_units():
    trains = SpikeTrain(times=[1, 2, 3, 4] * ms, ids=[0, 1, 0, 1])
    return Network("units").add(
        Population("s", 2, trains),
        Population("p", 2, UnitNeuron(), rules=UnitOffset()),
        Projection("k", "s", "p", UnitPulse(), OneToOne(), 1.0, rules=UnitRule()),
        Projection("c", "s", "p", UnitCurrent(), OneToOne(), 1 * mV),
    )


def test_units_in_equations_are_quantities_on_every_engine():
    found = {}
    for engine in ENGINES:
        simulation = simulate(with_units(), engine=engine)
        simulation.run(10 * ms)
        found[engine] = [np.asarray(simulation.get(name)) for name in ("p.v", "p.g", "k.w", "c.x")]
    for engine in ENGINES[1:]:
        for ours, theirs in zip(found["fused"], found[engine], strict=True):
            assert ours == pytest.approx(theirs, rel=1e-9)
    # A spike in step k is delivered at its end, so that it decays from step k + 1 on.
    since = 10 - np.array([[1.1, 3.1], [2.1, 4.1]])
    assert found["fused"][3] == pytest.approx(1e-3 * np.exp(-(since + 0.0) / 5).sum(axis=1), rel=1e-9)
    assert (found["fused"][2] != 1).all()


def test_an_unknown_name_is_no_unit():
    kind = type("Misspelt", (NeuronModel,), {"equations": "dv/dt = -v/(10*mss) : volt"}, abstract=True)
    with pytest.raises(UnknownNameError, match="unknown name 'mss'"):
        simulate(Network("n").add(Population("p", 1, kind())))
