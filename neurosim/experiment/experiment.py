"""What a study is: its settings, its protocol, its claims and its figure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.experiment.claims import Claim
from neurosim.experiment.context import RunContext
from neurosim.experiment.settings import check_config, settings_of
from neurosim.registry import suggest
from neurosim.store import Results

if TYPE_CHECKING:
    from matplotlib.animation import Animation
    from matplotlib.figure import Figure

C = TypeVar("C")


@dataclass(frozen=True)
class Experiment(Generic[C]):
    """A published study that can be run. Name one in the entry-point group 'neurosim.experiments'.

    Arguments: name; title; citation, of the study; config, a frozen dataclass whose fields are settings; presets,
    configs by name, the first one the default; run(config, run), the protocol: its work is done in stages of the
    RunContext; claims(config, results), what the study claims and what was measured; figures(config, results), one
    matplotlib figure, stored beside the results; movie(config, results), a matplotlib animation, drawn when asked for;
    engine, the one used unless another is asked for.
    Raises DescriptionError or UsageError when a part is missing or a preset is out of bounds.
    """

    name: str
    title: str
    citation: str
    config: type[C]
    presets: Mapping[str, C]
    run: Callable[[C, RunContext], Any]
    claims: Callable[[C, Results], Iterable[Claim]]
    figures: Callable[[C, Results], Figure] | None = None
    movie: Callable[[C, Results], Animation] | None = None
    engine: str = "fused"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", self.name):
            raise DescriptionError(f"experiment '{self.name}': use letters, digits, '-' and '_' in a name")
        if not (self.title and self.citation and self.presets):
            raise DescriptionError(
                f"experiment '{self.name}': give a title, a citation and at least one preset"
            )
        if not (isinstance(self.config, type) and is_dataclass(self.config)):
            raise DescriptionError(
                f"experiment '{self.name}': config = {str(self.config)[:60]} is not a dataclass: give the class, "
                "not an instance of it"
            )
        settings_of(self.config)
        for name, preset in self.presets.items():
            if type(preset) is not self.config:
                raise DescriptionError(
                    f"experiment '{self.name}': preset '{name}' is not a {self.config.__name__}"
                )
            check_config(preset)

    def preset(self, name: str | None = None) -> tuple[str, C]:
        """Return a preset and its name, the first one by default; raises UnknownNameError with the nearest name."""
        name = next(iter(self.presets)) if name is None else name
        if name not in self.presets:
            raise UnknownNameError(
                f"experiment '{self.name}' has no preset '{name}': {suggest(name, self.presets)}"
            )
        return name, self.presets[name]
