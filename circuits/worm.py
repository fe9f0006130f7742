"""The nervous system of the worm that both swims and crawls: bistable motor neurons, stretch, muscles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurosim.bodies.worm import DIAMETER, SEGMENT, SEGMENTS, lateral_rest, radii
from neurosim.errors import DescriptionError
from neurosim.model.connectivity import Edges
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter
from neurosim.model.parts import External, Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.rule import NeuronRule
from neurosim.model.units import second
from neurosim.neurons import Signal
from neurosim.synapses import Graded

UNITS, REACH = 12, 6
PER_UNIT = SEGMENTS // UNITS


class StretchReceptor(NeuronModel):
    """Stateless receptor of the stretch of an element of the body.

    y = gain s (L - rest)/rest, s = above if L > switch else below.
    y output (1), L length (m), gain (1), rest (m).
    Source: Boyle, Berri & Cohen 2012, doi:10.3389/fncom.2012.00010.
    """

    gain = parameter(1.0, "output per relative stretch")
    rest = parameter(SEGMENT, "rest length in metres", low=0.0)
    switch = parameter(SEGMENT, "length in metres above which the receptor is stretched", low=0.0)
    above = parameter(1.0, "factor when stretched")
    below = parameter(1.0, "factor when not")
    equations = """
    y = gain*(below + (above - below)*int(L > switch))*(L - rest)/rest : 1
    L : 1 (input)
    """
    output = "y"


class BistableUnit(NeuronModel):
    """Neuron that is on or off and switches with hysteresis.

    S' = 1 if u > on, 0 if u <= off, else S; u = I + bias.
    S state (1), I summed input (1), bias (1), thresholds on and off (1).
    Source: Boyle, Berri & Cohen 2012, doi:10.3389/fncom.2012.00010.
    """

    on = parameter(0.75, "input above which it switches on")
    off = parameter(0.25, "input down to which it stays on")
    bias = parameter(0.0, "constant input")
    equations = """
    S' = int(u > on) + S*int(u > off)*int(u <= on) : 1 (map)
    u = I + bias : 1
    I : 1 (input)
    """
    output = "S"


class BodyWallMuscle(NeuronModel):
    """Muscle that follows its input slowly and pulls when it is above 0.

    dV/dt = (I - V)/tau, A = max(V, 0).
    V state (1), I summed input (1), A activation (1).
    Source: Boyle, Berri & Cohen 2012, doi:10.3389/fncom.2012.00010.
    """

    tau = parameter(0.1 * second, "time constant", low=0 * second)
    equations = """
    dV/dt = (I - V)/tau : 1
    A = clip(V, 0, inf) : 1
    I : 1 (input)
    """
    method = "exponential_euler"
    output = "A"


@dataclass(frozen=True)
class WormCircuit:
    """Twelve units of a dorsal and a ventral motor neuron each, driven by the stretch of the body behind them.

    Unit u (from the head) covers segments 4 u ... 4 u + 3. Its dorsal and ventral neuron S (0 or 1) switch with
    hysteresis, on above 0.75 and off at 0.25, by
    I_D = 0.675 + w_u g_u (sum of dorsal stretch over the segments of units u ... u + 5),
    I_V = 0.675 + (the same of ventral stretch) + 0.5 - S_D,   w_u = 0.325 (0.4 + 0.08 u),
    g_u = 1 for u <= 6, else sqrt(floor(6/(12 - u))). Muscles: tau dV/dt = -V + c_i (S_D - S_V) on the dorsal side, and
    the opposite on the ventral one, tau = 0.1 s, c_i = 0.7 (1 - 0.6 i/48), of the first segment over 1.5.

    The term 0.5 - S_D is that of the authors' code: besides inhibiting a ventral neuron while the dorsal one is on, it
    excites it while that is off.

    Arguments:
        stretch: factor of the stretch feedback onto each unit, shape (12,); 0 cuts it.
        silent: units whose neurons are cut off from their muscles.
        dorsal (1): factor of what dorsal muscles receive.
        rules: neuron rules of the muscles.
        dt (s): of a step, the same as that of the body.

    Raises DescriptionError when an argument does not fit.
    Source: Boyle, Berri & Cohen 2012, Front. Comput. Neurosci. 6:10, doi:10.3389/fncom.2012.00010; constants of the
    authors' code.
    """

    stretch: tuple[float, ...] = (1.0,) * UNITS
    silent: tuple[int, ...] = ()
    dorsal: float = 1.0
    rules: tuple[NeuronRule, ...] = ()
    dt: float = 1e-3

    def __post_init__(self) -> None:
        if len(self.stretch) != UNITS or not np.isfinite(self.stretch).all():
            raise DescriptionError(f"worm circuit: stretch = {self.stretch}: give {UNITS} numbers")
        if not set(self.silent) <= set(range(UNITS)):
            raise DescriptionError(f"worm circuit: silent = {self.silent}: give units 0 ... {UNITS - 1}")

    def network(self, record: tuple[str, ...] = (), every: int = 1) -> Network:
        """Return the circuit as a network with an External 'body' in the loop, as `neurosim.bodies.worm.worm` gives it.

        The body takes the activation of the muscles, dorsal from head to tail, then ventral, and writes 'length' (m),
        'com' (m, two values) and 'rods' (x, y and angle of each).

        Arguments:
            record: populations whose output is recorded.
            every: steps between two samples.
        """
        dorsal = np.arange(2 * UNITS) < UNITS
        lengths = np.tile(lateral_rest(), 2)
        joined = np.tile(radii()[:-1] + radii()[1:], 2)
        side = np.arange(2 * SEGMENTS) < SEGMENTS
        receptor = StretchReceptor(
            gain=DIAMETER / joined,
            rest=lengths,
            above=np.where(side, 0.8, 1.0),
            below=np.where(side, 1.2, 1.0),
        )
        network = Network("worm", self.dt * second).add(
            *(Population(n, k, Signal()) for n, k in (("length", 96), ("com", 2), ("rods", 147))),
            Population("stretch", 2 * SEGMENTS, receptor),
            Population(
                "neuron",
                2 * UNITS,
                BistableUnit(bias=np.where(dorsal, 0.675, 1.175)),
                initial={"S": dorsal.astype(float)},
            ),
            Population("muscle", 2 * SEGMENTS, BodyWallMuscle(), rules=self.rules),
            Projection("sense", "length", "stretch", Graded(port="L"), Edges(range(96), range(96)), 1.0),
            self._feedback(),
            Projection("inhibit", "neuron", "neuron", Graded(), Edges(range(UNITS), range(UNITS, 24)), -1.0),
            self._junction(),
            External("body", ("muscle.output",), {"length": "length", "com": "com", "rods": "rods"}),
        )
        return network.add(*(Recorder(name, "output", every=every) for name in record))

    def _feedback(self) -> Projection:
        edges = [
            (side * SEGMENTS + segment, side * UNITS + unit, unit)
            for side in (0, 1)
            for unit in range(UNITS)
            for segment in range(PER_UNIT * unit, PER_UNIT * min(unit + REACH, UNITS))
        ]
        source, target, unit = np.array(edges).T
        gain = np.where(unit <= UNITS - REACH, 1.0, np.sqrt(REACH // np.maximum(UNITS - unit, 1)))
        weight = 0.65 * (0.4 + 0.08 * unit) * (2 / 4) * gain * np.asarray(self.stretch)[unit]
        return Projection("feedback", "stretch", "neuron", Graded(), Edges(source, target), weight)

    def junctions(self) -> np.ndarray:
        """Return the weights of the projection 'junction', shape (192,).

        They are those from dorsal and from ventral neurons onto dorsal muscles, then the same onto ventral muscles.
        """
        segment = np.arange(SEGMENTS)
        strength = 0.7 * (1 - 0.6 * segment / SEGMENTS)
        strength[0] /= 1.5
        strength[np.isin(segment // PER_UNIT, self.silent)] = 0.0
        return np.concatenate([self.dorsal * strength, -self.dorsal * strength, -strength, strength])

    def _junction(self) -> Projection:
        segment = np.arange(SEGMENTS)
        unit = segment // PER_UNIT
        # Each muscle receives from both neurons of its unit.
        source = np.concatenate([unit, unit + UNITS, unit, unit + UNITS])
        target = np.concatenate([segment, segment, segment + SEGMENTS, segment + SEGMENTS])
        return Projection("junction", "neuron", "muscle", Graded(), Edges(source, target), self.junctions())
