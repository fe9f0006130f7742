"""The bidirectional cascade of Benna and Fusi."""

from typing import Any

from brian2 import second

from neurosim.errors import DescriptionError
from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, synapse


class BennaFusi(SynapticRule):
    """Memory by a chain of variables, ever slower and larger: what other rules write into w fades as a power of time.

    C_k du_k/dt = g_(k-1) * (u_(k-1) - u_k) + g_k * (u_(k+1) - u_k), k = 1..6, g_0 = 0, u_7 = 0;
    C_k = 2**(k-1), g_k = rate * 2**(1-k);  u_1 = w, to which other rules on the projection add, u2, u3, u4, u5, u6
    hidden variables of the synapse (1), 0 at the start, rate of exchange between the first two (1/s). The trace of one
    change falls as t**(-1/2) for times from about 1/rate to 4**5/rate. `benna_fusi(m)` is the same with m variables.
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


def benna_fusi(m: int) -> type[SynapticRule]:
    """Return the rule of a chain of m variables, whose memory lasts to about 4**(m-1)/rate: a class `BennaFusi<m>`.

    C_k du_k/dt = g_(k-1) * (u_(k-1) - u_k) + g_k * (u_(k+1) - u_k), k = 1..m, as for `BennaFusi`.

    A file of a network with this rule is read once the class has been made.

    Arguments:
        m: number of variables, the weight included, from 2 to 20.

    Raises DescriptionError for another number.
    Source: Benna & Fusi 2016, Nat. Neurosci. 19:1697, doi:10.1038/nn.4401.
    """
    if not isinstance(m, int) or not 2 <= m <= 20:
        raise DescriptionError(f"benna_fusi({m}): give a whole number from 2 to 20")
    hidden = [f"u{k}" for k in range(2, m + 1)]
    names = ["w", *hidden]
    facts: dict[str, Any] = {
        "__doc__": (BennaFusi.__doc__ or "")
        .replace("k = 1..6, g_0 = 0, u_7 = 0", f"k = 1..{m}, g_0 = 0, u_{m + 1} = 0")
        .replace("u2, u3, u4, u5, u6", ", ".join(hidden))
        .replace("4**5/rate. `benna_fusi(m)` is the same with m variables", f"4**{m - 1}/rate"),
        "__module__": __name__,
        "rate": BennaFusi.parameters["rate"],
        "family": BennaFusi.family,
        "clock": BennaFusi.clock,
        "dw": BennaFusi.dw,
    }
    for k, name in enumerate(hidden, start=2):
        before, beyond = names[k - 2], f"({names[k]} - {name})" if k < m else f"-{name}"
        change = f"({before} - {name}) / {2 ** (2 * k - 3)} + {beyond} / {2 ** (2 * k - 2)}"
        facts[name] = synapse.variable(f"d{name}/dt = rate * ({change.replace('+ -', '- ')})")
    return type(f"BennaFusi{m}", (SynapticRule,), facts)
