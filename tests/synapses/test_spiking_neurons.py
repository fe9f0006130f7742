"""Synapses with equations between neurons that spike, rest and adapt: the same spikes on every engine."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Hz, ms, mV

from neurosim import (
    AllToAll,
    Network,
    OneToOne,
    Population,
    Probability,
    Projection,
    Recorder,
    Uniform,
    simulate,
)
from neurosim.neurons import LIF, Poisson, Signal
from neurosim.rules import HomeostaticGain, PairSTDP
from neurosim.synapses import NMDA, AlphaCurrent, Graded


def network() -> Network:
    """Return cells that excite themselves by NMDA, driven by plastic alpha currents and by a constant input."""
    return Network("cells", dt=0.1 * ms).add(
        Population("input", 20, Poisson(rate=100 * Hz)),
        Population("bias", 10, Signal()),
        Population(
            "cells",
            10,
            LIF(E_L=-60 * mV),
            initial={"v": Uniform(-60 * mV, -50 * mV)},
            rules=HomeostaticGain(target=0.5),
        ),
        Projection(
            "afferent",
            "input",
            "cells",
            AlphaCurrent(),
            AllToAll(),
            Uniform(1 * mV, 3 * mV),
            delay=1.5 * ms,
            rules=PairSTDP(w_max=5 * mV),
        ),
        Projection("recurrent", "cells", "cells", NMDA(), Probability(0.5), 0.02),
        Projection("drive", "bias", "cells", Graded(), OneToOne(), 1 * mV),
        Recorder("cells"),
        Recorder("cells", "I"),
        Recorder("recurrent", "s"),
    )


@pytest.mark.slow
def test_engines_agree_spike_for_spike():
    found = {}
    for engine in ("fused", "brian2", "jax"):
        simulation = simulate(network(), engine)
        simulation.run(60 * ms, {"bias": np.full(10, 5.0)})
        found[engine] = simulation.recordings() | {"w": simulation.get("afferent.w")}
    ours = found["fused"]
    assert len(ours["cells.spikes"].ids) > 30
    assert np.unique(ours["w"] / mV).size > 100
    for engine in ("brian2", "jax"):
        np.testing.assert_array_equal(ours["cells.spikes"].steps, found[engine]["cells.spikes"].steps)
        np.testing.assert_array_equal(ours["cells.spikes"].ids, found[engine]["cells.spikes"].ids)
        for key in ("cells.I", "recurrent.s"):
            np.testing.assert_allclose(found[engine][key].values, ours[key].values, rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(found[engine]["w"], ours["w"], rtol=1e-9)
