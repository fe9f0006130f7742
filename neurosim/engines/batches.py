"""What needs a batch of trials at once, which most engines have not."""

from __future__ import annotations

from collections.abc import Iterator

from neurosim.compiler.equations.forms import NetworkEquations


def needs_batches(equations: NetworkEquations) -> Iterator[str]:
    """Yield a reason for every population that reads a mean over the trials of a batch."""
    for population in equations.populations.values():
        if any(group.function == "batch_mean" for group in population.groups.values()):
            yield (
                f"population '{population.name}': batch_mean is over the trials of a batch: engine 'jax' can run it"
            )
