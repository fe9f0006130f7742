"""What is measured of an episode of the swimmer, whatever its control step."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurosim.analysis.waves import net_speed, swimming_wave
from neurosim.circuits.neuronal_swimmer import CONTROL_DT, PERIOD
from neurosim.learning.arena import Episode

SETTLING = 0.4
"""Share of an episode that is left out of all but the return and the net speed."""


class Swim(NamedTuple):
    """Measures of one episode, see `MEANING`."""

    total: float
    speed: float
    way: float
    turning: float
    frequency: float
    wavelength: float


UNIT = {"total": "", "speed": "m/s", "way": "m/s", "turning": "rad/s", "frequency": "Hz",
        "wavelength": "body lengths"}  # fmt: skip
MEANING = {
    "total": "return, scaled to 1000 control steps of 30 ms",
    "speed": "net speed of the centre of mass",
    "way": "length of its way from period to period over the time",
    "turning": "rate at which the head turns, mean over whole periods",
    "frequency": "of the largest peak in the spectrum of the joint angles",
    "wavelength": "of the wave along the body, positive from head to tail",
}


def measured(episode: Episode, dt: float) -> Swim:
    """Measure an episode with a control step of dt (s), whose 'angle' and 'heading' were recorded."""
    stride = round(CONTROL_DT / dt)
    recorded: Any = episode.recordings
    angle, com, heading = (recorded[f"{n}.output"].values[::stride] for n in ("angle", "com", "heading"))
    period, first = round(PERIOD / CONTROL_DT), round(SETTLING * len(com))
    stop = first + (len(com) - first) // period * period
    wave = swimming_wave(angle, com, CONTROL_DT, window=(first, stop))
    # Heads swing within a period; a place and a heading once per period are free of it.
    places, headings = (x[first : stop + 1 : period] for x in (com, np.unwrap(heading[:, 0])))
    lasted = (len(places) - 1) * PERIOD
    return Swim(
        total=1000 * episode.total / len(recorded["reward.output"].values),
        speed=net_speed(com, CONTROL_DT),
        way=float(np.linalg.norm(np.diff(places, axis=0), axis=1).sum() / lasted),
        turning=float((headings[-1] - headings[0]) / lasted),
        frequency=wave.frequency,
        wavelength=wave.wavelength,
    )
