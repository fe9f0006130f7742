"""Recordings that leave memory as they come: a folder of result files, each of some steps, complete or absent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from neurosim.errors import OutputTaken, ResultFileError
from neurosim.store.reader import open_results

_NAME = re.compile(r"\d{6}\.h5")


class Segment(NamedTuple):
    """A file of a stream: its path, the step with which it begins, and the one before which it ends."""

    path: Path
    first: int
    last: int


def segments(folder: str | Path) -> list[Path]:
    """Return the result files of a stream of recordings in order.

    Arguments:
        folder: the folder that `Simulation.stream` was given.

    Raises ResultFileError when there is none, or when one is missing.
    """
    found = sorted(path for path in Path(folder).glob("*.h5") if _NAME.fullmatch(path.name))
    if not found:
        raise ResultFileError(f"{folder}: holds no recordings; give the folder of a stream")
    for number, path in enumerate(found):
        if path.name != segment_name(number):
            raise ResultFileError(f"{folder}: {segment_name(number)} is missing; restore it from a copy")
    return found


def segment_name(number: int) -> str:
    """Return the name of a file of a stream."""
    return f"{number:06}.h5"


def continued(folder: Path, now: int, about: dict[str, Any]) -> int:
    """Return how many files of a stream a simulation has written before it was at step `now`, and remove later ones.

    Arguments:
        folder: the folder; it is created.
        now: the step of the simulation that continues the stream.
        about: what all files of the stream say of it.

    Raises OutputTaken when it holds recordings of something else, ResultFileError when it cannot be read or written.
    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ResultFileError(f"{folder}: cannot be created: {error.strerror or error}") from error
    if not any(_NAME.fullmatch(path.name) for path in folder.iterdir()):
        return 0
    known = [_segment(path, about) for path in segments(folder)]
    kept = [segment for segment in known if segment.last <= now]
    if now == 0 or (kept and kept[-1].last != now) or (not kept and known[0].first != now):
        raise OutputTaken(
            f"{folder}: holds the steps up to {known[-1].last}, which do not end at step {now}: "
            "choose another name, or load the state that was saved with them"
        )
    for segment in known[len(kept) :]:
        segment.path.unlink()
    return len(kept)


def _segment(path: Path, about: dict[str, Any]) -> Segment:
    with open_results(path) as results:
        attributes = results.attributes
    if {name: attributes.get(name) for name in about} != about:
        raise OutputTaken(f"{path}: holds recordings of another simulation: choose another name")
    return Segment(path, int(attributes["first_step"]), int(attributes["last_step"]))
