"""Muscle models by name: one small file per model; other packages add theirs through `neurosim.muscles`."""

from neurosim.bodies.arm.muscles.hill import Hill
from neurosim.bodies.arm.muscles.mujoco_style import MuJoCoStyle
from neurosim.bodies.arm.muscles.muscle import Muscle
from neurosim.bodies.arm.muscles.relu import ReLU
from neurosim.bodies.arm.muscles.thelen import Thelen
from neurosim.registry import Registry

MUSCLES: Registry[type[Muscle]] = Registry("muscle", "neurosim.muscles")
"""The muscle models: `MUSCLES.get("hill")(slack=1.4)`."""

for _model in (Hill, MuJoCoStyle, ReLU, Thelen):
    MUSCLES.add(_model.name, _model)

__all__ = ["MUSCLES", "Hill", "MuJoCoStyle", "Muscle", "ReLU", "Thelen"]
