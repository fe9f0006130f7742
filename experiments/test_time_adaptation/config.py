"""Settings of the study of adaptation at test time and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.datasets import CORRUPTIONS
from neurosim.errors import UsageError
from neurosim.experiment import setting

SIDES = {"digits": 8, "fashion": 28}


@dataclass(frozen=True)
class Config:
    """Settings of the study; rates, sizes and temperature are choices of this project."""

    seeds: int = setting(5, "networks, with weights, orders of batches and corruptions of their own", low=2)
    data: str = setting("fashion", "images that are told apart", choices=tuple(SIDES))
    folder: str = setting("", "folder of Fashion-MNIST; empty for that of the Debian package")
    train_images: int = setting(60_000, "training images of the source", low=10, high=60_000)
    test_images: int = setting(10_000, "test images", low=10, high=10_000)
    features: tuple[int, ...] = setting((16, 32), "features of both layers", low=1)
    kernel: int = setting(5, "side of the first kernels in pixels", low=1)
    stride: int = setting(2, "distance of the first windows in pixels", low=1)
    epochs: int = setting(3, "passes through the training images", low=1)
    source_batch: int = setting(128, "images in a batch of the source", low=2)
    source_rate: float = setting(3e-3, "learning rate of the source (Adam)", low=0.0)
    sampled: int = setting(2000, "training images of which the source's statistics are taken", low=10)
    severity: int = setting(5, "severity of corruptions in the comparison of arms", low=1, high=5)
    scales: tuple[float, ...] = setting(
        (2.0, 4.0, 3.0, 2.0, 1.0, 2.0, 4.0),
        f"by how much corruptions are stronger than in the benchmark: {', '.join(CORRUPTIONS)}",
        low=1.0,
    )
    severity_images: int = setting(2000, "test images on which severities are compared", low=10, high=10_000)
    batch: int = setting(200, "test images in a batch", low=2)
    hebb_rate: float = setting(1e-3, "learning rate of the Hebbian rule, per batch", low=0.0)
    temperature: float = setting(0.05, "temperature of the competition of features", low=1e-3)
    entropy_rate: float = setting(1e-2, "learning rate of gains and offsets (Adam), per batch", low=0.0)

    @property
    def side(self) -> int:
        """Rows and columns of an image."""
        return SIDES[self.data]

    def require_sense(self) -> None:
        """Raise UsageError for lists of a wrong length."""
        for name, count, of in (("features", 2, "layers"), ("scales", len(CORRUPTIONS), "corruptions")):
            if len(getattr(self, name)) != count:
                raise UsageError(
                    f"setting '{name}': {getattr(self, name)}: give one for each of the {count} {of}"
                )
        if self.batch > min(self.test_images, self.severity_images):
            raise UsageError(
                f"setting 'batch': {self.batch} images of {min(self.test_images, self.severity_images)}: lower it"
            )


PRESETS = {
    "quick": Config(
        data="digits",
        train_images=1397,
        test_images=400,
        features=(8, 16),
        kernel=3,
        stride=1,
        epochs=15,
        source_batch=32,
        sampled=1000,
        batch=50,
        severity_images=400,
    ),
    "paper": Config(),
}
