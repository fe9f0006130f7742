"""Data sets for studies of learning: found on the machine, checked, never fetched unless asked for.

`digits` comes with the project; `fashion_mnist` reads a folder or the one of the Debian package, and `fetch` fetches
<<<<<<< HEAD
it. `permuted`, `rotated`, `corrupted` and `swapped` make further tasks of a set, `degraded` those of a benchmark of
corruptions by severity.
"""

from neurosim.datasets.corruptions import CORRUPTIONS, degraded
=======
it. `permuted`, `rotated`, `corrupted` and `swapped` make further tasks of a set. `ventral_cord` is the connectome
of the worm's motor circuit.
"""

from neurosim.datasets.connectome import Connection, Connectome, ventral_cord
>>>>>>> 47e800d (A worm that swims in water and crawls on agar: overdamped chains, its circuit, the study; the connectome of the ventral cord as a data set)
from neurosim.datasets.data import DataSet
from neurosim.datasets.digits import digits
from neurosim.datasets.fashion import fashion_mnist, fetch
from neurosim.datasets.idx import read_idx
from neurosim.datasets.tasks import corrupted, permuted, rotated, swapped

__all__ = [
<<<<<<< HEAD
    "CORRUPTIONS",
=======
    "Connection",
    "Connectome",
>>>>>>> 47e800d (A worm that swims in water and crawls on agar: overdamped chains, its circuit, the study; the connectome of the ventral cord as a data set)
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
