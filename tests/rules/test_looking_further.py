"""Rules that look further: neuron rules read sums over connections, matrix rules the weights of other projections."""

import numpy as np
import pytest
from brian2 import ms, second

from neurosim import (
    AllToAll,
    Edges,
    Network,
    NeuronRule,
    Population,
    Projection,
    SynapticRule,
    own,
    parameter,
    post,
    pre,
    projection,
    simulate,
)
from neurosim.errors import DescriptionError, EngineRefusal, UnknownNameError
from neurosim.model.rule import Bounds
from neurosim.neurons import GradedUnit, LeakyRate, Signal
from neurosim.synapses import Graded
from tests.references import EACH

X = np.array([0.5, -1.0])
A, B = np.array([[1.0, 0.5], [0.2, -1.0], [0.3, 0.3]]), np.array([[0.4, -0.6, 1.1]])


class NormGain(NeuronRule):
    """dg/dt = (1 - s - 0.5 q)/tau;  s, q sums of squared weights in and of weights out (1), tau time constant (s)."""

    tau = parameter(20 * ms, "time constant", low=0 * ms)
    clock = "continuous"
    s, q = own.total("ahead", "w**2"), own.total("out", "abs(w)", "pre")
    g = own.gain("I")
    dg = "(1 - s - 0.5*q)/tau"
    then = Bounds(0.2, 2.0, "g")


class PresentedNormGain(NeuronRule):
    """g += eta (1 - s) after a presentation;  s, sum of squared weights (1), eta learning rate (1)."""

    eta = parameter(0.1, "learning rate per presentation", low=0.0)
    clock = "sample"
    s = own.total("ahead", "w**2")
    g = own.gain("I")
    dg = "eta*(1 - s)"


class SteadyHebb(SynapticRule):
    """dw/dt = eta y x;  x, y activity (1), eta learning rate (1/s)."""

    eta = parameter(5 / second, "learning rate", low=0 / second)
    clock = "continuous"
    x, y = pre.activity, post.activity
    dw = "eta*y*x"


def summed(rule, connect=None, weight=A, rules=()):
    return Network("summed", 1 * ms).add(
        Population("x", 2, Signal()),
        Population("r", 3, LeakyRate(tau=5 * ms, transfer="identity"), rules=(rule,)),
        Population("y", 1, GradedUnit(transfer="identity")),
        Projection("ahead", "x", "r", Graded(), connect or AllToAll(), weight, rules=rules),
        Projection("out", "r", "y", Graded(), AllToAll(), B),
    )


@pytest.mark.parametrize("engine", EACH)
def test_a_neuron_rule_reads_sums_of_the_weights_of_the_start_of_the_step(engine):
    simulation = simulate(summed(NormGain(), rules=(SteadyHebb(),)), engine=engine)
    simulation.run(15 * ms, {"x": X})
    w, g, r, decay = A.copy(), np.ones(3), np.zeros(3), np.exp(-1 / 5)
    for _ in range(15):
        change = 0.001 * 5 * np.outer(r, X)
        new = np.clip(g + 0.05 * (1 - (w**2).sum(1) - 0.5 * np.abs(B[0])), 0.2, 2.0)
        w, g, r = w + change, new, decay * r + (1 - decay) * new * (w @ X)
    rtol = 1e-5 if engine == "jax" else 1e-12
    np.testing.assert_allclose(simulation.get("r.norm_gain_g"), g, rtol=rtol)
    np.testing.assert_allclose(simulation.matrix("ahead"), w, rtol=rtol)


@pytest.mark.parametrize("engine", EACH)
def test_sums_run_over_the_connections_that_are_there_also_after_a_presentation(engine):
    pre_, post_ = np.array([0, 1, 1]), np.array([2, 0, 2])
    weight = np.array([0.5, 1.5, -2.0])
    simulation = simulate(summed(PresentedNormGain(), Edges(pre_, post_), weight), engine=engine)
    simulation.present({"x": np.stack([X, -X])}, 2 * ms)
    total = np.bincount(post_, weight**2, minlength=3)
    np.testing.assert_allclose(simulation.get("r.presented_norm_gain_g"), 1 + 0.1 * (1 - total), rtol=1e-6)


class TowardsBack(SynapticRule):
    """W += eta (V.T - W) after a presentation;  V, weights of another projection (1), eta learning rate (1)."""

    eta = parameter(0.5, "learning rate per presentation", low=0.0)
    clock = "sample"
    V = projection("back")
    dW = "eta*(V.T - W)"


class FollowBack(SynapticRule):
    """dW/dt = (V.T - W)/tau;  V, weights of another projection (1), tau time constant (s)."""

    tau = parameter(10 * ms, "time constant", low=0 * ms)
    clock = "continuous"
    V = projection("back", "weights that are followed")
    dW = "(V.T - W)/tau"


