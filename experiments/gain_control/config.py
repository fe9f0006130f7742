"""Settings of the study of gain control and their presets."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurosim.circuits.orientation_ring import DECODERS, OrientationRing
from neurosim.experiment import setting


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset.

    Sizes and weights of the paper are not known: those of the ring are this project's set 1.
    """

    neurons: int = setting(91, "neurons of the ring", low=8)
    stimuli: int = setting(511, "orientations that are shown", low=16)
    drive: float = setting(5.93, "concentration of the input's tuning", low=0.1)
    excitation: float = setting(0.823, "recurrent weight", low=0.0, high=0.99)
    spread: float = setting(7.28, "concentration of the recurrent weights", low=0.1)
    inhibition: float = setting(0.0, "recurrent inhibitory weight", low=0.0)
    inhibition_spread: float = setting(1.0, "concentration of the inhibitory weights", low=0.05)
    activity_cost: float = setting(0.188, "cost of activity, alpha", low=1e-6)
    homeostatic_cost: float = setting(0.12, "cost of leaving the set point, gamma", low=1e-6)
    decoder: str = setting("ridge", "decoder of the ring", choices=DECODERS)
    share: float = setting(0.35, "share of the adapter among the stimuli", low=0.0, high=1.0)
    width: float = setting(4.3, "standard deviation of the adapter", unit="deg", low=0.1)
    batch_rate: float = setting(
        1.5, "step of the batch rule times the largest curvature", low=1e-3, high=1.99
    )
    batch_updates: int = setting(60, "updates of the batch rule", low=1)
    batch_steps: int = setting(100, "steps of 3 time constants that a pattern of the batch is held", low=1)
    online_eta: float = setting(0.005, "learning rate of the on-line rule per presentation", low=0.0)
    online_stimuli: int = setting(3000, "presentations of the on-line rule", low=1)
    online_steps: int = setting(60, "steps of 3 time constants that a stimulus is held", low=1)
    seeds: int = setting(5, "on-line runs", low=1)
    drives: tuple[float, ...] = setting(
        (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0), "concentrations of the input's tuning in the sweep", low=0.1
    )
    excitations: tuple[float, ...] = setting(
        (0.0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.85, 0.9),
        "recurrent weights in the sweep",
        low=0.0,
        high=0.99,
    )
    widths: tuple[float, ...] = setting(
        (2.0, 4.3, 8.0, 12.0, 16.0, 20.0, 25.0, 30.0, 40.0),
        "standard deviations of the adapter in the sweep",
        unit="deg",
        low=0.1,
    )
    draws: int = setting(200, "random parameter sets", low=1)
    recordings: str = setting("", "file in the layout of BenucciTuningData.mat, or none")

    def ring(self, **changes: float | str) -> OrientationRing:
        """Return the ring of the study, with some of its arguments replaced."""
        names = OrientationRing.__dataclass_fields__
        ring = OrientationRing(**{name: getattr(self, name) for name in names})
        return replace(ring, **changes)  # type: ignore[arg-type]

    def arms(self) -> dict[str, OrientationRing]:
        """Return the circuits that adapt: the ring, the same without recurrence, and two variants of the ring."""
        return {
            "recurrent": self.ring(),
            "no recurrence": self.ring(excitation=0.0, inhibition=0.0),
            "exact decoder": self.ring(decoder="exact"),
            "broad": self.ring(
                drive=4.0,
                excitation=0.8,
                spread=2.0,
                inhibition=0.0,
                activity_cost=1.0,
                homeostatic_cost=0.1,
            ),
        }


PRESETS = {
    "quick": Config(),
    "paper": Config(
        online_stimuli=40_000,
        drives=(1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0),
        excitations=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93),
        draws=1500,
    ),
}
