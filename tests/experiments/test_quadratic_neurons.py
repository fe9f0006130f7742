"""The study of quadratic neurons: XOR on every engine, the conventional start, and a whole small run."""

from pathlib import Path

import numpy as np
import pytest

from neurosim import simulate
from neurosim.experiment import new_run, with_settings
from neurosim.experiments.quadratic_neurons import study as quadratic_neurons
from neurosim.experiments.quadratic_neurons.network import conventional, quadratic, trainable
from tests.references import EACH

TINY = [
    "ratios=0,0.1", "xor_steps=40", "xor_seeds=2", "widths=3", "points=20", "spiral_steps=20", "layers=1", "units=4",
    "deep_steps=10", "seeds=1",
]  # fmt: skip


@pytest.mark.parametrize("engine", EACH)
def test_one_neuron_computes_xor(engine):
    network = quadratic((2, 1), linear=False)
    simulation = simulate(network, engine=engine)
    for name, value in quadratic_neurons.BY_HAND.items():
        simulation.set(name, np.asarray(value))
    simulation.run(4 * network.dt, {"x": quadratic_neurons.XOR})
    np.testing.assert_array_equal(simulation.recordings()["y.output"].values[:, 0], quadratic_neurons.TARGETS)


@pytest.mark.slow
def test_the_conventional_start_is_the_conventional_network():
    x = np.random.default_rng(0).normal(size=(9, 2))
    found = []
    for network in (quadratic((2, 5, 4, 2), "tanh"), conventional((2, 5, 4, 2), "tanh")):
        simulation = simulate(network, engine="brian2", seed=3)
        simulation.run(9 * network.dt, {"x": x})
        found.append(simulation.recordings()["y.output"].values)
    np.testing.assert_array_equal(*found)


@pytest.mark.slow
def test_every_weight_and_bias_is_trained():
    # Per quadratic layer 3 (n + 1) m, as published; the last layer is conventional.
    network, counted = quadratic((2, 5, 3)), 3 * (2 + 1) * 5 + (5 + 1) * 3
    simulation = simulate(network, engine="brian2")
    assert sum(np.size(simulation.get(name)) for name in trainable(network)) == counted


@pytest.mark.slow
def test_a_small_run_ends_in_a_file_with_claims_and_a_figure(tmp_path):
    config = with_settings(quadratic_neurons.PRESETS["quick"], TINY)
    outcome = new_run(quadratic_neurons.experiment, config, out=str(tmp_path / "run.h5"), seed=3).execute()
    assert Path(outcome.figure).read_bytes().startswith(b"\x89PNG")
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    assert {verdicts[name] for name in ("xor-by-hand", "identity", "frozen", "xor-linear")} == {"holds"}
