"""The colours of every figure of the project, told apart by all kinds of colour vision."""

from __future__ import annotations

from typing import Final

BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
GREEN: Final = "#009E73"
PURPLE: Final = "#CC79A7"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREY: Final = "#555555"
PALE: Final = "#9A9A9A"
"""For what is drawn for comparison, behind the rest."""

COLOURS: Final = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY)
"""For lines and marks, in this order. Source: Okabe and Ito 2008, Color Universal Design, without its yellow."""

SEQUENTIAL: Final = "viridis"
"""Colour map of matplotlib for values of one sign."""

PICTURE: Final = "gray"
"""Colour map of matplotlib for pictures, black to white."""

DIVERGING: Final = "RdBu_r"
"""Colour map of matplotlib for values of both signs, 0 in the middle."""


def colour(number: int) -> str:
    """Return the colour of the n-th line or group, from 0; after the last one they begin again."""
    return COLOURS[number % len(COLOURS)]
