"""Settings: read with units, checked against bounds, refused with the nearest name."""

from dataclasses import asdict, dataclass, field

import pytest
from brian2 import ms
from hypothesis import given
from hypothesis import strategies as st

from neurosim.errors import DescriptionError, UsageError
from neurosim.experiment.settings import check_config, config_from, setting, settings_of, with_settings
from neurosim.experiment.units import check_unit, conversion, parse_number


@dataclass(frozen=True)
class Config:
    tau: float = setting(20.0, "time constant", "ms", low=0.1)
    cells: int = setting(10, "number of cells", low=1, high=2**60)
    on: bool = setting(True, "whether it is on")
    rule: str = setting("oja", "the rule", choices=("oja", "bcm"))
    delays: tuple[float, ...] = setting((1.0, 2.0), "delays", "ms", low=0)
    speed: float = setting(1.0, "speed", "mm/s")


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("5", "ms", 5.0),
        ("5 ms", "ms", 5.0),
        ("5ms", "ms", 5.0),
        ("0.005 s", "ms", 5.0),
        ("-70mV", "mV", -70.0),
        ("-0.07 V", "mV", -70.0),
        ("2.5e-1 kHz", "Hz", 250.0),
        ("3 1/s", "Hz", 3.0),
        ("2 cm/s", "mm/s", 20.0),
        ("9.81 m/s^2", "mm/s**2", 9810.0),
        ("1 N*m", "mN*mm", 1e6),
        (".5", "", 0.5),
        ("3 Mohm", "ohm", 3e6),
    ],
)
def test_numbers_are_read_into_the_unit_asked_for(text, unit, value):
    assert parse_number(text, unit) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("5 mV", "ms", "'mV' does not measure the same thing as 'ms'"),
        ("5 ms", "", "'ms' does not measure the same thing as '1'"),
        ("5 parsnips", "ms", "unknown unit 'parsnips'"),
        ("five", "ms", "'five' is not a number"),
        ("", "ms", "not a number"),
        ("nan", "ms", "not a number"),
        ("5 ms; import os", "ms", "is not a unit"),
        ("5 __import__('os')", "ms", "is not a unit|unknown unit"),
    ],
)
def test_what_is_no_number_of_that_dimension_is_refused(text, unit, message):
    with pytest.raises(UsageError, match=message):
        parse_number(text, unit)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_without_conversion_loses_nothing(number):
    assert parse_number(repr(number), "ms") == number
    assert parse_number(f"{number!r} ms", "ms") == number


@given(st.sampled_from(["ms", "us", "s"]), st.sampled_from(["ms", "us", "s"]))
def test_conversions_are_inverse(one, other):
    assert conversion(one, other) * conversion(other, one) == pytest.approx(1, rel=1e-15)


def test_assignments_make_a_new_config():
    config = with_settings(
        Config(), ["tau=0.005 s", "cells=1e3", "on=no", "rule = bcm", "delays=(1 ms, 0.002 s)", "speed=2"]
    )
    assert config == Config(5.0, 1000, False, "bcm", (1.0, 2.0), 2.0)
    assert Config().tau == 20.0
    assert with_settings(Config(), [f"cells={2**59 + 1}"]).cells == 2**59 + 1


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("tua=5 ms", "unknown setting 'tua': did you mean 'tau'"),
        ("tau", "write name=value"),
        ("tau=0 ms", "setting 'tau': 0.0 is not at least 0.1 ms"),
        ("tau=0.00001 s", "not at least"),
        ("tau=1e999", "not a finite number"),
        ("tau=5 mV", "setting 'tau': 'mV' does not measure"),
        ("cells=2.5", "not a whole number"),
        ("cells=0", "lies outside 1 ... 1.15292e"),
        ("on=maybe", "neither true nor false"),
        ("rule=hebb", "not one of: oja, bcm"),
        ("delays=1,-1", "-1.0 is not at least 0"),
        ("delays=1,2 s", "a unit on some numbers only"),
        ("delays=1,x", "'x' is not a number"),
    ],
)
def test_bad_assignments_are_refused_in_one_line(assignment, message):
    with pytest.raises(UsageError, match=message) as caught:
        with_settings(Config(), [assignment])
    assert "\n" not in str(caught.value)


def test_a_setting_given_twice_is_refused():
    with pytest.raises(UsageError, match="given twice"):
        with_settings(Config(), ["tau=1", "tau=2"])


@pytest.mark.parametrize(
    "config",
    [
        Config(tau="5"),
        Config(tau=True),
        Config(cells=2.0),
        Config(delays=[1.0]),
        Config(delays=(float("nan"),)),
    ],
)
def test_a_config_of_wrong_types_is_refused(config):
    with pytest.raises(UsageError, match="setting '"):
        check_config(config)


def test_a_config_comes_back_from_json():
    config = Config(tau=0.1 + 0.2, delays=(1.5,))
    values = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(config).items()}
    assert config_from(Config(), values) == config
    with pytest.raises(UsageError, match="settings this experiment does not have: old"):
        config_from(Config(), {"old": 1})


def test_a_setting_tells_its_facts():
    facts = settings_of(Config)
    assert facts["tau"].bounds() == "at least 0.1 ms" and facts["tau"].doc == "time constant"
    assert facts["rule"].bounds() == "one of: oja, bcm" and facts["on"].bounds() == ""


def test_fields_that_are_no_settings_are_refused():
    @dataclass(frozen=True)
    class Plain:
        tau: float = 1.0

    @dataclass(frozen=True)
    class Odd:
        table: dict[str, float] = field(default_factory=dict, metadata=setting(None, "a table").metadata)

    for config in (Plain, Odd):
        with pytest.raises(DescriptionError, match="declare it with setting"):
            settings_of(config)


def test_a_default_is_a_plain_value_beside_its_unit():
    with pytest.raises(
        DescriptionError, match="setting 'time constant': default 8. ms: .* its unit as unit='ms'"
    ):
        setting(8 * ms, "time constant", unit="ms")


@pytest.mark.parametrize(
    "unit",
    [
        "",
        "1",
        "%",
        "deg",
        "pixel",
        "body lengths",
        "steps",
        "mV",
        "cm",
        "1/s",
        "m/s^2",
        "N m",
        "m^2 kg s^-3 A^-1",
        "1/V^2",
        "uS",
    ],
)
def test_units_that_files_and_settings_may_have(unit):
    check_unit(unit, "here")


@pytest.mark.parametrize(
    ("unit", "message"),
    [
        ("secnd", "here: unknown unit 'secnd'; did you mean 'second'?"),
        ("milivolt", "here: unknown unit 'milivolt'; did you mean 'mvolt'?"),
        ("furlong", "here: unknown unit 'furlong'; write it as Brian2 does"),
        ("mV!", "here: 'mV!' is not a unit"),
        (0.001, "here: unit = 0.001: write its name, as unit='mV'"),
        (None, "here: unit = None: write its name"),
    ],
)
def test_what_is_not_a_unit_is_rejected(unit, message):
    with pytest.raises(DescriptionError) as raised:
        check_unit(unit, "here")
    assert str(raised.value).startswith(message)
