"""Random streams keyed by (seed, entity, purpose): nothing drawn depends on workers, engine or other entities.

`stream_key` and `generator` live here; the compiled draws that a key is given to are in `neurosim.rng.draws`
(apart, because importing numba takes longer than the whole command line may).
"""

from neurosim.rng.streams import generator, stream_key

__all__ = ["generator", "stream_key"]
