"""The base of synapse models: what a projection does to its target, as data."""

from __future__ import annotations

from typing import Any, ClassVar

from neurosim.errors import DescriptionError
from neurosim.model.facts import check_facts
from neurosim.model.neuron import fill
from neurosim.model.parameters import Described, Option, Parameter
from neurosim.model.registries import enter, synapses


class SynapseModel(Described):
    """What one connection does, in Brian2's names: `w` its weight, `x_pre` and `x_post` variables of its two ends.

    `{port}` is the variable of the target that receives the input; `output_pre` reads the source's output.

    Facts of a class, one of the two:
        on_pre: a statement run when a spike arrives, such as `{port}_post += w`.
        graded: an expression that is summed over the connections of a target at every step, such as `w * {source}_pre`.
    """

    on_pre: ClassVar[str | None] = None
    graded: ClassVar[str | None] = None
    port: Any

    def __init_subclass__(cls, *, abstract: bool = False, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if not abstract:
            check_facts(cls, "synapse model", (Parameter, Option))
            if "port" not in cls.options:
                raise DescriptionError(
                    f"{cls.__name__} does not say which variable of the target receives it: "
                    "add port = option('g_e', 'variable of the target') and write {port}_post"
                )
            if cls.on_pre is None and cls.graded is None:
                raise DescriptionError(f"{cls.__name__} does nothing: give on_pre or graded")
            enter(synapses, cls)

    def text(self, pattern: str) -> str:
        """Return a fact's text with the chosen port and other options filled in."""
        return fill(pattern, self.chosen())
