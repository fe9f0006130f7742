"""W5: a dense rate network that learns all its weights by Oja's rule."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import brian2 as b2
import numpy as np
from brian2 import ms, second

from neurosim import AllToAll, Network, Normal, Population, Projection, Uniform
from neurosim.bench.peers.brian2 import Brian2Model
from neurosim.bench.peers.dense import DenseModel
from neurosim.bench.program import Arrays
from neurosim.bench.workload import Case, Facts, Target, Traffic, Workload
from neurosim.neurons import LeakyRate
from neurosim.rules import Oja
from neurosim.synapses import Graded

TAU, DT = 0.020, 0.001
ETA = 0.1  # 1/s
KEEP = math.exp(-DT / TAU)


def matrix(case: Case, arrays: Arrays) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (weights (targets, sources), rates, inputs) at the start."""
    w = np.ascontiguousarray(arrays["recurrent_w"].reshape(case.n, case.n).T)
    return tuple(x.astype(case.dtype) for x in (w, arrays["units_r"], arrays["units_bias"]))  # type: ignore[return-value]


def _results(state: Any) -> Arrays:
    w, r = (np.asarray(x, dtype=float) for x in state)
    return {"recurrent_w": w.T.ravel(), "units_r": r}


def _steps(case: Case) -> int:
    return round(case.duration / DT)


def in_numpy(case: Case, arrays: Arrays) -> DenseModel:
    """Return the network in numpy."""
    w, r, bias = matrix(case, arrays)

    def run(state: Any) -> Any:
        w, r = state
        for _ in range(_steps(case)):
            u = w @ r + bias
            w += (DT * ETA * r)[:, None] * (r - r[:, None] * w)
            r = KEEP * r + (1 - KEEP) * np.tanh(u)
        return w, r

    return DenseModel(lambda: (w.copy(), r.copy()), run, _results)


def in_torch(case: Case, arrays: Arrays) -> DenseModel:
    """Return the network in torch, in place where it can be."""
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(1)
    w, r, bias = (torch.from_numpy(x) for x in matrix(case, arrays))

    def run(state: Any) -> Any:
        w, r = state
        with torch.inference_mode():
            for _ in range(_steps(case)):
                u = torch.addmv(bias, w, r)
                step = DT * ETA * r
                w.mul_((1 - step * r)[:, None]).addr_(step, r)
                r = KEEP * r + (1 - KEEP) * torch.tanh(u)
        return w, r

    return DenseModel(lambda: (w.clone(), r.clone()), run, _results)


def in_jax(case: Case, arrays: Arrays) -> DenseModel:
    """Return the network in jax: all steps as one compiled scan whose state is donated."""
    jax: Any = importlib.import_module("jax")
    jnp = jax.numpy
    jax.config.update("jax_enable_x64", case.dtype == "float64")
    w, r, bias = (jnp.asarray(x) for x in matrix(case, arrays))

    def step(state: Any, _: None) -> Any:
        w, r = state
        u = w @ r + bias
        w = w + (DT * ETA * r)[:, None] * (r - r[:, None] * w)
        return (w, KEEP * r + (1 - KEEP) * jnp.tanh(u)), None

    compiled: Callable[[Any], Any] = jax.jit(
        lambda state: jax.lax.scan(step, state, length=_steps(case))[0], donate_argnums=0
    )
    return DenseModel(
        lambda: jax.block_until_ready((w.copy(), r.copy())),
        lambda s: jax.block_until_ready(compiled(s)),
        _results,
    )


def in_brian2(case: Case, arrays: Arrays) -> Brian2Model:
    """Return the network as a user of Brian2 writes it: a summed variable and weights that follow the clock."""
    units = b2.NeuronGroup(
        case.n,
        """dr/dt = (-r + tanh(drive + bias))/(20*ms) : 1
        drive : 1
        bias : 1""",
        method="exponential_euler",
    )
    units.r, units.bias = arrays["units_r"], arrays["units_bias"]
    links = b2.Synapses(
        units,
        units,
        """dw/dt = eta*r_post*(r_pre - r_post*w) : 1 (clock-driven)
        drive_post = w*r_pre : 1 (summed)""",
        method="euler",
        namespace={"eta": ETA / second},
    )
    links.connect()
    links.w = arrays["recurrent_w"]
    # Sums come first, then weights learn from the rates at the start of the step; otherwise Brian2 would order by name.
    links.summed_updaters["drive_post"].order, links.state_updater.order = -2, -1
    states = {"recurrent_w": (links, "w"), "units_r": (units, "r")}
    return Brian2Model([units, links], 1 * ms, states=states)


class RateOja(Workload):
    """W5: r' = (-r + tanh(I + W r))/tau with Oja's rule on all weights.

    Source: rule as in Oja 1982, J. Math. Biol. 15:267, doi:10.1007/BF00275687.
    """

    name = "w5"
    title = "dense rate network with Oja's rule"
    cases = tuple(
        Case(f"{n:,} units, {dtype}", n, seconds, dtype)
        for n, seconds in ((1000, 1.0), (4000, 0.1))
        for dtype in ("float64", "float32")
    )
    learned = "recurrent"
    same = ("brian2_cpp", "numpy", "torch", "jax")
    peers = {"brian2_cpp": in_brian2, "numpy": in_numpy, "torch": in_torch, "jax": in_jax}
    targets = (
        Target("4,000 units, float64", "share of the floor", low=0.9, aim=0.95),
        Target("1,000 units, float64", "share of the floor", low=0.5, aim=0.8),
        *(Target(case.label, f"ratio to {peer}", low=1.0) for case in cases for peer in ("torch", "jax")),
    )

    def network(self, case: Case) -> Network:
        """Return the network; weights are normal with standard deviation 0.5/sqrt(n), too small for chaos."""
        return Network("oja", dt=1 * ms).add(
            Population("units", case.n, LeakyRate(bias=Normal(0.0, 1.0)), {"r": Uniform(-1.0, 1.0)}),
            Projection(
                "recurrent",
                "units",
                "units",
                Graded(),
                AllToAll(),
                Normal(0.0, 0.5 / math.sqrt(case.n)),
                rules=(Oja(eta=ETA / second),),
            ),
        )

    def traffic(self, case: Case, facts: Facts) -> Sequence[Traffic]:
        """Return what the weights move: each read and written once per step."""
        size = case.n**2 * case.item
        return (Traffic("weights", facts.steps * 2 * size, size),)
