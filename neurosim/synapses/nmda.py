"""NMDA receptors: a gate that saturates, and a block by magnesium that depolarisation lifts."""

from brian2 import mmolar, ms, mV

from neurosim.model.parameters import option, parameter
from neurosim.model.synapse import SynapseModel


class NMDA(SynapseModel):
    """NMDA receptors, whose gate each spike of the source opens and saturates, blocked by magnesium.

    ds/dt = alpha x (1 - s) - s/tau_decay, dx/dt = -x/tau_rise, x += 1 at a spike,
    port = sum over sources of w s (E - v)/(1 + magnesium/half exp(-steepness v)).
    s fraction of open channels (1), x transmitter (1), v membrane potential of the target (V), w conductance (unit of
    the port over V).
    Source: Brunel & Wang 2001, J. Comput. Neurosci. 11:63, doi:10.1023/A:1011204814320; the block, Jahr & Stevens 1990,
    J. Neurosci. 10:3178, doi:10.1523/JNEUROSCI.10-09-03178.1990.
    """

    port = option("I", "input of the target")
    tau_rise = parameter(2 * ms, "time constant of the transmitter", low=0 * ms)
    tau_decay = parameter(100 * ms, "time constant of closing", low=0 * ms)
    alpha = parameter(0.5 / ms, "rate of opening", low=0 / ms)
    E = parameter(0 * mV, "reversal potential")
    magnesium = parameter(1 * mmolar, "concentration of magnesium", low=0 * mmolar)
    half = parameter(3.57 * mmolar, "concentration that blocks half of the channels at 0 V", low=0 * mmolar)
    steepness = parameter(0.062 / mV, "dependence of the block on the potential")
    equations = """
    ds/dt = alpha*x*(1 - s) - s/tau_decay : 1
    dx/dt = -x/tau_rise : 1
    """
    method = "rk4"
    on_pre = "x += 1"
    graded = "w * s * (E - v_post) / (1 + magnesium/half * exp(-steepness * v_post))"
