"""Plots that can be zoomed and moved, drawn by Bokeh inside the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurosim.export.series import Series
from neurosim.export.view import Trains
from neurosim.extras import optional
from neurosim.markup import Html
from neurosim.palette import COLOURS, PALE, colour
from neurosim.plot.axes import labelled, prefixed, time_unit

_MOST_SPIKES = 50_000
_MOST_POINTS = 100_000
_TOOLS = "xpan,xwheel_zoom,box_zoom,reset,save"


def raster(spikes: Trains) -> Any:
    """Return the raster of a population; of many spikes every n-th neuron, as the title then says."""
    every = max(1, -(-len(spikes.times) // _MOST_SPIKES))
    kept = spikes.ids % every == 0
    unit, name = time_unit(spikes.stop)
    title = f"spikes of {spikes.name}" + (f", every {every}. neuron" if every > 1 else "")
    figure = _figure(title, f"time ({name})", "neuron")
    figure.x_range.update(start=0, end=spikes.stop / unit or 1)
    figure.scatter(
        (spikes.times[kept] / unit).astype(np.float32),
        spikes.ids[kept].astype(np.int32),
        size=2.5,
        color=colour(0),
        line_color=None,
    )
    return figure


def curves(one: Series) -> Any:
    """Return an array as curves; of many points every n-th, as the title then says."""
    count = one.values.shape[1]
    every = max(1, -(-one.values.size // _MOST_POINTS))
    scale, unit = prefixed(one.data.unit, one.values)
    name = one.data.long_name or one.name
    title = f"{one.name}: {name}" + (f", every {every}. point" if every > 1 else "")
    figure = _figure(
        title,
        labelled(one.along.long_name or one.along.dims[0], one.along.unit),
        labelled(re.split(r"[./]", one.name)[-1], unit),
    )
    x = one.x[::every].astype(float)
    for k in range(count):
        style = {"color": PALE, "alpha": 0.5, "line_width": 0.7}
        if count <= len(COLOURS):
            style = {"color": colour(k), "line_width": 1.5}
            style |= {"legend_label": one.label(k)} if count > 1 else {}
        figure.line(x, (one.values[::every, k] / scale).astype(np.float32), **style)
        if len(x) <= 40:
            figure.scatter(x, one.values[::every, k] / scale, size=5, color=style["color"])
    if 1 < count <= len(COLOURS):
        _legend(figure)
    return figure


def dots(
    title: str, x_name: str, y_name: str, groups: Mapping[str, tuple[Sequence[float], Sequence[float]]]
) -> Any:
    """Return dots in groups, each of a colour and with a name: {name: (x, y)}."""
    figure = _figure(title, x_name, y_name)
    for number, (name, (x, y)) in enumerate(groups.items()):
        named = {"legend_label": name} if len(groups) > 1 else {}
        figure.scatter(list(x), list(y), size=7, color=colour(number), alpha=0.8, **named)
    if len(groups) > 1:
        _legend(figure)
    return figure


def embedded(figures: Sequence[Any]) -> tuple[str, list[Html]]:
    """Return the scripts that a page of these figures needs, Bokeh itself among them, and the place of each."""
    if not figures:
        return "", []
    with optional():
        from bokeh import embed, resources
    script, places = embed.components(list(figures))
    library = resources.Resources(mode="inline", components=["bokeh"]).render()
    return f"{library}{script}", [Html(place) for place in places]


def _figure(title: str, x: str, y: str) -> Any:
    with optional():
        from bokeh import plotting
    figure = plotting.figure(
        title=title,
        x_axis_label=x,
        y_axis_label=y,
        height=280,
        sizing_mode="stretch_width",
        tools=_TOOLS,
        active_drag="box_zoom",
        toolbar_location="above",
        output_backend="canvas",
    )
    figure.toolbar.logo = None
    return figure


def _legend(figure: Any) -> None:
    """Put the legend below the plot, where it hides nothing; a click on a name hides its curve."""
    legend = figure.legend[0]
    figure.add_layout(legend, "below")
    legend.orientation = "horizontal"
    legend.ncols = 4
    legend.click_policy = "hide"
    legend.label_text_font_size = "8pt"
