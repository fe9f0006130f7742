"""The cortical microcircuit: its numbers, and what down-scaling keeps."""

import numpy as np
import pytest

from neurosim.circuits.cortical_microcircuit import (
    EXTERNAL,
    NEURONS,
    POPULATIONS,
    RATES,
    TAU_SYN,
    CorticalMicrocircuit,
)
from neurosim.errors import DescriptionError


def mean_currents(circuit):
    """Return the mean current (pA) of each population where all fire at the rates of full size."""
    network, found = circuit.network(), {}
    for name in POPULATIONS:
        model, size = network.populations[name].model, circuit.sizes[name]
        total = float(model.I_e / 1e-12) + float(model.j_ext / 1e-12) * float(model.rate_ext) * TAU_SYN * 1e-3
        for projection in network.projections.values():
            if projection.target == name:
                rate = RATES[POPULATIONS.index(projection.source)]
                mean = float(np.asarray(projection.weight.of.mean)) / 1e-12
                total += TAU_SYN * 1e-3 * mean * projection.connect.n / size * rate
        found[name] = total
    return found


def test_full_size_has_the_published_numbers():
    full = CorticalMicrocircuit(1.0)
    assert tuple(full.sizes.values()) == NEURONS and sum(NEURONS) == 77_169
    assert sum(full.synapses.values()) == pytest.approx(3e8, rel=0.01)
    assert len(full.synapses) == 55
    assert np.allclose(list(full.constant_currents.values()), 0)
    # K = ln(1 - p)/ln((N_t N_s - 1)/(N_t N_s)) for the first pair.
    pairs = 20683**2
    assert full.synapses["L23E", "L23E"] == round(np.log(1 - 0.1009) / np.log1p(-1 / pairs))


@pytest.mark.parametrize("scale", [0.05, 0.3])
def test_a_smaller_circuit_has_the_same_mean_input(scale):
    full, small = mean_currents(CorticalMicrocircuit(1.0)), mean_currents(CorticalMicrocircuit(scale))
    for name in POPULATIONS:
        assert small[name] == pytest.approx(full[name], rel=0.01)


def test_weights_and_delays_depend_on_the_source():
    network = CorticalMicrocircuit(0.25).network(record=False)
    weight = {name: float(np.asarray(p.weight.of.mean)) for name, p in network.projections.items()}
    assert weight["L4E_L4I"] == pytest.approx(2 * 87.8e-12)
    assert weight["L4E_L23E"] == 2 * weight["L4E_L4I"] and weight["L4I_L23E"] == -4 * weight["L4E_L4I"]
    delay = {name: float(np.asarray(p.delay.of.mean)) for name, p in network.projections.items()}
    assert (delay["L6E_L4E"], delay["L6I_L6E"]) == (1.5e-3, 0.75e-3)
    external = {p.name: float(p.model.rate_ext) for p in network.populations.values()}
    assert external["L6E"] == EXTERNAL[6] * 0.25 * 8


@pytest.mark.parametrize("scale", [0, 1.5, 1e-5])
def test_a_scale_that_leaves_no_neuron_is_rejected(scale):
    with pytest.raises(DescriptionError, match="scale = .* keeps a neuron"):
        CorticalMicrocircuit(scale)
