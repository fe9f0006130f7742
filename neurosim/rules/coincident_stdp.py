"""Pair-based spike-timing-dependent plasticity with a choice of what spikes of one step do."""

from brian2 import ms

from neurosim.model.parameters import parameter
from neurosim.model.rule import pre
from neurosim.rules.pair_stdp import PairSTDP


class CoincidentSTDP(PairSTDP):
    """Additive pair STDP that says what a pair of spikes of one step does: nothing, unless it is asked for.

    As PairSTDP, dx/dt = -x/tau_pre, dy/dt = -y/tau_post, with dn/dt = -n/instant; at a presynaptic spike
    w -= a_minus*w_max*y, x += 1, n += 1; at a postsynaptic spike
    w += w_max*(a_plus*(x - (1 - potentiate)*n) - depress*a_minus*n), y += 1; 0 <= w <= w_max.
    x, y traces of pre- and postsynaptic spikes (1), n presynaptic spikes of this step (1), gone in the next since
    instant = 0 (s), w weight (unit of w_max), potentiate and depress shares (1) of a_plus and of a_minus that the pair
    changes the weight by. PairSTDP has potentiate = 1 and depress = 0, which follows from its order of statements.
    Source: Morrison, Diesmann, Gerstner 2008, Biol. Cybern. 98:459, doi:10.1007/s00422-008-0233-1.
    Checked: pairs of one step and pairs apart change the weight by the stated amounts (1e-12); with potentiate = 1 the
    rule is PairSTDP (1e-12).
    """

    potentiate = parameter(0.0, "share of a_plus for a pair of one step", low=0.0, high=1.0)
    depress = parameter(0.0, "share of a_minus for a pair of one step", low=0.0, high=1.0)
    instant = parameter(0 * ms, "how long a spike counts as one of this step", low=0 * ms, high=0 * ms)
    n = pre.trace("dn/dt = -n/instant")
    on_pre = "w -= a_minus * w_max * y; x += 1; n += 1"
    on_post = "w += w_max * (a_plus*(x - (1 - potentiate)*n) - depress*a_minus*n); y += 1"
