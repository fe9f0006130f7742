"""A left and a right hemisphere, connected by a corpus callosum, that drive the six muscles of one arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.clamp import Clamp
from neurosim.model.connectivity import AllToAll, Edges, OneToOne
from neurosim.model.network import Network
from neurosim.model.parts import NamedParameter, Population, Projection, Tied
from neurosim.model.recorder import Recorder
from neurosim.model.units import second
from neurosim.neurons import GradedUnit, Maximum, Signal
from neurosim.registry import suggest
from neurosim.rng import generator
from neurosim.synapses import Graded

CALLOSA = ("maxpool", "linear", "none")
TRANSFERS = ("tanh", "rectified_tanh")
SIDES = ("left", "right")
OTHER = {"left": "right", "right": "left"}


@dataclass(frozen=True)
class BilateralMotor:
    """A controller of one network, or of two hemispheres with or without a callosum, without recurrent connections.

    Each hemisphere s gets the whole input x and half of the neurons: h_s1 = phi(W_s1 x + b_s1), and for k > 1
    h_sk = phi(W_sk (h_s(k-1) + P(h_o(k-1))) + b_sk), o the other side, P the callosum. Both drive the muscles:
    u = 1/(1 + exp(-(W_o (w_left h_left + w_right h_right) + b_o))), with two scalar weights >= 0 and a shared W_o.
    P is one of:
    'maxpool', zeros followed by maxima of pairs of neurons, without an odd last neuron: P(a, b, c, d, e) = (0, 0, 0,
    max(a, b), max(c, d)); it has no weights but a gain, 1, which can be passed as 'callosum' (0: no callosum);
    'linear', a trained matrix times the outputs of the other side; 'none', P = 0.

    Arguments:
        hemispheres: 1 (with all neurons and no callosum) or 2.
        callosum: 'maxpool', 'linear' or 'none'.
        units: number of neurons in one layer of the whole controller.
        layers: number of hidden layers.
        transfer: phi, tanh or max(tanh, 0).
        inputs, muscles: their numbers.
        dt (s): control step.

    Raises DescriptionError for sizes below 1, an odd number of neurons for two sides, or an unknown option.
    Source: Rinaldo, Friedman, Kuhlmann, Kowadlo 2024, arXiv:2401.14057, and its code.
    """

    hemispheres: int = 2
    callosum: str = "maxpool"
    units: int = 10
    layers: int = 2
    transfer: str = "tanh"
    inputs: int = 16
    muscles: int = 6
    dt: float = 0.01

    def __post_init__(self) -> None:
        sizes = {name: getattr(self, name) for name in ("units", "layers", "inputs", "muscles")}
        if min(sizes.values()) < 1 or self.hemispheres not in (1, 2) or self.units % self.hemispheres:
            raise DescriptionError(
                f"BilateralMotor: hemispheres = {self.hemispheres}, {sizes}: give 1 or 2 hemispheres that share the "
                "units evenly, and sizes from 1"
            )
        for name, known in (("callosum", CALLOSA), ("transfer", TRANSFERS)):
            if getattr(self, name) not in known:
                raise UnknownNameError(
                    f"BilateralMotor.{name} = '{getattr(self, name)}': {suggest(getattr(self, name), known)}"
                )

        if self.callosum == "maxpool" and self.crossings and self.units < 4:
            raise DescriptionError(
                f"BilateralMotor: units = {self.units}: a maximum over pairs needs 2 units on each side"
            )

    @property
    def sides(self) -> tuple[str, ...]:
        """The hemispheres, or 'whole' if there is only one network."""
        return SIDES if self.hemispheres == 2 else ("whole",)

    @property
    def hidden(self) -> tuple[str, ...]:
        """The populations of the hidden layers, all of one side before those of the other."""
        return tuple(f"{side}{k}" for side in self.sides for k in range(1, self.layers + 1))

    @property
    def crossings(self) -> dict[str, tuple[str, str]]:
        """The populations of the callosum by name, each with the layer it comes from and the layer it leads to."""
        if self.hemispheres == 1 or self.callosum == "none":
            return {}
        return {
            f"{side}_callosum{k}": (f"{side}{k}", f"{OTHER[side]}{k + 1}")
            for side in SIDES
            for k in range(1, self.layers)
        }

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """The trained parameters by owner: each side, and 'shared' (output, joining weights, a linear callosum)."""
        found = {
            side: tuple(
                f"{name}{end}"
                for name in (f"{side}{k}" for k in range(1, self.layers + 1))
                for end in ("_drive.w", ".bias")
            )
            for side in self.sides
        }
        linear = tuple(f"{name}_out.w" for name in self.crossings if self.callosum == "linear")
        joining = ("left_weight", "right_weight") if self.hemispheres == 2 else ()
        return {**found, "shared": ("output.w", "excitation.bias", *joining, *linear)}

    @property
    def lesions(self) -> dict[str, tuple[str, ...]]:
        """What each lesion silences: 'high' the input of a side, 'low' its last layer, 'cc' the callosum, 'ccl' both.

        A side without input keeps its biases; with a callosum it still receives from the other side.
        """
        if self.hemispheres == 1:
            return {}
        ends: dict[str, tuple[str, ...]] = {
            "highleft": ("left_input",),
            "highright": ("right_input",),
            "lowleft": (f"left{self.layers}",),
            "lowright": (f"right{self.layers}",),
        }
        if not self.crossings:
            return ends
        callosum = tuple(self.crossings)
        return {
            **ends,
            "cc": callosum,
            "ccl": (*callosum, "left_input"),
            "ccr": (*callosum, "right_input"),
        }

    @property
    def n_parameters(self) -> int:
        """Number of trained parameters."""
        return sum(value.size for value in self.initial().values())

    def initial(self, seed: int = 0) -> dict[str, np.ndarray]:
        """Return the trained parameters by name: weights Glorot-uniform, biases 0, joining weights 0.5.

        W ~ U(-a, a), a = sqrt(6/(fan in + fan out)); a matrix is flat, in the order (source, target).
        """
        n = self.units // self.hemispheres
        shapes = {
            f"{side}{k}_drive.w": (self.inputs if k == 1 else n, n)
            for side in self.sides
            for k in range(1, self.layers + 1)
        }
        shapes |= {f"{name}_out.w": (n, n) for name in self.crossings if self.callosum == "linear"}
        shapes["output.w"] = (n, self.muscles)
        drawn = {name: _glorot(shape, seed, name) for name, shape in shapes.items()}
        biases = {f"{name}.bias": np.zeros(n) for name in self.hidden}
        joining = {f"{side}_weight": np.array([0.5]) for side in self.sides if self.hemispheres == 2}
        found = {**drawn, **biases, **joining, "excitation.bias": np.zeros(self.muscles)}
        return {name: found[name] for group in self.groups.values() for name in group}

    def network(
        self,
        parameters: Mapping[str, Any] | None = None,
        lesion: str | None = None,
        record: tuple[str, ...] = (),
    ) -> Network:
        """Return the controller as a network of graded neurons, with the ports 'input' and 'excitation' (1).

        Arguments:
            parameters: by name, as of `initial` (those of seed 0 where omitted).
            lesion: the name of one of `lesions`, maintained by clamps at 0, or None.
            record: populations whose output is recorded at every step.

        Raises UnknownNameError for a parameter or lesion that this controller does not have.
        """
        values = self.initial()
        for name, value in (parameters or {}).items():
            if name not in values:
                raise UnknownNameError(f"BilateralMotor: parameter '{name}': {suggest(name, values)}")
            values[name] = np.asarray(value, float).reshape(values[name].shape)
        network = Network("bilateral_motor", self.dt * second).add(Population("input", self.inputs, Signal()))
        self._layers(network, values)
        self._output(network, values)
        network.add(*(Clamp(name, "y", 0.0) for name in self._silenced(lesion)))
        return network.add(*(Recorder(name, "output") for name in record))

    def _silenced(self, lesion: str | None) -> tuple[str, ...]:
        if lesion is None:
            return ()
        if lesion not in self.lesions:
            raise UnknownNameError(f"BilateralMotor: lesion '{lesion}': {suggest(lesion, self.lesions)}")
        return self.lesions[lesion]

    def _layers(self, network: Network, values: Mapping[str, np.ndarray]) -> None:
        n, heard = self.units // self.hemispheres, {target for _, target in self.crossings.values()}
        if self.callosum == "maxpool" and self.crossings:
            network.add(NamedParameter("callosum", 1.0))
        for side in self.sides:
            network.add(
                Population(f"{side}_input", self.inputs, _relay()), _one_to_one("input", f"{side}_input")
            )
        for k in range(1, self.layers + 1):
            for side in self.sides:
                name, below = f"{side}{k}", f"{side}_input" if k == 1 else f"{side}{k - 1}"
                if name in heard:
                    network.add(Population(f"{name}_input", n, _relay()), _one_to_one(below, f"{name}_input"))
                    below = f"{name}_input"
                unit = GradedUnit(transfer=self.transfer, bias=values[f"{name}.bias"])
                drive = _matrix(f"{name}_drive", below, name, values)
                network.add(Population(name, n, unit), drive)
        for name, (source, target) in self.crossings.items():
            self._crossing(network, name, source, f"{target}_input", values)

    def _crossing(
        self, network: Network, name: str, source: str, target: str, values: Mapping[str, np.ndarray]
    ) -> None:
        n = self.units // 2
        if self.callosum == "linear":
            network.add(Population(name, n, _relay()), _one_to_one(source, name))
            network.add(_matrix(f"{name}_out", name, target, values))
            return
        pairs = tuple(range(n // 2))
        network.add(Population(name, len(pairs), Maximum()))
        for port, shift in (("one", 0), ("other", 1)):
            edges = Edges([2 * j + shift for j in pairs], pairs)
            network.add(Projection(f"{name}_{port}", source, name, Graded(port=port), edges, 1.0))
        behind = Edges(pairs, [n - len(pairs) + j for j in pairs])
        network.add(
            Projection(f"{name}_out", name, target, Graded(), behind, Tied("callosum", (0,) * len(pairs)))
        )

    def _output(self, network: Network, values: Mapping[str, np.ndarray]) -> None:
        source = f"{self.sides[0]}{self.layers}"
        if self.hemispheres == 2:
            source, n = "join", self.units // 2
            network.add(Population("join", n, _relay()))
            for side in SIDES:
                network.add(NamedParameter(f"{side}_weight", values[f"{side}_weight"], sign=1))
                weight = Tied(f"{side}_weight", (0,) * n)
                network.add(
                    Projection(f"{side}_join", f"{side}{self.layers}", "join", Graded(), OneToOne(), weight)
                )
        muscles = GradedUnit(transfer="logistic", bias=values["excitation.bias"])
        network.add(
            Population("excitation", self.muscles, muscles), _matrix("output", source, "excitation", values)
        )


def _relay() -> GradedUnit:
    return GradedUnit(transfer="identity")


def _one_to_one(source: str, target: str) -> Projection:
    return Projection(f"{source}_to_{target}", source, target, Graded(), OneToOne(), 1.0)


def _matrix(name: str, source: str, target: str, values: Mapping[str, np.ndarray]) -> Projection:
    return Projection(name, source, target, Graded(), AllToAll(), values[f"{name}.w"])


def _glorot(shape: tuple[int, int], seed: int, name: str) -> np.ndarray:
    limit = np.sqrt(6 / sum(shape))
    return generator(seed, f"bilateral motor {name}").uniform(-limit, limit, shape[0] * shape[1])
