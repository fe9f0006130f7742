"""Values have units, are finite and lie within their bounds; draws belong to the seed and the name."""

import numpy as np
import pytest
from brian2 import ms, mV, second, volt
from hypothesis import given
from hypothesis import strategies as st

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.parameters import parameter_table
from neurosim.model.units import DIMENSIONLESS, in_si, scalar_in_si, value_from_json, value_to_json
from neurosim.model.values import Normal, Uniform, resolve
from neurosim.neurons import LIF, GradedUnit, SquareWave


@pytest.mark.parametrize(
    ("value", "si"),
    [
        (20 * ms, 0.02),
        ([1, 2] * ms, [0.001, 0.002]),
        ([1 * ms, 2 * second], [0.001, 2.0]),
        (np.float32(2) * second, 2.0),
    ],
)
def test_values_become_si(value, si):
    assert np.array_equal(in_si(value, second.dim, "x"), si)


@pytest.mark.parametrize(
    "value", [None, 1j, [1j], ["1"], [1, [2, 3]], [1, None], [1 * ms, 2 * mV], {}, object()]
)
def test_what_is_no_number_is_refused(value):
    with pytest.raises(DescriptionError, match="^GradedUnit.bias is .*not a number"):
        GradedUnit(bias=value)


def test_text_is_an_expression_of_each_neuron_and_its_names_are_known():
    with pytest.raises(UnknownNameError, match="unknown name 'a': known: N"):
        GradedUnit(bias="a")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tau_m": 5}, "LIF.tau_m has no unit: give a value in s"),
        ({"tau_m": 5 * mV}, "LIF.tau_m has the unit V: give a value in s"),
        ({"tau_m": np.nan * ms}, "LIF.tau_m holds a value that is not finite"),
        ({"tau_m": [1, np.inf] * ms}, "LIF.tau_m holds a value that is not finite"),
        ({"tau_m": -1 * ms}, "LIF.tau_m = -0.001 .* below its bound"),
        ({"tau_m": [1, -1] * ms}, "LIF.tau_m .* below its bound"),
        ({"taum": 5 * ms}, "LIF has no parameter 'taum': did you mean 'tau_m'"),
        ({"tau_m": Uniform(1 * mV, 2 * mV)}, "LIF.tau_m.*does not have the unit s"),
    ],
)
def test_wrong_parameters_are_refused(values, message):
    with pytest.raises(DescriptionError, match=message):
        LIF(**values)


def test_bounds_on_both_sides_and_options():
    with pytest.raises(DescriptionError, match="SquareWave.side = 2.* above its bound 1"):
        SquareWave(side=2)
    with pytest.raises(DescriptionError, match="GradedUnit.transfer = 'tan': did you mean 'tanh'"):
        GradedUnit(transfer="tan")


def test_models_do_not_change():
    model = LIF()
    with pytest.raises(DescriptionError, match="LIF.tau_m cannot be changed"):
        model.tau_m = 5 * ms
    assert model.replace(tau_m=5 * ms).tau_m == 5 * ms and model.tau_m == 20 * ms


def test_the_table_of_parameters_has_units():
    rows = {name: (default, unit) for name, default, unit, _ in parameter_table(LIF)}
    assert rows["tau_m"] == ("20. ms", "s") and rows["E_L"] == ("-49. mV", "V")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uniform(2, 1), "low is above high"),
        (lambda: Uniform(1 * ms, 2 * mV), "Uniform.high has the unit V"),
        (lambda: Normal(0, -1), "negative"),
        (lambda: Normal(np.nan, 1), "Normal.mean holds a value that is not finite"),
        (lambda: Normal([0, 1], 1), "Normal.mean is an array"),
        (lambda: Normal("a", 1), "not a number"),
    ],
)
def test_wrong_distributions_are_refused(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()


def test_draws_have_the_law_and_belong_to_seed_and_name():
    n = 100_000
    x = resolve(Normal(-60 * mV, 5 * mV), volt.dim, n, 1, "E.v")
    assert abs(x.mean() + 0.060) < 4 * 0.005 / np.sqrt(n) and abs(x.std() / 0.005 - 1) < 0.01
    u = resolve(Uniform(1, 3), DIMENSIONLESS, n, 1, "E.v")
    assert u.min() >= 1 and u.max() < 3 and abs(u.mean() - 2) < 4 * 0.58 / np.sqrt(n)
    assert np.array_equal(x, resolve(Normal(-60 * mV, 5 * mV), volt.dim, n, 1, "E.v"))
    for seed, name in ((2, "E.v"), (1, "F.v")):
        other = resolve(Normal(-60 * mV, 5 * mV), volt.dim, n, seed, name)
        assert abs(np.corrcoef(x, other)[0, 1]) < 4 / np.sqrt(n)


@pytest.mark.parametrize("value", [np.ones(3), np.ones((2, 2)), np.zeros(0)])
def test_a_value_of_another_shape_is_refused(value):
    with pytest.raises(
        DescriptionError, match=r"E.v has the shape .* give one number or an array of shape \(2,\)"
    ):
        resolve(value, DIMENSIONLESS, 2, 0, "E.v")


def test_one_value_is_asked_for():
    assert scalar_in_si(2 * ms, second.dim, "dt") == 0.002
    with pytest.raises(DescriptionError, match="dt is an array"):
        scalar_in_si([2] * ms, second.dim, "dt")


@given(
    st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=4),
    st.sampled_from([1, mV, ms**-1, volt**0.5 / second]),
)
def test_values_survive_json_bit_for_bit(numbers, unit):
    for value in (np.array(numbers) * unit, numbers[0] * unit):
        back = value_from_json(value_to_json(value))
        assert np.array_equal(np.asarray(back), np.asarray(value))
        assert getattr(back, "dim", None) is getattr(value, "dim", None)
