"""The four-weight swimming circuit, compiled, and episodes of it in the swimmer's body."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numba import njit

from neurosim.bench.swimmer_loop import run_episode
from neurosim.bodies.swimmer import Swimmer

UNTRAINED = (1.0, 1.0, 1.0, -1.0)
PERIOD = 60  # control steps


@njit(nogil=True)
def circuit(t, outputs, parameters, control):
    """Parameters: joint limit, period, weights of proprioception, oscillator, ipsilateral and contralateral muscle."""
    limit, period, w_p, w_o, w_i, w_c = parameters
    for k in range(len(control)):
        if k == 0:
            dorsal = w_o if t % period < period // 2 else 0.0
            ventral = w_o - dorsal
        else:
            q = min(max(outputs[k - 1] / limit, -1.0), 1.0)
            dorsal, ventral = w_p * max(q, 0.0), w_p * max(-q, 0.0)
        dorsal, ventral = min(max(dorsal, 0.0), 1.0), min(max(ventral, 0.0), 1.0)
        muscle_d = min(max(w_i * dorsal + w_c * ventral, 0.0), 1.0)
        muscle_v = min(max(w_i * ventral + w_c * dorsal, 0.0), 1.0)
        control[k] = muscle_d - muscle_v


def swim(body, weights=UNTRAINED, steps=1000):
    """Run one episode from the body's present state; return controls (T, N) and outputs (T + 1, ...)."""
    controls = np.empty((steps, body.n_inputs))
    parameters = np.array([body.joint_limit, PERIOD, *weights])
    return controls, run_episode(circuit, parameters, body, controls)


@dataclass(frozen=True)
class Episode:
    body: Swimmer
    controls: np.ndarray
    outputs: np.ndarray

    def part(self, name):
        return self.outputs[:, self.body.outputs[name]]

    @property
    def total_reward(self):
        return self.part("reward")[1:].sum()


@cache
def episode(n_links=6, start=0, weights=UNTRAINED, dt=0.002):
    """Return an episode from a random start; tests share it."""
    body = Swimmer(n_links, dt=dt)
    body.reset(np.random.default_rng(start))
    return Episode(body, *swim(body, weights))
