"""Numbers with a unit written next to them: '5 ms', '0.3mV', '2 1/s'."""

from __future__ import annotations

import difflib
import re
from functools import cache
from typing import Any

from neurosim.errors import DescriptionError, UsageError

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")
_FACTOR = re.compile(r"([*/]?)\s*(?:1|([A-Za-z_]+)\s*(?:(?:\*\*|\^)?\s*([+-]?\d+))?)\s*")

# Units that are not of Brian2, and common ones, which are known without loading it.
_PLAIN = {"%", "body lengths", "deg", "degree", "pixel", "spikes", "step", "steps", "trials"}
_PLAIN |= {"", "1", "1/s", "Hz", "m", "mV", "ms", "rad", "s"}


def parse_number(text: str, unit: str) -> float:
    """Read a number, with or without a unit, into a given unit.

    Arguments: text, for example '5 ms' or '5'; unit, the unit to return it in (and the one meant when none is written).
    Raises UsageError when the text is not a number, a unit is unknown, or the dimensions differ.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise UsageError(
            f"'{text}' is not a number" + (f" (in {unit}, or with a unit after it)" if unit else "")
        )
    number, written = float(match[1]), match[2]
    return number if written in ("", unit) else number * conversion(written, unit)


def check_unit(unit: Any, where: str) -> None:
    """Raise DescriptionError unless a unit is a text that means one: '', 'mV', 'm/s^2', '1/s', '%' or 'pixel'."""
    if not isinstance(unit, str):
        raise DescriptionError(f"{where}: unit = {unit}: write its name, as unit='mV'")
    if unit in _PLAIN:
        return
    try:
        _meaning(unit)
    except UsageError as error:
        raise DescriptionError(f"{where}: {error}") from None


def has_unit(text: str) -> bool:
    """Tell whether a number is followed by anything."""
    match = _NUMBER.fullmatch(text)
    return match is not None and match[2] != ""


def conversion(unit: str, target: str) -> float:
    """Return what one `unit` is in the unit `target`; raises UsageError when that has no meaning."""
    scale, dimensions = _meaning(unit)
    target_scale, target_dimensions = _meaning(target)
    if dimensions != target_dimensions:
        raise UsageError(
            f"'{unit}' does not measure the same thing as '{target or '1'}', the unit expected here"
        )
    return scale / target_scale


def _meaning(text: str) -> tuple[float, Any]:
    """Return the size in SI units and the physical dimension of a product of powers of units."""
    from neurosim.model.units import DIMENSIONLESS

    scale, dimensions, position = 1.0, DIMENSIONLESS, 0
    while position < len(text):
        match = _FACTOR.match(text, position)
        if match is None:
            raise UsageError(f"'{text}' is not a unit; write products and powers such as 'm/s^2'")
        position = match.end()
        sign, name, power = match.groups()
        if name:
            exponent = int(power or 1) * (-1 if sign == "/" else 1)
            unit = _unit(name)
            scale, dimensions = scale * float(unit) ** exponent, dimensions * unit.dim**exponent
    return scale, dimensions


def _unit(name: str) -> Any:
    units = _units()
    if name not in units:
        near = difflib.get_close_matches(name, [short for short in units if len(short) > 1], n=1, cutoff=0.7)
        raise UsageError(
            f"unknown unit '{name}'; "
            + (
                f"did you mean '{near[0]}'?"
                if near
                else "write it as Brian2 does, for example ms, mV, Hz, rad"
            )
        )
    return units[name]


@cache
def _units() -> dict[str, Any]:
    """Return Brian2's units by name and by symbol. Imported here: Brian2 takes a second to load."""
    from brian2.units import allunits
    from brian2.units.fundamentalunits import Unit

    found = {name: unit for name, unit in vars(allunits).items() if isinstance(unit, Unit)}
    return {unit.dispname: unit for unit in found.values()} | found
