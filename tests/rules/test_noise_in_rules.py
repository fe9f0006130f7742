"""White noise in what rules and synapses integrate: its variance, its two meanings, its streams."""

import numpy as np
import pytest
from brian2 import ms
from numpy.testing import assert_allclose

from neurosim import (
    AllToAll,
    Network,
    NeuronRule,
    OneToOne,
    Population,
    Projection,
    SynapseModel,
    SynapticRule,
    option,
    own,
    parameter,
    pre,
    simulate,
    synapse,
)
from neurosim.errors import DescriptionError
from neurosim.neurons import LeakyRate, Signal
from neurosim.synapses import Graded

TAU, SIGMA = 2 * ms, 0.3


class WanderingWeight(SynapticRule):
    """dw/dt = (1 - w)/tau + sigma*xi/sqrt(tau), de/dt = -e/tau + sigma*xi_e/sqrt(tau)."""

    tau, sigma = parameter(TAU, "time constant", low=0 * ms), parameter(SIGMA, "noise")
    clock = "continuous"
    method = "euler"
    e = synapse.variable("de/dt = -e/tau + sigma*xi_e/sqrt(tau)")
    dw = "(1 - w)/tau + sigma*xi/sqrt(tau)"


class MultipliedWeight(SynapticRule):
    """dw/dt = sigma*w*xi/sqrt(tau), by Ito's or by Stratonovich's meaning."""

    tau, sigma = parameter(TAU, "time constant", low=0 * ms), parameter(SIGMA, "noise")
    clock = "continuous"
    method = "euler_maruyama"
    dw = "sigma*w*xi/sqrt(tau)"


class StratonovichWeight(MultipliedWeight):
    """As MultipliedWeight, by Heun's method."""

    method = "heun"


class MilsteinWeight(MultipliedWeight):
    """As MultipliedWeight, by Milstein's method."""

    method = "milstein"


class WanderingGain(NeuronRule):
    """dg/dt = (1 - g)/tau + sigma*g*xi/sqrt(tau)."""

    tau, sigma = parameter(TAU, "time constant", low=0 * ms), parameter(SIGMA, "noise")
    g = own.gain("I")
    method = "euler_maruyama"
    dg = "(1 - g)/tau + sigma*g*xi/sqrt(tau)"


class WanderingFilter(SynapseModel):
    """A filter per target neuron with noise of its own."""

    port = option("I", "input of the target")
    tau = parameter(TAU, "time constant", low=0 * ms)
    equations = "dx/dt = (output_pre - x)/tau + 0.3*xi/sqrt(tau) : {unit}"
    graded = "w*x"
    method = "euler"


def network(rule, size=2, connect=None, synapse=None, own=()):
    """Silent inputs onto as many rate neurons."""
    return Network("noise", dt=0.1 * ms).add(
        Population("a", size, Signal()),
        Population("b", size, LeakyRate(), rules=own),
        Projection("p", "a", "b", synapse or Graded(), connect or AllToAll(), 1.0, rules=rule),
    )


@pytest.mark.slow
@pytest.mark.parametrize("connect", [AllToAll(), OneToOne()], ids=["all", "one"])
def test_engines_draw_the_same(connect):
    """Weights, variables per synapse, gains, and what a synapse keeps per neuron; a run in two parts is one run."""
    found = []
    for engine in ("fused", "brian2", "jax"):
        described = network(
            (WanderingWeight(),), connect=connect, synapse=WanderingFilter(), own=WanderingGain()
        )
        running = simulate(described, engine=engine, seed=4)
        for _ in range(2):
            running.run(2 * ms)
        names = ("p.w", "p.wandering_weight_e", "p.x", "b.wandering_gain_g")
        found.append(np.concatenate([running.get(name) for name in names]))
    assert len(set(found[0].round(9))) == found[0].size
    for other in found[1:]:
        assert_allclose(other, found[0], rtol=1e-9)


def test_variance_of_an_ornstein_uhlenbeck_weight():
    """Stationary: mean 1, variance sigma^2/2 / (1 - dt/(2 tau)) of Euler's method, within 4 standard errors."""
    running = simulate(network(WanderingWeight(), 60), seed=1)
    running.run(20 * ms)
    w, e = running.get("p.w"), running.get("p.wandering_weight_e")
    variance = SIGMA**2 / 2 / (1 - 0.05 / 2)
    assert abs(w.mean() - 1) < 4 * np.sqrt(variance / w.size)
    for values in (w, e):
        assert abs(values.var() / variance - 1) < 4 * np.sqrt(2 / w.size)
    assert abs(np.corrcoef(w, e)[0, 1]) < 4 / np.sqrt(w.size)


@pytest.mark.parametrize(
    ("rule", "log_mean"), [(MultipliedWeight(), 0.0), (StratonovichWeight(), 0.5), (MilsteinWeight(), 0.5)]
)
def test_two_meanings(rule, log_mean):
    """E[w] = 1 by Ito, exp(sigma^2 T/(2 tau)) by Stratonovich, within 4 standard errors."""
    running = simulate(network(rule, 60), seed=2)
    running.run(6 * ms)
    w = running.get("p.w")
    assert abs(w.mean() - np.exp(log_mean * SIGMA**2 * 3)) < 4 * w.std() / 60


class UnclearNoise(MultipliedWeight):
    """Euler's method does not say which meaning."""

    method = "euler"


class NoisyTrace(SynapticRule):
    """A trace per neuron."""

    clock = "spike"
    tau = parameter(TAU, "time constant", low=0 * ms)
    x = pre.trace("dx/dt = -x/tau + xi/sqrt(tau)")
    on_pre = "w += x; x += 1"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (UnclearNoise(), "dw/dt: 'w' multiplies xi, which has two meanings"),
        (NoisyTrace(), "dx/dt: white noise belongs to dw and to synapse.variable"),
    ],
)
def test_refused(rule, message):
    """Noise without a meaning, and noise of a trace per neuron."""
    with pytest.raises(DescriptionError, match=message):
        simulate(network(rule))
