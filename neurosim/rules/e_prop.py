"""E-prop: gradients of recurrent spiking networks, online."""

from brian2 import ms, second

from neurosim.model.parameters import parameter
from neurosim.model.rule import SynapticRule, modulator, post, pre, synapse


class EProp(SynapticRule):
    """E-prop of leaky integrate-and-fire neurons: an eligibility per synapse times a learning signal per neuron.

    x(t+1) = exp(-dt/tau_m)*x(t) + spikes, e(t) = psi*x(t), e_bar(t+1) = exp(-dt/tau_out)*e_bar(t) + e(t)*dt/bin,
    dw/dt = -eta*L*e_bar.
    x presynaptic trace (1), psi pseudo-derivative of the postsynaptic neuron (1), e_bar eligibility filtered as the
    output is (1), L learning signal of the postsynaptic neuron, the sum over outputs of B*(y - y_target) (1), w weight
    (1), eta learning rate (1/s), tau_m time constant of the neuron (s), tau_out time constant of the output (s), bin
    time that one pseudo-derivative stands for (s). L is the output of a population with as many neurons, such as
    GradedUnit, to which the error is projected by B. With dt = bin, B the transposed output weights and without
    recurrent connections, L*e_bar summed over time is the gradient of the squared error by back-propagation through
    time that treats resets as given; with recurrent connections, paths through spikes of other neurons are left out.
    Source: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein, Maass 2020, Nat. Commun. 11:3625,
    doi:10.1038/s41467-020-17236-y.
    Checked: without recurrent connections it is the gradient of back-propagation through time (1e-6; 1e-14 measured).
    """

    eta = parameter(0.1 / second, "learning rate", low=0 / second)
    tau_m = parameter(20 * ms, "membrane time constant of the neuron", low=0 * ms)
    tau_out = parameter(20 * ms, "time constant of the output", low=0 * ms)
    bin = parameter(1 * ms, "time that one pseudo-derivative stands for", low=0 * ms)
    L = modulator("learning_signal", "learning signal of each neuron")
    psi = post.variable("psi")
    clock = "spike"
    x = pre.trace("dx/dt = -x/tau_m")
    # An Euler step of this equation is the exact step of the filter.
    e_bar = synapse.variable("de_bar/dt = (exp(-dt/tau_out) - 1)*e_bar/dt + psi*x/bin")
    on_pre = "x += 1"
    dw = "-eta * L * e_bar"


class EPropAdaptive(EProp):
    """E-prop of neurons with an adaptive threshold (AdaptiveLIF): as EProp, with the memory of the threshold.

    epsilon(t+1) = exp(-dt/tau_a)*epsilon(t) + e(t)*dt/bin, e(t) = psi*(x(t) - beta*epsilon(t)),
    e_bar(t+1) = exp(-dt/tau_out)*e_bar(t) + e(t)*dt/bin, dw/dt = -eta*L*e_bar.
    epsilon eligibility of the adaptation (1), beta rise of the threshold with the adaptation (1) and tau_a (s), both
    of the postsynaptic neuron; x, psi, e_bar, L, w, eta, tau_m, tau_out, bin as in EProp.
    Source: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein, Maass 2020, Nat. Commun. 11:3625,
    doi:10.1038/s41467-020-17236-y.
    Checked: without recurrent connections it is the gradient of back-propagation through time (1e-6; 1e-14 measured).
    """

    beta = post.variable("beta")
    tau_a = post.variable("tau_a")
    epsilon = synapse.variable("depsilon/dt = (exp(-dt/tau_a) - 1)*epsilon/dt + psi*(x - beta*epsilon)/bin")
    e_bar = synapse.variable("de_bar/dt = (exp(-dt/tau_out) - 1)*e_bar/dt + psi*(x - beta*epsilon)/bin")
