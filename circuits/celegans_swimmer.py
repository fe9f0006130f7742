"""The motor circuit of C. elegans as architectural prior of a swimmer: oscillator, stretch, B neurons, muscles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.model.connectivity import Edges, OneToOne
from neurosim.model.network import Network
from neurosim.model.parts import External, NamedParameter, Population, Projection, Tied
from neurosim.model.recorder import Recorder
from neurosim.model.units import second
from neurosim.neurons import GradedUnit, Signal, SquareWave
from neurosim.rng import generator
from neurosim.synapses import Graded

SIGNS = {"w_p": 1, "w_o": 1, "w_i": 1, "w_c": -1, "w_t": 1, "w_s": -1}
BODY_SIGNALS = {"reward": 1, "com": 2, "heading": 1, "forward_speed": 1}


@dataclass(frozen=True)
class SwimmerCircuit:
    """The motor circuit of C. elegans as the controller of a swimmer of n_joints + 1 links.

    Neurons k = 0 ... n_joints - 1 from the head, each dorsal (k) and ventral (n_joints + k):
    stretch q = clip(+-angle/limit, 0, 1), limit = 2 pi/(n_joints + 1) (rad);
    b_0 = clip(w_o o + w_t turn + w_s (1 - speed), 0, 1), b_k = clip(w_p q_(k-1) + w_s (1 - speed), 0, 1);
    muscle m = clip(w_i b + w_c b_other_side, 0, 1); torque = m_dorsal - m_ventral in [-1, 1].
    o is a square wave of `period` steps of dt (s), dorsal first; turn = (right, left) and speed in [0, 1] are commands.

    Arguments:
        n_joints: number of joints of the body, at least 1.
        shared: whether there is one weight of each kind for the whole body rather than one for each place.
        signed: whether weights act as max(w, 0), or min(w, 0) for w_c and w_s.
        constant: whether initial weights are +-1 rather than drawn.
        commands: whether turn and speed inputs exist, with w_t and w_s.
        period: of the oscillator, in steps.
        dt (s): control step.

    Source: Bhattasali, Zador, Engel 2022, NeurIPS, arXiv 2201.05242.
    """

    n_joints: int = 5
    shared: bool = True
    signed: bool = True
    constant: bool = True
    commands: bool = False
    period: int = 60
    dt: float = 0.03

    def __post_init__(self) -> None:
        if self.n_joints < 1:
            raise DescriptionError(
                f"swimmer circuit: n_joints = {self.n_joints}: a body needs at least 2 links, so 1 joint"
            )

    @property
    def sizes(self) -> dict[str, int]:
        """Number of weights of each kind, in the order of the parameter vector."""
        n = self.n_joints
        places = {"w_p": max(2 * (n - 1), 1), "w_o": 2, "w_i": 2 * n, "w_c": 2 * n, "w_t": 2, "w_s": 2 * n}
        kinds = [k for k in places if self.commands or k not in ("w_t", "w_s")]
        return {kind: 1 if self.shared else places[kind] for kind in kinds}

    @property
    def n_parameters(self) -> int:
        """Number of weights."""
        return sum(self.sizes.values())

    def initial(self, seed: int = 0) -> np.ndarray:
        """Return the initial weights (n_parameters,).

        With the sign constraint they are +1 or -1, or drawn from U(0, 1) or U(-1, 0); without it -1 or +1 at random, or
        drawn from U(-1, 1).
        """
        rng = generator(seed, "swimmer circuit weights")
        drawn = {kind: self._draw(SIGNS[kind], size, rng) for kind, size in self.sizes.items()}
        return np.concatenate(list(drawn.values()))

    def _draw(self, sign: int, size: int, rng: np.random.Generator) -> np.ndarray:
        if self.constant:
            return np.full(size, float(sign)) if self.signed else rng.choice([-1.0, 1.0], size)
        return sign * rng.uniform(0, 1, size) if self.signed else rng.uniform(-1, 1, size)

    def weights(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        """Return a parameter vector (n_parameters,) split by kind."""
        if np.shape(vector) != (self.n_parameters,):
            raise DescriptionError(
                f"swimmer circuit: a parameter vector of shape {np.shape(vector)}: give ({self.n_parameters},)"
            )
        edges = np.cumsum(list(self.sizes.values()))[:-1]
        return dict(zip(self.sizes, np.split(np.asarray(vector, dtype=float), edges), strict=True))

    def network(self, vector: np.ndarray | None = None, record: tuple[str, ...] = ()) -> Network:
        """Return the circuit as a network of graded neurons with an External 'body' in the loop.

        Inputs are the signal populations 'angle' (rad), 'turn' (right, left) and 'speed', the output is 'torque'. The
        body also writes 'reward' (1), 'com' (m, two values), 'heading' (rad) and 'forward_speed' (m/s).

        Arguments:
            vector: weights, shape (n_parameters,), the initial ones if omitted.
            record: populations whose output is recorded at every step.
        """
        weights = self.weights(self.initial() if vector is None else vector)
        network = Network("celegans_swimmer", self.dt * second)
        for kind, value in weights.items():
            network.add(NamedParameter(kind, value, SIGNS[kind] if self.signed else 0))
        self._populations(network)
        self._projections(network)
        network.add(
            External("body", ("torque.output",), {"angle": "angle", **{name: name for name in BODY_SIGNALS}})
        )
        return network.add(*(Recorder(name, "output") for name in record))

    def _populations(self, network: Network) -> None:
        n = self.n_joints
        side = np.array([0.0, 1.0])
        network.add(
            Population("angle", n, Signal()),
            Population("oscillator", 2, SquareWave(period=self.period, side=side)),
            Population("stretch", 2 * n, GradedUnit()),
            Population("b", 2 * n, GradedUnit()),
            Population("muscle", 2 * n, GradedUnit()),
            Population("torque", n, GradedUnit(transfer="symmetric")),
            *(Population(name, size, Signal()) for name, size in BODY_SIGNALS.items()),
        )
        if self.commands:
            network.add(
                Population("turn", 2, Signal()),
                Population("steer", 2, GradedUnit()),
                Population("speed", 1, Signal(), initial={"value": 1.0}),
                Population("brake", 1, GradedUnit(bias=1.0)),
            )

    def _projections(self, network: Network) -> None:
        n = self.n_joints
        joints, both = range(n), range(2 * n)
        dorsal_ventral = (*joints, *(n + k for k in joints))
        per_limit = (n + 1) / (2 * np.pi)
        signs = np.repeat([1.0, -1.0], n)
        heads = (0, n)
        followers = [k for k in both if k not in heads]

        def graded(name: str, source: str, target: str, edges: Edges | OneToOne, weight: object) -> None:
            network.add(Projection(name, source, target, Graded(), edges, weight))

        graded("sense", "angle", "stretch", Edges((*joints, *joints), dorsal_ventral), signs * per_limit)
        graded("drive", "oscillator", "b", Edges((0, 1), heads), self._tied("w_o", 2))
        if followers:
            graded(
                "follow",
                "stretch",
                "b",
                Edges([k - 1 for k in followers], followers),
                self._tied("w_p", len(followers)),
            )
        graded("ipsilateral", "b", "muscle", OneToOne(), self._tied("w_i", 2 * n))
        other_side = [(k + n) % (2 * n) for k in both]
        graded("contralateral", "b", "muscle", Edges(other_side, both), self._tied("w_c", 2 * n))
        graded("pull", "muscle", "torque", Edges(dorsal_ventral, (*joints, *joints)), signs)
        if self.commands:
            graded("aim", "turn", "steer", OneToOne(), 1.0)
            graded("steering", "steer", "b", Edges((0, 1), heads), self._tied("w_t", 2))
            graded("pace", "speed", "brake", OneToOne(), -1.0)
            graded("braking", "brake", "b", Edges([0] * 2 * n, both), self._tied("w_s", 2 * n))

    def _tied(self, kind: str, edges: int) -> Tied:
        return Tied(kind, (0,) if self.shared else tuple(range(edges)))


def option_bits(bits: str) -> Mapping[str, bool]:
    """Return the options of an ablation by its three bits [shared, signed, constant], such as '111' or '011'."""
    if len(bits) != 3 or set(bits) - {"0", "1"}:
        raise DescriptionError(
            f"swimmer circuit: options '{bits}' are not three bits: give one of 000 ... 111"
        )
    return dict(zip(("shared", "signed", "constant"), (b == "1" for b in bits), strict=True))
