"""Rules that create and remove connections: at intervals they update a mask over the possible edges of a projection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from brian2 import second

from neurosim.errors import DescriptionError
from neurosim.model.parameters import Option, parameter
from neurosim.model.rule import Rule, SynapticRule

Signals = Mapping[str, np.ndarray]
Change = tuple[np.ndarray, np.ndarray]
GRADIENT = "gradient"


@dataclass(frozen=True)
class Gradient(Option):
    """A number per edge that stands for the gradient of a loss with respect to the weight of that edge."""


def gradient(doc: str) -> Any:
    """Declare the gradient of a loss, dL/dw (dense: of absent connections too), as a signal of a structural rule.

    It is supplied only by training on the engine `jax`. An instance may instead name a variable that another rule of
    the projection keeps per synapse, such as an eligibility, and then runs on every engine.
    """
    return Gradient(GRADIENT, doc)


class StructuralRule(SynapticRule, abstract=True):
    """A rule that creates and removes connections of a projection.

    The edges of the projection are those that it can have; `mask` says which of them exist. Every `interval`, after the
    step that ends it, `step` names the connections to drop and those to grow. An edge that does not exist transmits
    nothing, is not changed by rules and has the weight 0; a spike that arrives at it is lost. At the start a fraction
    `density` of all edges exists, drawn at random and distributed over projections with an equal rule by
    `erk_densities`.

    Facts of a class, besides those of a `SynapticRule` (traces, variables per synapse, `on_pre`, `on_post`) and a
    `gradient`:
        grown: the weight of a new connection, 'zero' or 'initial' (what the description gives that edge).
        together: whether all projections of a network with an equal rule are updated as one.
        conserves: whether an update keeps the number of connections.
        beside: rules whose variables it reads, as `check_rule` adds them: neuron rules on both populations.
    """

    interval = parameter(1 * second, "time between two updates", low=0 * second)
    density = parameter(0.1, "fraction of the edges that exist at the start", low=0.0, high=1.0)
    clock = "interval"
    _clocks: ClassVar[tuple[str, ...]] = ("interval",)
    grown: ClassVar[Literal["zero", "initial"]] = "zero"
    together: ClassVar[bool] = False
    conserves: ClassVar[bool] = False
    beside: ClassVar[tuple[Rule, ...]] = ()

    def __init_subclass__(cls, *, abstract: bool = False, **keywords: Any) -> None:
        if not abstract and cls.step is StructuralRule.step:
            raise DescriptionError(f"{cls.__name__} has no step: write step(self, mask, w, signal, t, rng)")
        super().__init_subclass__(abstract=abstract, **keywords)

    @property
    def gradients(self) -> dict[str, str]:
        """What stands behind each gradient of the rule: 'gradient', or a variable kept per synapse."""
        return {name: getattr(self, name) for name, o in self.options.items() if isinstance(o, Gradient)}

    def move(
        self, mask: np.ndarray, w: np.ndarray, signal: Signals, t: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Return the weights as an update changes them before `step`: unchanged unless a rule overrides this."""
        return w

    def step(
        self, mask: np.ndarray, w: np.ndarray, signal: Signals, t: int, rng: np.random.Generator
    ) -> Change:
        """Return (drop, grow), bool arrays of the shape of mask: drop <= mask, and grow & mask is empty.

        Arguments:
            mask: which edges exist, a bool array.
            w: weights (SI units), of the same shape.
            signal: by name, one value per edge: the signals, traces and gradients of the rule, and of each edge `layer`
                (the number of its projection), `pre` and `post` (the numbers of its neurons) and `initial` (the weight
                that the description gives it).
            t: number of the update, from 1.
            rng: the source of everything random.
        """
        raise NotImplementedError


def updated(
    rule: StructuralRule, mask: np.ndarray, w: np.ndarray, signal: Signals, t: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (mask, w, changed) after an update: w is 0 where no connection is, changed marks dropped or grown edges.

    Raises DescriptionError if the rule drops connections that do not exist or grows those that do.
    """
    name = type(rule).__name__
    w = np.where(mask, rule.move(mask, w, signal, t, rng), 0.0)
    returned: Any = rule.step(mask, w, signal, t, rng)
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise DescriptionError(f"{name}.step returned {type(returned).__name__}: return (drop, grow)")
    drop, grow = map(np.asarray, returned)
    for word, change in (("drop", drop), ("grow", grow)):
        if change.shape != mask.shape or change.dtype != bool:
            raise DescriptionError(
                f"{name}.step: {word} has the shape {change.shape} and type {change.dtype}: "
                f"return one bool per edge, shape {mask.shape}"
            )
    if np.any(drop & ~mask):
        raise DescriptionError(f"{name}.step drops connections that do not exist: choose among mask")
    if np.any(grow & mask):
        raise DescriptionError(f"{name}.step grows connections that already exist: choose among ~mask")
    new = signal["initial"] if rule.grown == "initial" else 0.0
    return (mask & ~drop) | grow, np.where(grow, new, np.where(drop, 0.0, w)), drop | grow


def layers(mask: np.ndarray, signal: Signals) -> list[np.ndarray]:
    """Return the edges of each projection as bool arrays of the shape of mask; one if signal has no 'layer'."""
    if "layer" not in signal:
        return [np.ones(mask.shape, dtype=bool)]
    return [signal["layer"] == number for number in np.unique(signal["layer"])]
