"""The ventral cord of C. elegans, cell by cell: synapses and gap junctions counted in electron micrographs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neurosim.datasets.connectome import MUSCLES, Connectome, ventral_cord
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.connectivity import Edges
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.units import second
from neurosim.neurons import LeakyRate, Signal
from neurosim.registry import suggest
from neurosim.synapses import GapJunction, Graded

Array = NDArray[np.float64]
SIDES: Final = {"dorsal": ("DB", "DD", "VB", "MD"), "ventral": ("VB", "VD", "DB", "MV")}
"""Of each side: the neurons that excite its muscles, those that inhibit them, what drives these, and the muscles."""


@dataclass(frozen=True)
class VentralCord:
    """Motor neurons, command neurons and muscles of the ventral cord, one leaky graded cell for each.

    tau dr/dt = -r + tanh(max(I, 0)), I = command + sum_j w_ij r_j + sum_j g_ij (r_j - r_i).
    r graded activity (1); w of synapses, with the sign of the table; g of gap junctions, the same in both directions.

    The population 'cell' has all cells, each class together and from head to tail: `group('DB')` says where. The
    projections are 'chemical', 'neuromuscular' and 'gap', an edge for each row of the table; the input is the signal
    population 'command', a value for each cell. A gap junction of a cell with itself does nothing and is left out;
    where the table has a gap junction in one direction only, it acts in both.

    Arguments:
        table: 'cook2019' or 'haspel2011', see `neurosim.datasets.ventral_cord`.
        chemical: what a cell receives in all from a class that is fully active, mean over the cells of its own class
            that receive anything; None for the weights of the table as they are.
        electrical: the same of the conductances of gap junctions.
        tau (s): of neurons.
        tau_muscle (s): of muscles.
        dt (s): time step.

    Raises UnknownNameError for another table, DescriptionError when a strength is negative.
    Source: Cook et al. 2019, Nature 571:63, doi:10.1038/s41586-019-1352-7; Haspel & O'Donovan 2011, J. Neurosci.
    31:14611, doi:10.1523/JNEUROSCI.2186-11.2011. Dynamics, strengths and time constants are ours.
    """

    table: str = "cook2019"
    chemical: float | None = 0.1
    electrical: float | None = 0.1
    tau: float = 0.02
    tau_muscle: float = 0.1
    dt: float = 1e-3

    def __post_init__(self) -> None:
        for name in ("chemical", "electrical"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < np.inf:
                raise DescriptionError(f"ventral cord: {name} = {value}: give a number from 0, or None")
        _ = self.connectome

    @property
    def connectome(self) -> Connectome:
        """The table."""
        return ventral_cord(self.table)

    def group(self, name: str) -> slice:
        """Return which cells of the population 'cell' are of a class, as a slice.

        Raises UnknownNameError for a class that the table does not have.
        """
        first = 0
        classes = self.connectome.classes
        for each, cells in classes.items():
            if each == name:
                return slice(first, first + len(cells))
            first += len(cells)
        raise UnknownNameError(f"ventral cord: no class '{name}': {suggest(name, classes)}")

    def network(self, every: int | None = None) -> Network:
        """Return the cord as a network.

        Arguments:
            every: steps between two samples of the activity r of all cells (no recorder if omitted).
        """
        table = self.connectome
        cells = list(table.of_class)
        muscle = np.array([table.of_class[cell] in MUSCLES for cell in cells])
        model = LeakyRate(tau=np.where(muscle, self.tau_muscle, self.tau) * second, transfer="rectified_tanh")
        network = Network("ventral_cord", self.dt * second).add(
            Population("command", len(cells), Signal()),
            Population("cell", len(cells), model),
            Projection(
                "drive", "command", "cell", Graded(), Edges(range(len(cells)), range(len(cells))), 1.0
            ),
        )
        rows = {
            kind: [(c.pre, c.post, c.sign * c.weight) for c in table.connections if c.kind == kind]
            for kind in ("chemical", "neuromuscular")
        }
        rows["gap"] = [
            (*ends, weight) for pair, weight in table.gap_junctions().items() for ends in (pair, pair[::-1])
        ]
        for kind, found in rows.items():
            strength = self.electrical if kind == "gap" else self.chemical
            weights = _scaled(table, found, strength)
            place = {cell: k for k, cell in enumerate(cells)}
            edges = Edges([place[pre] for pre, _, _ in found], [place[post] for _, post, _ in found])
            synapse = GapJunction(variable="r") if kind == "gap" else Graded()
            network.add(Projection(kind, "cell", "cell", synapse, edges, weights))
        return network if every is None else network.add(Recorder("cell", "r", every=every))

    def swimmer_weights(self, n_joints: int = 5) -> Array:
        """Return weights of `SwimmerCircuit(n_joints, shared=False)` that vary along the body as the table does.

        A unit of that circuit is a share of the rows of muscles from the first that a B neuron reaches: those in front
        of it are innervated by neurons of the head, which the tables lack. Of a unit's muscles on one side, w_i is what
        they receive from B neurons of that side, wherever those are; -w_c is the product of what they receive from D
        neurons and what these receive from B neurons of the other side, summed over D neurons. Both are the mean over
        the unit's muscles, divided by the mean over units, so 1 on average. Stretch and the oscillator have no
        counterpart in the table: w_p = w_o = 1.

        Arguments:
            n_joints: units, from 2 to the number of rows.

        Returns a vector (6 n_joints,). Raises DescriptionError for another number of units.
        """
        table = self.connectome
        received = {}
        for side, (excite, inhibit, other, muscle) in SIDES.items():
            crossed = _matrix(table, inhibit, muscle) @ _matrix(table, other, inhibit).sum(axis=1)
            received[side] = (_matrix(table, excite, muscle).sum(axis=1), crossed)
        places = {
            side: np.array([table.places[c] for c in table.classes[of[3]]]) for side, of in SIDES.items()
        }
        first = min(places[side][own > 0].min() for side, (own, _) in received.items())
        rows = len({place for place in places["dorsal"] if place >= first})
        if not 2 <= n_joints <= rows:
            raise DescriptionError(f"ventral cord: n_joints = {n_joints}: give 2 ... {rows}")
        # From the edge in front of the first row, half a row before its middle.
        edge = 1 - (1 - first) * rows / (rows - 0.5)
        vector = [np.ones(2 * n_joints)]
        for kind, sign in ((0, 1.0), (1, -1.0)):
            for side, found in received.items():
                unit = np.floor(n_joints * (places[side] - edge) / (1 - edge))
                mean = np.array([found[kind][unit == k].mean() for k in range(n_joints)])
                vector.append(sign * mean / mean.mean())
        return np.concatenate(vector)


def _matrix(table: Connectome, pre: str, post: str) -> Array:
    """Return the weights of synapses from one class to another, (targets, sources)."""
    found = np.zeros((len(table.classes[post]), len(table.classes[pre])))
    for kind in ("chemical", "neuromuscular"):
        for c in table.between(pre, post, kind):
            found[table.classes[post].index(c.post), table.classes[pre].index(c.pre)] += c.weight
    return found


def _scaled(table: Connectome, rows: list[tuple[str, str, float]], strength: float | None) -> Array:
    """Return the weights of rows, scaled so that each class sends `strength` to each class, or as they are."""
    weights = np.array([weight for _, _, weight in rows])
    if strength is None:
        return weights
    of = table.of_class
    pairs: dict[tuple[str, str], list[int]] = {}
    for k, (pre, post, _) in enumerate(rows):
        pairs.setdefault((of[pre], of[post]), []).append(k)
    for found in pairs.values():
        received = len({rows[k][1] for k in found})
        weights[found] *= strength * received / np.abs(weights[found]).sum()
    return weights
