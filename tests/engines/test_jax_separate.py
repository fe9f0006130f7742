"""Products split by source, target and edge, and the sums over edges that are made of them."""

import numpy as np
import pytest
from brian2 import ms

from neurosim import AllToAll, Network, Population, Projection, SynapseModel, parameter, simulate
from neurosim.engines.jax.factors import separate
from neurosim.model.evaluate import evaluate
from neurosim.model.parameters import option
from neurosim.neurons import LeakyRate, Signal
from tests.engines import jax_networks as networks

LEVELS = {"w": "edge", "x": "pre", "y": "post", "c": "run", "dt": "run"}
VALUES = {"w": 1.7, "x": -0.3, "y": 2.2, "c": 0.9, "dt": 1e-3}


class JaxDriven(SynapseModel):
    """A conductance: the input depends on the distance of the target from a reversal value."""

    port = option("I", "input of the target")
    E = parameter(2.0, "reversal value")
    graded = "w * output_pre * (E - r_post) / (1 + r_post**2)"


class JaxMixing(SynapseModel):
    """A difference of the two ends, which is no product of one of each."""

    port = option("I", "input of the target")
    graded = "w * tanh(output_pre - r_post)"


@pytest.mark.parametrize(
    "text",
    [
        "w*x",
        "w*c*x/y",
        "-w*x",
        "c/(x*y)",
        "w/(x/y)",
        "-(c*w)/(x*(y + 1))",
        "x*exp(-x)*w*(w - c)",
        "y",
        "2.5",
        "c*dt",
    ],
)
def test_the_product_of_the_factors_is_the_expression(text):
    factors = separate(text, LEVELS.__getitem__)
    assert np.prod([evaluate(factor, VALUES) for factor in factors.values()]) == pytest.approx(
        evaluate(text, VALUES), rel=1e-14
    )


@pytest.mark.parametrize("text", ["w + x", "w*(x - y)", "tanh(w*x)", "c + w*x"])
def test_a_factor_that_mixes_levels_is_no_product(text):
    assert separate(text, LEVELS.__getitem__) is None


@pytest.mark.parametrize("synapse", [JaxDriven(), JaxMixing()])
def test_sums_over_edges_agree_with_the_fused_engine(synapse):
    rng = np.random.default_rng(0)
    network = Network("sums", 1 * ms).add(
        Population("x", 4, Signal()),
        Population("a", 3, LeakyRate(tau=5 * ms)),
        Projection("p", "x", "a", synapse, AllToAll(), rng.normal(size=(3, 4))),
        Projection("one", "x", "a", synapse, AllToAll(), 0.3),
    )
    one, other = (networks.run(simulate(network, engine), 50) for engine in ("fused", "jax"))
    networks.same(one, other)
    assert np.abs(other.get("a.r")).max() > 0.01
