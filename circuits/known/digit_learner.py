"""Neurons that learn digits without labels, by competition and adaptive thresholds."""

from __future__ import annotations

from neurosim.model.connectivity import AllToAll
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.pairs import Where
from neurosim.model.parameters import parameter
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.units import ms, mV
from neurosim.model.values import Uniform
from neurosim.neurons import VariablePoisson
from neurosim.rules import NearestTripletSTDP
from neurosim.synapses import Pulse


class AdaptiveThresholdLIF(NeuronModel):
    """Leaky integrate-and-fire neuron with conductances and a threshold that every spike raises.

    dv/dt = (E_L - v + g_e*(E_e - v) + g_i*(E_i - v))/tau_m, constant while refractory; dg_e/dt = -g_e/tau_e;
    dg_i/dt = -g_i/tau_i; a spike when v > v_threshold + theta, then v = v_reset and theta += theta_plus.
    v membrane potential (V), g_e, g_i synaptic conductances over that of the leak (1), theta rise of the threshold (V),
    which does not decay.
    Source: Diehl & Cook 2015, Front. Comput. Neurosci. 9:99, doi:10.3389/fncom.2015.00099; the defaults are those of
    Brian2's example of it.
    """

    tau_m = parameter(100 * ms, "membrane time constant", low=0 * ms)
    tau_e = parameter(1 * ms, "time constant of excitation", low=0 * ms)
    tau_i = parameter(2 * ms, "time constant of inhibition", low=0 * ms)
    E_L = parameter(-65 * mV, "resting potential")
    E_e = parameter(0 * mV, "reversal potential of excitation")
    E_i = parameter(-100 * mV, "reversal potential of inhibition")
    v_threshold = parameter(-72 * mV, "threshold without its rise")
    theta_plus = parameter(0.05 * mV, "rise of the threshold at a spike", low=0 * mV)
    v_reset = parameter(-65 * mV, "potential after a spike")
    tau_ref = parameter(5 * ms, "refractory period", low=0 * ms)
    equations = """
    dv/dt = (E_L - v + g_e*(E_e - v) + g_i*(E_i - v))/tau_m : volt (unless refractory)
    dg_e/dt = -g_e/tau_e : 1
    dg_i/dt = -g_i/tau_i : 1
    theta : volt (state)
    """
    threshold = "v > v_threshold + theta"
    reset = "v = v_reset; theta += theta_plus"
    refractory = "tau_ref"
    method = "exponential_euler"
    initial = {"v": "E_L", "theta": 20 * mV}


def digit_learner(pixels: int = 64, cells: int = 100, learns: bool = True) -> Network:
    """Return a network that learns to represent images.

    Arguments:
        pixels: number of inputs, of which each is a Poisson neuron whose rate is to be set, `set("pixels.rate", ...)`.
        cells: number of neurons that learn.
        learns: whether weights and thresholds change.

    Inputs reach all cells by plastic weights of 0 to 1, the projection 'learned'; each cell inhibits all others at once
    (in the paper, by way of an inhibitory neuron). The weights of a cell are to be scaled to one sum between images.
    The network records the spikes of 'cells'.
    Source: Diehl & Cook 2015, Front. Comput. Neurosci. 9:99, doi:10.3389/fncom.2015.00099, in the form with traces of
    triplets.
    """
    amounts = {"a2_plus": 0.0, "a3_plus": 0.01, "a2_minus": 0.0001, "a3_minus": 0.0, "w_max": 1.0}
    rule = NearestTripletSTDP(tau_plus=20 * ms, tau_minus=20 * ms, tau_y=40 * ms, **amounts)
    model = AdaptiveThresholdLIF() if learns else AdaptiveThresholdLIF(theta_plus=0 * mV)
    return Network("digit_learner", dt=0.5 * ms).add(
        Population("pixels", pixels, VariablePoisson()),
        Population("cells", cells, model),
        Projection(
            "learned",
            "pixels",
            "cells",
            Pulse(),
            AllToAll(),
            Uniform(0.0, 0.3),
            rules=(rule,) if learns else (),
        ),
        Projection("competition", "cells", "cells", Pulse(port="g_i"), Where("i != j"), 17.0),
        Recorder("cells"),
    )
