"""Parameters with units and bounds, and the base of every class that is described by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from brian2 import second

from neurosim.errors import DescriptionError, NeurosimError, UnknownNameError, brief
from neurosim.model.computed import computed
from neurosim.model.timed import TimedSignal
from neurosim.model.units import DIMENSIONLESS, Dimension, dimension_of, in_si, unit_name
from neurosim.model.values import Distribution, Value, value_dimension
from neurosim.registry import suggest


@dataclass(frozen=True)
class Parameter:
    """A named constant of a model or rule.

    Arguments:
        default: a number or quantity, whose unit is the parameter's unit.
        doc: what it means.
        low, high: bounds in the same unit.
        of_weight: whether it takes the unit of the weight.
        required: whether an instance must be given a value; the default then only gives the unit and serves examples
            and checks.
    """

    default: Any
    doc: str = field(repr=False)  # not part of what a network file compares
    low: Any = None
    high: Any = None
    of_weight: bool = False
    required: bool = False

    @property
    def dimension(self) -> Dimension:
        """The dimension that a value must have."""
        return (
            self.default.dimension if isinstance(self.default, TimedSignal) else value_dimension(self.default)
        )

    def with_default(self, value: Any, where: str) -> Parameter:
        """Return the parameter with another default, which a subclass gives it; raises DescriptionError as `check`."""
        return replace(self, default=self.check(value, where), required=False)

    def check(self, value: Any, where: str) -> Value:
        """Return the value if its unit, finiteness and bounds are right; else raise DescriptionError."""
        try:
            value = computed(value)
        except NeurosimError as error:
            raise type(error)(f"{where} = {error}") from None
        if isinstance(self.default, TimedSignal) or isinstance(value, TimedSignal):
            return self._signal(value, where)
        if isinstance(value, Distribution):
            value.check(None if self.of_weight else self.dimension, where)
            return value
        dimension = dimension_of(value, where) if self.of_weight else self.dimension
        self.check_bounds(in_si(value, dimension, where), where)
        return value

    def _signal(self, value: Any, where: str) -> TimedSignal:
        """Return a signal; a number becomes one that does not change."""
        if not isinstance(self.default, TimedSignal):
            raise DescriptionError(
                f"{where} is a signal in time, and the equations read a number: give one, or a model whose equations "
                "read it as s(t)"
            )
        if not isinstance(value, TimedSignal):
            in_si(value, self.dimension, where)
            if np.ndim(value):
                raise DescriptionError(f"{where} is an array: give a TimedSignal, or one number")
            value = TimedSignal(np.reshape(value, (1,)), 1 * second)
        if value.dimension is not self.dimension:
            raise DescriptionError(
                f"{where} has the unit {unit_name(value.dimension)}: give a signal in {unit_name(self.dimension)}"
            )
        self.check_bounds(value.si, where)
        return value

    def check_bounds(self, si: np.ndarray, where: str) -> None:
        """Reject values (SI units) beyond the bounds."""
        for bound, broken, word in ((self.low, np.less, "below"), (self.high, np.greater, "above")):
            if bound is None:
                continue
            beyond = si[broken(si, np.asarray(bound, dtype=float))]
            if beyond.size:
                raise DescriptionError(
                    f"{where} = {beyond[0]:g} (SI) lies {word} its bound {bound}: change it"
                )


def parameter(
    default: Any,
    doc: str,
    *,
    low: Any = None,
    high: Any = None,
    of_weight: bool = False,
    required: bool = False,
) -> Any:
    """Declare a parameter of a model or rule.

    Arguments:
        default: a number or quantity, whose unit is the parameter's unit, or a `TimedSignal`, which equations of a
            neuron read as s(t) or s(t - d).
        doc: what it means.
        low, high: bounds in the same unit.
        of_weight: whether its unit is that of the weight it acts on, whatever that is.
        required: whether every instance must be given a value because no default is known; `default` is then an
            example.
    """
    if not isinstance(default, TimedSignal):
        dimension_of(default, f"parameter '{doc}'")
    declared = Parameter(default, doc, low, high, of_weight, required)
    for bound in (low, high):
        if bound is not None and not of_weight and dimension_of(bound) is not declared.dimension:
            raise DescriptionError(
                f"parameter '{doc}': the bound {bound} has another unit than {default}: correct it"
            )
    declared.check(default, f"parameter '{doc}'")
    return declared


@dataclass(frozen=True)
class Option:
    """A named choice that shapes the equations of a model (not a number)."""

    default: str
    doc: str = field(repr=False)
    choices: tuple[str, ...] = ()

    def with_default(self, value: Any, where: str) -> Option:
        """Return the option with another default, which a subclass gives it; raises DescriptionError."""
        return replace(self, default=_check_option(value, self, where))


def option(default: str, doc: str, choices: tuple[str, ...] = ()) -> Any:
    """Declare a choice of a model, such as its transfer function.

    Arguments:
        default: the choice of an instance that does not name one.
        doc: what is chosen.
        choices: the names to choose from (any name if empty).
    """
    return Option(default, doc, choices)


class Described:
    """Base of models, synapses and rules: the class states facts, an instance holds parameter values.

    Subclasses are data: class attributes made by `parameter(...)` and `option(...)`, and equations as text. A plain
    value for an inherited parameter or option becomes its default in the subclass. Instances are immutable.
    """

    parameters: ClassVar[Mapping[str, Parameter]] = {}
    options: ClassVar[Mapping[str, Option]] = {}
    _sets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        above: Any = super(cls, cls)
        every: dict[str, Parameter | Option] = {**above.parameters, **above.options}
        for name, inherited in every.items():
            if name not in vars(cls):
                continue
            value, where = vars(cls)[name], f"{cls.__name__}.{name}"
            if not isinstance(value, Parameter | Option):
                setattr(cls, name, inherited.with_default(value, where))
            elif isinstance(value, Parameter) is not isinstance(inherited, Parameter):
                raise DescriptionError(f"{where} is inherited as another kind of fact: choose another name")
        own = vars(cls)
        for name, declared in own.items():
            if isinstance(declared, Parameter | Option) and name not in every and hasattr(above, name):
                raise DescriptionError(
                    f"{cls.__name__}.{name}: the name has another meaning here: choose another"
                )
        cls.parameters = {**above.parameters, **{k: v for k, v in own.items() if isinstance(v, Parameter)}}
        cls.options = {**above.options, **{k: v for k, v in own.items() if isinstance(v, Option)}}

    def __init__(self, /, **values: Any) -> None:
        name = type(self).__name__
        known = {**self.parameters, **self.options}
        for key in values:
            if key not in known:
                raise DescriptionError(f"{name} has no parameter '{key}': {suggest(key, known)}")
        checked: dict[str, Any] = {}
        for key, declared in self.parameters.items():
            if declared.required and key not in values:
                unit = "the unit of the weight" if declared.of_weight else unit_name(declared.dimension)
                raise DescriptionError(
                    f"{name}.{key} ({declared.doc}) has no default: give a value in {unit}"
                )
            checked[key] = declared.check(values.get(key, declared.default), f"{name}.{key}")
        for key, choice in self.options.items():
            checked[key] = _check_option(values.get(key, choice.default), choice, f"{name}.{key}")
        self.__dict__.update(checked)
        self._check_values()

    def __setattr__(self, name: str, value: Any) -> None:
        raise DescriptionError(
            f"{type(self).__name__}.{name} cannot be changed: make a new one with other values"
        )

    def _check_values(self) -> None:
        """Refuse values that do not go with the equations; raises DescriptionError."""

    @classmethod
    def example(cls) -> Self:
        """Return an instance with default values, those of required parameters included, for checks and figures."""
        return cls(**{name: p.default for name, p in cls.parameters.items() if p.required})

    @classmethod
    def named(cls, name: str, /, **values: Any) -> Self:
        """Return an instance with a parameter set of the class, such as a published one, and other values as given.

        Raises UnknownNameError for an unknown name.
        """
        if name not in cls._sets:
            raise UnknownNameError(
                f"{cls.__name__} has no parameter set '{name}': {suggest(name, cls._sets)}"
            )
        return cls(**{**cls._sets[name], **values})

    def values(self) -> dict[str, Any]:
        """Return the value of every parameter (numbers and quantities as given)."""
        return {name: getattr(self, name) for name in self.parameters}

    def chosen(self) -> dict[str, str]:
        """Return the value of every option."""
        return {name: getattr(self, name) for name in self.options}

    def replace(self, /, **values: Any) -> Described:
        """Return a copy with some values changed."""
        return type(self)(**{**self.values(), **self.chosen(), **values})

    def __repr__(self) -> str:
        changed = [f"{k}={getattr(self, k)}" for k in self.options]
        changed += [f"{k}={getattr(self, k)!r}" for k in self.parameters]
        return f"{type(self).__name__}({', '.join(changed)})"


def _check_option(value: Any, choice: Option, where: str) -> str:
    if not isinstance(value, str) or (choice.choices and value not in choice.choices):
        raise DescriptionError(f"{where} = {brief(value)}: {suggest(str(value), choice.choices)}")
    return value


def parameter_table(cls: type[Described]) -> list[tuple[str, str, str, str]]:
    """Return rows (name, default, unit, meaning) of the parameters of a class, for documentation and `list`."""
    rows = []
    for name, declared in cls.parameters.items():
        unit = "of the weight" if declared.of_weight else unit_name(declared.dimension)
        default = "required" if declared.required else str(declared.default)
        rows.append((name, default, unit, declared.doc))
    return rows


__all__ = ["DIMENSIONLESS", "Described", "Option", "Parameter", "option", "parameter", "parameter_table"]
