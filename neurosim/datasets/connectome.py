"""Connections of the ventral cord of C. elegans, counted in electron micrographs, as tables of the project."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import networkx as nx

from neurosim.datasets.checks import require_checksum
from neurosim.errors import UnknownNameError
from neurosim.registry import suggest

_CHECKSUMS = {
    "cook2019": "0bbc351a7275a6ce5e3e5d63741271eddea5b79f4380ff831f3fdb0271ed160e",
    "haspel2011": "2f75d072c6fc5bfc1d6437d334973a86ff4a809be4f17c099aa87b7db005d92a",
}
SOURCES = {
    "cook2019": "Cook et al. 2019, Nature 571:63, doi:10.1038/s41586-019-1352-7, Supplementary Information 5",
    "haspel2011": "Haspel and O'Donovan 2011, J. Neurosci. 31:14611, doi:10.1523/JNEUROSCI.2186-11.2011",
}
COMMAND = ("AVA", "AVB", "AVD", "AVE", "PVC")
MUSCLES = ("MD", "MV")


@dataclass(frozen=True)
class Connection:
    """A connection between two cells.

    pre, post, names of cells; kind, 'chemical', 'neuromuscular' or 'gap'; weight, how strong it is in its table; sign,
    1 or -1, 0 for a gap junction.
    """

    pre: str
    post: str
    kind: str
    weight: float
    sign: int


@dataclass(frozen=True)
class Connectome:
    """Cells and their connections.

    name, of the table; source, what to cite; classes, the cells of each class from head to tail; connections, in the
    order of the table. A gap junction stands once for each direction that the table has.
    """

    name: str
    source: str
    classes: dict[str, tuple[str, ...]]
    connections: tuple[Connection, ...]

    @property
    def of_class(self) -> dict[str, str]:
        """The class of each cell."""
        return {cell: name for name, cells in self.classes.items() for cell in cells}

    @property
    def places(self) -> dict[str, float]:
        """Where each cell is along the body, from 0 (head) to 1 (tail).

        A muscle is in the middle of its row, which its name counts. The tables have no positions of neurons: those of a
        class are spread evenly in their order, and command neurons, whose axons run along the cord, are at 0.
        """
        found: dict[str, float] = {}
        for name, cells in self.classes.items():
            if name in COMMAND:
                found |= dict.fromkeys(cells, 0.0)
                continue
            rows = [_place(cell)[0] - 1 if name in MUSCLES else k for k, cell in enumerate(cells)]
            found |= {cell: (row + 0.5) / (max(rows) + 1) for cell, row in zip(cells, rows, strict=True)}
        return found

    def between(self, pre: str, post: str, kind: str) -> Iterator[Connection]:
        """Yield the connections of a kind from one class to another."""
        of = self.of_class
        return (c for c in self.connections if (of[c.pre], of[c.post], c.kind) == (pre, post, kind))

    def gap_junctions(self) -> dict[tuple[str, str], float]:
        """Return the gap junctions between two cells, once per pair in alphabetical order: the greater direction."""
        found: dict[tuple[str, str], float] = {}
        for c in self.connections:
            if c.kind == "gap" and c.pre != c.post:
                pair = (min(c.pre, c.post), max(c.pre, c.post))
                found[pair] = max(found.get(pair, 0.0), c.weight)
        return found

    def graph(self) -> nx.MultiDiGraph:
        """Return a graph: nodes with 'class' and 'place', edges with the key of their kind, 'weight' and 'sign'."""
        graph = nx.MultiDiGraph(name=self.name, source=self.source)
        places = self.places
        for cell, name in self.of_class.items():
            graph.add_node(cell, **{"class": name, "place": places[cell]})
        for c in self.connections:
            graph.add_edge(c.pre, c.post, key=c.kind, weight=c.weight, sign=c.sign)
        return graph


def ventral_cord(table: str = "cook2019") -> Connectome:
    """Return the motor neurons, command neurons and body-wall muscles of C. elegans with their connections.

    Classes are AS, DA, DB, DD, VA, VB, VC, VD (motor neurons), AVA, AVB, AVD, AVE, PVC (command neurons), MD and MV
    (dorsal and ventral muscles). Weights of the two tables cannot be compared.

    Arguments:
        table: 'cook2019', numbers of serial sections, hermaphrodite; signs follow from the transmitter of the class (D
            neurons GABA, all others acetylcholine) and are not measured; or 'haspel2011', mean numbers of synapses in a
            model of six equal units without command neurons, signs of its source; names count units of the model.

    Raises UnknownNameError for another table, UsageError if its file was changed.
    Source: `SOURCES`; micrographs by White et al. 1986, Phil. Trans. R. Soc. Lond. B 314:1; transmitters by Wang et al.
    2024, eLife 13:RP95402; both tables read with the C. elegans Connectome Toolbox 0.3.5.
    """
    if table not in _CHECKSUMS:
        raise UnknownNameError(f"unknown table '{table}': {suggest(table, _CHECKSUMS)}")
    file = f"celegans_vnc_{table}.csv"
    content = (files("neurosim.datasets") / "files" / file).read_bytes()
    require_checksum(file, content, _CHECKSUMS[table])
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    cells = {row[end]: row[f"{end}_class"] for row in rows for end in ("pre", "post")}
    classes: dict[str, list[str]] = {}
    for cell in sorted(cells, key=lambda cell: (cells[cell], *_place(cell))):
        classes.setdefault(cells[cell], []).append(cell)
    connections = tuple(
        Connection(row["pre"], row["post"], row["type"], float(row["weight"]), int(row["sign"] or 0))
        for row in rows
    )
    return Connectome(table, SOURCES[table], {k: tuple(v) for k, v in classes.items()}, connections)


def _place(cell: str) -> tuple[int, str]:
    number = re.search(r"\d+", cell)
    return (int(number[0]) if number else 0, cell)
