"""Cells and connections along a body: rows, colours, widths, what is chosen."""

import networkx as nx
import pytest
from matplotlib.colors import to_hex

from neurosim import plot
from neurosim.errors import DescriptionError
from neurosim.palette import BLUE, GREEN, VERMILION


def graph():
    found = nx.MultiDiGraph()
    found.add_node("a1", **{"class": "A", "place": 0.2})
    found.add_node("a2", **{"class": "A", "place": 0.6})
    found.add_node("m1", **{"class": "M", "place": 0.4})
    found.add_edge("a1", "m1", key="chemical", weight=4.0, sign=1)
    found.add_edge("a2", "m1", key="chemical", weight=2.0, sign=1)
    found.add_edge("m1", "a1", key="chemical", weight=1.0, sign=-1)
    found.add_edge("a1", "a2", key="gap", weight=3.0, sign=0)
    return found


def lines(axes):
    """Return the colour, relative width and ends of each line of a connection."""
    found = [line for line in axes.get_lines() if line.get_zorder() == 1]
    ends = lambda line: (tuple(line.get_xydata()[0].round(9)), tuple(line.get_xydata()[-1].round(9)))  # noqa: E731
    return [(to_hex(line.get_color()), line.get_linewidth(), *ends(line)) for line in found]


def test_rows_colours_and_widths():
    axes = plot.wiring(graph(), ("M", "A"))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["M", "A"]
    found = lines(axes)
    assert [colour for colour, *_ in found] == [c.lower() for c in (BLUE, BLUE, VERMILION, GREEN)]
    assert found[0][1] == pytest.approx(2 * found[1][1]) and found[2][1] == found[0][1] == found[3][1]
    assert found[0][2:] == ((0.2, -1), (0.4, 0))
    assert found[3][2:] == ((0.2, -1), (0.6, -1))  # an arc ends in its row


def test_what_is_drawn_can_be_chosen():
    assert len(lines(plot.wiring(graph(), ("M", "A"), kinds=["gap"]))) == 1
    assert len(lines(plot.wiring(graph(), ("M", "A"), between=[("A", "M")]))) == 2
    assert len(lines(plot.wiring(graph(), ("A",)))) == 1
    with pytest.raises(DescriptionError, match="rows: no cell of class 'B' is in the graph"):
        plot.wiring(graph(), ("A", "B"))
