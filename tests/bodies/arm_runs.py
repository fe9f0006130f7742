"""Open-loop runs of the arm, and the stored runs of MotorNet in the same layout."""

import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

REFERENCE = Path(__file__).parents[1] / "data" / "arm26_motornet_reference.npz"
RHO = (1.0, 1.4)


# Short runs take longer to optimise than to run.
quick_jit = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})


def traced_run(arm, q, u, load=0.0):
    """Return the states over time [time, batch, ...], the initial one first; u [time, batch, muscle]."""
    start = arm.init(u.shape[1], q)
    _, states = jax.lax.scan(lambda s, ut: (arm.step(s, ut, load),) * 2, start, u)
    return jax.tree.map(lambda first, rest: jnp.concatenate([first[None], rest]), start, states)


def open_loop(arm, q, u, load=0.0, jit=quick_jit):
    """Return what `traced_run` does, compiled, as numpy arrays."""
    return jax.device_get(jit(functools.partial(traced_run, arm))(q, u, load))


class StoredRuns:
    """The stored runs at one rho, cases side by side in the batch: 16 arms, muscles of four cases."""

    def __init__(self, rho, cases=slice(None)):
        with np.load(REFERENCE, allow_pickle=False) as stored:
            self.arrays = dict(stored)
        self._rho = RHO.index(rho)
        self._cases = cases
        self.u = np.concatenate(self.arrays["u"][cases], axis=1)
        self.load = np.concatenate(self.arrays["load"][cases])
        self.q0 = np.tile(self.arrays["q0"], (len(self.arrays["u"][cases]), 1))

    def __getitem__(self, name):
        """Return an output [sample, arm, component]."""
        return np.concatenate(self.arrays[name][self._cases, self._rho], axis=1)
