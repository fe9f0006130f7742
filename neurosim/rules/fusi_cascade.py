"""The cascade of metaplastic states of Fusi, Drew and Abbott."""

from brian2 import ms

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, post, pre, synapse

_STRONG = "int(w > 0.5*w_max)"
_DEEPER = "x**k/(1 - x)*int(k < n - 0.5)"
_SWITCH = "x**(k - 1)*(1 + int(k > n - 0.5)*x/(1 - x))"


class FusiCascade(SynapticRule):
    """Cascade synapse: a weight of two values, weak or strong, that is harder to switch the more it was confirmed.

    da/dt = -a/tau_pre, db/dt = -b/tau_post, traces of the last spike on either side; with rand() uniform on [0, 1):
    a postsynaptic spike is an event of potentiation with the probability p_plus*a, then b = 1;
    a presynaptic spike is an event of depression with the probability p_minus*b, then a = 1.
    An event of potentiation takes a weak synapse of level k to w = w_max and k = 1 with the probability
    q_k = x**(k-1), q_n = x**(n-1)/(1-x), and a strong one a level deeper, k += 1, with p_k = x**k/(1-x), p_n = 0; an
    event of depression does the same with weak (w = 0) and strong exchanged. With these p_k all 2*n states are equally
    occupied under events of both signs.
    w weight (unit of w_max), strong above w_max/2; k level (1), 1 at the start; m probability that an event moves the
    synapse, then whether it did (1); a, b traces (1); x ratio of the probabilities of neighbouring levels (1), n number
    of levels (1), p_plus, p_minus probabilities that a pair of spikes at the same time is an event (1).
    Source: Fusi, Drew, Abbott 2005, Neuron 45:599, doi:10.1016/j.neuron.2005.02.001 (the states; that pairs of spikes
    cause the events is a choice made here).
    Checked: the Markov chain of these probabilities leaves all states equally occupied (1e-9), and its memory falls
    with the log-log slopes of a prototype (0.03); 10,000 simulated synapses follow the chain (5 seeds, chi-square).
    """

    tau_pre = parameter(20 * ms, "window of potentiation", low=0 * ms)
    tau_post = parameter(20 * ms, "window of depression", low=0 * ms)
    p_plus = parameter(1.0, "probability of potentiation per pair", low=0.0, high=1.0)
    p_minus = parameter(1.0, "probability of depression per pair", low=0.0, high=1.0)
    x = parameter(0.5, "ratio of the probabilities of neighbouring levels", low=0.0, high=0.5)
    n = parameter(10, "number of levels", low=2)
    w_max = parameter(1.0, "strong weight", of_weight=True)
    family = "metaplasticity"
    clock = "spike"
    a = pre.trace("da/dt = -a/tau_pre")
    b = post.trace("db/dt = -b/tau_post")
    k = synapse.variable("k", initial=1.0)
    m = synapse.variable("m")
    on_post = f"""
    m = p_plus*a*({_STRONG}*{_DEEPER} + (1 - {_STRONG})*{_SWITCH})
    m = int(rand() < m)
    k += m*({_STRONG} + (1 - {_STRONG})*(1 - k))
    w += m*(1 - {_STRONG})*(w_max - w)
    b = 1
    """
    on_pre = f"""
    m = p_minus*b*((1 - {_STRONG})*{_DEEPER} + {_STRONG}*{_SWITCH})
    m = int(rand() < m)
    k += m*(1 - {_STRONG} + {_STRONG}*(1 - k))
    w -= m*{_STRONG}*w
    a = 1
    """
