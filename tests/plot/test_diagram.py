"""The drawing of a network: a box for each population, an arrow for each projection."""

from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from neurosim import Network, plot
from neurosim.palette import BLUE, VERMILION
from tests.plot.conftest import network


def test_boxes_and_arrows():
    axes = plot.diagram(network())
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    texts = [text.get_text() for text in axes.texts]
    assert len(boxes) == 2 and boxes[0].get_x() < boxes[1].get_x()
    assert texts == ["input", "5 × Poisson", "cells", "3 × LIF", "PairSTDP"]
    assert [to_hex(arrow.get_edgecolor()) for arrow in arrows] == [BLUE.lower(), VERMILION.lower()]


def test_nothing_leaves_the_drawing():
    axes = plot.diagram(network())
    axes.figure.canvas.draw()
    inside = axes.get_window_extent()
    for part in (*axes.patches, *axes.texts):
        box = part.get_window_extent()
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1


def test_an_empty_network_is_an_empty_drawing():
    axes = plot.diagram(Network("empty"))
    assert not axes.patches and not axes.texts
