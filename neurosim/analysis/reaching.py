"""Measures of reaching and of holding from recorded hand paths, including those of the human literature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosim.errors import DescriptionError

Floats = NDArray[np.float64]
ONSET = 0.05  # fraction of the peak speed at which a movement begins and ends
SETTLED = 0.1  # fraction of the largest deviation within which a hand has settled
STEADY = 0.2  # fraction of a record, at its end, that is called steady


class Measure(NamedTuple):
    """One number per trial: values, shape (trials,), their unit, and what they are."""

    values: Floats
    unit: str
    text: str


def reaching(hand: ArrayLike, target: ArrayLike, dt: float) -> dict[str, Measure]:
    """Return measures of movements to a target, by name.

    With e the distance from the target, v speed, j third derivative of the position (all by differences over dt):
    end_error, mean_error = e at the end, mean of e after the start;  end_speed, peak_speed of v;
    movement_time = from the first to the last v above 5 % of its peak;
    initial_direction = angle between start -> target and start -> hand at the first peak of acceleration before the
    peak speed;  straightness = |end - start| / length of the path;
    linearity = minor over major axis: the largest distance between two points of the path perpendicular to the line
    through the two that are farthest apart, over the distance of these two;  jerk = root mean square of the components
    of j;
    log_dimensionless_jerk = -ln(duration**4 / peak speed**2 * mean of |j|**2), greater for smoother movements.
    A hand that does not move has NaN where a direction or a movement is needed.

    Arguments:
        hand (m): positions at successive steps, the start first, shape (trials, T, 2), T >= 4.
        target (m): shape (trials, 2).
        dt (s): time between steps.

    Raises DescriptionError for other shapes, values that are not finite, or a dt that is not positive.
    Source: linearity, initial direction: Sainburg 2002, Exp. Brain Res. 142:241, doi:10.1007/s00221-001-0913-8;
    dimensionless jerk: Hogan, Sternad 2009, J. Mot. Behav. 41:529, doi:10.3200/35-09-004-RC.
    """
    path, aim = _paths(hand, target, dt, "reaching")
    velocity = np.diff(path, axis=1) / dt
    speed = np.linalg.norm(velocity, axis=2)
    peak = speed.max(1)
    error = np.linalg.norm(path - aim[:, None], axis=2)
    third = np.diff(path, n=3, axis=1) / dt**3
    length = speed.sum(1) * dt
    duration = speed.shape[1] * dt
    with np.errstate(divide="ignore", invalid="ignore"):
        straight = np.linalg.norm(path[:, -1] - path[:, 0], axis=1) / length
        smooth = -np.log(duration**4 / peak**2 * (third**2).sum(2).mean(1))
    return {
        "end_error": Measure(100 * error[:, -1], "cm", "distance from the target at the end"),
        "mean_error": Measure(100 * error[:, 1:].mean(1), "cm", "mean distance from the target"),
        "end_speed": Measure(speed[:, -1], "m/s", "speed of the hand at the end"),
        "peak_speed": Measure(peak, "m/s", "largest speed of the hand"),
        "movement_time": Measure(_movement_time(speed, dt), "s", "time above 5 % of the peak speed"),
        "initial_direction": Measure(
            _initial_direction(path, speed, aim), "deg", "angle from the direction of the target at first"
        ),
        "straightness": Measure(_moving(straight, peak), "", "distance covered over length of the path"),
        "linearity": Measure(_moving(_axes(path), peak), "", "minor over major axis of the path"),
        "jerk": Measure(np.sqrt((third**2).mean((1, 2))), "m/s^3", "root mean square of the jerk"),
        "log_dimensionless_jerk": Measure(
            np.where(np.isfinite(smooth), smooth, np.nan), "", "minus log dimensionless jerk"
        ),
    }


def holding(hand: ArrayLike, load: ArrayLike, dt: float) -> dict[str, Measure]:
    """Return measures of a hand that should stay where it is under a constant force, by name.

    With d the distance from the start: max_deviation = largest d;  settling_time = time after which the hand stays
    within 10 % of max_deviation of where it ends;  steady_error = mean d over the last fifth of the record;
    stiffness = |load| / steady_error.  A hand that does not move has settling time 0 and infinite stiffness.

    Arguments:
        hand, dt: as of `reaching`.
        load (N): force on the hand, shape (trials, 2).

    Raises DescriptionError as `reaching` does.
    """
    path, force = _paths(hand, load, dt, "holding")
    deviation = np.linalg.norm(path - path[:, :1], axis=2)
    largest = deviation.max(1)
    away = np.linalg.norm(path - path[:, -1:], axis=2) > SETTLED * largest[:, None]
    settled = np.where(away.any(1), path.shape[1] - np.argmax(away[:, ::-1], axis=1), 0) * dt
    steady = deviation[:, -max(round(STEADY * path.shape[1]), 1) :].mean(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        stiffness = np.linalg.norm(force, axis=1) / steady
    return {
        "max_deviation": Measure(100 * largest, "cm", "largest distance from the start"),
        "settling_time": Measure(settled, "s", "time until the hand stays near where it ends"),
        "steady_error": Measure(100 * steady, "cm", "mean distance from the start in the last fifth"),
        "stiffness": Measure(stiffness, "N/m", "load over the steady distance"),
    }


def final_errors(hand: ArrayLike, target: ArrayLike) -> Mapping[str, float]:
    """Return the constant and the variable error of final positions (cm).

    constant = |mean of (hand - target)|;  variable = sqrt(mean |hand - target - their mean|**2).

    Arguments:
        hand, target (m): of each trial, shape (trials, 2).

    Raises DescriptionError for other shapes.
    """
    ends, aim = np.asarray(hand, np.float64), np.asarray(target, np.float64)
    if ends.ndim != 2 or ends.shape[1] != 2 or ends.shape != aim.shape or not len(ends):
        raise DescriptionError(
            f"final_errors: hand {ends.shape}, target {aim.shape}; give (trials, 2) for both"
        )
    error = ends - aim
    mean = error.mean(0)
    spread = np.sqrt(((error - mean) ** 2).sum(1).mean())
    return {"constant": 100 * float(np.linalg.norm(mean)), "variable": 100 * float(spread)}


def _moving(values: Floats, peak: Floats) -> Floats:
    return np.where(peak > 0, values, np.nan)


def _movement_time(speed: Floats, dt: float) -> Floats:
    moving = speed > ONSET * speed.max(1, keepdims=True)
    steps = speed.shape[1] - np.argmax(moving[:, ::-1], 1) - np.argmax(moving, 1)
    return np.where(moving.any(1), steps * dt, 0.0)


def _initial_direction(path: Floats, speed: Floats, aim: Floats) -> Floats:
    """Return the angle (deg) between the line to the target and that to the hand at peak acceleration."""
    until = np.arange(speed.shape[1]) <= speed.argmax(1)[:, None]
    gain = np.where(until, np.diff(speed, axis=1, prepend=0.0), -np.inf)
    first = np.take_along_axis(path, (gain.argmax(1) + 1)[:, None, None], 1)[:, 0] - path[:, 0]
    wanted = aim - path[:, 0]
    sizes = np.linalg.norm(first, axis=1) * np.linalg.norm(wanted, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = (first * wanted).sum(1) / sizes
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def _axes(path: Floats) -> Floats:
    """Return minor over major axis of each path."""
    found = np.empty(len(path))
    for k, points in enumerate(path):
        apart = points[:, None] - points[None]
        distance = np.linalg.norm(apart, axis=2)
        major = apart[np.unravel_index(distance.argmax(), distance.shape)]
        length = max(distance.max(), np.finfo(float).tiny)
        across = points @ np.array([-major[1], major[0]]) / length
        found[k] = np.ptp(across) / length
    return found


def _paths(hand: ArrayLike, other: ArrayLike, dt: float, where: str) -> tuple[Floats, Floats]:
    path, pairs = np.asarray(hand, np.float64), np.asarray(other, np.float64)
    if path.ndim != 3 or path.shape[1] < 4 or path.shape[2] != 2 or pairs.shape != (len(path), 2):
        raise DescriptionError(
            f"{where}: hand has shape {path.shape}, what goes with each trial {pairs.shape}; give (trials, T >= 4, 2) "
            "and (trials, 2)"
        )
    if not (np.isfinite(path).all() and np.isfinite(pairs).all()):
        raise DescriptionError(f"{where}: values are not finite; measure a run that did not diverge")
    if not 0 < dt < np.inf:
        raise DescriptionError(f"{where}: dt is {dt!r}; give a positive number")
    return path, pairs
