"""Stages with gains alone: contexts one after another, frames, hard inputs, a principal subspace."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from neurosim.analysis.gains import whitening_gains
from neurosim.circuits.whitening import WhiteningCircuit, icosahedral, mercedes_benz, random_frames
from neurosim.experiment import Data, RunContext, Stage, parallel_map
from neurosim.experiments.adaptive_whitening.config import Config
from neurosim.experiments.adaptive_whitening.measures import (
    eigenvalues,
    first_below,
    operator_error,
    subspace_error,
)
from neurosim.experiments.adaptive_whitening.presenting import (
    STABLE,
    Copies,
    SaturatingGainWhitening,
    gaussian,
)
from neurosim.model.parameters import parameter
from neurosim.model.rule import NeuronRule, SynapticRule, post, pre
from neurosim.rng import generator
from neurosim.rules import GainWhitening, NonnegativeGainWhitening, OutgoingNormalisationL2

Array = NDArray[np.float64]
FRAMES = ("random", "optimised", "spectral")
CONTEXTS = ("A", "B", "A again", "B again")
CHECKS = 200  # moments of a course that are kept


class PresentedOja(SynapticRule):
    """Oja's rule after a presentation, for each unit by itself.

    w += eta * y * (s - y*w);  s, y activity of the input and of the primary neuron (1), w weight (1), eta learning
    rate per presentation (1).
    Source: Oja 1982, J. Math. Biol. 15:267, doi:10.1007/BF00275687.
    """

    eta = parameter(5e-3, "learning rate per presentation", low=0.0)
    clock = "sample"
    s, y = pre.activity, post.activity
    dw = "eta * y * (s - y*w)"


class GainStages:
    """The stages with gains alone of one run.

    Arguments: config; run, with its seed, engine and workers.
    """

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run

    def copies(self, circuit: WhiteningCircuit, held: float) -> Copies:
        """Return a circuit that runs, each input held for so many time constants."""
        return Copies(circuit, self.run.engine, self.run.seed, held)

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the random numbers of the run for a purpose."""
        return generator(self.run.seed, purpose)

    def online(self, stage: Stage) -> dict[str, Data]:
        """Learn gains sample by sample in one context and then in another (figure 2)."""
        config = self.config
        frame = np.array([[0.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
        frame /= np.linalg.norm(frame, axis=0)
        v = _rotation(np.deg2rad(55))
        contexts = np.array([5 * v @ np.diag([4.0, 1.0]) @ v.T, 4 * v @ np.diag([3.0, 2.0]) @ v.T])
        frames = np.tile(frame, (config.seeds, 1, 1))
        start = np.array([0.01, 1.2, 0.25])
        # Feedback of up to 3.5 asks for a short step.
        copies = self.copies(WhiteningCircuit(frames, start, GainWhitening(eta=config.online_eta)), 10)
        gains, errors = [], []
        for place, context in enumerate(contexts):
            each = np.tile(context, (config.seeds, 1, 1))
            samples = gaussian(self.rng(f"online {place}"), each, config.online_samples)
            gains.append(copies.course(samples, lambda copies: copies.gains))
            errors.append(operator_error(frames, gains[-1], context))
            stage(place + 1, 2)
        late, kept = max(config.online_samples // 10, 1), _kept(config.online_samples)
        return {
            "context": Data(np.array(["A", "B"]), ("context",), "", "context"),
            "sample": Data(kept + 1, ("sample",), "", "samples shown in the context"),
            "gain": Data(np.array(gains)[:, kept], ("context", "sample", "seed", "interneuron"), "", "gains"),
            "late": Data(
                np.array(gains)[:, -late:].mean(axis=1),
                ("context", "seed", "interneuron"),
                "",
                "gains, mean over the last tenth",
            ),
            "optimum": Data(
                np.array([whitening_gains(frame, c) for c in contexts]),
                ("context", "interneuron"),
                "",
                "gains of the closed form",
            ),
            "error": Data(np.array(errors)[:, kept], ("context", "sample", "seed"), "", "operator error"),
            "late_error": Data(
                np.median(np.array(errors)[:, -late:], axis=1),
                ("context", "seed"),
                "",
                "operator error, median of the last tenth",
            ),
            "first": Data(
                np.array([first_below(e, config.threshold) for e in errors]),
                ("context", "seed"),
                "",
                "samples to an error below the threshold",
            ),
        }

    def frames(self, size: int, stage: Stage) -> dict[str, Data]:
        """Compare frames by the updates that they need, over random inputs, the same for each (figure 3)."""
        config, shape = self.config, (self.config.frame_repeats, size, size)
        rng = self.rng(f"inputs of {size}")
        basis = np.linalg.qr(rng.normal(size=shape))[0]
        spread = np.linspace(-3, 3, size) + rng.normal(size=shape[:2])
        covariances = (basis * np.exp(0.1 * spread)[:, None]) @ np.swapaxes(basis, 1, 2)
        fixed = mercedes_benz() if size == 2 else icosahedral()
        turns = np.linalg.qr(rng.normal(size=shape))[0]
        chosen = {
            "random": random_frames(rng, shape[0], size, size * (size + 1) // 2),
            "optimised": turns @ fixed,
            "spectral": basis,
        }

        def course(name: str) -> Array:
            frames = chosen[name]
            circuit = WhiteningCircuit(
                frames, np.zeros(frames.shape[2]), GainWhitening(eta=config.frame_eta), dt=1.5
            )
            return self.copies(circuit, 30).repeated(
                covariances,
                config.frame_updates,
                lambda copies: operator_error(frames, copies.gains, covariances),
            )

        errors = np.array(parallel_map(course, FRAMES, self.run.workers, stage))
        kept = np.unique(np.geomspace(1, config.frame_updates, CHECKS).astype(int)) - 1
        return {
            "frame": Data(np.array(FRAMES), ("frame",), "", "frame of the interneurons"),
            "update": Data(kept + 1, ("update",), "", "updates of the gains"),
            "error": Data(errors[:, kept], ("frame", "update", "repeat"), "", "operator error"),
            "steps": Data(
                np.array([first_below(e, config.threshold) + 1 for e in errors]),
                ("frame", "repeat"),
                "",
                "updates to an error below the threshold, infinite if never",
            ),
        }

    def switches(self, stage: Stage) -> dict[str, Data]:
        """Change between two contexts, with a frame that holds the eigenvectors of both and a random one (figure 4)."""
        config, n = self.config, self.config.switch_size
        k, shape = n * (n + 1) // 2, (self.config.seeds, n, n)
        rng = self.rng("switches")
        turned = np.linalg.qr(rng.normal(size=shape))[0]
        s = np.exp(0.1 * (np.linspace(-3, 3, n) + rng.normal(size=shape[:2])))
        a = np.eye(n) * s[:, None]
        b = (turned * s[:, None]) @ np.swapaxes(turned, 1, 2)
        both = np.concatenate(
            [
                np.tile(np.eye(n), (config.seeds, 1, 1)),
                turned,
                random_frames(rng, config.seeds, n, k - 2 * n),
            ],
            axis=2,
        )
        frames = np.concatenate([both, random_frames(rng, config.seeds, n, k)])
        copies = self.copies(
            WhiteningCircuit(frames, np.zeros(k), GainWhitening(eta=config.switch_eta), dt=1.5), 30
        )
        errors = []
        for place, context in enumerate((a, b, a, b)):
            covariances = np.concatenate([context, context])
            read = partial(_error, frames=frames, covariances=covariances)
            errors.append(copies.repeated(covariances, config.switch_updates, read))
            stage(place + 1, 4)
        kept = _kept(config.switch_updates)
        every = np.array(errors).reshape(4, config.switch_updates, 2, config.seeds)
        return {
            "context": Data(np.array(CONTEXTS), ("context",), "", "context"),
            "update": Data(kept + 1, ("update",), "", "updates in the context"),
            "frame": Data(np.array(["spectral", "random"]), ("frame",), "", "frame of the interneurons"),
            "error": Data(every[:, kept], ("context", "update", "frame", "seed"), "", "operator error"),
            "last": Data(every[:, -1], ("context", "frame", "seed"), "", "operator error at the end"),
        }

    def ill_conditioned(self, stage: Stage) -> dict[str, Data]:
        """Whiten an input that has almost no variance in one direction, with gains of any sign and not (figure 5)."""
        config, seeds = self.config, self.config.seeds
        v = np.linalg.qr(self.rng("ill-conditioned").normal(size=(seeds, 2, 2)))[0]
        covariances = 2 * (v * np.array([3, 5e-3])) @ np.swapaxes(v, 1, 2)
        frames = np.tile(mercedes_benz(), (seeds, 1, 1))

        def course(rule: NeuronRule) -> Array:
            # What is whitened tenfold settles ten times more slowly.
            copies = self.copies(WhiteningCircuit(frames, np.zeros(3), rule, dt=0.5), 150)
            return copies.repeated(covariances, config.ill_updates, lambda copies: copies.gains)

        rules = (GainWhitening(eta=config.ill_eta), NonnegativeGainWhitening(eta=config.ill_eta))
        gains = np.array(parallel_map(course, rules, self.run.workers, stage))
        values = eigenvalues(frames, gains, covariances)
        excess = values - 1
        spectral = np.array([np.mean(excess[0] ** 2, -1), np.mean(np.maximum(excess[1], 0) ** 2, -1)])
        last, kept = gains[:, -1], _kept(config.ill_updates)
        feedback = np.eye(2) + (frames * last[:, :, None]) @ np.swapaxes(frames, 1, 2)
        return {
            "sign": Data(np.array(["any", "not negative"]), ("sign",), "", "what gains may be"),
            "update": Data(kept + 1, ("update",), "", "updates of the gains"),
            "gain": Data(gains[:, kept], ("sign", "update", "seed", "interneuron"), "", "gains"),
            "eigenvalue": Data(
                values[:, kept],
                ("sign", "update", "seed", "component"),
                "",
                "eigenvalues of the output's covariance",
            ),
            "error": Data(
                spectral[:, kept],
                ("sign", "update", "seed"),
                "",
                "mean squared distance of eigenvalues from 1; one-sided where gains are not negative",
            ),
            "condition": Data(
                np.linalg.cond(feedback), ("sign", "seed"), "", "condition number of M at the end"
            ),
            "variance": Data(
                self.variances(frames, last, covariances),
                ("sign", "seed", "interneuron"),
                "",
                "variance of each interneuron's input at the end",
            ),
        }

    @staticmethod
    def variances(frames: Array, gains: Array, covariances: Array) -> Array:
        """Return the variance of each interneuron's input (signs, seeds, K)."""
        m = np.linalg.inv(np.eye(2) + (frames * gains[..., None, :]) @ np.swapaxes(frames, -1, -2))
        return np.einsum("cnk,scnm,scml,sclj,cjk->sck", frames, m, covariances[None], m, frames)

    def subspace(self, stage: Stage) -> dict[str, Data]:
        """Find the principal subspace of three inputs with two neurons that are whitened (appendix of the paper)."""
        config, repeats = self.config, self.config.subspace_repeats
        start = self.rng("afferent").normal(size=(repeats, 2, 3))
        frames = np.tile(mercedes_benz(), (repeats, 1, 1))
        s = self.rng("subspace").normal(size=(config.subspace_samples, repeats, 3)) * np.sqrt([5.0, 2.0, 1.0])
        oja = PresentedOja(eta=config.subspace_eta)
        whitened = WhiteningCircuit(
            frames,
            np.ones(3),
            SaturatingGainWhitening(eta=20 * config.subspace_eta),
            afferent=start,
            afferent_rules=(oja,),
            dt=STABLE,
        )
        plain = WhiteningCircuit(
            frames,
            np.zeros(3),
            GainWhitening(eta=0.0),
            afferent=start,
            afferent_rules=(oja, OutgoingNormalisationL2()),
            dt=STABLE,
        )

        def course(circuit: WhiteningCircuit) -> Array:
            return self.copies(circuit, 5).course(s, lambda copies: subspace_error(copies.afferent))

        errors = np.array(parallel_map(course, (whitened, plain), self.run.workers, stage))
        kept = _kept(config.subspace_samples)
        return {
            "arm": Data(np.array(["whitened", "normalised"]), ("arm",), "", "what keeps the responses apart"),
            "sample": Data(kept + 1, ("sample",), "", "samples shown"),
            "error": Data(errors[:, kept], ("arm", "sample", "repeat"), "", "error of the subspace"),
        }


def _rotation(angle: float) -> Array:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _kept(updates: int) -> NDArray[np.int64]:
    """Return the places of the updates that are kept of a course."""
    return np.unique(np.linspace(0, updates - 1, CHECKS).round().astype(int))


def _error(copies: Copies, frames: Array, covariances: Array) -> Array:
    return operator_error(frames, copies.gains, covariances)
