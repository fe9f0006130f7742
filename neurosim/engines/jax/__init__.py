"""The JAX engine: a network as pure functions over arrays, for gradients and batches, and as a simulation.

Importing this package imports JAX; its global settings stay as they are, but for a folder of compiled functions if
none is chosen. `with jax.enable_x64(True):` around calls is needed for functions in double precision alone; the
simulation sees to it by itself.
"""

from neurosim.extras import optional

with optional():
    from neurosim.engines.jax.adjoint import adjoint
    from neurosim.engines.jax.functions import NetworkFunctions, compile_functions
    from neurosim.engines.jax.responses import Cauchy, Exact, OnLine, respond, settle
    from neurosim.engines.jax.surrogate import Surrogate

__all__ = [
    "Cauchy",
    "Exact",
    "NetworkFunctions",
    "OnLine",
    "Surrogate",
    "adjoint",
    "compile_functions",
    "respond",
    "settle",
]
