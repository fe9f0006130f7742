"""What is kept between runs, lowered equations and machine code: sealed, so that nothing damaged or planted is used."""

from neurosim.cache.files import folder, key, load, store
from neurosim.cache.machine_code import jit

__all__ = ["folder", "jit", "key", "load", "store"]
