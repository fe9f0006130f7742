"""Back-propagation through time: gradient descent on a network, or on a closed loop of controller and body.

`Trainer` descends losses of a `Model` on `Fresh` or `Shuffled` batches; `network_model` makes a model of a description,
`controller` puts a network into a closed loop, `Rewiring` trains one whose connections come and go, `GRU` is the usual
baseline policy. Optimisers and schedules are optax's.
"""

from neurosim.extras import optional

with optional():
    from neurosim.learning.bptt.batches import Fresh, Shuffled, padded
    from neurosim.learning.bptt.gru import GRU
    from neurosim.learning.bptt.losses import mean_absolute, mean_square, softmax_cross_entropy
    from neurosim.learning.bptt.model import Model
    from neurosim.learning.bptt.network import controller, network_model
    from neurosim.learning.bptt.objective import Objective
    from neurosim.learning.bptt.rewiring import Rewiring
    from neurosim.learning.bptt.trainer import Trainer
    from neurosim.learning.bptt.training import Training
    from neurosim.learning.bptt.transforms import clip_each, scale_each
    from neurosim.learning.bptt.validation import Validation

__all__ = [
    "GRU",
    "Fresh",
    "Model",
    "Objective",
    "Rewiring",
    "Shuffled",
    "Trainer",
    "Training",
    "Validation",
    "clip_each",
    "controller",
    "mean_absolute",
    "mean_square",
    "network_model",
    "padded",
    "scale_each",
    "softmax_cross_entropy",
]
