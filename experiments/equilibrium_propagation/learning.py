"""Networks that learn by credit at fixed points: the local change of weights, and what learns a data set by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from neurosim.circuits.equilibrium import EquilibriumCircuit
from neurosim.datasets import DataSet
from neurosim.engines.jax import NetworkFunctions, compile_functions
from neurosim.engines.settling import Settle
from neurosim.experiments.equilibrium_propagation.credit import (
    Response,
    asymmetry_gradient,
    back_propagation,
    equilibrium,
)
from neurosim.learning.bptt import fixed_point_model
from neurosim.learning.protocol import Learner, Now, Shuffled, Supplied

Values = Mapping[str, Any]
HOMEOSTASIS = "homeostasis"  # lambda, which each member of a group of networks has its own value of


@dataclass(frozen=True)
class Rule:
    """What the networks of a group learn by.

    Arguments: circuit; response, of equilibrium propagation, or None for recurrent back-propagation; how they settle,
    and how responses do.
    """

    circuit: EquilibriumCircuit
    response: Response | None
    how: Settle

    @cached_property
    def functions(self) -> NetworkFunctions:
        """The network as functions."""
        return compile_functions(self.circuit.network())

    def direction(self, now: Now) -> dict[str, Array]:
        """Return the change that is wished for: -credit * activity of the source, less lambda times the asymmetry."""
        circuit, (state, inputs, report) = self.circuit, now.memory
        everything = {**now.held, **now.before}
        strength = everything.pop(HOMEOSTASIS)
        about = (self.functions, circuit, everything, state, inputs)
        if self.response is None:
            credit, responded = back_propagation(*about, self.how)
        else:
            credit, responded = equilibrium(*about, self.response, self.how)
        used = report.converged & responded.converged
        count = jnp.maximum(used.sum(), 1)

        def counted(value: Array) -> Array:
            return jnp.where(used, value, 0)

        credit = {layer: counted(value) / count for layer, value in credit.items()}
        seen = {"x": inputs["x"], **{layer: counted(state[f"{layer}.r"]) for layer in circuit.layers}}
        outcome = self.functions.bind(everything)(state, inputs)[1]
        wrong = counted(outcome["p"] - inputs["target"]) / count
        found = {f"{name}.w": -(seen[a] @ credit[b].T).ravel() for name, (a, b) in circuit.ends.items()}
        found |= {f"{layer}.bias": -value.sum(1) for layer, value in credit.items()}
        found |= {"R": -(seen["out"] @ wrong.T).ravel(), "z.bias": -wrong.sum(1)}
        penalty = asymmetry_gradient(circuit, everything)
        return {n: d - strength * penalty[n] if n in penalty else d for n, d in found.items()}

    def learner(self, data: DataSet, batch: int, optimiser: optax.GradientTransformation) -> Learner:
        """Return what learns: batches of a data set."""
        model = fixed_point_model(self.functions, self.circuit.plastic, self.how, {HOMEOSTASIS: 0.0})
        part = Supplied(self.direction, optimiser, self.circuit.plastic)
        stream = Shuffled(batch_of(data), batch, partial=False)
        return Learner(model, part, batches=stream, every=stream.per_epoch)


def batch_of(data: DataSet) -> dict[str, Any]:
    """Return inputs, targets and labels."""
    inputs = {
        "x": data.rows.astype(np.float32),
        "target": np.eye(data.classes, dtype=np.float32)[data.labels],
    }
    return {"inputs": inputs, "label": data.labels.astype(np.int32)}


def right(outcome: Values, batch: Values) -> Array:
    """Return the share of trials that settled and were told apart: one that did not settle counts as wrong."""
    told = outcome["p.output"][:, -1].argmax(-1) == batch["label"]
    return jnp.mean(outcome["settled"] & told)


def unsettled(outcome: Values, batch: Values) -> Array:
    """Return the share of trials that did not settle."""
    return jnp.mean(~outcome["settled"])
