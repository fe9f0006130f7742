"""What can be differentiated, and by what: models, losses, objectives, and steps for optax's optimisers.

`network_model` makes a model of a description, `fixed_point_model` one of what settles, `controller` puts a network
into a closed loop, `GRU` is the usual baseline policy. How a model learns is in `neurosim.learning.protocol`.
"""

from neurosim.extras import optional

with optional():
    from neurosim.learning.bptt.fixed_points import Settlement, fixed_point_model
    from neurosim.learning.bptt.gru import GRU
    from neurosim.learning.bptt.losses import (
        accuracy,
        mean_absolute,
        mean_square,
        softmax_cross_entropy,
        softmax_entropy,
    )
    from neurosim.learning.bptt.model import Model
    from neurosim.learning.bptt.network import controller, network_model
    from neurosim.learning.bptt.objective import Objective
    from neurosim.learning.bptt.transforms import anchored, clip_each, scale_each

__all__ = [
    "GRU",
    "Model",
    "Objective",
    "Settlement",
    "accuracy",
    "anchored",
    "clip_each",
    "controller",
    "fixed_point_model",
    "mean_absolute",
    "mean_square",
    "network_model",
    "scale_each",
    "softmax_cross_entropy",
    "softmax_entropy",
]
