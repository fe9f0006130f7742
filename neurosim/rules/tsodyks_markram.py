"""Short-term depression and facilitation after Tsodyks and Markram."""

from brian2 import ms

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, pre


class TsodyksMarkram(SynapticRule):
    """Short-term plasticity: a spike uses part of what a synapse can release and raises the part the next one uses.

    dx/dt = (1 - x)/tau_rec, du/dt = -u/tau_f;  at a presynaptic spike u += U * (1 - u), w * u * x is transmitted in
    place of w, with the new u, and then x -= u * x.
    x available fraction (1), 1 at the start, u fraction that a spike uses (1), 0 at the start, w weight (any unit), U
    rise of u from 0 (1), tau_rec time of recovery (s), tau_f time of facilitation (s). With tau_f far below the
    intervals between spikes there is only depression, with u = U.
    Source: Tsodyks, Pawelzik, Markram 1998, Neural Comput. 10:821.
    Checked: releases of regular trains of 1 to 100 Hz end at the closed form of the steady state (1e-4).
    """

    U = parameter(0.05, "rise of u from 0", low=0.0, high=1.0)
    tau_rec = parameter(130 * ms, "time of recovery", low=0 * ms)
    tau_f = parameter(530 * ms, "time of facilitation", low=0 * ms)
    family = "gain control and short term"
    clock = "spike"
    x = pre.trace("dx/dt = (1 - x)/tau_rec", initial=1.0)
    u = pre.trace("du/dt = -u/tau_f")
    efficacy = "w * (u + U*(1 - u)) * x"
    on_pre = "x -= (u + U*(1 - u)) * x; u += U * (1 - u)"
