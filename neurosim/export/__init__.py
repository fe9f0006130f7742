"""Recordings, results and networks in the forms of other libraries, and networks from them.

The libraries are those of the extra `export`; each function asks for its own only.
"""

from neurosim.export.sonata import read_sonata
from neurosim.export.with_neo import to_neo
from neurosim.export.with_networkx import from_networkx, to_networkx
from neurosim.export.with_nir import from_nir, to_nir
from neurosim.export.with_nwb import to_nwb
from neurosim.export.with_pandas import to_pandas
from neurosim.export.with_pynapple import to_pynapple
from neurosim.export.with_xarray import to_xarray

__all__ = [
    "from_networkx",
    "from_nir",
    "read_sonata",
    "to_neo",
    "to_networkx",
    "to_nir",
    "to_nwb",
    "to_pandas",
    "to_pynapple",
    "to_xarray",
]
