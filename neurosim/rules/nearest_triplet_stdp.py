"""Triplet spike-timing-dependent plasticity of nearest spikes."""

from collections.abc import Mapping
from typing import Any, ClassVar

from neurosim.rules.triplet_stdp import TripletSTDP, amplitudes


class NearestTripletSTDP(TripletSTDP):
    """Triplet STDP of nearest spikes: as TripletSTDP, but a trace represents only the last spike.

    At a presynaptic spike w -= w_0*o1*(a2_minus + a3_minus*r2), r1 = 1, r2 = 1;
    at a postsynaptic spike w += w_0*r1*(a2_plus + a3_plus*o2), o1 = 1, o2 = 1; 0 <= w <= w_max.
    r1, r2 presynaptic traces (1) that fall with tau_plus, tau_x (s), o1, o2 postsynaptic traces (1) that fall with
    tau_minus, tau_y (s), w weight (unit of w_max), w_0 weight to which changes are relative. Parameter sets, by
    `NearestTripletSTDP.named(...)`, with the same reservation as those of TripletSTDP.
    Source: Pfister & Gerstner 2006, J. Neurosci. 26:9673, doi:10.1523/JNEUROSCI.1425-06.2006.
    Checked: the sets of visual cortex fit the frequency protocol of Sjöström et al. 2001, as noted, with E < 0.4; no
    pair-based rule falls below 5.
    """

    on_pre = "w -= w_0 * o1 * (a2_minus + a3_minus * r2); r1 = 1; r2 = 1"
    on_post = "w += w_0 * r1 * (a2_plus + a3_plus * o2); o1 = 1; o2 = 1"

    _sets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "visual cortex, full": amplitudes(8.8e-11, 5.3e-2, 6.6e-3, 3.1e-3, 714, 40),
        "visual cortex, minimal": amplitudes(0.0, 5.0e-2, 8.0e-3, 0.0, 714, 40),
        "hippocampal culture, full": amplitudes(4.6e-3, 9.1e-3, 3.0e-3, 7.5e-9, 575, 47),
        "hippocampal culture, minimal": amplitudes(4.6e-3, 9.1e-3, 3.0e-3, 0.0, 575, 48),
    }
