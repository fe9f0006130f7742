"""What is measured of a worm that moves: its wave, its speed, how fast it turns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.analysis.waves import travelling_wave
from neurosim.bodies.worm import SEGMENTS, radii

MIDDLE, FIRST, STOP = 24, 4, 44


class Gait(NamedTuple):
    """Frequency (Hz), wavelength (body lengths), amplitude (1), forward speed (m/s) and turning (rad/s) of a worm."""

    frequency: float
    wavelength: float
    amplitude: float
    speed: float
    turning: float


UNIT = {"frequency": "Hz", "wavelength": "body lengths", "amplitude": "", "speed": "m/s", "turning": "rad/s"}
MEANING = {
    "frequency": "of the bending of the middle of the body",
    "wavelength": "of the wave along it, positive from head to tail",
    "amplitude": "of its bending, the difference of the lengths of the sides over the width",
    "speed": "net speed of the centre, positive towards the head",
    "turning": "rate at which the body turns",
}


def bending(length: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (dorsal - ventral length)/width of each segment (time, 48) from lengths (time, 96)."""
    found: NDArray[np.float64] = (length[:, :SEGMENTS] - length[:, SEGMENTS:]) / (radii()[:-1] + radii()[1:])
    return found


def gait(length: NDArray[np.float64], rods: NDArray[np.float64], dt: float) -> Gait:
    """Measure a gait.

    Arguments: length (m), of the sides, (time, 96); rods (m, m, rad), (time, 49, 3); dt (s), between two samples.
    """
    wave = travelling_wave(bending(length), dt, MIDDLE, (FIRST, STOP))
    place, heading = rods[:, :, :2].mean(axis=1), headings(rods)
    lasted = (len(rods) - 1) * dt
    course = np.array([np.cos(heading), np.sin(heading)]).mean(axis=1)
    speed = float((place[-1] - place[0]) @ course / np.linalg.norm(course) / lasted)
    turning = float((heading[-1] - heading[0]) / lasted)
    return Gait(wave.frequency, wave.wavelength, wave.amplitude, speed, turning)


def headings(rods: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the direction from tail to head (rad), unwrapped, (time,)."""
    x, y = (rods[:, 0, :2] - rods[:, -1, :2]).T
    return np.unwrap(np.arctan2(y, x))
