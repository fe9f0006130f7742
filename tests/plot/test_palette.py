"""The palette can be told apart with any kind of colour vision, and every figure of the project takes it."""

import re
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from neurosim.palette import COLOURS, DIVERGING, SEQUENTIAL, colour

ROOT = Path(__file__).parents[2]
# From linear RGB to what is seen without one kind of cone: Machado, Oliveira and Fernandes 2009,
# doi:10.1109/TVCG.2009.113, table for severity 1.
VISIONS = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
NOTICED = 2.3  # difference in CIE L*a*b* that is just noticed
XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]  # of linear sRGB
)


def seen(colours, vision):
    """Return the places in CIE L*a*b* of colours as someone with this vision sees them, shape (colours, 3)."""
    rgb = np.array([to_rgb(c) for c in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    x, y, z = (np.clip(linear @ VISIONS[vision].T, 0, 1) @ XYZ.T / XYZ.sum(axis=1)).T
    fx, fy, fz = (np.where(c > 0.008856, np.cbrt(c), 7.787 * c + 16 / 116) for c in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)]).T


@pytest.mark.parametrize("vision", VISIONS)
def test_the_colours_differ_with_any_colour_vision(vision):
    closest = min(np.linalg.norm(a - b) for a, b in combinations(seen(COLOURS, vision), 2))
    assert closest > 4 * NOTICED
    # Red and green, as many figures have them, would not pass.
    red, green = seen(["#d62728", "#2ca02c"], "deuteranopia")
    assert np.linalg.norm(red - green) < closest or vision != "all cones"


@pytest.mark.parametrize("vision", VISIONS)
def test_colour_maps_order_values_with_any_colour_vision(vision):
    at = np.linspace(0, 1, 33)
    lightness = seen(mpl.colormaps[SEQUENTIAL](at), vision)[:, 0]
    assert np.all(np.diff(lightness) > 0)
    two = seen(mpl.colormaps[DIVERGING](at), vision)[:, 0]
    assert np.all(np.diff(two[:17]) > 0) and np.all(np.diff(two[16:]) < 0)


def test_colours_begin_again_after_the_last():
    assert [colour(k) for k in range(8)] == [*COLOURS, COLOURS[0]]


def test_no_figure_has_colours_of_its_own():
    own = re.compile(r'"#[0-9a-fA-F]{6}"|color="0\.\d+"|"gr[ae]y"|"tab:|"C\d"|cmap="')
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("neurosim", "circuits", "experiments")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "palette.py"
        for line in path.read_text("utf-8").splitlines()
        if own.search(line)
    ]
    assert found == []
