"""Plots of what a network did and of its weights, one call each; every one returns the axes that it drew on."""

from neurosim.model.diagram import diagram
from neurosim.plot.axes import letters
from neurosim.plot.curves import kymograph, spike_triggered, spread, traces
from neurosim.plot.histogram import histogram
from neurosim.plot.spikes import intervals, raster, rates, variation
from neurosim.plot.stored import draw, names
from neurosim.plot.tuning import tuning
from neurosim.plot.weights import weight_histogram, weight_matrix
from neurosim.plot.wiring import wiring

__all__ = [
    "diagram",
    "draw",
    "histogram",
    "intervals",
    "kymograph",
    "letters",
    "names",
    "raster",
    "rates",
    "spike_triggered",
    "spread",
    "traces",
    "tuning",
    "variation",
    "weight_histogram",
    "weight_matrix",
    "wiring",
]
