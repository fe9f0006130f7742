"""More kinds of connectivity: out-degree, total number, symmetric pairs, and pairs by an expression of indices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.model.computed import Computed
from neurosim.model.connectivity import Connectivity, InDegree, Pairs, Probability, different
from neurosim.model.units import DIMENSIONLESS, value_to_json
from neurosim.model.values import whole


@dataclass(frozen=True)
class OutDegree(Connectivity):
    """Every source sends to the same number of targets, drawn uniformly.

    Arguments:
        k: number of connections of each source.
        autapses: whether a neuron may be its own target.
        multapses: whether two connections may have the same source and target.
    """

    k: int
    autapses: bool = True
    multapses: bool = False

    def __post_init__(self) -> None:
        whole(self.k, "OutDegree: k")

    def pairs(self, sources: int, targets: int, rng: np.random.Generator, where: str) -> Pairs:
        """Return k pairs per source, in the order of the sources."""
        post, pre = InDegree(self.k, self.autapses, self.multapses).pairs(
            targets, sources, rng, f"{where}: (out-degree, targets and sources exchanged)"
        )
        order = np.lexsort((post, pre))
        return pre[order], post[order]


@dataclass(frozen=True)
class TotalNumber(Connectivity):
    """A number of connections in all, each between a source and a target that are drawn uniformly.

    Arguments:
        n: number of connections.
        autapses: whether a neuron may be connected to itself.
        multapses: whether two connections may have the same source and target.
    """

    n: int
    autapses: bool = True
    multapses: bool = False

    def __post_init__(self) -> None:
        whole(self.n, "TotalNumber: n")

    def pairs(self, sources: int, targets: int, rng: np.random.Generator, where: str) -> Pairs:
        """Return n pairs, in the order of the sources."""
        columns = targets if self.autapses else targets - 1
        room = sources * columns
        if self.n < 0 or (self.n > room and not (self.multapses and room)):
            raise DescriptionError(
                f"{where}: {self.n} connections among {room} possible pairs: lower the number"
            )
        flat = rng.integers(room, size=self.n) if self.multapses else different(1, self.n, room, rng)
        pre, post = np.divmod(np.sort(flat), max(columns, 1))
        if not self.autapses:
            post += post >= pre
        return pre.astype(np.int32), post.astype(np.int32)


@dataclass(frozen=True)
class SymmetricProbability(Connectivity):
    """Two different neurons are connected in both directions, with the same probability for every two.

    Arguments:
        p: probability of each two neurons, from 0 to 1.
    """

    p: float
    autapses: bool = False

    def __post_init__(self) -> None:
        Probability(self.p)

    def pairs(self, sources: int, targets: int, rng: np.random.Generator, where: str) -> Pairs:
        """Return the pairs of both directions, in the order of the sources."""
        if sources != targets:
            raise DescriptionError(
                f"{where}: symmetric pairs need equal sizes, not {sources} and {targets}: change one"
            )
        pre, post = Probability(self.p).pairs(sources, targets, rng, where)
        above = pre < post
        both = np.concatenate([pre[above], post[above]]), np.concatenate([post[above], pre[above]])
        order = np.lexsort((both[1], both[0]))
        return both[0][order], both[1][order]


_PAIRS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Where(Connectivity):
    """The pairs for which a condition on their indices holds, each with a probability.

    Both are texts in the equation language on what `Computed` lists, such as "i != j" and "exp(-abs(i - j)/5)".

    Arguments:
        condition: text that is true for the pairs to be connected.
        p: probability of each of them, a number or a text.
        values: quantities by name that the texts read, each one number or one for each neuron (`x_pre`, `x_post`).
    """

    condition: str = "True"
    p: float | str = 1.0
    values: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        given = {
            name: np.array(value) if isinstance(value, tuple | list) else value
            for name, value in (self.values or {}).items()
        }
        object.__setattr__(self, "values", given)
        for text in self._texts():
            if text.dimension is not DIMENSIONLESS:
                raise DescriptionError(
                    f"Where: {text.text!r} has a unit: write a condition, or a probability"
                )

    def _texts(self) -> list[Computed]:
        condition = "1" if self.condition == "True" else self.condition
        return [Computed.of(str(text), self.values or {}) for text in (condition, self.p)]

    def pairs(self, sources: int, targets: int, rng: np.random.Generator, where: str) -> Pairs:
        """Return the pairs; all of them are looked at, some rows of sources at a time."""
        condition, probability = self._texts()
        rows = max(1, _PAIRS_AT_ONCE // max(targets, 1))
        found: list[Pairs] = [(np.zeros(0, np.int32), np.zeros(0, np.int32))]
        for first in range(0, sources, rows):
            block = np.arange(first, min(first + rows, sources), dtype=np.int32)
            pre, post = np.repeat(block, targets), np.tile(np.arange(targets, dtype=np.int32), block.size)
            holds = condition.draw_edges(rng, pre, post, sources, targets) != 0
            pre, post = pre[holds], post[holds]
            if self.p != 1.0:
                p = probability.draw_edges(rng, pre, post, sources, targets)
                kept = rng.random(pre.size) < p
                pre, post = pre[kept], post[kept]
            found.append((pre, post))
        return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])

    def to_json(self) -> dict[str, Any]:
        """Return the name of the class and its arguments."""
        values = {name: value_to_json(value) for name, value in (self.values or {}).items()}
        return {"kind": "Where", "condition": self.condition, "p": self.p, "values": values}
