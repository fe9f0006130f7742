"""Names and conventions of a result file, in one place for its writer and its reader."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import h5py
import numpy as np

SCHEMA: Final = "neurosim-result"
# 1: text of fixed length, compressed spikes. 2: text of variable length, which netCDF reads as strings, uncompressed
# spikes, because the reader of SONATA has no filters, and the attribute `content`.
SCHEMA_VERSION: Final = 2

# Root attributes that hold JSON text.
JSON_ATTRIBUTES: Final = ("config", "versions", "citations", "claims")

DIMENSIONLESS: Final = "1"

# SONATA (Dai et al. 2020, PLoS Comput. Biol. 16:e1007696): root attributes, and how spikes are sorted.
SONATA_MAGIC: Final = np.uint32(0x0A7A)
SONATA_VERSION: Final = np.array([0, 1], dtype=np.uint32)
SORTINGS: Final = {"none": 0, "by_id": 1, "by_time": 2}
SORTING_TYPE: Final = h5py.enum_dtype(SORTINGS, basetype="u1")
SPIKES: Final = "spikes"


def parts_folder(target: Path) -> Path:
    """Return the folder that keeps the finished parts of a result file until its run completes."""
    return target.with_name(f"{target.name}.parts")


def bare_dimension(length: int) -> str:
    """Return the name by which netCDF-4 knows a dimension that has no coordinate values."""
    return f"This is a netCDF dimension but not a netCDF variable.{length:10d}"


def is_bare_dimension(name: object, shape: tuple[int, ...]) -> bool:
    """Tell by its NAME whether a dimension scale of this shape only represents a dimension."""
    return len(shape) == 1 and name == bare_dimension(shape[0])
