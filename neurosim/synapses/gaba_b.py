"""GABA_B receptors: potassium channels that are opened by G-proteins, so only by several spikes together."""

from brian2 import mV, second

from neurosim.model.parameters import option, parameter
from neurosim.model.synapse import SynapseModel


class GABAB(SynapseModel):
    """GABA_B receptors, which activate G-proteins, several of which open a potassium channel.

    dr/dt = -unbinding r, ds/dt = activation r - removal s, r += binding (1 - r) at a spike,
    port = sum over sources of w s^4/(s^4 + half) (E - v).
    r fraction of bound receptors (1), s G-protein (1), v membrane potential of the target (V), w conductance (unit of
    the port over V). binding is 1 - exp(-K1 T d) for a brief pulse of transmitter, K1 0.09/(mM ms), T 0.5 mM, d 0.3 ms.
    Source: Destexhe, Mainen & Sejnowski 1998, in Methods in Neuronal Modeling, 2nd ed., MIT Press, ch. 1.
    """

    port = option("I", "input of the target")
    binding = parameter(0.0134, "fraction of the free receptors that a spike binds", low=0.0, high=1.0)
    unbinding = parameter(1.2 / second, "rate of unbinding", low=0 / second)
    activation = parameter(
        180 / second, "rate of activation of G-proteins by bound receptors", low=0 / second
    )
    removal = parameter(34 / second, "rate of removal of G-proteins", low=0 / second)
    half = parameter(100.0, "fourth power of the G-protein that opens half of the channels", low=0.0)
    E = parameter(-95 * mV, "reversal potential of potassium")
    equations = """
    dr/dt = -unbinding*r : 1
    ds/dt = activation*r - removal*s : 1
    """
    on_pre = "r += binding*(1 - r)"
    graded = "w * s**4/(s**4 + half) * (E - v_post)"
