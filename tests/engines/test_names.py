"""No name that a user may give is mistaken for one that is made by the compiler or an engine."""

import numpy as np
import pytest
from brian2 import ms

from neurosim import (
    AllToAll,
    Network,
    NeuronModel,
    Population,
    Projection,
    SynapticRule,
    parameter,
    post,
    simulate,
)
from neurosim.errors import DescriptionError
from neurosim.neurons import SpikeTrain
from neurosim.synapses import Pulse

ENGINES = ("brian2", "fused", "jax")
# Words of the engines, of numba, jax, sympy and Brian2, and pieces that join to names that are made.
WORDS = """
v v_d d d_d u c_v P_v P_v_v P_v_d Q_v HP_v c_d h h0 r_v o_v e_v m_v BA_v k_v k_1_v v_pre v_post w_sum x_sum share
t_ref a at back block c clamp clamp0 count entry f fires found first free function_int held k k0 kept kept_v l last
list m mask matrix n n_share now o p part0 past pre post q r rand_draw rec0 ring rows s size some source spikes
start steps stop sum sum_w tedge unit until value whole x y activity activity_window k_2_v Q_v_v H HP lastupdate
refractory S E I Q zoo oo beta gamma lamda re im diag tril solve np njit normal uniform schedule release prefetch
clip_ sum_after low high reference window sign_low step accumulate apply advance vectors output_of_p names_rule
eta_ names_rule_x rest integer real key index every samples ids wanted handles edge after waiting delays delay
edges now_ one each own
"""
NAMES = [
    n
    for n in dict.fromkeys(WORDS.split())
    if not n.endswith("_") and not hasattr(NeuronModel, n) and not hasattr(SynapticRule, n)
]
HERE = 12
"""Names in a population with its projection."""


def part(v, u, d, tau, drive, low, kick, eta, trace, target, feed, state):
    """A population of three coupled states that spikes, and a plastic projection onto it; every name is given."""
    model = type(
        "NamesUnit",
        (NeuronModel,),
        {
            "equations": f"""
                d{v}/dt = ({drive} + {u} + {d} - {v})/{tau} : 1
                d{u}/dt = -{u}/(2*{tau}) : 1
                d{d}/dt = ({u} - {d})/(3*{tau}) : 1
                {state} : 1 (state)
            """,
            "threshold": f"{v} > 1.0 + {state}",
            "reset": f"{v} = {low}; {state} += {kick}; {u} -= 0.01 * {d}",
            tau: parameter(10 * ms, "time constant"),
            drive: parameter(0.9, "drive"),
            low: parameter(0.1, "value after a spike"),
            kick: parameter(0.01, "growth of the threshold"),
        },
    )
    rule = type(
        "NamesRule",
        (SynapticRule,),
        {
            eta: parameter(0.05, "rate"),
            trace: post.trace(f"d{trace}/dt = -{trace}/tau_names"),
            "tau_names": parameter(20 * ms, "time constant"),
            "clock": "spike",
            "on_pre": f"w += {eta} * (1 - {trace})",
            "on_post": f"{trace} += 1",
        },
    )
    population = Population(target, 2, model(), {v: np.array([0.0, 0.5])})
    projection = Projection(feed, "inputs", target, Pulse(port=u), AllToAll(), 0.3, rules=rule())
    return population, projection, [f"{target}.{v}", f"{target}.{d}", f"{target}.{state}", f"{feed}.w"]


def final(names, engine):
    """Return what a network of these names ends with, by place."""
    network, read = Network("names", dt=1 * ms), []
    network.add(Population("inputs", 2, SpikeTrain(times=[2, 9, 20, 31] * ms, ids=[0, 1, 0, 1])))
    for own in (names[at : at + HERE] for at in range(0, len(names), HERE)):
        population, projection, variables = part(*own)
        network.add(population, projection)
        read += variables
    simulation = simulate(network, engine=engine)
    simulation.run(40 * ms)
    return [np.array(simulation.get(name)) for name in read]


def check(names, engines):
    # Names of one population differ, as do those of populations and projections.
    plain = [f"plain{number}" for number in range(len(names))]
    wanted = final(plain, "brian2")
    assert any(np.any(value > 0.02) for value in wanted[2::4])  # some spike
    for engine in engines:
        for number, (value, expected) in enumerate(zip(final(names, engine), wanted, strict=True)):
            np.testing.assert_allclose(value, expected, rtol=1e-9, err_msg=f"{engine} {number}: {names}")


def test_a_name_is_not_taken_for_one_that_is_made():
    check(NAMES[: 2 * HERE], ENGINES)


@pytest.mark.slow
def test_any_name_may_stand_anywhere():
    check(NAMES[: len(NAMES) // HERE * HERE], ENGINES)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_any_name_may_stand_anywhere_in_other_orders(seed):
    order = np.random.default_rng(seed).permutation(len(NAMES))[: 4 * HERE]
    check([NAMES[at] for at in order], ENGINES)


@pytest.mark.parametrize("where", ["a population", "a variable", "a parameter"])
def test_a_name_too_long_for_a_file_is_rejected_before_anything_runs(where):
    long = "n" * 300

    def described():
        variable, constant = (long if where == kind else "x" for kind in ("a variable", "a parameter"))
        equations = f"d{variable}/dt = -{constant if constant == long else '1.0'}*{variable}/second : 1"
        own = {long: parameter(1.0, "a number")} if constant == long else {}
        model = type("LongNameUnit", (NeuronModel,), {"equations": equations, **own})
        name = long if where == "a population" else "a"
        return simulate(Network("long").add(Population(name, 1, model())), "fused")

    with pytest.raises(DescriptionError, match="300 letters: use at most 100"):
        described()
