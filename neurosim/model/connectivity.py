"""Connectivity: which presynaptic neuron is connected to which postsynaptic neuron."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.model.facts import check_fields
from neurosim.model.registries import connectivities, enter
from neurosim.model.units import DIMENSIONLESS, scalar_in_si, value_to_json
from neurosim.model.values import Ends, indices, whole

if TYPE_CHECKING:
    from neurosim.model.convolution import Kernel

Pairs = tuple[np.ndarray, np.ndarray]


class Connectivity:
    """A way to draw the connections between two populations: a frozen dataclass with a method `pairs`.

    `autapses=False` excludes connections of a neuron with itself. Between two populations there are none to exclude,
    and `pairs` finds `self.autapses` True.
    """

    autapses: bool = True
    multapses: bool = False

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        check_fields(cls)
        if "dense" in vars(cls):
            raise DescriptionError(f"{cls.__name__}.dense follows from the method pairs: remove it")
        enter(connectivities, cls)

    @property
    def dense(self) -> bool:
        """Whether all pairs are connected, which are then stored without indices: the pairs are those of AllToAll."""
        return type(self).pairs is AllToAll.pairs

    @property
    def complete(self) -> bool:
        """Whether weights may be a matrix: all pairs are connected, of the populations or of subgroups."""
        return self.dense

    @property
    def kind(self) -> str:
        """What it is in a few words."""
        return type(self).__name__

    def sizes(self, sources: int, targets: int) -> tuple[int, int]:
        """Return the numbers of neurons among which pairs are drawn, those of the populations or of subgroups."""
        return sources, targets

    def within(self, ends: Ends) -> Ends:
        """Return connections by places among the neurons between which pairs are drawn."""
        return ends

    def between(self, same: bool) -> Connectivity:
        """Return what is drawn between a population and itself (`same`), or else another, which has no autapses."""
        if same or self.autapses:
            return self
        other = copy(self)
        object.__setattr__(other, "autapses", True)
        return other

    def pairs(self, sources: int, targets: int, rng: np.random.Generator, where: str) -> Pairs:
        """Return the connected pairs, in any order.

        Arguments:
            sources: number of presynaptic neurons.
            targets: number of postsynaptic neurons.
            rng: the random stream of the projection, from the seed of the simulation.
            where: the name of the projection, with which messages begin.

        Returns (pre, post), two arrays of whole numbers of the same length: the indices of the neurons at both ends.
        """
        raise NotImplementedError

    def shared(self, sources: int, targets: int, where: str) -> Kernel | None:
        """Return the weights that edges share, None if each has its own."""
        return None

    def to_json(self) -> dict[str, Any]:
        """Return the name of the class and its arguments; rejects an argument that JSON cannot hold."""
        # What came to a class later is written where it is asked for, so that digests stay.
        arguments = {
            f.name: getattr(self, f.name)
            for f in fields(self)  # type: ignore[arg-type]
            if f.name != "multapses" or self.multapses
        }
        return {
            "kind": type(self).__name__,
            **{name: _stored(value, f"{type(self).__name__}.{name}") for name, value in arguments.items()},
        }


def _stored(value: Any, where: str) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Connectivity):
        return value.to_json()
    kind = np.asarray(value).dtype.kind
    if kind not in "biufU":
        raise DescriptionError(
            f"{where} = {value!r} cannot be stored: give a number, a quantity, a text or a list of one of these"
        )
    return np.asarray(value).tolist() if kind == "U" else value_to_json(value)


def check_kind(connect: Connectivity, where: str) -> None:
    """Reject a connectivity whose class is not complete; where, the name of the projection."""
    cls = type(connect)
    if not is_dataclass(cls):
        raise DescriptionError(
            f"{where}: {cls.__name__} is not a dataclass: decorate it with @dataclass(frozen=True)"
        )
    if cls.pairs is Connectivity.pairs:
        raise DescriptionError(
            f"{where}: {cls.__name__} has no method pairs(self, sources, targets, rng, where): define it"
        )


def draw_pairs(
    connect: Connectivity, sources: int, targets: int, rng: np.random.Generator, where: str
) -> Pairs:
    """Return what the method `pairs` of any kind returns, as int32.

    Arguments: those of `Connectivity.pairs`.
    Raises DescriptionError unless these are two lists of one length, of indices that lie within the populations.
    """
    given: Any = connect.pairs(sources, targets, rng, where)
    what = f"{where}: {type(connect).__name__}.pairs"
    if not isinstance(given, tuple | list) or len(given) != 2:
        form = f"an array of shape {given.shape}" if isinstance(given, np.ndarray) else type(given).__name__
        raise DescriptionError(f"{what} returns {form}: return (pre, post), the indices of each end")
    pre = _ends(given[0], sources, "source", what)
    post = _ends(given[1], targets, "target", what)
    if pre.size != post.size:
        raise DescriptionError(
            f"{what} returns {pre.size} sources and {post.size} targets: give lists of one length"
        )
    return pre, post


def _ends(given: Any, size: int, word: str, what: str) -> np.ndarray:
    index = np.asarray(given)
    if index.ndim != 1:
        raise DescriptionError(f"{what} returns {word} indices of shape {index.shape}: return a flat list")
    if not index.size:
        return np.empty(0, dtype=np.int32)
    if index.dtype.kind not in "iu":
        raise DescriptionError(
            f"{what} returns {word} indices of type {index.dtype}: return whole numbers, as by astype(int)"
        )
    lowest, highest = index.min(), index.max()
    if lowest < 0 or highest >= size:
        raise DescriptionError(
            f"{what} returns {lowest if lowest < 0 else highest}: a {word} index lies outside 0..{size - 1}: "
            "correct the edges"
        )
    return index.astype(np.int32, copy=False)


@dataclass(frozen=True)
class AllToAll(Connectivity):
    """Every source to every target, including a neuron to itself; the weight may be a matrix (targets, sources)."""

    def pairs(self, sources: int, targets: int, rng: np.random.Generator, where: str) -> Pairs:
        """Return all pairs."""
        pre = np.repeat(np.arange(sources, dtype=np.int32), targets)
        return pre, np.tile(np.arange(targets, dtype=np.int32), sources)


@dataclass(frozen=True)
class OneToOne(Connectivity):
    """Neuron k to neuron k; both populations have the same size."""

    def pairs(self, sources: int, targets: int, rng: np.random.Generator, where: str) -> Pairs:
        """Return the diagonal."""
        if sources != targets:
            raise DescriptionError(
                f"{where}: one-to-one needs equal sizes, not {sources} and {targets}: change one"
            )
        index = np.arange(sources, dtype=np.int32)
        return index, index.copy()


@dataclass(frozen=True)
class Probability(Connectivity):
    """Every pair independently with the same probability.

    Arguments:
        p: probability of each pair, from 0 to 1.
        autapses: whether a neuron may be connected to itself.
    """

    p: float
    autapses: bool = True

    def __post_init__(self) -> None:
        if not 0.0 <= scalar_in_si(self.p, DIMENSIONLESS, "Probability: p") <= 1.0:
            raise DescriptionError(
                f"Probability: p = {self.p} is not a probability: give a number from 0 to 1"
            )

    def pairs(self, sources: int, targets: int, rng: np.random.Generator, where: str) -> Pairs:
        """Return the drawn pairs; the cost is proportional to their number, not to sources x targets."""
        total = sources * targets
        flat = _bernoulli_positions(total, self.p, rng)
        pre, post = np.divmod(flat, targets)
        return _without_autapses(pre.astype(np.int32), post.astype(np.int32), self.autapses)


@dataclass(frozen=True)
class InDegree(Connectivity):
    """Every target receives from the same number of sources, drawn uniformly.

    Arguments:
        k: number of sources of each target.
        autapses: whether a neuron may be its own source.
        multapses: whether a source may be drawn several times for a target.
    """

    k: int
    autapses: bool = True
    multapses: bool = False

    def __post_init__(self) -> None:
        whole(self.k, "InDegree: k")

    def pairs(self, sources: int, targets: int, rng: np.random.Generator, where: str) -> Pairs:
        """Return k pairs per target."""
        room = sources if self.autapses else sources - 1
        if self.k < 0 or (self.k > room and not (self.multapses and room)):
            raise DescriptionError(f"{where}: in-degree {self.k} from {room} possible sources: lower it")
        if self.multapses:
            flat = np.repeat(np.arange(targets) * room, self.k)
            flat += rng.integers(room, size=flat.size)
        else:
            flat = different(targets, self.k, room, rng)
        post = flat // max(room, 1)
        flat -= post * room
        if not self.autapses:
            flat += flat >= post
        flat *= targets
        flat += post
        flat.sort()
        pre = flat // max(targets, 1)
        flat -= pre * targets
        return pre.astype(np.int32), flat.astype(np.int32)


@dataclass(frozen=True)
class Edges(Connectivity):
    """Explicit pairs; weights given per edge are in the order of these lists.

    Arguments:
        pre: index of the presynaptic neuron of each edge.
        post: index of the postsynaptic neuron of each edge.
    """

    pre: Sequence[int]
    post: Sequence[int]

    def __post_init__(self) -> None:
        for name in ("pre", "post"):
            object.__setattr__(self, name, indices(getattr(self, name), f"Edges: {name}"))

    def pairs(self, sources: int, targets: int, rng: np.random.Generator, where: str) -> Pairs:
        """Return the pairs as given."""
        return np.array(self.pre), np.array(self.post)


def delay_order(
    first: np.ndarray, pre: np.ndarray, post: np.ndarray, steps: np.ndarray
) -> np.ndarray | slice:
    """Return the stable order that sorts edges by source, delay and target; a slice of all if they are sorted.

    Arguments: first, where the edges of each source begin once they are sorted; pre, post, steps, of each edge.
    """
    if isinstance(edge_order(pre, post), slice):
        # Compiled when it is needed: as connections are drawn, which is in this order.
        from neurosim.model.sorting import order_in_rows

        order = np.empty(pre.size, np.min_scalar_type(max(pre.size, 1)))
        order_in_rows(first, steps, int(steps.max(initial=0)) + 1, order)
        return order
    return edge_order(pre, steps, post)


def edge_order(*keys: np.ndarray) -> np.ndarray | slice:
    """Return the stable order that sorts edges by the first key, then the next; a slice of all if they are sorted."""
    ahead, level = np.zeros(max(keys[0].size - 1, 0), dtype=bool), None
    for key in keys:
        ahead |= (key[1:] > key[:-1]) if level is None else level & (key[1:] > key[:-1])
        level = (key[1:] == key[:-1]) if level is None else level & (key[1:] == key[:-1])
    return slice(None) if level is None or (ahead | level).all() else np.lexsort(keys[::-1])


def _without_autapses(pre: np.ndarray, post: np.ndarray, autapses: bool) -> Pairs:
    keep = slice(None) if autapses else pre != post
    return pre[keep], post[keep]


def different(rows: int, k: int, room: int, rng: np.random.Generator) -> np.ndarray:
    """Return row*room + column, in any order, for k different columns out of `room` in each row, all equally likely.

    They are the first k different ones of an endless sequence of independent draws; if k is more than half of `room`,
    the columns left out are drawn instead.
    """
    if 2 * k > room:
        kept = np.ones(rows * room, dtype=bool)
        kept[different(rows, room - k, room, rng)] = False
        return np.flatnonzero(kept)
    start, lacking = np.arange(rows) * room, np.full(rows, k)
    found, whole = np.empty(0, dtype=np.int64), []
    while start.size:
        more = np.repeat(start, lacking)
        more += rng.integers(room, size=more.size)
        found = np.concatenate([found, more])
        found.sort()
        new = np.ones(found.size, dtype=bool)
        np.not_equal(found[1:], found[:-1], out=new[1:])
        found = found[new]
        # What is found lies in these rows only, so each row ends where the next begins.
        counts = np.diff(np.searchsorted(found, start), append=found.size)
        ready = np.repeat(counts == k, counts)
        whole.append(found[ready])
        found, start, lacking = found[~ready], start[counts < k], k - counts[counts < k]
    return np.concatenate([found, *whole])


def _bernoulli_positions(total: int, p: float, rng: np.random.Generator) -> np.ndarray:
    """Return the sorted positions of successes in `total` Bernoulli(p) trials, drawn by gaps."""
    if p == 0.0 or total == 0:
        return np.empty(0, dtype=np.int64)
    if p == 1.0:
        return np.arange(total, dtype=np.int64)
    chunks, last = [], -1
    while last < total:
        # A gap beyond the end is truncated, so that the sum of gaps cannot overflow.
        gaps = np.minimum(rng.geometric(p, int((total - last) * p * 1.05) + 64), total + 1)
        positions = last + np.cumsum(gaps)
        chunks.append(positions)
        last = int(positions[-1])
    found = np.concatenate(chunks)
    return found[found < total]
