"""What becomes of recordings that are written to files while a simulation runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurosim.engines.recordings import Recordings
from neurosim.errors import DescriptionError
from neurosim.store.segments import continued, segment_name

ROOM = 4_000_000
"""Bytes that are kept in memory before a file is written."""


class Stream:
    """A folder of result files that take over what has been recorded, each when there is enough for it.

    Arguments:
        folder: the folder.
        now: the step of the simulation.
        identity: what a state of the simulation says of it.
        room: bytes that are kept in memory before a file is written.
    """

    def __init__(self, folder: str | Path, now: int, identity: Mapping[str, np.ndarray], room: int) -> None:
        if room < 1:
            raise DescriptionError(f"stream: room for {room} bytes: give at least 1")
        self.folder, self.room = Path(folder), room
        self._first = now
        self._about = {
            name: bytes(identity[f"identity/{name}"]).hex() for name in ("network", "seed", "wiring")
        }
        self._number = continued(self.folder, now, self._about)

    def write(self, recordings: Recordings) -> None:
        """Write what was recorded since the last file; raises ResultFileError, and then nothing is lost."""
        if recordings.steps > self._first:
            facts: dict[str, Any] = {
                **self._about,
                "first_step": self._first,
                "last_step": recordings.steps,
            }
            recordings.save(self.folder / segment_name(self._number), **facts)
            self._first, self._number = recordings.steps, self._number + 1

    def refuse(self, what: str) -> None:
        """Raise DescriptionError for what would separate the simulation from its recordings."""
        raise DescriptionError(
            f"{what}: what is recorded is written to '{self.folder}': open its files, or end it by stream(None)"
        )
