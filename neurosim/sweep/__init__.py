"""Many runs of a study, over seeds and settings: one result file each, on all workers that there are."""

from neurosim.sweep.index import Sweep, make_sweep, read_sweep
from neurosim.sweep.plan import Planned, planned, seeds_from
from neurosim.sweep.spread import run_sweep
from neurosim.sweep.table import table, to_csv, to_pandas, to_xarray

__all__ = [
    "Planned",
    "Sweep",
    "make_sweep",
    "planned",
    "read_sweep",
    "run_sweep",
    "seeds_from",
    "table",
    "to_csv",
    "to_pandas",
    "to_xarray",
]
