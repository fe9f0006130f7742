"""Pair-based spike-timing-dependent plasticity of nearest spikes."""

from neurosim.rules.pair_stdp import PairSTDP


class NearestSTDP(PairSTDP):
    """Additive pair STDP of nearest spikes: as PairSTDP, but a trace represents only the last spike.

    At a presynaptic spike w -= a_minus*w_max*y, x = 1; at a postsynaptic spike w += a_plus*w_max*x, y = 1;
    0 <= w <= w_max.
    x, y traces of the last pre- and postsynaptic spike (1), which fall with tau_pre and tau_post (s), w weight (unit of
    w_max). Two such lines make this variant of any pair-based rule.
    Source: Morrison, Diesmann, Gerstner 2008, Biol. Cybern. 98:459, doi:10.1007/s00422-008-0233-1.
    Checked: random trains change the weight as an event-by-event calculation does (1e-12).
    """

    on_pre = "w -= a_minus * w_max * y; x = 1"
    on_post = "w += a_plus * w_max * x; y = 1"
