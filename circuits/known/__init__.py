"""Networks of the literature, each as a function that returns a `Network`, with what is known of their activity."""

from neurosim.circuits.known.balanced import coba, cobahh, cuba
from neurosim.circuits.known.brunel import brunel
from neurosim.circuits.known.decision import decision
from neurosim.circuits.known.digit_learner import digit_learner
from neurosim.circuits.known.inhibitory_plasticity import inhibitory_plasticity
from neurosim.circuits.known.izhikevich import izhikevich

__all__ = [
    "brunel",
    "coba",
    "cobahh",
    "cuba",
    "decision",
    "digit_learner",
    "inhibitory_plasticity",
    "izhikevich",
]
