"""Settings of an experiment: the documented, bounded fields of a frozen dataclass."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from neurosim.errors import DescriptionError, UsageError
from neurosim.experiment.units import check_unit, has_unit, parse_number
from neurosim.registry import suggest

C = TypeVar("C")
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Setting:
    """The facts of one setting: name, type (of each element, for a tuple), default, doc, unit, bounds, choices."""

    name: str
    type: type
    many: bool
    default: Any
    doc: str
    unit: str
    low: float | None
    high: float | None
    choices: tuple[Any, ...] | None

    def parse(self, text: str) -> Any:
        """Read the setting from text; raises UsageError."""
        if not self.many:
            return self._parse_one(text)
        parts = [part for part in text.strip().strip("()[]").split(",") if part.strip()]
        if len({has_unit(part) for part in parts}) > 1:
            raise self._error(f"'{text}' has a unit on some numbers only; write it on all or on none")
        return tuple(self._parse_one(part) for part in parts)

    def check(self, value: Any) -> None:
        """Raise UsageError unless a value has the type, is finite and within the bounds and choices."""
        if self.many and not isinstance(value, tuple):
            raise self._error(f"{value!r} is not a tuple")
        for one in value if self.many else (value,):
            self._check_one(one)

    def _parse_one(self, text: str) -> Any:
        text = text.strip()
        if self.type is str:
            return text
        if self.type is bool:
            if text.lower() not in _WORDS:
                raise self._error(f"'{text}' is neither true nor false")
            return _WORDS[text.lower()]
        try:
            number = parse_number(text, self.unit)
        except UsageError as error:
            raise self._error(str(error)) from error
        if self.type is int:
            if not number.is_integer():
                raise self._error(f"'{text}' is not a whole number")
            return int(text) if text.lstrip("+-").isdigit() else int(number)
        return number

    def _check_one(self, value: Any) -> None:
        accepted: Any = (int, float) if self.type is float else self.type
        if not isinstance(value, accepted) or (isinstance(value, bool) and self.type is not bool):
            raise self._error(f"{value!r} is not of type {self.type.__name__}")
        if isinstance(value, float) and not math.isfinite(value):
            raise self._error(f"{value} is not a finite number")
        if self.choices is not None and value not in self.choices:
            raise self._error(f"'{value}' is not {self.bounds()}")
        low, high = (
            -math.inf if self.low is None else self.low,
            math.inf if self.high is None else self.high,
        )
        if self.type in (int, float) and not low <= value <= high:
            both = self.low is not None and self.high is not None
            raise self._error(
                f"{value} lies outside {low:g} ... {high:g}" if both else f"{value} is not {self.bounds()}"
            )

    def bounds(self) -> str:
        """Return what a value must be, as text: choices or bounds, '' if there are none."""
        if self.choices is not None:
            return f"one of: {', '.join(map(str, self.choices))}"
        words = [
            f"{word} {bound:g} {self.unit}".rstrip()
            for word, bound in (("at least", self.low), ("at most", self.high))
            if bound is not None
        ]
        return ", ".join(words)

    def _error(self, problem: str) -> UsageError:
        return UsageError(f"setting '{self.name}': {problem}")


def setting(
    default: Any,
    doc: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[Any] | None = None,
) -> Any:
    """Declare a field of a frozen dataclass as a setting.

    Arguments: default, a float (in `unit`), int, bool, str or tuple of one of these; doc, what it is and the paper's
    value; unit, '' if dimensionless; low, high, inclusive bounds (of every element); choices, the allowed values.
    """
    if hasattr(default, "dim"):  # a quantity of Brian2, which takes a second to load
        raise DescriptionError(
            f"setting '{doc}': default {default}: give a plain value, and its unit as unit='ms'"
        )
    facts = {"doc": doc, "unit": unit, "low": low, "high": high, "choices": choices and tuple(choices)}
    return dataclasses.field(default=default, metadata={"setting": facts})


def settings_of(config: Any) -> dict[str, Setting]:
    """Return the settings of a config, or of its class, by name; raises DescriptionError for a field that is none."""
    hints = get_type_hints(config if isinstance(config, type) else type(config))
    return {field.name: _setting(field, hints[field.name]) for field in dataclasses.fields(config)}


def check_config(config: Any) -> None:
    """Raise UsageError when a value of a config has the wrong type or is out of bounds."""
    for name, facts in settings_of(config).items():
        facts.check(getattr(config, name))


def with_settings(config: C, assignments: Iterable[str]) -> C:
    """Return a config with settings replaced.

    Arguments: config, a frozen dataclass of settings; assignments, texts such as 'tau=5 ms'.
    Raises UsageError for an unknown setting (with the nearest name), a value that cannot be read or is out of bounds.
    """
    known, values = settings_of(config), {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        if not equals:
            raise UsageError(f"'{assignment}' has no value: write name=value")
        if name not in known:
            raise UsageError(f"unknown setting '{name}': {suggest(name, known)}")
        if name in values:
            raise UsageError(f"setting '{name}' is given twice")
        values[name] = known[name].parse(text)
    return _replaced(config, values)


def config_from(default: C, values: Mapping[str, Any]) -> C:
    """Return a config with the values stored in a file, where tuples are lists; raises UsageError."""
    unknown = set(values) - set(settings_of(default))
    if unknown:
        raise UsageError(
            f"the stored run has settings this experiment does not have: {', '.join(sorted(unknown))}"
        )
    return _replaced(default, {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def _replaced(config: C, values: Mapping[str, Any]) -> C:
    new = dataclasses.replace(config, **values)  # type: ignore[type-var]
    check_config(new)
    return new


def _setting(field: dataclasses.Field[Any], hint: Any) -> Setting:
    facts = field.metadata.get("setting")
    many = get_origin(hint) is tuple
    kind = get_args(hint)[0] if many else hint
    if facts is None or kind not in (float, int, bool, str):
        raise DescriptionError(
            f"config field '{field.name}': declare it with setting(...) as float, int, bool, str or a tuple of one"
        )
    check_unit(facts["unit"], f"setting '{field.name}'")
    return Setting(field.name, kind, many, field.default, **facts)
