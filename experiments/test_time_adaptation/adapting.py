"""Arms of the study: what changes while corrupted test images come by, and what is predicted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import optax
from numpy.typing import NDArray

from neurosim.datasets import CORRUPTIONS, DataSet, degraded
from neurosim.experiment import Data, Stage
from neurosim.experiments.test_time_adaptation.network import AFFINE, KERNELS, convolutional
from neurosim.experiments.test_time_adaptation.source import Source, stream
from neurosim.learning.bptt import accuracy, network_model, softmax_entropy
from neurosim.learning.protocol import Descend, Learner, Local, Online, Part, Phase, Training

Parameters = Mapping[str, NDArray[Any]]
FIRST = KERNELS[0]


class Arm(NamedTuple):
    """What an arm normalises by, the share of the batch's statistics, and which parameters stay, if any change."""

    share: float
    stay: tuple[str, ...] | None = None


ARMS = {
    "source": Arm(0.0),
    "bn": Arm(1.0),
    "tent": Arm(1.0, (FIRST,)),
    "hebb": Arm(1.0, AFFINE),
    "nhl": Arm(1.0, ("gain2.w", "offset2.w")),
}
SEVERITIES = (1, 2, 3, 4, 5)


class Adapting:
    """The stages in which networks adapt.

    Arguments: source, whose networks they are; parameters, of each by name, seeds first.
    """

    def __init__(self, source: Source, parameters: Parameters) -> None:
        self.source, self.config, self.parameters = source, source.config, parameters

    @cached_property
    def batches(self) -> int:
        """Batches of the test images."""
        return self.config.test_images // self.config.batch

    @cached_property
    def learners(self) -> dict[bool, Learner]:
        """What changes nothing, and what adapts, by whether it does."""
        return {adapts: self._learner(adapts) for adapts in (False, True)}

    def _learner(self, adapts: bool) -> Learner:
        config = self.config
        online = Online(
            {"accuracy": accuracy("y.output"), "entropy": softmax_entropy("y.output")}, self.batches
        )
        parts: tuple[Part, ...] = (online,)
        if adapts:
            modulate = Descend(
                softmax_entropy("y.output"), optax.adam(config.entropy_rate), AFFINE, updated=True
            )
            parts = (Local(FIRST), modulate, online)
        model = network_model(convolutional(config), (FIRST, *AFFINE), steps=1)
        clean = stream(self.source.sets[1], config.batch)
        return Learner(model, *parts, batches=clean, every=self.batches)

    def start(self, arm: str, number: int) -> Training:
        """Return a network as an arm begins with it; number, of the network."""
        share, stay = ARMS[arm]
        own = {name: value[number : number + 1] for name, value in self.parameters.items()}
        shares = {f"norm{layer}.share": np.array([share]) for layer in (1, 2)}
        learner = self.learners[stay is not None]
        return learner.train(0, self.source.seeds[number], vary={**own, **shares})

    def followed(
        self, arm: str, start: Training, images: DataSet
    ) -> tuple[Training, dict[str, NDArray[Any]]]:
        """Return a network after one pass through images, and what was measured batch by batch on the way."""
        stay = ARMS[arm].stay
        learner = self.learners[stay is not None]
        batches = stream(images, self.config.batch)
        phase = Phase(batches=batches, rates=dict.fromkeys(stay or (), 0.0))
        after = learner.train(batches.per_epoch, after=start, phase=phase)
        (online,) = (part for part in learner.parts if isinstance(part, Online))
        return after, online.values(after)

    def adapted(self, stage: Stage) -> dict[str, Data]:
        """Let each arm adapt to each corruption, from the source and in one pass."""
        config, test = self.config, self.source.sets[1]
        found = list(np.asarray((stage.restored() or {}).get("found", np.zeros((0, 0)))))
        for number in range(len(found), config.seeds):
            starts = {arm: self.start(arm, number) for arm in ARMS}
            rows = []
            for place, name in enumerate(("", *CORRUPTIONS)):
                images = self.corrupted(test, name, number, config.severity, True)
                measured = [self.followed(arm, start, images)[1] for arm, start in starts.items()]
                rows.append([[one["accuracy"], one["entropy"]] for one in measured])
                stage(number * (len(CORRUPTIONS) + 1) + place + 1, config.seeds * (len(CORRUPTIONS) + 1))
            found.append(np.array(rows))
            stage.checkpoint({"found": np.array(found)})
        each = ("seed", "corruption", "arm", "batch")
        table = np.array(found)
        return {
            "arm": Data(np.array(list(ARMS)), ("arm",), "", "what adapts"),
            "corruption": Data(np.array(["clean", *CORRUPTIONS]), ("corruption",), "", "kind of test images"),
            "example": Data(self.examples(), ("corruption", "row", "column"), "", "a test image with each"),
            "accuracy": Data(table[..., 0, :], each, "", "share of the images of a batch told apart"),
            "entropy": Data(table[..., 1, :], each, "", "entropy of the classes that are told, in nats"),
        }

    def examples(self) -> NDArray[Any]:
        """Return one test image, clean and with each corruption (corruptions, rows, columns)."""
        one = self.source.sets[1].some(1, self.source.run.seed)
        kinds = ("", *CORRUPTIONS)
        return np.concatenate([self.corrupted(one, k, 0, self.config.severity, True).images for k in kinds])

    def severities(self, stage: Stage) -> dict[str, Data]:
        """Measure the source at every severity, with the benchmark's constants and with those of the comparison."""
        config = self.config
        test = self.source.sets[1].some(min(config.severity_images, config.test_images), self.source.run.seed)
        found = np.zeros((config.seeds, 2, len(CORRUPTIONS), len(SEVERITIES)))
        clean = np.zeros(config.seeds)
        for number in range(config.seeds):
            start = self.start("source", number)
            clean[number] = self.wrong(start, test)
            for place in np.ndindex(found.shape[1:]):
                scaled, name, severity = bool(place[0]), list(CORRUPTIONS)[place[1]], SEVERITIES[place[2]]
                if scaled and config.scales[place[1]] == 1:
                    found[number][place] = found[number][0, *place[1:]]
                    continue
                images = self.corrupted(test, name, number, severity, scaled)
                found[number][place] = self.wrong(start, images)
            stage(number + 1, config.seeds, "networks")
        each = ("seed", "scaled", "corruption", "severity")
        return {
            "error": Data(found, each, "", "share of images that the source does not tell"),
            "clean": Data(clean, ("seed",), "", "the same without corruption"),
            "severity": Data(np.array(SEVERITIES), ("severity",), "", "severity of the benchmark"),
            "scaled": Data(np.array([0, 1]), ("scaled",), "", "whether constants are scaled"),
        }

    def wrong(self, start: Training, images: DataSet) -> float:
        """Return the share of images that a source does not tell."""
        return 1 - float(np.nanmean(self.followed("source", start, images)[1]["accuracy"]))

    def corrupted(self, data: DataSet, name: str, number: int, severity: int, scaled: bool) -> DataSet:
        """Return images with a corruption, or clean ones; number, of the network, whose draws are its own."""
        if not name:
            return data
        scale = self.config.scales[list(CORRUPTIONS).index(name)] if scaled else 1.0
        return degraded(data, name, severity, self.source.seeds[number], scale)


def errors(accuracy: NDArray[Any]) -> NDArray[np.float64]:
    """Return the error in % over all batches; accuracy (..., batch)."""
    return 100 * (1 - np.asarray(accuracy, float).mean(-1))
