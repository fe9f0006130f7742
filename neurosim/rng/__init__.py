"""Random streams keyed by (seed, entity, purpose): no draw depends on workers, engine or other entities.

`stream_key` and `generator` are here; the compiled draws, which take a key, are in `neurosim.rng.draws`, a module of
its own because importing numba takes longer than the whole command line may.
"""

from neurosim.rng.streams import generator, stream_key

__all__ = ["generator", "stream_key"]
