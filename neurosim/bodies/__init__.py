"""Bodies in the loop: physical plants that a network drives and senses (MuJoCo swimmer)."""

import os

# MuJoCo looks for a display when it is imported; a simulation needs none. To render, set the variable first.
os.environ.setdefault("MUJOCO_GL", "disabled")
