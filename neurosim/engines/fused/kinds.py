"""Kinds: one compiled function for all parts of a program whose text is the same up to names and values.

The lines of a block are written in names of the storage. Here each gets a name by the order in which they appear, so
that equal text means an equal function; what the names stand for is the part, a row of words that comes with each call.
So time and memory of compiling depend on the number of kinds, and a function serves every network that has the kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurosim.engines.fused.addresses import ARGUMENTS, address
from neurosim.engines.fused.compiled import compiled
from neurosim.engines.fused.storage import Storage

NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
Imports = Mapping[str, tuple[str, str, Callable[..., Any]]]
"""By the name that a program gives a function: its module, its name there, and the function."""


@dataclass(frozen=True)
class Operation:
    """A call: of which function, by its address, and the storage that it works on in the order of its part."""

    function: int
    names: tuple[str, ...]


@dataclass
class Kinds:
    """Makes the functions of a program.

    Arguments:
        storage: what names stand for.
        owners: what names may begin with.
        head: the beginning of every module.
        imports: functions that some of them call.
        uses: functions of every module that they call into.
    """

    storage: Storage
    owners: frozenset[str]
    head: str
    imports: Imports
    uses: Sequence[Callable[..., Any]]
    made: dict[tuple[str, ...], int] = field(default_factory=dict)

    def operation(self, lines: Sequence[str]) -> Operation:
        """Return the call that does what lines say, written on names of the storage."""
        body = "\n".join(lines)
        found = dict.fromkeys(NAME.findall(body))
        held = tuple(n for n in found if n in self.storage.arrays or n in self.storage.numbers)
        names = self._names(found, held)
        body = NAME.sub(lambda match: names.get(match[0], match[0]), body)
        called = [name for name in found if name in self.imports]
        kind = (
            *(f"from {self.imports[n][0]} import {self.imports[n][1]} as {names.get(n, n)}" for n in called),
            *self._taken(held),
            body,
        )
        if kind not in self.made:
            text = self._module(
                kind[: len(called)], [*kind[len(called) : -1], *body.split("\n")], "full" in found
            )
            self.made[kind] = _address(text, [*self.uses, *(self.imports[n][2] for n in called)])
        return Operation(self.made[kind], held)

    def _names(self, found: Iterable[str], held: Iterable[str]) -> dict[str, str]:
        """Return other names, by their places, for what is held and for what else begins with an owner."""
        names = {name: f"s{place}" for place, name in enumerate(held)}
        roles: dict[str, str] = {}
        for name in found:
            owner, parts, rest = name.partition("__")
            if name not in names and parts and owner in self.owners:
                names[name] = f"{roles.setdefault(owner, f'p{len(roles)}')}__{rest}"
        return names

    def _taken(self, held: Iterable[str]) -> list[str]:
        """Return the lines that take arrays and numbers from the part."""
        lines, at = [], 0
        for place, name in enumerate(held):
            value = self.storage.value(name)
            item = "bool_" if value.dtype == bool else value.dtype.name
            lines.append(f"s{place} = {('number', 'array', 'grid')[value.ndim]}(part, {at}, np.{item})")
            at += 1 + value.ndim
        return lines

    def _module(self, imports: Iterable[str], lines: Iterable[str], full: bool) -> str:
        """Return the text of the module of a function; full, whether it may ask to stop for want of room."""
        return "\n".join(
            [
                self.head,
                *imports,
                "",
                "",
                "@jit(error_model='numpy', no_cpython_wrapper=True, no_cfunc_wrapper=True)",
                "def work(part, k, now, row, steps, share):",
                "    wide_vectors()",
                *(["    full = False"] if full else []),
                *(f"    {line}" for line in lines),
                f"    return {'int(full)' if full else 0}",
                "",
            ]
        )


def _address(text: str, uses: Iterable[Callable[..., Any]]) -> int:
    work = compiled(text, uses).work
    work.compile(ARGUMENTS)
    made = work.overloads[ARGUMENTS]
    return int(made.library.get_pointer_to_function(made.fndesc.llvm_func_name))


class Calls:
    """The calls of a program, in groups by name: for each the addresses of a function and of its part."""

    def __init__(self, groups: Mapping[str, Sequence[Operation]], storage: Storage) -> None:
        self._storage = storage
        self._where: dict[str, list[int]] = {}
        starts: dict[str, list[int]] = {}
        size = 0
        for group, operations in groups.items():
            starts[group] = []
            for operation in operations:
                starts[group].append(size)
                for name in operation.names:
                    self._where.setdefault(name, []).append(size)
                    size += 1 + storage.value(name).ndim
        for name, array in storage.arrays.items():
            if name in self._where and not array.flags.c_contiguous:
                storage.arrays[name] = np.ascontiguousarray(array)
        self._words = np.zeros(size, dtype=np.int64)
        first = self._words.ctypes.data
        self.groups = {
            group: np.array(
                [(o.function, first + 8 * at) for o, at in zip(operations, starts[group], strict=True)],
                np.int64,
            ).reshape(-1, 2)
            for group, operations in groups.items()
        }
        self.look()

    def look(self, names: Iterable[str] | None = None) -> None:
        """Take note of what names of the storage, or all of them, stand for now."""
        for name in self._where if names is None else names:
            array = self._storage.arrays.get(name)
            if array is not None:
                for at in self._where.get(name, ()):
                    self._words[at] = address(array)
                    self._words[at + 1 : at + 1 + array.ndim] = array.shape
            else:
                value = self._storage.value(name)
                for at in self._where.get(name, ()):
                    self._words[at : at + 1].view(value.dtype)[0] = value
