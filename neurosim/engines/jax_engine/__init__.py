"""The JAX engine: a network as pure functions over arrays, for gradients and batches, and as a simulation.

Importing this package imports JAX; nothing else in the project does.
"""

from neurosim.engines.jax_engine.functions import NetworkFunctions, compile_functions
from neurosim.engines.jax_engine.surrogate import Surrogate

__all__ = ["NetworkFunctions", "Surrogate", "compile_functions"]
