"""A planar two-link arm with six muscles: batched, differentiable, after MotorNet (Codol et al. 2024).

`Effector()` is the reference arm; `init`, `step` and `observe` are pure functions of JAX arrays, batch axis first.
"""

from neurosim.extras import optional

with optional():
    from neurosim.bodies.arm.activation import Activation
    from neurosim.bodies.arm.arm26 import MUSCLE_NAMES
    from neurosim.bodies.arm.effector import Effector, EffectorState
    from neurosim.bodies.arm.fibres import Contraction, Fibres
    from neurosim.bodies.arm.muscles import MUSCLES, Hill, MuJoCoStyle, Muscle, ReLU, Thelen
    from neurosim.bodies.arm.paths import Paths
    from neurosim.bodies.arm.plant import Plant, PlantState
    from neurosim.bodies.arm.senses import Sensation, Senses
    from neurosim.bodies.arm.skeleton import TwoLink

__all__ = [
    "MUSCLES",
    "MUSCLE_NAMES",
    "Activation",
    "Contraction",
    "Effector",
    "EffectorState",
    "Fibres",
    "Hill",
    "MuJoCoStyle",
    "Muscle",
    "Paths",
    "Plant",
    "PlantState",
    "ReLU",
    "Sensation",
    "Senses",
    "Thelen",
    "TwoLink",
]
