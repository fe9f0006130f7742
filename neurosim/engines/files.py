"""A simulation in a file: its network, engine, seed, state and recordings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurosim.errors import ResultFileError
from neurosim.model.network import Network
from neurosim.model.serial import from_json, to_json
from neurosim.store import read_state, write_state

FORMAT = 1
ABOUT = "simulation"


class Kept(NamedTuple):
    """What a file holds: the name of the engine, the seed, the network, and arrays by name."""

    engine: str
    seed: int
    network: Network
    arrays: dict[str, np.ndarray]


def write(path: Path, kept: Kept) -> None:
    """Write a simulation; raises ResultFileError if the file cannot be written."""
    about = {
        "format": FORMAT,
        "engine": kept.engine,
        "seed": kept.seed,
        "network": to_json(kept.network),
    }
    write_state(path, {**kept.arrays, ABOUT: np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)})


def read(path: Path) -> Kept:
    """Read a simulation; raises ResultFileError, UnknownNameError if a class of its network is not imported."""
    arrays = {name: np.asarray(value) for name, value in read_state(path).items()}
    about = _about(arrays.pop(ABOUT, None), path)
    return Kept(about["engine"], about["seed"], from_json(about["network"]), arrays)


def _about(text: np.ndarray | None, path: Path) -> dict[str, Any]:
    try:
        about = json.loads(np.asarray(text).astype(np.uint8).tobytes())
        if text is not None and about["format"] == FORMAT and isinstance(about["seed"], int):
            return dict(about)
    except (KeyError, TypeError, ValueError):
        pass
    raise ResultFileError(
        f"{path}: holds no simulation that this version can load: use what Simulation.save wrote"
    )
