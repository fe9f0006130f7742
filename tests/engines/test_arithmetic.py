"""An expression has one value on all engines: whole numbers, divisions by 0, and what is not a number."""

import ast

import jax
import numpy as np
import pytest
from brian2 import ms
from scipy.special import exprel

from neurosim import Network, NeuronModel, Population, Recorder, parameter, simulate
from neurosim.engines.jax.arithmetic import JAX
from neurosim.errors import DescriptionError, NeurosimError
from neurosim.model.expressions import check_expression
from neurosim.model.functions import FUNCTIONS, load

VALUES = [-np.inf, -3.5, -1.0, -0.3, 0.0, 0.3, 1.0, 2.0, 7.25, np.inf, np.nan]
KIND = "int(abs({0}) < inf) + 2 * int({0} == inf) + 4 * int({0} == -inf)"
"""1 of a finite number, 2 and 4 of the two infinities, 0 of what is no number."""
TEXTS = {
    "x // y": np.floor_divide,
    "x % y": np.mod,
    "1 / (x // y)": lambda x, y: 1 / np.floor_divide(x, y),
    "1 / (x % y)": lambda x, y: 1 / np.mod(x, y),
    "int(x)": lambda x, y: np.trunc(x),
    "sign(x)": lambda x, y: np.sign(x),
    "clip(x, y, 1)": lambda x, y: np.minimum(np.maximum(x, y), 1.0),
    "clip(x, 1, y)": lambda x, y: np.minimum(np.maximum(x, 1.0), y),
    "clip(0.5, x, y)": lambda x, y: np.minimum(np.maximum(0.5, x), y),
    "x / y": np.divide,
    "exp(x)**y": lambda x, y: np.exp(x) ** y,
    "exprel(x)": lambda x, y: exprel(x),
    "softplus(x)": lambda x, y: np.logaddexp(x, 0.0),
    "(10**-2 + 7 // 2 + 3 / 2) / x": lambda x, y: 4.51 / x,
}


def network():
    """Values at the start that are not finite are made by divisions; their kind alone is recorded."""
    lines = [
        "p : 1 (state)",
        "q : 1 (state)",
        "r : 1 (state)",
        "u : 1 (state)",
        "x = p / q : 1",
        "y = r / u : 1",
    ]
    for number, text in enumerate(TEXTS):
        lines += [f"f{number} = {text} : 1", f"kind{number} = {KIND.format(f'f{number}')} : 1"]
    model = type("ArithmeticUnit", (NeuronModel,), {"equations": "\n".join(lines)})
    pairs = np.array([(a, b) for a in VALUES for b in VALUES])
    over = {np.inf: (1.0, 0.0), -np.inf: (-1.0, 0.0)}
    parts = np.array([[over.get(v, (0.0, 0.0) if v != v else (v, 1.0)) for v in pair] for pair in pairs])
    initial = {"p": parts[:, 0, 0], "q": parts[:, 0, 1], "r": parts[:, 1, 0], "u": parts[:, 1, 1]}
    recorders = [Recorder("a", f"kind{number}") for number in range(len(TEXTS))]
    return pairs, Network("arithmetic").add(Population("a", len(pairs), model(), initial), *recorders)


@pytest.mark.parametrize("engine", ["brian2", "fused", "jax"])
def test_what_is_infinite_or_no_number_is_so_on_every_engine(engine):
    pairs, described = network()
    simulation = simulate(described, engine=engine)
    simulation.run(described.dt)
    recorded = {key: found.values[0] for key, found in simulation.recordings().items()}
    for number, (text, function) in enumerate(TEXTS.items()):
        with np.errstate(all="ignore"):
            wanted = np.asarray(function(*pairs.T))
        kinds = np.isfinite(wanted) + 2 * (wanted == np.inf) + 4 * (wanted == -np.inf)
        wrong = pairs[recorded[f"a.kind{number}"] != kinds]
        assert not len(wrong), f"{text}: {wrong.tolist()}"


@pytest.mark.parametrize(
    "text", ["x / 0", "x // (2 - 2)", "x % 0.0", "1 / (0 * 3)", "0**-1 * x", "x * (2 - 2)**(1 - 3)"]
)
def test_a_division_by_a_written_0_is_rejected(text):
    with pytest.raises(DescriptionError, match="divides by 0: correct it"):
        check_expression(text, "here")


@pytest.mark.parametrize("engine", ["brian2", "fused", "jax"])
@pytest.mark.parametrize(("method", "rate"), [("exact", "-v/(tau - tau)"), ("euler", "-v/(v - v)/tau")])
def test_an_equation_that_divides_by_0_is_rejected(engine, method, rate):
    facts = {"equations": f"dv/dt = {rate} : 1", "tau": parameter(10 * ms, "time constant"), "method": method}
    model = type(f"ArithmeticDivides{method.title()}", (NeuronModel,), facts)
    with pytest.raises(NeurosimError, match="population 'a': dv/dt divides by 0: correct it"):
        simulate(Network("divides").add(Population("a", 2, model())), engine=engine)


@pytest.mark.parametrize("engine", ["brian2", "fused", "jax"])
def test_every_function_has_its_value_on_every_engine(engine):
    arrays = {name: np.array([0.1, 0.35, 0.8]) for name in ("x", "u")}
    numbers = {"low": 0.2, "high": 0.5, "mean": 2.5, "n": 7.0, "p": 0.3}
    values = arrays | numbers
    lines = [f"{row.name}_of = {row.call} : 1" for row in FUNCTIONS.values()]
    facts = {"equations": "x : 1 (state)\nu : 1 (state)\n" + "\n".join(lines)}
    model = type(
        "ArithmeticFunctions",
        (NeuronModel,),
        facts | {name: parameter(v, name) for name, v in numbers.items()},
    )
    recorders = (Recorder("a", f"{name}_of") for name in FUNCTIONS)
    described = Network("functions").add(Population("a", 3, model(), arrays), *recorders)
    simulation = simulate(described, engine=engine)
    simulation.run(described.dt)
    for name, row in FUNCTIONS.items():
        wanted = load(row.numpy)(*(values[argument] for argument in row.arguments))
        found = simulation.recordings()[f"a.{name}_of"].values[0]
        np.testing.assert_allclose(found, wanted, rtol=1e-14, err_msg=name)


def test_the_derivative_of_a_remainder_is_1_also_where_it_is_0():
    for x in (-1.0, 0.3, 2.0):
        assert jax.grad(lambda x: JAX[ast.Mod](x, 1.0))(x) == 1.0
