"""The connectome of the ventral cord: counts of its sources, signs, gap junctions, graph."""

import pytest

from neurosim.datasets import ventral_cord
from neurosim.errors import UnknownNameError

COOK, HASPEL = ventral_cord("cook2019"), ventral_cord("haspel2011")
CLASSES = {
    "cook2019": {
        "AS": 11, "DA": 9, "DB": 7, "DD": 6, "VA": 12, "VB": 11, "VC": 6, "VD": 13, "MD": 48, "MV": 47,
        **dict.fromkeys(("AVA", "AVB", "AVD", "AVE", "PVC"), 2),
    },
    "haspel2011": {"AS": 12, "DA": 6, "DB": 6, "DD": 6, "VA": 12, "VB": 12, "VD": 12, "MD": 36, "MV": 36},
}  # fmt: skip
# Rows and total weight, as the notes on the sources count them.
COUNTS = [
    (COOK, "AVB", "DB", "gap", 12, 69), (COOK, "AVB", "VB", "gap", 19, 87),
    (COOK, "PVC", "DB", "chemical", 10, 39), (COOK, "PVC", "VB", "chemical", 11, 20),
    (COOK, "AVA", "DA", "chemical", 18, 137), (COOK, "AVA", "DA", "gap", 17, 81),
    (COOK, "AVA", "VA", "chemical", 22, 145), (COOK, "AVA", "VA", "gap", 20, 113),
    (COOK, "DB", "MD", "neuromuscular", 63, 170), (COOK, "VB", "MV", "neuromuscular", 69, 338),
    (COOK, "DB", "VD", "chemical", 22, 235), (COOK, "VB", "DD", "chemical", 16, 290),
    (COOK, "DD", "MD", "neuromuscular", 45, 243), (COOK, "VD", "MV", "neuromuscular", 74, 362),
    (COOK, "DA", "MD", "neuromuscular", 80, 346), (COOK, "VA", "MV", "neuromuscular", 75, 318),
    (COOK, "AS", "MD", "neuromuscular", 46, 174), (COOK, "DB", "DB", "gap", 12, 70),
    (COOK, "VB", "VB", "gap", 22, 82), (COOK, "VD", "VB", "chemical", 15, 28),
    (COOK, "VD", "VA", "chemical", 16, 70), (COOK, "VD", "VD", "gap", 25, 161), (COOK, "DD", "DD", "gap", 10, 34),
    (COOK, "MD", "MD", "gap", 96, 1440), (COOK, "MV", "MV", "gap", 96, 1414),
    (HASPEL, "DB", "MD", "neuromuscular", 36, 219.6), (HASPEL, "VB", "MV", "neuromuscular", 48, 590.4),
    (HASPEL, "DD", "MD", "neuromuscular", 36, 417.6), (HASPEL, "VD", "MV", "neuromuscular", 48, 696.0),
    (HASPEL, "DA", "MD", "neuromuscular", 34, 316.2), (HASPEL, "VA", "MV", "neuromuscular", 48, 604.8),
    (HASPEL, "AS", "MD", "neuromuscular", 46, 473.8), (HASPEL, "DB", "DB", "gap", 10, 35.0),
    (HASPEL, "VB", "VB", "gap", 22, 39.6), (HASPEL, "VD", "VB", "chemical", 12, 24.0),
    (HASPEL, "VD", "VA", "chemical", 12, 31.2), (HASPEL, "VD", "VD", "gap", 22, 50.6),
    (HASPEL, "DD", "DD", "gap", 10, 15.0),
]  # fmt: skip


@pytest.mark.parametrize(("table", "pre", "post", "kind", "rows", "weight"), COUNTS)
def test_connections_between_classes(table, pre, post, kind, rows, weight):
    found = [c.weight for c in table.between(pre, post, kind)]
    assert len(found) == rows and sum(found) == pytest.approx(weight)


@pytest.mark.parametrize(
    ("table", "counts"),
    [
        (COOK, {"chemical": (653, 3791), "neuromuscular": (486, 2010), "gap": (671, 4998)}),
        (HASPEL, {"chemical": (188, 1231.7), "neuromuscular": (296, 3318.4), "gap": (161, 285.7)}),
    ],
)
def test_cells_and_rows(table, counts):
    assert {name: len(cells) for name, cells in table.classes.items()} == CLASSES[table.name]
    for kind, (rows, weight) in counts.items():
        found = [c.weight for c in table.connections if c.kind == kind]
        assert len(found) == rows and sum(found) == pytest.approx(weight, abs=0.051)


def test_signs():
    for table in (COOK, HASPEL):
        of = table.of_class
        for c in table.connections:
            assert not (c.kind != "gap" and of[c.pre] in ("MD", "MV"))
            assert c.sign == (0 if c.kind == "gap" else -1 if of[c.pre] in ("DD", "VD") else c.sign)
    signs = [(c.kind, c.sign) for c in HASPEL.connections]
    assert [signs.count(("chemical", s)) for s in (1, -1)] == [158, 30]
    assert [signs.count(("neuromuscular", s)) for s in (1, -1)] == [212, 84]


def test_gap_junctions_are_counted_once():
    assert len(COOK.gap_junctions()) == 334
    rows = {(c.pre, c.post): c.weight for c in HASPEL.connections if c.kind == "gap"}
    one_way = {pair for pair in rows if pair[::-1] not in rows}
    assert (len(rows) - len(one_way), len(one_way)) == (144, 17)
    assert len(HASPEL.gap_junctions()) == 72 + 17
    assert HASPEL.gap_junctions()["VA1", "VD2"] == rows["VA1", "VD2"] == 1


def test_cells_run_from_head_to_tail():
    assert COOK.classes["DB"] == tuple(f"DB{k}" for k in range(1, 8))
    assert COOK.classes["MD"][:3] == ("MDL01", "MDR01", "MDL02")


def test_the_graph_has_every_row():
    graph = COOK.graph()
    assert graph.number_of_nodes() == 180 and graph.number_of_edges() == 1810
    assert graph.nodes["DB1"]["class"] == "DB"
    assert graph["DB1"]["VD1"]["chemical"]["sign"] == 1


def test_another_table_is_refused():
    with pytest.raises(UnknownNameError, match="unknown table 'cook': did you mean 'cook2019'"):
        ventral_cord("cook")
