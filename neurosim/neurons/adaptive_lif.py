"""Leaky integrate-and-fire neuron with an adaptive threshold, in dimensionless variables."""

from brian2 import ms

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class AdaptiveLIF(NeuronModel):
    """Leaky integrate-and-fire neuron with a threshold that each spike raises, exact in discrete time.

    v(t+1) = alpha*v(t) + (1 - alpha)*I(t) + arrivals - v_th*z(t), a(t+1) = rho*a(t) + z(t), alpha = exp(-dt/tau_m),
    rho = exp(-dt/tau_a);  z(t) = 1, a spike, if u(t) > A(t), with u = v + (1/alpha - 1)*I and A = v_th + beta*a;
    psi = gamma/v_th*max(0, 1 - |(u - A)/v_th|), the pseudo-derivative dz/du that learning rules use.
    v membrane potential (1), a adaptation (1), I graded input (1), u what is compared with the threshold A (1). All
    are values at the start of a step, so a spike that is sent at t acts at t + 1; spikes arrive at v. With beta = 0 it
    is the leaky integrate-and-fire neuron with a constant threshold.
    Source: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein, Maass 2020, Nat. Commun. 11:3625,
    doi:10.1038/s41467-020-17236-y.
    """

    tau_m = parameter(20 * ms, "membrane time constant", low=0 * ms)
    tau_a = parameter(200 * ms, "time constant of the adaptation", low=0 * ms)
    v_th = parameter(1.0, "threshold without adaptation", low=0)
    beta = parameter(0.0, "rise of the threshold with the adaptation")
    gamma = parameter(0.3, "height of the pseudo-derivative")
    equations = """
    dv/dt = (I - v)/tau_m : 1
    da/dt = -a/tau_a : 1
    u = v + (exp(dt/tau_m) - 1)*I : 1
    A = v_th + beta*a : 1
    psi = gamma/v_th*clip(1 - abs((u - A)/v_th), 0, inf) : 1
    I : 1 (input)
    """
    # It is tested after a step of decay, which the exponentials undo: the state at the start of the step counts.
    threshold = "v*exp(dt/tau_m) > v_th + beta*a*exp(dt/tau_a)"
    reset = "v -= v_th; a += 1"
    method = "exact"
