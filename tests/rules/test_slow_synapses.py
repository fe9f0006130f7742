"""Fast gains with slow synapses: whitening within a context gets better as synapses find what contexts share."""

import numpy as np
import pytest

from neurosim import simulate
from neurosim.rng import generator
from neurosim.rules import OutgoingNormalisationL2, WeightNormalisationL2, WhiteningBackward, WhiteningForward
from tests.references import BOTH
from tests.rules.whitening_runs import HELD, circuit, settled

COPIES, CONTEXTS, SHOWN, EACH = 4, 64, 120, 128


class World:
    """Contexts with covariances (1 + V diag(l) V.T)^2 of one basis V (2, 2), its columns 40 to 80 degrees apart."""

    def __init__(self, seed: int) -> None:
        rng = generator(seed, "world")
        first, apart = rng.uniform(0, np.pi), np.deg2rad(rng.uniform(40, 80))
        angles = np.array([first, first + apart])
        self.basis = np.array([np.cos(angles), np.sin(angles)])
        strengths = [self._strengths(rng) for _ in range(CONTEXTS)]
        roots = [np.eye(2) + (self.basis * one) @ self.basis.T for one in strengths]
        self.covariances = [root @ root for root in roots]
        start = rng.normal(size=(2, 2))
        self.start = start / np.linalg.norm(start, axis=0)

    @staticmethod
    def _strengths(rng: np.random.Generator) -> np.ndarray:
        while True:
            drawn = rng.uniform(0, 4, 2) * (rng.random(2) < 0.5)
            if drawn.any():
                return drawn

    def alignment(self, w: np.ndarray) -> float:
        """Return the mean |cos| between columns of w and of the basis, each with the best partner."""
        cosines = np.abs((w / np.linalg.norm(w, axis=0)).T @ self.basis)
        return float(max(np.trace(cosines), np.trace(cosines[::-1])) / 2)


def state(simulation) -> tuple[np.ndarray, np.ndarray]:
    """Return frames (copies, 2, 2) and gains (copies, 2)."""
    pre, post = simulation.edges("ahead")
    frames = np.zeros((COPIES, 2, 2))
    frames[pre // 2, pre % 2, post % 2] = simulation.get("ahead.w")
    return frames, np.array(simulation.get("z.gain_whitening_g")).reshape(COPIES, 2)


@pytest.mark.parametrize("engine", BOTH)
def test_a_run_is_the_rules_applied_sample_by_sample(engine):
    worlds = [World(seed) for seed in range(COPIES)]
    simulation = simulate(
        circuit(
            np.array([world.start for world in worlds]), np.ones(2), 0.05,
            (WhiteningForward(eta=0.02),), (WhiteningBackward(eta=0.02),),
        ),
        engine,
    )  # fmt: skip
    frames, gains = state(simulation)
    x = generator(0, "x").normal(size=(15, COPIES, 2))
    for sample in x:
        simulation.present({"s": sample.reshape(1, -1)}, HELD)
        for copy in range(COPIES):
            w, g = frames[copy], gains[copy]
            r, z = settled(w, g, sample[copy])
            frames[copy], gains[copy] = w + 0.02 * (np.outer(r, g * z) - w * g), g + 0.05 * (z**2 - 1)
    np.testing.assert_allclose(state(simulation)[0], frames, rtol=1e-3, atol=1e-5)
    # The way back is the mirror of the way ahead.
    (pre, post), (other_pre, other_post) = simulation.edges("ahead"), simulation.edges("back")
    back = dict(zip(zip(other_post, other_pre, strict=True), simulation.get("back.w"), strict=True))
    mirrored = [-back[edge] for edge in zip(pre, post, strict=True)]
    np.testing.assert_allclose(simulation.get("ahead.w"), mirrored, rtol=1e-12)


@pytest.mark.slow
def test_whitening_improves_as_synapses_find_the_basis_of_all_contexts():
    # After Duong et al. 2023 (arXiv 2308.13633), with faster synapses (1e-3) and fewer samples: the same ten contexts
    # are shown first and last. That the error falls and the alignment grows is what its figures show.
    worlds = [World(seed) for seed in range(COPIES)]
    network = circuit(
        np.array([world.start for world in worlds]), np.ones(2), 0.05,
        (WhiteningForward(eta=1e-3), WeightNormalisationL2()),
        (WhiteningBackward(eta=1e-3), OutgoingNormalisationL2()),
    )  # fmt: skip
    simulation = simulate(network)
    order = generator(0, "order").integers(0, CONTEXTS, SHOWN)
    order[:10] = order[-10:] = np.arange(10)
    before = [world.alignment(world.start) for world in worlds]
    errors = np.zeros((SHOWN, COPIES))
    for place, context in enumerate(order):
        x = [
            generator(seed, f"shown {place}").multivariate_normal(
                np.zeros(2), world.covariances[context], EACH
            )
            for seed, world in enumerate(worlds)
        ]
        for number, sample in enumerate(np.hstack(x)):
            simulation.present({"s": sample[None]}, HELD)
            if number % 32 == 31:
                frames, gains = state(simulation)
                for copy, world in enumerate(worlds):
                    response = np.linalg.inv(np.eye(2) + (frames[copy] * gains[copy]) @ frames[copy].T)
                    covariance = response @ world.covariances[context] @ response
                    errors[place, copy] += np.linalg.norm(covariance - np.eye(2), 2) / (EACH // 32)
    after = [world.alignment(frame) for world, frame in zip(worlds, state(simulation)[0], strict=True)]
    assert np.all(errors[-10:].mean(axis=0) < errors[:10].mean(axis=0))
    assert np.all(np.array(after) > np.array(before)) and min(after) > 0.95
