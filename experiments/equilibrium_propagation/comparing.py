"""Stages without learning: credit by a nudge beside back-propagation, over angles, responses and sizes of the nudge."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from neurosim.circuits.equilibrium import EquilibriumCircuit
from neurosim.engines.jax import Cauchy, Exact, OnLine, settle
from neurosim.engines.settling import Settle
from neurosim.experiment import Data, RunContext, Stage
from neurosim.experiments.equilibrium_propagation.config import Config
from neurosim.experiments.equilibrium_propagation.credit import (
    Response,
    alignment,
    asymmetry_estimate,
    double,
    equilibrium,
    jacobian,
    symmetry,
)
from neurosim.rng import generator

Array = NDArray[np.float64]
NUDGES = (1, 2, 4, 6)
SIZES = tuple(0.4 * 2.0**-k for k in range(5))
RESPONSES: dict[str, Response] = {
    "exact": Exact(),
    "one-sided": Cauchy(1, 0.05),
    "centred": Cauchy(2, 0.05),
    "4 nudges": Cauchy(4, 0.05),
    "4 on line": OnLine(4, 0.5, 60, 5),
}
DRAWS, ESTIMATES = 5, 200


class Comparing:
    """The stages without learning of one run.

    Arguments: config; run, with its seed.
    """

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run
        self.circuit, self.smaller = (
            EquilibriumCircuit((784, hidden, hidden, 10))
            for hidden in (config.aligned_hidden, config.response_hidden)
        )
        self.how = Settle(1e-8, config.aligned_steps, 0.0, "leave out")

    def seed(self, number: int) -> int:
        """Return the seed of the weights of a network."""
        return self.run.seed + number

    def inputs(self, number: int) -> dict[str, Array]:
        """Return random inputs in 0..1 and targets of a network."""
        draw, count = generator(self.seed(number), "equilibrium inputs"), self.config.aligned_inputs
        return {"x": draw.random((784, count)), "target": np.eye(10)[draw.integers(0, 10, count)].T}

    def angles(self, stage: Stage) -> dict[str, Data]:
        """Compare exact responses with back-propagation over the angle between weights ahead and back."""
        cosines, used, same = [], [], []
        for place, angle in enumerate(self.config.angles):
            for number in range(self.config.seeds):
                weights = self.circuit.initial(self.seed(number), angle)
                about = (self.circuit, weights, self.inputs(number))
                found, share = alignment(*about, Exact(), self.how)
                cosines.append(found)
                used.append(share)
                same.append(symmetry(self.circuit, weights))
            stage(place + 1, len(self.config.angles), "angles")
        shape = (len(self.config.angles), self.config.seeds)
        return {
            "angle": Data(
                np.array(self.config.angles), ("angle",), "degree", "angle of weights ahead and back"
            ),
            "layer": Data(np.array(self.circuit.layers), ("layer",), "", "layer"),
            "cosine": Data(
                np.array(cosines).reshape(*shape, -1),
                ("angle", "seed", "layer"),
                "",
                "cosine of both credits",
            ),
            "used": Data(
                np.array(used).reshape(shape), ("angle", "seed"), "", "share of inputs that settled"
            ),
            "symmetry": Data(np.array(same).reshape(shape), ("angle", "seed"), "", "|S|/(|S| + |A|) of J"),
        }

    def responses(self, stage: Stage) -> dict[str, Data]:
        """Compare every kind of response with back-propagation, with symmetric weights."""
        cosines, used = [], []
        for place, method in enumerate(RESPONSES.values()):
            for number in range(self.config.seeds):
                about = (self.smaller, self.smaller.initial(self.seed(number), 0.0))
                found, share = alignment(*about, self.inputs(number), method, self.how)
                cosines.append(found)
                used.append(share)
            stage(place + 1, len(RESPONSES), "responses")
        shape = (len(RESPONSES), self.config.seeds)
        return {
            "response": Data(np.array(list(RESPONSES)), ("response",), "", "kind of response"),
            "cosine": Data(
                np.array(cosines).reshape(*shape, -1),
                ("response", "seed", "layer"),
                "",
                "cosine of both credits",
            ),
            "used": Data(
                np.array(used).reshape(shape), ("response", "seed"), "", "share of inputs that settled"
            ),
        }

    def nudges(self, stage: Stage) -> dict[str, Data]:
        """Measure the error of responses by their number of nudges and the size of these, in small networks."""
        circuit, how = EquilibriumCircuit((12, 8, 8, 4)), Settle(1e-13, 20_000)
        errors = np.zeros((len(NUDGES), len(SIZES), self.config.seeds))
        functions = double(circuit)
        with jax.enable_x64(True):
            for number in range(self.config.seeds):
                draw = generator(self.seed(number), "equilibrium small")
                # Weights of half the size settle fast and to one point only.
                weights = {n: jnp.asarray(w / 2) for n, w in circuit.initial(self.seed(number), 90.0).items()}
                inputs = {"x": draw.random((12, 4)), "target": np.eye(4)}
                parameters = {**functions.parameters, **weights}
                state, _ = settle(functions, parameters, functions.init(parameters, trials=4), inputs, how)
                about = (functions, circuit, parameters, state, inputs)
                exact = equilibrium(*about, Exact(), how)[0]
                for row, n in enumerate(NUDGES):
                    for column, beta in enumerate(SIZES):
                        found = equilibrium(*about, Cauchy(n, beta), how)[0]
                        apart = [jnp.linalg.norm(found[x] - exact[x]) for x in circuit.layers]
                        whole = [jnp.linalg.norm(exact[x]) for x in circuit.layers]
                        errors[row, column, number] = float(sum(apart) / sum(whole))
                stage(number + 1, self.config.seeds, "networks")
        return {
            "n": Data(np.array(NUDGES), ("n",), "", "number of nudges"),
            "beta": Data(np.array(SIZES), ("beta",), "", "size of nudges"),
            "error": Data(errors, ("n", "beta", "seed"), "", "error of the response, relative"),
        }

    def asymmetry(self, stage: Stage) -> dict[str, Data]:
        """Estimate the asymmetry of J from a few draws, beside its closed form."""
        estimates, exact = [], []
        for number in range(self.config.seeds):
            j = jacobian(self.smaller, self.smaller.initial(self.seed(number), 90.0))
            draw, n = generator(self.seed(number), "asymmetry"), self.smaller.states
            drawn = draw.normal(size=(ESTIMATES, DRAWS, n))
            estimates.append([asymmetry_estimate(j, one) for one in drawn])
            exact.append(np.linalg.norm(j - j.T) ** 2 / (2 * n))
        return {
            "estimate": Data(np.array(estimates), ("seed", "repeat"), "", f"asymmetry from {DRAWS} draws"),
            "exact": Data(np.array(exact), ("seed",), "", "2/n |A|^2"),
        }
