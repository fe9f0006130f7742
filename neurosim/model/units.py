"""Units and quantities: Brian2's, with the few helpers that the rest of the project needs.

This is the one place that configures Brian2; importing it takes about two seconds.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import neurosim.brian  # noqa: F401  # imports Brian2 in any thread

# isort: split
import brian2
import numpy as np
from brian2 import Hz, Quantity, amp, farad, get_unit, ms, mV, nA, nS, pA, pF, second, siemens, uS, volt
from brian2.units.fundamentalunits import (
    DIMENSIONLESS,
    Dimension,
    DimensionMismatchError,
    get_dimensions,
    get_or_create_dimension,
)

from neurosim.errors import DescriptionError

# Brian2 would write a log file into the temporary folder at every import of the project.
brian2.prefs["logging.file_log"] = False
# Brian2 installs a hook that asks users to report every uncaught error to its developers, even ours.
sys.excepthook = sys.__excepthook__

__all__ = [
    "DIMENSIONLESS",
    "Dimension",
    "Hz",
    "Quantity",
    "amp",
    "dimension_of",
    "farad",
    "in_si",
    "mV",
    "ms",
    "nA",
    "nS",
    "pA",
    "pF",
    "product_of_bases",
    "quantity",
    "scalar_in_si",
    "second",
    "siemens",
    "uS",
    "unit_name",
    "unit_named",
    "units_in",
    "value_from_json",
    "value_to_json",
    "volt",
]


_NAME = re.compile(r"\b[A-Za-z]\w*\b")


def dimension_of(value: object, where: str = "value") -> Dimension:
    """Return the physical dimension of a number, array or quantity; raises DescriptionError for anything else."""
    try:
        return get_dimensions(value)
    except (TypeError, ValueError, DimensionMismatchError):
        raise DescriptionError(_no_number(value, where)) from None


def _no_number(value: object, where: str) -> str:
    return f"{where} is {str(value)[:60]!r}, which is not a number, quantity or array of one unit: give one"


def in_si(value: Any, dimension: Dimension, where: str) -> np.ndarray:
    """Return the value in SI base units as float64, rejecting other dimensions and numbers that are not finite."""
    found = dimension_of(value, where)
    if found is not dimension:
        wanted = (
            "a number without unit" if dimension is DIMENSIONLESS else f"a value in {unit_name(dimension)}"
        )
        raise DescriptionError(f"{where} has {described_unit(found)}: give {wanted}")
    if not np.can_cast(np.asarray(value).dtype, np.float64, "same_kind"):
        raise DescriptionError(_no_number(value, where))
    array = np.array(value, dtype=np.float64)
    if not np.all(np.isfinite(array)):
        raise DescriptionError(
            f"{where} holds a value that is not finite (NaN or infinite): give finite numbers"
        )
    return array


def scalar_in_si(value: Any, dimension: Dimension, where: str) -> float:
    """Return one number in SI base units; raises as `in_si` does, and for an array."""
    si = in_si(value, dimension, where)
    if si.ndim:
        raise DescriptionError(f"{where} is an array of shape {si.shape}: give one value")
    return float(si)


def quantity(si_value: Any, dimension: Dimension) -> Any:
    """Attach a dimension to a value in SI base units; a dimensionless value stays a plain array or float."""
    return si_value if dimension is DIMENSIONLESS else Quantity(si_value, dim=dimension)


def unit_name(dimension: Dimension) -> str:
    """Return the name of a dimension's SI unit, '1' if it has none, and '1/V', '1/V^2' and the like."""
    if dimension is DIMENSIONLESS:
        return "1"
    powers = {"{}": dimension, "1/{}": dimension**-1, "1/{}^2": dimension**-0.5, "{}^2": dimension**0.5}
    names = {form: str(get_unit(base)) for form, base in powers.items()}
    # A name of several words is a product of base units, such as 'm^2 kg s^-3 A^-1'.
    short = next((form.format(name) for form, name in names.items() if not {" ", "^"} & {*name}), None)
    return names["{}"] if short is None else short


def product_of_bases(dimension: Dimension) -> str:
    """Return a unit as equations write it, a product of base units such as 'metre*metre/second'."""
    bases = {
        "length": "metre",
        "mass": "kilogram",
        "time": "second",
        "current": "amp",
        "temperature": "kelvin",
    }
    bases |= {"substance": "mole", "luminosity": "candela"}
    powers = [(base, round(dimension.get_dimension(what))) for what, base in bases.items()]
    above = [base for base, power in powers for _ in range(power)]
    below = [base for base, power in powers for _ in range(-power)]
    return "/".join(["*".join(above) or "1", *below])


def known_units() -> tuple[str, ...]:
    """Return the names of the base units that a declaration in equations may have."""
    return (
        "amp",
        "coulomb",
        "farad",
        "hertz",
        "joule",
        "metre",
        "mole",
        "second",
        "siemens",
        "volt",
        "watt",
        "ohm",
    )


def described_unit(dimension: Dimension) -> str:
    """Return 'no unit' or 'the unit V', for messages."""
    return "no unit" if dimension is DIMENSIONLESS else f"the unit {unit_name(dimension)}"


def unit_named(name: str) -> Quantity | None:
    """Return the unit that Brian2 has under a name, such as mV, or None."""
    found = getattr(brian2, name, None)
    return found if isinstance(found, brian2.Unit) else None


def units_in(text: str, known: Iterable[str]) -> dict[str, Quantity]:
    """Return the units that a text of equations names, by name, but for names that are known to be something else."""
    names = {*_NAME.findall(text)} - {*known}
    found = {name: unit_named(name) for name in sorted(names)}
    return {name: unit for name, unit in found.items() if unit is not None}


def value_to_json(value: Any) -> Any:
    """Return a JSON form of a number, array or quantity: {'si': value, 'dim': exponents, 'unit': name}."""
    dimension = get_dimensions(value)
    plain = np.asarray(value)
    if dimension is DIMENSIONLESS:
        return plain.tolist()
    exponents = [float(e) for e in dimension._dims]
    return {"si": plain.astype(float).tolist(), "dim": exponents, "unit": unit_name(dimension)}


def value_from_json(data: Any) -> Any:
    """Rebuild what `value_to_json` wrote."""
    if isinstance(data, Mapping):
        dimension = get_or_create_dimension(tuple(data["dim"]))
        return Quantity(np.array(data["si"], dtype=float), dim=dimension)
    return np.array(data) if isinstance(data, list) else data
