"""Result files: one HDF5 file per run, checked before it is read, never unpickled."""

from neurosim.store.compare import Difference, differences
from neurosim.store.data import Data, Info, Spikes
from neurosim.store.parts import Parts
from neurosim.store.reader import Results, open_results
from neurosim.store.schema import parts_folder
from neurosim.store.segments import segments
from neurosim.store.state import load_state, read_state, save_state, write_state
from neurosim.store.writer import Writer, check_target

__all__ = [
    "Data",
    "Difference",
    "Info",
    "Parts",
    "Results",
    "Spikes",
    "Writer",
    "check_target",
    "differences",
    "load_state",
    "open_results",
    "parts_folder",
    "read_state",
    "save_state",
    "segments",
    "write_state",
]
