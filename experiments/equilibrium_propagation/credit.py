"""Credit at fixed points by a nudge and by recurrent back-propagation, and how symmetric the connections are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from neurosim.circuits.equilibrium import SLOPE, STEP, EquilibriumCircuit
from neurosim.engines.jax import (
    Cauchy,
    Exact,
    NetworkFunctions,
    OnLine,
    adjoint,
    compile_functions,
    respond,
    settle,
)
from neurosim.engines.jax.settling import Report
from neurosim.engines.settling import Settle

Values = Mapping[str, Any]
Response = Exact | Cauchy | OnLine


def equilibrium(
    functions: NetworkFunctions,
    circuit: EquilibriumCircuit,
    parameters: Values,
    state: Values,
    inputs: Values,
    method: Response,
    how: Settle,
) -> tuple[dict[str, Array], Report]:
    """Return (credit, report) of equilibrium propagation: da/dbeta by layer (units, trials)."""
    change, report = respond(functions, parameters, state, {"error.beta": 1.0}, inputs, method, how)
    return {layer: change[f"{layer}.r"] for layer in circuit.layers}, report


def back_propagation(
    functions: NetworkFunctions,
    circuit: EquilibriumCircuit,
    parameters: Values,
    state: Values,
    inputs: Values,
    how: Settle,
) -> tuple[dict[str, Array], Report]:
    """Return (credit, report) of recurrent back-propagation: dL/du by layer (units, trials)."""
    outputs = functions.bind(parameters)(state, inputs)[1]
    wrong = outputs["p"] - inputs["target"]
    read = parameters["R"].reshape(circuit.sizes[-1], -1)
    found, report = adjoint(functions, parameters, state, {"out.r": read @ wrong}, inputs, how)
    a = {layer: state[f"{layer}.r"] for layer in circuit.layers}
    # A step is STEP of the way to s(u), and ds/du = SLOPE a (1 - a) there.
    return {layer: STEP * SLOPE * a[layer] * (1 - a[layer]) * found[f"{layer}.r"] for layer in a}, report


def asymmetry_gradient(circuit: EquilibriumCircuit, parameters: Values) -> dict[str, Array]:
    """Return the gradient of E[|J e|^2 - e.J J e]/n, e normal, J = W - 1, by weights: (2/n) d|A|^2, A = (J - J.T)/2.

    2 (W_ahead - W_back^T)/n of a pair of projections, 2 W/n of one that has no counterpart.
    """
    n, found = circuit.states, {}
    paired = {name for pair in circuit.pairs for name in pair}
    for name in circuit.recurrent:
        if name not in paired:
            found[f"{name}.w"] = 2 * parameters[f"{name}.w"] / n
    for ahead, back in circuit.pairs:
        shape = [circuit.size[end] for end in circuit.ends[ahead]]
        apart = parameters[f"{ahead}.w"].reshape(shape) - parameters[f"{back}.w"].reshape(shape[::-1]).T
        found |= {f"{ahead}.w": 2 * apart.ravel() / n, f"{back}.w": -2 * apart.T.ravel() / n}
    return found


def cosine(one: Array, other: Array, used: Array) -> Array:
    """Return the mean cosine over trials of two credits (units, trials), of those that are used."""
    product = (one * other).sum(0) / (jnp.linalg.norm(one, axis=0) * jnp.linalg.norm(other, axis=0))
    return jnp.where(used, product, 0).sum() / used.sum()


def symmetry(circuit: EquilibriumCircuit, parameters: Values) -> float:
    """Return |S|/(|S| + |A|) of J = W - 1, S its symmetric and A its antisymmetric part (Frobenius norms)."""
    j = jacobian(circuit, parameters)
    same, anti = np.linalg.norm(j + j.T), np.linalg.norm(j - j.T)
    return float(same / (same + anti))


def jacobian(circuit: EquilibriumCircuit, parameters: Values) -> NDArray[np.float64]:
    """Return J = W - 1 over all neurons that settle (states, states), dF/da without the slope of the activity."""
    starts = np.cumsum([0, *circuit.sizes[1:]])
    place = {name: slice(a, b) for name, a, b in zip(circuit.layers, starts, starts[1:], strict=False)}
    j = -np.eye(circuit.states)
    for name in circuit.recurrent:
        source, target = circuit.ends[name]
        w = np.asarray(parameters[f"{name}.w"]).reshape(circuit.size[source], -1)
        j[place[target], place[source]] += w.T
    return j


def asymmetry_estimate(j: NDArray[np.float64], draws: NDArray[np.float64]) -> float:
    """Return the mean over draws e (draws, n) of (|J e|^2 - e.J J e)/n: two products with J (n, n) for each."""
    first = draws @ j.T
    second = first @ j.T
    return float(np.mean(np.sum(first**2, axis=1) - np.sum(draws * second, axis=1))) / len(j)


@lru_cache
def double(circuit: EquilibriumCircuit) -> NetworkFunctions:
    """Return a circuit as functions in double precision, compiled once."""
    with jax.enable_x64(True):
        return compile_functions(circuit.network(), dtype="float64")


def alignment(
    circuit: EquilibriumCircuit,
    weights: Values,
    inputs: Values,
    method: Response,
    how: Settle,
) -> tuple[NDArray[np.float64], float]:
    """Return (cosines by layer, share of trials used) of the credits of a nudge and of back-propagation.

    Arguments: weights, parameters by name; inputs (units, trials); method, of the response; how.
    """
    functions = double(circuit)
    with jax.enable_x64(True):
        parameters = {**functions.parameters, **{n: jnp.asarray(w, "float64") for n, w in weights.items()}}
        given = {name: jnp.asarray(value, "float64") for name, value in inputs.items()}
        start = functions.init(parameters, trials=given["x"].shape[1])
        state, report = settle(functions, parameters, start, given, how)
        one, first = equilibrium(functions, circuit, parameters, state, given, method, how)
        other, second = back_propagation(functions, circuit, parameters, state, given, how)
        used = report.converged & first.converged & second.converged
        found = [float(cosine(one[layer], other[layer], used)) for layer in circuit.layers]
    return np.array(found), float(used.mean())
