"""Tuning curves: what units answer to a range of stimuli."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from neurosim.errors import DescriptionError
from neurosim.palette import COLOURS, PALE, colour
from neurosim.plot.axes import axes_for, labelled, legend_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def tuning(
    stimuli: ArrayLike,
    responses: ArrayLike,
    *,
    stimulus: str = "stimulus",
    stimulus_unit: str = "",
    response: str = "response",
    response_unit: str = "",
    axes: Axes | None = None,
) -> Axes:
    """Draw the response of each unit to each stimulus; of repeated trials the mean, with bars of a standard deviation.

    Arguments:
        stimuli: what was shown, shape (stimuli,).
        responses: to each, shape (stimuli, units) or (stimuli, trials, units).
        stimulus, stimulus_unit, response, response_unit: what the axes are called.
        axes: where to draw (a new figure if omitted).

    Returns the axes. Raises DescriptionError on other shapes and on numbers that carry a unit of their own.
    """
    for name, value in (("stimulus", stimuli), ("response", responses)):
        if getattr(getattr(value, "dim", None), "is_dimensionless", True) is False:
            raise DescriptionError(
                f"tuning: a {name} has a unit of its own: divide by it, as rate / Hz, and give {name}_unit='Hz'"
            )
    x, y = np.asarray(stimuli, dtype=float), np.asarray(responses, dtype=float)
    if x.ndim != 1 or y.ndim not in (2, 3) or len(x) != len(y):
        raise DescriptionError(
            f"tuning: stimuli {x.shape} and responses {y.shape}: give (stimuli,) and (stimuli, units) or "
            "(stimuli, trials, units)"
        )
    mean, sd = (y.mean(axis=1), y.std(axis=1, ddof=min(1, y.shape[1] - 1))) if y.ndim == 3 else (y, None)
    order = np.argsort(x)
    axes = axes_for(axes)
    many = mean.shape[1] > len(COLOURS)
    for unit in range(mean.shape[1]):
        axes.errorbar(
            x[order],
            mean[order, unit],
            None if sd is None or many else sd[order, unit],
            color=PALE if many else colour(unit),
            linewidth=0.6 if many else 1.2,
            marker="" if many else "o",
            markersize=4,
            capsize=2,
            label=f"unit {unit}",
        )
    axes.set(xlabel=labelled(stimulus, stimulus_unit), ylabel=labelled(response, response_unit))
    if mean.shape[1] > 1 and not many:
        legend_above(axes)
    return axes
