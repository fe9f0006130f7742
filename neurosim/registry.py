"""Look-up of rules, models, engines and experiments by name, with plug-ins by entry point."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from threading import RLock
from typing import Generic, TypeVar

from neurosim.errors import DescriptionError, UnknownNameError

T = TypeVar("T")


def suggest(name: str, known: Iterable[str]) -> str:
    """Return 'did you mean ...?' for the nearest known name, else the list of known names, or that there are none."""
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    if not names:
        return "there are none"
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(names)}"


class Registry(Generic[T]):
    """Named things of one kind; other packages add theirs through an entry-point group.

    Arguments:
        kind: the word used in messages ('rule').
        group: the entry-point group ('neurosim.rules').
        load_own: a function that imports the project's own modules, called at the first look-up.
        fault: a function that says what is wrong with an item of another package, '' if nothing is.
    """

    def __init__(
        self,
        kind: str,
        group: str,
        load_own: Callable[[], None] = lambda: None,
        fault: Callable[[object], str] = lambda item: "",
    ) -> None:
        self.kind = kind
        self.group = group
        self._load_own = load_own
        self._fault = fault
        self._items: dict[str, T] = {}
        self._complete = {"own": False, "plug-ins": False}
        self._loading = RLock()

    def add(self, name: str, item: T, *, replace: bool = False) -> None:
        """Register an item; a name that another item has is rejected unless `replace`."""
        if not replace and self._items.get(name, item) is not item:
            raise DescriptionError(f"{self.kind} '{name}': the name is already taken; choose another name")
        self._items[name] = item

    def get(self, name: str) -> T:
        """Return the item; raises UnknownNameError with the nearest known name."""
        for load in (self.own, self.plug_ins):
            if name not in self._items:
                load()
        if name not in self._items:
            raise UnknownNameError(f"unknown {self.kind} '{name}': {suggest(name, self._items)}")
        return self._items[name]

    def held(self, name: str) -> T | None:
        """Return the item registered so far under a name, without loading anything, or None."""
        return self._items.get(name)

    def names(self) -> list[str]:
        """Return all names in alphabetical order, plug-ins included."""
        self.own()
        self.plug_ins()
        return sorted(self._items)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def own(self) -> None:
        """Import the project's own items, so that no other package can take their names before them."""
        self._once("own", self._load_own)

    def plug_ins(self) -> None:
        """Import what other packages add; raises DescriptionError on one that fails to import or has a taken name."""
        self._once("plug-ins", self._load_plug_ins)

    def _once(self, part: str, load: Callable[[], None]) -> None:
        # Another thread that looks something up meanwhile waits until all is there.
        with self._loading:
            if self._complete[part]:
                return
            # Noted before the import, since what is imported may look something up.
            self._complete[part] = True
            try:
                load()
            except BaseException:
                self._complete[part] = False
                raise

    def _load_plug_ins(self) -> None:
        for entry in metadata.entry_points(group=self.group):
            try:
                item = entry.load()
                if fault := self._fault(item):
                    raise DescriptionError(f"'{entry.value}' {fault}")
                self.add(entry.name, item)
            except Exception as error:
                package = entry.dist.name if entry.dist else entry.module
                raise DescriptionError(
                    f"{self.kind} '{entry.name}' of the package '{package}' cannot be used ({error}): "
                    "repair or uninstall it"
                ) from error
