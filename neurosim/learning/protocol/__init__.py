"""How a model learns over a study: learners made of parts, phases, streams of batches, stages, evaluation.

A `Learner` is a model and a chain of parts: `Descend` (losses and an optimiser), `Local` (rules of the network),
`Supplied` (directions from a function), `Regulator` (controls an update), `Rewire` (connections that come and go),
`Online` (measures on the way), `Carried` (hands the state to the next step), or of your own (`Part`). A `Training` is
a value; a `Phase` says what the next steps use; `Stages` are phases one after the other, which may depend on what was
measured.
"""

from neurosim.extras import optional

with optional():
    from neurosim.learning.protocol.evaluation import AtEnd, Evaluation, Every, Logarithmic, Measured, matrix
    from neurosim.learning.protocol.learner import Learner, Progress
    from neurosim.learning.protocol.now import Now
    from neurosim.learning.protocol.part import Part
    from neurosim.learning.protocol.parts.carried import Carried
    from neurosim.learning.protocol.parts.descend import Descend
    from neurosim.learning.protocol.parts.gradient_rule import GradientRule, reads
    from neurosim.learning.protocol.parts.local import Local
    from neurosim.learning.protocol.parts.online import Online
    from neurosim.learning.protocol.parts.regulate import Recent, Regulator
    from neurosim.learning.protocol.parts.rewire import Rewire
    from neurosim.learning.protocol.parts.supplied import Supplied
    from neurosim.learning.protocol.phase import Phase
    from neurosim.learning.protocol.stages import Stages
    from neurosim.learning.protocol.streams import Batches, Fresh, Shuffled, Stream, padded
    from neurosim.learning.protocol.training import Training
    from neurosim.learning.protocol.validation import Validation

__all__ = [
    "AtEnd",
    "Batches",
    "Carried",
    "Descend",
    "Evaluation",
    "Every",
    "Fresh",
    "GradientRule",
    "Learner",
    "Local",
    "Logarithmic",
    "Measured",
    "Now",
    "Online",
    "Part",
    "Phase",
    "Progress",
    "Recent",
    "Regulator",
    "Rewire",
    "Shuffled",
    "Stages",
    "Stream",
    "Supplied",
    "Training",
    "Validation",
    "matrix",
    "padded",
    "reads",
]