class PassBack(SynapticRule):
    """W += eta V.T @ e x.T after a presentation;  e = V @ y, V weights of another projection (1), eta (1)."""

    eta = parameter(0.1, "learning rate per presentation", low=0.0)
    clock = "sample"
    x, y = pre.activity, post.activity
    V = projection("back")
    dW = "eta*(V.T @ (V @ y)) @ x.T"


def two_ways(ahead, back=()):
    return Network("two_ways", 1 * ms).add(
        Population("x", 2, Signal()),
        Population("h", 3, LeakyRate(tau=5 * ms, transfer="identity")),
        Population("z", 2, LeakyRate(tau=5 * ms, transfer="identity")),
        Projection("ahead", "x", "h", Graded(), AllToAll(), A, rules=ahead),
        Projection("back", "h", "z", Graded(), AllToAll(), C, rules=back),
    )


C = np.array([[0.1, 0.7, -0.3], [0.9, -0.2, 0.4]])


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["fused", "jax"])
def test_a_matrix_rule_reads_another_projections_weights(engine):
    rtol = 1e-5 if engine == "jax" else 1e-12
    both = simulate(two_ways((TowardsBack(),), (TowardsBack(V="ahead"),)), engine=engine)
    both.present({"x": X[None]}, 1 * ms)
    # After a presentation all changes are found before any is made.
    np.testing.assert_allclose(both.matrix("ahead"), (A + C.T) / 2, rtol=rtol)
    np.testing.assert_allclose(both.matrix("back"), (A.T + C) / 2, rtol=rtol)
    turns = simulate(two_ways((FollowBack(),), (FollowBack(V="ahead"),)), engine=engine)
    turns.run(3 * ms, {"x": X})
    ahead, back = A.copy(), C.copy()
    for _ in range(3):  # in a step, one after the other in the order in which the projections were added
        ahead = ahead + 0.1 * (back.T - ahead)
        back = back + 0.1 * (ahead.T - back)
    np.testing.assert_allclose(turns.matrix("ahead"), ahead, rtol=rtol)
    np.testing.assert_allclose(turns.matrix("back"), back, rtol=rtol)
    batch = simulate(two_ways((PassBack(),)), engine=engine)
    patterns = np.array([[0.5, -1.0], [2.0, 0.3], [-0.7, 0.1]])
    batch.present({"x": patterns}, 4 * ms)
    y = patterns @ A.T * (1 - np.exp(-4 / 5))  # the rule reads the state after the last step
    np.testing.assert_allclose(batch.matrix("ahead"), A + 0.1 * C.T @ C @ y.T @ patterns / 3, rtol=rtol)


def test_brian2_refuses_the_matrix_language_by_name():
    with pytest.raises(
        EngineRefusal, match="projection 'ahead': a rule in matrix language, which Brian2 lacks"
    ):
        simulate(two_ways((TowardsBack(),)), engine="brian2")


def classes():
    """Make rules that cannot be."""

    def element():
        class ElementReadsBack(SynapticRule):
            """dw/dt = V."""

            clock = "continuous"
            V = projection("back")
            dw = "V"

    def neuron():
        class NeuronReadsBack(NeuronRule):
            """dg/dt = 0."""

            V = projection("back")
            g = own.gain("I")
            dg = "0/second"

    return element, neuron


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (
            classes()[0],
            DescriptionError,
            "ElementReadsBack.V: only dW may read the weights of another projection",
        ),
        (
            classes()[1],
            DescriptionError,
            "NeuronReadsBack.V: a neuron rule reads sums of weights: use own.total",
        ),
        (lambda: own.total("ahead", "w*x"), DescriptionError, "reads 'x': it may read w alone"),
        (lambda: own.total("ahead", "w", "here"), DescriptionError, "place = 'here': give 'pre' or 'post'"),
        (
            lambda: simulate(two_ways((TowardsBack(V="bach"),))),
            UnknownNameError,
            "TowardsBack on projection 'ahead', V: no projection 'bach': did you mean 'back'",
        ),
        (
            lambda: simulate(
                two_ways((TowardsBack(V="thin"),)).add(
                    Projection("thin", "h", "z", Graded(), Edges([0], [1]), np.ones(1))
                )
            ),
            DescriptionError,
            "'thin' is not all-to-all: a matrix rule reads only such projections",
        ),
        (
            lambda: simulate(
                Network("far", 1 * ms).add(
                    Population("x", 2, Signal()),
                    Population("r", 3, LeakyRate(), rules=(PresentedNormGain(),)),
                    Projection("ahead", "r", "x", Graded(), AllToAll(), A.T),
                )
            ),
            DescriptionError,
            "the connections of 'ahead' lead to 'x', not 'r': name another projection, or the other place",
        ),
    ],
)
def test_what_a_rule_cannot_see_is_said_in_one_line(make, error, match):
    with pytest.raises(error, match=match) as caught:
        make()
    assert "\n" not in str(caught.value)
