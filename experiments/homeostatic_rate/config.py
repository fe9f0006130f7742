"""Settings of the study of homeostatic learning rates and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.errors import UsageError
from neurosim.experiment import setting

BATCH = 10
"""Images per update, and between two decisions."""


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset."""

    data: str = setting("digits", "images", choices=("digits", "fashion"))
    folder: str = setting("", "folder of Fashion-MNIST; empty for that of the Debian package")
    images: int = setting(1400, "training images", low=40, high=60_000)
    validation: int = setting(300, "images for validation", low=1, high=10_000)
    hidden: tuple[int, ...] = setting((80, 60), "hidden units", low=1)
    epochs: int = setting(50, "passes through the images", low=1)
    rate: float = setting(0.0058, "learning rate at the start", low=1e-6)
    swaps: tuple[int, ...] = setting((0, 4, 20), "swaps of two classes' labels in an epoch", low=0)
    factors: tuple[float, ...] = setting(
        (3.0, 10.0, 30.0), "constant rates that are tried, over the rate at the start", low=1e-3
    )
    seeds: int = setting(5, "networks, with orders of images and of swaps of their own", low=2)

    def require_sense(self) -> None:
        """Raise UsageError unless every epoch has whole batches, and room for its swaps."""
        if self.images % BATCH:
            raise UsageError(f"images = {self.images}: give a multiple of {BATCH}")
        for count in self.swaps:
            if count > self.images // BATCH:
                raise UsageError(
                    f"swaps = {count}: an epoch of {self.images} images has room for {self.images // BATCH}"
                )


FASHION = {"data": "fashion", "images": 12_000, "validation": 2000, "swaps": (0, 12, 60)}
PRESETS = {
    "quick": Config(),
    "medium": Config(**FASHION),  # type: ignore[arg-type]
    "paper": Config(
        data="fashion", images=60_000, validation=10_000, rate=0.001, swaps=(0, 10, 100, 600), seeds=5
    ),
}
