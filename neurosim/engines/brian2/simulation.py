"""A running network of the reference engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.engines.brian2 import state as brian2_state
from neurosim.engines.brian2.machine import Machine
from neurosim.engines.externals import ExternalFunction
from neurosim.engines.recordings import Samples, Spikes
from neurosim.engines.simulation import Progress, Simulation, State
from neurosim.errors import DescriptionError, RunFailed

REPORTS = 100
"""How often progress is told during a run."""


class Brian2Simulation(Simulation):
    """A network that Brian2 runs; see `Simulation`."""

    def __init__(self, equations: NetworkEquations, externals: Mapping[str, ExternalFunction]) -> None:
        super().__init__(equations)
        self._machine = Machine(equations, externals)

    @property
    def now(self) -> int:
        """Number of steps taken."""
        return self._machine.step.number

    def _advance(self, steps: int, inputs: Mapping[str, np.ndarray], progress: Progress | None) -> None:
        machine, first = self._machine, self.now
        machine.start(inputs)
        every = max(1, steps // REPORTS)
        # Values that are not finite are looked for below, and named.
        with np.errstate(all="ignore"):
            for done in range(1, steps + 1):
                machine.advance()
                if progress is not None and (done % every == 0 or done == steps):
                    progress(done, steps)
        self._check_finite(first)

    def _check_finite(self, first: int) -> None:
        parts: dict[str, Any] = {**self._machine.populations, **self._machine.projections}
        for kind, known in (
            ("population", self.equations.populations),
            ("projection", self.equations.projections),
        ):
            for name, part in known.items():
                for variable in (*part.states, *getattr(part, "traces", ())):
                    if not np.all(np.isfinite(parts[name].array(variable))):
                        raise RunFailed(
                            f"{kind} '{name}': '{variable}' became NaN or infinite between steps {first} and "
                            f"{self.now}: lower dt or check the parameters"
                        )

    def _accumulate(self, share: float) -> None:
        with self._machine.last_step(), np.errstate(all="ignore"):
            for presentation in self._machine.presentations:
                presentation.accumulate(share)

    def _apply(self) -> None:
        with self._machine.last_step(), np.errstate(all="ignore"):
            for presentation in self._machine.presentations:
                presentation.apply()
        self._check_finite(self.now)

    def _relax(self) -> None:
        for population in self._machine.populations.values():
            population.relax()

    def _read(self, owner: str, name: str) -> np.ndarray:
        return self._machine.value(owner, name)

    def _write(self, owner: str, name: str, value: np.ndarray) -> None:
        if owner in self._machine.projections:
            self._machine.projections[owner].write(name, value)
            return
        population = self._machine.populations[owner]
        if name not in {*population.population.constants, *population.population.states}:
            raise DescriptionError(
                f"'{owner}.{name}' follows from other variables at each step: set a state or a constant"
            )
        population.array(name)[:] = value

    def _outputs(self) -> dict[str, np.ndarray]:
        outputs = {name: array.copy() for name, array in self._machine.outputs.items()}
        spiking = {
            n: u for n, u in self._machine.populations.items() if u.population.spiking and n not in outputs
        }
        return outputs | {name: population.group.spikes.copy() for name, population in spiking.items()}

    def state(self) -> State:
        """Return the complete state as arrays by name."""
        return brian2_state.save(self._machine, self._named)

    def restore(self, state: State) -> None:
        """Go on from a state of the same network; recordings start anew. Raises ResultFileError on another's state."""
        brian2_state.load(self._machine, self._named, state)
        self._clear_records()

    def _clear_records(self) -> None:
        for record in self._machine.records.values():
            record.clear()

    def reset(self) -> None:
        """Go back to step 0; see `Simulation.reset`."""
        self._machine.reset()
        for parameter in self.equations.network.parameters.values():
            self._apply_named(parameter)
        self._clear_records()

    def _collected(self) -> dict[str, Spikes | Samples]:
        """Return all recordings by 'target.variable'."""
        return {key: record.result() for key, record in self._machine.records.items()}
