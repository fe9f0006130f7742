"""Settings of the study of equilibrium propagation and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.experiment import setting


@dataclass(frozen=True)
class Config:
    """Settings of the study; defaults are the published sizes and rates, presets shorten what takes long."""

    seeds: int = setting(5, "networks of every kind, with weights and orders of batches of their own", low=2)
    angles: tuple[float, ...] = setting(
        (0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0),
        "angles between weights ahead and back; 0 and 30 belong to claims",
        unit="deg",
        low=0.0,
        high=90.0,
    )
    aligned_hidden: int = setting(256, "neurons of each hidden layer where angles are compared", low=2)
    response_hidden: int = setting(256, "neurons of each hidden layer where responses are compared", low=2)
    aligned_inputs: int = setting(50, "random inputs where credits are compared", low=2)
    aligned_steps: int = setting(4000, "most steps of a fixed point where credits are compared", low=10)
    data: str = setting("fashion", "images that are learned", choices=("digits", "fashion"))
    folder: str = setting("", "folder of Fashion-MNIST; empty for that of the Debian package")
    hidden: int = setting(256, "neurons of each hidden layer of what learns", low=2)
    test_images: int = setting(397, "images kept for the test", low=10, high=10_000)
    epochs: int = setting(5, "passes through the training images; 50 are published", low=1)
    batch: int = setting(50, "images in a batch", low=1)
    rate: float = setting(0.01, "learning rate of stochastic gradient descent", low=0.0)
    momentum: float = setting(0.9, "momentum of stochastic gradient descent", low=0.0, high=0.999)
    tolerance: float = setting(1e-4, "largest change in a step that counts as settled, in learning", low=1e-6)
    steps: int = setting(150, "most steps of a fixed point, and of a response, in learning", low=1)
    beta: float = setting(0.05, "size of finite nudges", low=1e-4)
    on_line_beta: float = setting(
        0.5, "size of a nudge that goes round without a rest, in learning", low=1e-4
    )
    stay: int = setting(60, "steps for which it stays at each of four places", low=1)
    rounds: int = setting(5, "how often it goes round", low=1)
    strength: float = setting(1.0, "strength of homeostasis, lambda, with connections back", low=0.0)
    loop_strength: float = setting(0.1, "strength of homeostasis, lambda, in a loop", low=0.0)


PRESETS = {
    "quick": Config(
        angles=(0.0, 30.0, 90.0),
        response_hidden=64,
        aligned_inputs=10,
        aligned_steps=3000,
        data="digits",
        hidden=32,
        epochs=3,
        rate=0.03,
        stay=20,
        rounds=2,
    ),
    "paper": Config(test_images=1000),
}
