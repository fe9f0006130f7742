"""Episodes of a controller in a body: compiled once per worker, any number of times run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import numpy as np

from neurosim.engines import get_engine
from neurosim.engines.externals import ExternalFunction
from neurosim.engines.recordings import Recording, Samples
from neurosim.engines.simulation import Simulation
from neurosim.errors import UsageError
from neurosim.learning.exploration import NOISE, Exploration
from neurosim.learning.rollout import Rollout
from neurosim.model.network import Network
from neurosim.model.units import second
from neurosim.rng import generator


class Controller(Protocol):
    """A network with a flat vector of weights that drives an External named 'body'."""

    @property
    def dt(self) -> float:
        """The control step (s)."""

    def network(self, vector: np.ndarray | None = None, record: tuple[str, ...] = ()) -> Network:
        """Return the network, with the outputs of some populations recorded."""

    def weights(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        """Return the vector by named parameter."""


class StartableBody(ExternalFunction, Protocol):
    """A body that starts anew from a stream of random numbers."""

    def reset(self, rng: np.random.Generator) -> None:
        """Start anew."""


@dataclass(frozen=True)
class Episode:
    """What one episode gave: the sum of rewards (1), the net speed of the centre of mass (m/s), and recordings."""

    total: float
    net_speed: float
    recordings: Mapping[str, Recording]


class Arena:
    """Runs episodes of one controller in one kind of body; safe to use from several threads at once.

    Arguments: controller; make_body, returns a new body for each worker; engine, by name; record, populations whose
    outputs every episode records; explore, noise on the actions of `collect`; seed, of what the network draws. The
    network has signal populations 'reward' and 'com'.
    """

    def __init__(
        self,
        controller: Controller,
        make_body: Callable[[], StartableBody],
        engine: str = "fused",
        record: tuple[str, ...] = (),
        explore: Exploration | None = None,
        seed: int = 0,
    ) -> None:
        self.explore = explore
        self._seed = seed
        self._controller = controller
        self._make_body = make_body
        self._engine = get_engine(engine)
        network = controller.network(record=tuple(dict.fromkeys(("reward", "com", *record))))
        self._network = network if explore is None else explore.added(network)
        self._idle: SimpleQueue[tuple[Simulation, StartableBody]] = SimpleQueue()

    def episode(self, vector: np.ndarray, rng: np.random.Generator, steps: int = 1000) -> Episode:
        """Run one episode from the start that `rng` draws.

        Arguments: vector, weights of the controller (n_parameters,); rng, of the start; steps, control steps.
        """
        with self._worker() as (simulation, body):
            body.reset(rng)
            simulation.reset()
            for name, value in self._controller.weights(vector).items():
                simulation.set(name, value)
            simulation.run(steps * self._controller.dt * second)
            recordings = simulation.recordings()
            # A sample is taken before the control step that it belongs to, so the last values are read apart.
            total = float(_values(recordings, "reward").sum() + simulation.get("reward.value")[0])
            start, end = _values(recordings, "com")[0], np.asarray(simulation.get("com.value"))
        return Episode(total, float(np.hypot(*(end - start)) / (steps * self._controller.dt)), recordings)

    @property
    def controller_network(self) -> Network:
        """The network of the controller, with its initial weights."""
        return self._controller.network()

    def collect(
        self,
        parameters: Mapping[str, Any],
        episodes: int,
        *,
        seed: int = 0,
        number: int = 0,
        steps: int = 1000,
    ) -> Rollout:
        """Run episodes with noise on the actions and return what was observed, done and rewarded.

        Arguments: parameters, of the network, by the names of `Simulation.set`; episodes, how many; seed, of starts and
        noise; number, of the roll-out, which draws starts and noise of its own; steps, of each episode.
        Raises UsageError for an arena that does not explore, UnknownNameError for another parameter.
        """
        if self.explore is None:
            raise UsageError("Arena.collect: the arena does not explore: give it explore=Exploration(...)")
        explore, found = self.explore, list[Rollout]()
        for episode in range(episodes):
            purpose = f"roll-out {number}, episode {episode}"
            noise = generator(seed, f"{purpose}, exploration").normal(
                size=(steps, self._network.populations[explore.action].size)
            )
            with self._worker() as (simulation, body):
                body.reset(generator(seed, f"{purpose}, start"))
                simulation.reset()
                for name, value in parameters.items():
                    simulation.set(name, value)
                simulation.run(steps * self._controller.dt * second, {NOISE: noise})
                recordings = simulation.recordings()
                seen = {n: _until_now(simulation, recordings, n) for n in (*explore.observe, "reward")}
                action = _values(recordings, explore.action, "u")
            mean = action - explore.sd * noise
            seen = {name: value[None] for name, value in seen.items()}
            reward = seen["reward"][:, 1:, 0]
            observations = {name: seen[name] for name in explore.observe}
            found.append(Rollout(observations, action[None], mean[None], reward))
        return Rollout(
            {name: np.concatenate([one.observations[name] for one in found]) for name in explore.observe},
            *(np.concatenate([getattr(one, n) for one in found]) for n in ("action", "mean", "reward")),
        )

    @contextmanager
    def _worker(self) -> Iterator[tuple[Simulation, Any]]:
        try:
            pair = self._idle.get_nowait()
        except Empty:
            body = self._make_body()
            pair = self._engine.compile(self._network, self._seed, {"body": body}), body
        try:
            yield pair
        finally:
            self._idle.put(pair)


def _until_now(simulation: Simulation, recordings: Mapping[str, Recording], name: str) -> np.ndarray:
    """Return the values of a signal before each step and after the last (steps + 1, units)."""
    return np.concatenate([_values(recordings, name), np.asarray(simulation.get(f"{name}.value"))[None]])


def _values(recordings: Mapping[str, Recording], name: str, variable: str = "output") -> np.ndarray:
    samples = recordings[f"{name}.{variable}"]
    assert isinstance(samples, Samples)
    return samples.values
