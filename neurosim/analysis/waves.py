"""Measures of undulatory swimming from recorded joint angles and centre of mass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosim.errors import DescriptionError

_REST = 1e-9  # rad; below this amplitude a body has no rhythm


@dataclass(frozen=True)
class SwimmingWave:
    """The travelling wave of a swimming body.

    A body at rest has amplitude 0 and NaN for frequency, lag and all that follows from them.

    Fields:
        frequency (Hz): of the largest peak in the spectrum of the joint angles, summed over joints.
        speed (m/s): net speed of the centre of mass, U.
        lag (rad): phase by which each joint follows the one before it; positive when the wave runs from head to tail.
        wavelength (1): in body lengths, with the sign of the lag; infinite for a standing wave.
        wave_speed (m/s): wavelength in metres times frequency.
        body_lengths_per_cycle (1): U / (frequency * body length).
        speed_over_wave_speed (1): U / wave_speed; 1 means that the body does not slip.
        amplitude (1): of each joint at that frequency, over the joint limit, shape (N,).
    """

    frequency: float
    speed: float
    lag: float
    wavelength: float
    wave_speed: float
    body_lengths_per_cycle: float
    speed_over_wave_speed: float
    amplitude: tuple[float, ...]


def net_speed(com: ArrayLike, control_dt: float = 0.030) -> float:
    """Return |com[-1] - com[0]| / duration, the net speed of the centre of mass (m/s).

    For the speed over an episode, com[0] is the start and com[-1] the position after the last control step.

    Arguments:
        com (m): centre of mass at successive control steps, shape (T, 2), T >= 2.
        control_dt (s): time between control steps.

    Raises DescriptionError when com has another shape, a value is not finite or control_dt is not positive.
    """
    _positive("net_speed", control_dt=control_dt)
    path = _table(com, "net_speed: com", columns=2)
    return float(np.linalg.norm(path[-1] - path[0]) / ((len(path) - 1) * control_dt))


def swimming_wave(
    angles: ArrayLike,
    com: ArrayLike,
    control_dt: float = 0.030,
    link_length: float = 0.1,
    joint_limit: float | None = None,
    window: tuple[int, int] = (400, 1000),
) -> SwimmingWave:
    """Measure the wave that runs along the body in the steady state.

    c_k = mean_t theta_k(t) exp(-2 pi i f t) for joint k at the frequency f of the peak; lag = -slope of the unwrapped
    phase of c_k over k (least squares); wavelength = (2 pi / lag) link_length; amplitude = 2 |c_k| / joint_limit;
    U = |com(last) - com(first)| / duration of the window.

    Arguments:
        angles (rad): joint angles from head to tail at successive control steps, shape (T, N), N >= 2.
        com (m): centre of mass at the same steps, shape (T, 2).
        control_dt (s): time between control steps.
        link_length (m): length of a link.
        joint_limit (rad): 2 pi / (N + 1) if omitted.
        window: first step and the step after the last, ideally a whole number of periods, since the frequency is
            resolved to 1 / (duration of the window).

    Raises DescriptionError when shapes disagree, the window is not in the record, a value is not finite, or a time or
    length is not positive.
    """
    theta = _table(angles, "swimming_wave: angles")
    path = _table(com, "swimming_wave: com", columns=2)
    _check(theta, path, window)
    theta, path = theta[slice(*window)], path[slice(*window)]
    limit = 2 * np.pi / (theta.shape[1] + 1) if joint_limit is None else joint_limit
    _positive("swimming_wave", control_dt=control_dt, link_length=link_length, joint_limit=limit)
    length = link_length * (theta.shape[1] + 1)
    frequency, component = _peak(theta, control_dt)
    speed = net_speed(path, control_dt)
    phase = np.unwrap(np.angle(component))
    lag = -float(np.polyfit(np.arange(len(phase)), phase, 1)[0]) if np.isfinite(frequency) else np.nan
    with np.errstate(divide="ignore"):
        wavelength = float(np.divide(2 * np.pi * link_length, lag))
    return SwimmingWave(
        frequency=frequency,
        speed=speed,
        lag=lag,
        wavelength=wavelength / length,
        wave_speed=wavelength * frequency,
        body_lengths_per_cycle=speed / (frequency * length),
        speed_over_wave_speed=speed / (wavelength * frequency),
        amplitude=tuple((2 * np.abs(component) / limit).tolist()),
    )


@dataclass(frozen=True)
class TravellingWave:
    """A wave that runs along a body.

    Fields:
        frequency (Hz): of the largest peak in the spectrum at one place.
        wavelength (1): in body lengths; positive when the wave runs from the first place to the last, infinite for a
            standing wave.
        amplitude: of the wave at that place, in the unit of what was measured.
    """

    frequency: float
    wavelength: float
    amplitude: float


def travelling_wave(
    bend: ArrayLike, dt: float, place: int, places: tuple[int, int], pad: int = 16
) -> TravellingWave:
    """Measure a wave whose period need not divide the record.

    The frequency f is that of the peak of the spectrum at one place, padded with zeros; c_k = mean_t bend_k(t)
    exp(-2 pi i f t); the lag is the slope of the unwrapped phase of c_k over k (least squares), and the wavelength
    2 pi/lag over the number of places, that is in lengths of the body.

    Arguments:
        bend: how far each place is bent at successive times, shape (T, K).
        dt (s): between two times.
        place: index of the place whose spectrum is taken.
        places: first place, and the one after the last, over which the phase is followed.
        pad: length of the padded record over that of the record.

    A body at rest gives NaN and amplitude 0. Raises DescriptionError when a shape, a place or dt does not fit.
    """
    table = _table(bend, "travelling_wave: bend")
    _positive("travelling_wave", dt=dt)
    first, stop = places
    if not (0 <= place < table.shape[1] and 0 <= first < stop - 1 < table.shape[1]):
        raise DescriptionError(
            f"travelling_wave: place {place} and places {places} of {table.shape[1]}: give places of the body"
        )
    table = table - table.mean(axis=0)
    size = pad * len(table)
    peak = 1 + int(np.argmax(np.abs(np.fft.rfft(table[:, place], size))[1:]))
    frequency = peak / (size * dt)
    component = (table * np.exp(-2j * np.pi * frequency * dt * np.arange(len(table)))[:, None]).mean(axis=0)
    amplitude = 2 * float(np.abs(component[place]))
    if amplitude < _REST:
        return TravellingWave(np.nan, np.nan, 0.0)
    phase = np.unwrap(np.angle(component[first:stop]))
    lag = -float(np.polyfit(np.arange(len(phase)), phase, 1)[0])
    with np.errstate(divide="ignore"):
        wavelength = float(np.divide(2 * np.pi, lag * table.shape[1]))
    return TravellingWave(frequency, wavelength, amplitude)


def _peak(theta: NDArray[np.float64], control_dt: float) -> tuple[float, NDArray[np.complex128]]:
    """Return the frequency (Hz) of the largest peak and the component of each joint there."""
    spectrum = np.fft.rfft(theta - theta.mean(axis=0), axis=0) / len(theta)
    peak = 1 + int(np.argmax((np.abs(spectrum[1:]) ** 2).sum(axis=1)))
    at_rest = np.abs(spectrum[peak]).max() < _REST
    frequency = np.nan if at_rest else peak / (len(theta) * control_dt)
    return frequency, np.zeros_like(spectrum[peak]) if at_rest else spectrum[peak]


def _table(values: ArrayLike, where: str, columns: int | None = None) -> NDArray[np.float64]:
    table = np.asarray(values, np.float64)
    if table.ndim != 2 or len(table) < 2 or (columns is not None and table.shape[1] != columns):
        raise DescriptionError(f"{where} has shape {table.shape}; give (T >= 2, {columns or 'N'})")
    if not np.isfinite(table).all():
        raise DescriptionError(f"{where} has values that are not finite; measure a run that did not diverge")
    return table


def _positive(where: str, **values: float) -> None:
    for name, value in values.items():
        if not 0 < value < np.inf:
            raise DescriptionError(f"{where}: {name} is {value!r}; give a positive number")


def _check(theta: NDArray[np.float64], path: NDArray[np.float64], window: tuple[int, int]) -> None:
    if theta.shape[1] < 2:
        raise DescriptionError("swimming_wave: angles has 1 joint; a wave needs at least 2")
    if len(theta) != len(path):
        raise DescriptionError(
            f"swimming_wave: angles has {len(theta)} steps, com {len(path)}; give the same steps"
        )
    start, stop = window
    if not 0 <= start < stop - 1 < len(theta):
        raise DescriptionError(
            f"swimming_wave: window is {window}, the record has {len(theta)} steps; give a window in it"
        )
