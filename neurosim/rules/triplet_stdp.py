"""Triplet spike-timing-dependent plasticity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from brian2 import ms

from neurosim.model.parameters import parameter
from neurosim.model.rule import Bounds, SynapticRule, post, pre


def amplitudes(*values: float) -> dict[str, Any]:
    """Return a parameter set of a2_plus, a3_plus, a2_minus, a3_minus, tau_x (ms) and tau_y (ms).

    tau_x has no effect where a3_minus = 0.
    """
    *amounts, tau_x, tau_y = values
    names = ("a2_plus", "a3_plus", "a2_minus", "a3_minus")
    return {**dict(zip(names, amounts, strict=True)), "tau_x": tau_x * ms, "tau_y": tau_y * ms}


class TripletSTDP(SynapticRule):
    """Triplet STDP, all to all: potentiation by pre-post-post triplets, so that it grows with the rate.

    dr1/dt = -r1/tau_plus, dr2/dt = -r2/tau_x, do1/dt = -o1/tau_minus, do2/dt = -o2/tau_y;
    at a presynaptic spike w -= w_0*o1*(a2_minus + a3_minus*r2), r1 += 1, r2 += 1;
    at a postsynaptic spike w += w_0*r1*(a2_plus + a3_plus*o2), o1 += 1, o2 += 1; 0 <= w <= w_max.
    r1, r2 presynaptic and o1, o2 postsynaptic traces (1), w weight (unit of w_max), w_0 weight to which changes are
    relative. Parameter sets by name: `TripletSTDP.named("visual cortex, full")`; they were noted from memory and not
    compared with the paper's tables; those of visual cortex fit the data of Sjöström et al. 2001 as noted with E < 0.4.
    Source: Pfister & Gerstner 2006, J. Neurosci. 26:9673, doi:10.1523/JNEUROSCI.1425-06.2006.
    Checked: the sets of visual cortex fit the frequency protocol of Sjöström et al. 2001, as noted, with E < 0.4; no
    pair-based rule falls below 5.
    """

    tau_plus = parameter(16.8 * ms, "window of potentiation", low=0 * ms)
    tau_minus = parameter(33.7 * ms, "window of depression", low=0 * ms)
    tau_x = parameter(101 * ms, "time constant of the slow presynaptic trace", low=0 * ms)
    tau_y = parameter(114 * ms, "time constant of the slow postsynaptic trace", low=0 * ms)
    a2_plus = parameter(0.0, "potentiation per pair, over w_0")
    a3_plus = parameter(6.5e-3, "potentiation per triplet, over w_0")
    a2_minus = parameter(7.1e-3, "depression per pair, over w_0")
    a3_minus = parameter(0.0, "depression per triplet, over w_0")
    w_0 = parameter(1.0, "weight to which changes are relative", of_weight=True)
    w_max = parameter(3.0, "largest weight", of_weight=True)
    clock = "spike"
    r1 = pre.trace("dr1/dt = -r1/tau_plus")
    r2 = pre.trace("dr2/dt = -r2/tau_x")
    o1 = post.trace("do1/dt = -o1/tau_minus")
    o2 = post.trace("do2/dt = -o2/tau_y")
    on_pre = "w -= w_0 * o1 * (a2_minus + a3_minus * r2); r1 += 1; r2 += 1"
    on_post = "w += w_0 * r1 * (a2_plus + a3_plus * o2); o1 += 1; o2 += 1"
    then = Bounds(0, "w_max")

    _sets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "visual cortex, full": amplitudes(5e-10, 6.2e-3, 7.0e-3, 2.3e-4, 101, 125),
        "visual cortex, minimal": amplitudes(0.0, 6.5e-3, 7.1e-3, 0.0, 101, 114),
        "hippocampal culture, full": amplitudes(6.1e-3, 6.7e-3, 1.6e-3, 1.4e-3, 946, 27),
        "hippocampal culture, minimal": amplitudes(5.3e-3, 8.0e-3, 3.5e-3, 0.0, 946, 40),
    }
