"""Voltage-based spike-timing-dependent plasticity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from brian2 import Hz, ms, mV, second

from neurosim.model.parameters import parameter
from neurosim.model.rule import Bounds, SynapticRule, post, pre


class ClopathSTDP(SynapticRule):
    """Voltage-based STDP: presynaptic spikes depress and depolarisation potentiates, depending on the past potential.

    dx/dt = -x/tau_x, du_minus/dt = (v - u_minus)/tau_minus, du_plus/dt = (v - u_plus)/tau_plus;
    dw/dt = w_0*A_LTP*x*[v - theta_plus]*[u_plus - theta_minus], [.] = max(., 0);
    at a presynaptic spike w -= w_0*A_LTD*[u_minus - theta_minus], x += 1/tau_x;
    at a postsynaptic spike w += w_0*A_LTP*area*x*[u_plus - theta_minus], u_minus += area/tau_minus,
    u_plus += area/tau_plus; 0 <= w <= w_max.
    v membrane potential (V), x presynaptic trace (Hz), u_minus, u_plus low-pass filtered potential (V), u_rest their
    value at the start (V), w weight (unit of w_max), w_0 weight to which changes are relative, A_LTD (1/V), A_LTP
    (1/V^2). Models reset the potential at once, so v does not contain the action potential: area (V*s) is what the
    integral of v lacks, and it acts at the spike as a pulse of that area would. For homeostasis see
    HomeostaticClopathSTDP. Sets of parameters by name: `ClopathSTDP.named("somatosensory cortex")`.
    Source: Clopath, Büsing, Vasilaki, Gerstner 2010, Nat. Neurosci. 13:344, doi:10.1038/nn.2479. The sets were noted
    from memory and have not been compared with its tables; the area of an action potential is a choice made here.
    Checked: closed forms at clamped potentials (1e-3) and with action potentials (1e-9); in the frequency protocol of
    Sjöström et al. 2001 no potentiation at 0.1 Hz if the postsynaptic spike is 10 ms later, and if it is 10 ms earlier,
    depression up to 20 Hz and potentiation from 40 Hz; at fixed spike times the change follows the potential.
    """

    tau_x = parameter(15 * ms, "time constant of the presynaptic trace", low=0 * ms)
    tau_minus = parameter(10 * ms, "time constant of the potential for depression", low=0 * ms)
    tau_plus = parameter(7 * ms, "time constant of the potential for potentiation", low=0 * ms)
    theta_minus = parameter(-70.6 * mV, "threshold of the filtered potentials")
    theta_plus = parameter(-45.3 * mV, "threshold of the potential for potentiation")
    A_LTD = parameter(14e-5 / mV, "amplitude of depression, over w_0", low=0 / mV)
    A_LTP = parameter(8e-5 / mV**2, "amplitude of potentiation, over w_0", low=0 / mV**2)
    area = parameter(200 * mV * ms, "area of the action potential, which v lacks", low=0 * mV * ms)
    u_rest = parameter(-70.6 * mV, "initial value of the filtered potentials")
    w_0 = parameter(1.0, "weight to which changes are relative", of_weight=True)
    w_max = parameter(3.0, "largest weight", of_weight=True)
    v = post.v
    clock = "spike"
    x = pre.trace("dx/dt = -x/tau_x", initial=0 * Hz)
    u_minus = post.trace("du_minus/dt = (v - u_minus)/tau_minus", initial="u_rest")
    u_plus = post.trace("du_plus/dt = (v - u_plus)/tau_plus", initial="u_rest")
    on_pre = "w -= w_0*A_LTD*(u_minus - theta_minus)*int(u_minus > theta_minus); x += 1/tau_x"
    on_post = """
    w += w_0*A_LTP*area*x*(u_plus - theta_minus)*int(u_plus > theta_minus)
    u_minus += area/tau_minus
    u_plus += area/tau_plus
    """
    dw = "w_0*A_LTP*x*(v - theta_plus)*int(v > theta_plus)*(u_plus - theta_minus)*int(u_plus > theta_minus)"
    then = Bounds(0, "w_max")

    _sets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "visual cortex": {},
        "somatosensory cortex": {
            **{"A_LTD": 21e-5 / mV, "A_LTP": 30e-5 / mV**2},
            **{"tau_x": 30 * ms, "tau_minus": 6 * ms, "tau_plus": 5 * ms},
        },
        "hippocampus": {
            **{"A_LTD": 38e-5 / mV, "A_LTP": 2e-5 / mV**2, "tau_x": 16 * ms},
            **{"theta_minus": -41 * mV, "theta_plus": -38 * mV},
        },
    }


class HomeostaticClopathSTDP(ClopathSTDP):
    """Voltage-based STDP with homeostasis: as ClopathSTDP, but depression grows with the mean depolarisation.

    du_mean/dt = (v - u_rest - u_mean)/tau_mean;
    at a presynaptic spike w -= w_0*A_LTD*(u_mean/u_ref)**2*[u_minus - theta_minus], x += 1/tau_x;
    at a postsynaptic spike w += w_0*A_LTP*area*x*[u_plus - theta_minus], u_minus += area/tau_minus,
    u_plus += area/tau_plus, u_mean += area/tau_mean; the rest, with v, x, u_minus, u_plus, theta_plus, tau_x,
    tau_minus, tau_plus, w weight and w_max, is as in ClopathSTDP. u_mean mean depolarisation above u_rest (V), u_ref
    reference depolarisation (V), whose published value is not known here, so it must be given.
    Source: Clopath, Büsing, Vasilaki, Gerstner 2010, Nat. Neurosci. 13:344, doi:10.1038/nn.2479.
    Checked: depression is that of ClopathSTDP times (u_mean/u_ref)**2 at clamped potentials (1e-3).
    """

    u_ref = parameter(8 * mV, "reference depolarisation", low=0 * mV, required=True)
    tau_mean = parameter(1 * second, "time constant of the mean depolarisation", low=0 * second)
    u_mean = post.trace("du_mean/dt = (v - u_rest - u_mean)/tau_mean", initial=0 * mV)
    on_pre = (
        "w -= w_0*A_LTD*(u_mean/u_ref)**2*(u_minus - theta_minus)*int(u_minus > theta_minus); x += 1/tau_x"
    )
    on_post = f"{ClopathSTDP.on_post}; u_mean += area/tau_mean"
