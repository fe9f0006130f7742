"""Fast gains and slow synapses over contexts whose covariances share a basis (figure 3 of paper II)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.analysis.gains import whitened_covariance, whitening_gains
from neurosim.circuits.whitening import WhiteningCircuit, random_frames
from neurosim.experiment import Data, RunContext, Stage
from neurosim.experiments.adaptive_whitening.config import Config
from neurosim.experiments.adaptive_whitening.measures import alignment, apart
from neurosim.experiments.adaptive_whitening.presenting import (
    STABLE,
    Copies,
    SaturatingGainWhitening,
    gaussian,
)
from neurosim.model.rule import SynapticRule
from neurosim.rng import generator
from neurosim.rules import (
    OutgoingNormalisationL2,
    WeightNormalisationL2,
    WhiteningBackward,
    WhiteningForward,
)

Array = NDArray[np.float64]
SAME = 10  # contexts that are shown both first and last
EVERY = 16  # contexts between checkpoints


def slow_rules(eta: float) -> tuple[tuple[SynapticRule, ...], tuple[SynapticRule, ...]]:
    """Return the rules of the weights ahead and back, whose columns keep the length 1."""
    return (
        (WhiteningForward(eta=eta), WeightNormalisationL2()),
        (WhiteningBackward(eta=eta), OutgoingNormalisationL2()),
    )


def shared_basis(rng: np.random.Generator, contexts: int) -> tuple[Array, Array]:
    """Return V (2, 2), unit vectors 40 to 80 degrees apart, and covariances (1 + V diag(l) V.T)^2 (contexts, 2, 2).

    Entries of l are uniform from 0 to 4, each kept with probability 0.5, not all zero.
    """
    first, between = rng.uniform(0, np.pi), np.deg2rad(rng.uniform(40, 80))
    angles = np.array([first, first + between])
    v = np.array([np.cos(angles), np.sin(angles)])
    strengths = rng.uniform(0, 4, (contexts, 2))
    # One in three with both, one in three with either: what draws that are not all zero come to.
    strengths *= np.array([[1, 0], [0, 1], [1, 1]])[rng.integers(0, 3, contexts)]
    roots = np.eye(2) + (v * strengths[:, None]) @ v.T
    return v, roots @ roots


def learn_contexts(
    config: Config, run: RunContext, eta: float, samples: int, copies: int, name: str, stage: Stage
) -> dict[str, Data]:
    """Show contexts one after another to circuits with a basis of their own each.

    Arguments: config; run; eta, learning rate of the slow synapses; samples in each context shown; copies, how many
    bases; name, of the random numbers; stage, which is told how far the work is.
    """
    draws = [generator(run.seed, f"{name} {copy}") for copy in range(copies)]
    worlds = [shared_basis(rng, config.contexts) for rng in draws]
    bases, covariances = (np.array(each) for each in zip(*worlds, strict=True))
    start = np.array([random_frames(rng, 1, 2, 2)[0] for rng in draws])
    gains = np.array(
        [np.median([whitening_gains(w, c) for c in each], axis=0) for w, each in zip(start, covariances, strict=True)]
    )  # fmt: skip
    forward, backward = slow_rules(eta)
    rule = SaturatingGainWhitening(eta=config.slow_gain_eta)
    circuit = WhiteningCircuit(start, gains, rule, forward, backward, dt=STABLE)
    running = Copies(circuit, run.engine, run.seed, 7)
    order = generator(run.seed, f"{name} order").integers(0, config.contexts, config.slow_shown)
    order[:SAME] = order[-SAME:] = np.arange(SAME)
    errors, first = np.zeros((config.slow_shown, copies)), 0
    kept = stage.restored()
    if kept is not None:
        errors, first = np.array(kept.pop("errors")), int(kept.pop("shown"))
        running.simulation.restore({key: np.asarray(value) for key, value in kept.items()})
    for place in range(first, config.slow_shown):
        context = covariances[:, order[place]]
        drawn = gaussian(generator(run.seed, f"{name} samples {place}"), context, samples)
        errors[place] = _mean_error(running, drawn, context)
        stage(place + 1, config.slow_shown)
        if (place + 1) % EVERY == 0:
            stage.checkpoint({**running.simulation.state(), "errors": errors, "shown": place + 1})
    pairs = list(zip(start, running.frames, bases, strict=True))
    return {
        "shown": Data(np.arange(config.slow_shown), ("shown",), "", "place in the order of contexts"),
        "order": Data(order, ("shown",), "", "context shown"),
        "error": Data(errors, ("shown", "copy"), "", "spectral norm of C_rr - 1, mean over samples"),
        "basis": Data(bases, ("copy", "neuron", "vector"), "", "basis that the contexts share"),
        "start": Data(start, ("copy", "neuron", "interneuron"), "", "weights at the start"),
        "weights": Data(running.frames, ("copy", "neuron", "interneuron"), "", "weights at the end"),
        "alignment": Data(
            np.array([[alignment(one, v) for one in (w, learned)] for w, learned, v in pairs]),
            ("copy", "when"),
            "",
            "mean |cos| of weights and basis, before and after",
        ),
        "distance": Data(
            np.array([[apart(one, v) for one in (w, learned)] for w, learned, v in pairs]),
            ("copy", "when"),
            "",
            "distance of weights from the basis, before and after",
        ),
    }


def _mean_error(running: Copies, drawn: Array, context: Array) -> Array:
    """Present samples; return the error with the weights and gains before each, averaged over samples, (copies,)."""
    states = []
    for sample in drawn:
        states.append((running.frames, running.gains))
        running.present(sample[None])
    frames, gains = (np.array(each) for each in zip(*states, strict=True))
    away = whitened_covariance(frames, gains, context) - np.eye(2)
    found: Array = np.abs(np.linalg.eigvalsh(away)).max(axis=-1).mean(axis=0)
    return found
