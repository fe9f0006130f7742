"""The bidirectional cascade of Benna and Fusi."""

from brian2 import second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, synapse


class BennaFusi(SynapticRule):
    """Memory by a chain of variables, ever slower and larger: what other rules write into w fades as a power of time.

    C_k du_k/dt = g_(k-1) * (u_(k-1) - u_k) + g_k * (u_(k+1) - u_k), k = 1..6, g_0 = 0, u_7 = 0;
    C_k = 2**(k-1), g_k = rate * 2**(1-k);  u_1 = w, to which other rules on the projection add, u2, u3, u4, u5, u6
    hidden variables of the synapse (1), 0 at the start, rate of exchange between the first two (1/s). The trace of one
    change falls as t**(-1/2) for times from about 1/rate to 4**5/rate.
    Source: Benna & Fusi 2016, Nat. Neurosci. 19:1697, doi:10.1038/nn.4401.
    Checked: the trace of one change is the matrix exponential of the chain (0.5 %) and falls with a log-log slope of
    -1/2 within 0.1.
    """

    rate = parameter(0.01 / second, "exchange between the first two variables", low=0 / second)
    family = "metaplasticity"
    clock = "continuous"
    u2 = synapse.variable("du2/dt = rate * ((w - u2) / 2 + (u3 - u2) / 4)")
    u3 = synapse.variable("du3/dt = rate * ((u2 - u3) / 8 + (u4 - u3) / 16)")
    u4 = synapse.variable("du4/dt = rate * ((u3 - u4) / 32 + (u5 - u4) / 64)")
    u5 = synapse.variable("du5/dt = rate * ((u4 - u5) / 128 + (u6 - u5) / 256)")
    u6 = synapse.variable("du6/dt = rate * ((u5 - u6) / 512 - u6 / 1024)")
    dw = "rate * (u2 - w)"
