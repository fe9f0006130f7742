"""Data sets for studies of learning: found on the machine, checked, never fetched unless asked for.

`digits` comes with the project; `fashion_mnist` reads a folder or the one of the Debian package, and `fetch` fetches
it. `permuted`, `rotated`, `corrupted` and `swapped` make further tasks of a set, `degraded` those of a benchmark of
corruptions by severity. `ventral_cord` is the connectome of the worm's motor circuit.
"""

from neurosim.datasets.connectome import Connection, Connectome, ventral_cord
from neurosim.datasets.corruptions import CORRUPTIONS, degraded
from neurosim.datasets.data import DataSet
from neurosim.datasets.digits import digits
from neurosim.datasets.fashion import fashion_mnist, fetch
from neurosim.datasets.idx import read_idx
from neurosim.datasets.tasks import corrupted, permuted, rotated, swapped

__all__ = [
    "CORRUPTIONS",
    "Connection",
    "Connectome",
    "DataSet",
    "corrupted",
    "degraded",
    "digits",
    "fashion_mnist",
    "fetch",
    "permuted",
    "read_idx",
    "rotated",
    "swapped",
    "ventral_cord",
]
