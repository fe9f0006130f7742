"""Noise on actions, as parts of the network that acts."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.errors import DescriptionError
from neurosim.model.connectivity import OneToOne
from neurosim.model.network import Network
from neurosim.model.parts import External, Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.neurons import GradedUnit, Signal
from neurosim.synapses import Graded

NOISE = "exploration"
"""The signal population that carries the noise."""


@dataclass(frozen=True)
class Exploration:
    """Gaussian noise on what the neurons of a population receive, before their transfer function: u = mean + sd * n.

    The action is u (`u` of a `GradedUnit`), so it has a normal distribution, whatever clips it later.
    Arguments: action, the population of stateless `GradedUnit` whose output drives the body; sd, standard deviation of
    the noise (1); observe, the signal populations that the body writes and that the policy or the value read-out reads.
    Raises DescriptionError when sd is not positive or nothing is observed.
    """

    action: str
    sd: float
    observe: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.sd > 0:
            raise DescriptionError(f"Exploration.sd = {self.sd}: must be positive")
        if not self.observe:
            raise DescriptionError("Exploration.observe: there are none: name signal populations")

    @property
    def recording(self) -> str:
        """The recording of the actions."""
        return f"{self.action}.u"

    def added(self, network: Network) -> Network:
        """Return a copy of a network with noise on its actions, which are recorded.

        Raises UnknownNameError for another population, DescriptionError for an action that is no `GradedUnit`, or an
        observation that is no signal.
        """
        population = network.population(self.action)
        if not isinstance(population.model, GradedUnit):
            raise DescriptionError(
                f"Exploration.action '{self.action}': {type(population.model).__name__} has dynamics, by which "
                "the noise of one step reaches the next: use a GradedUnit"
            )
        for name in self.observe:
            if not isinstance(network.population(name).model, Signal):
                raise DescriptionError(f"Exploration.observe '{name}': no Signal: name what the body writes")
        known = {recorder.key for recorder in network.recorders}
        return network.copy().add(
            Population(NOISE, population.size, Signal()),
            Projection(f"{NOISE}_to_{self.action}", NOISE, self.action, Graded(), OneToOne(), self.sd),
            *([] if self.recording in known else [Recorder(self.action, "u")]),
            *(Recorder(name, "output") for name in self.observe if f"{name}.output" not in known),
        )

    def open_loop(self, network: Network) -> Network:
        """Return the network without its body, whose outputs are inputs, and with its actions recorded alone."""
        parts = (part for part in network.parts() if not isinstance(part, External | Recorder))
        return Network(network.name, network.dt).add(*parts, Recorder(self.action, "u"))
