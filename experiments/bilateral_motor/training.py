"""The seven controllers of the bilateral motor study, their losses, and their training as two vectorised batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from neurosim.bodies.arm import Effector, Hill, Plant
from neurosim.circuits.bilateral_motor import BilateralMotor
from neurosim.engines.jax import compile_functions
from neurosim.learning.bptt import Model, Objective, clip_each, controller
from neurosim.learning.bptt.losses import Term
from neurosim.learning.protocol import Descend, Fresh, Learner, Training
from neurosim.tasks import Hold, RandomReach, Trials, rollout

TASKS = ("reach", "hold")
DOMINANT, NON_DOMINANT = "dominant", "non-dominant"
LOSSES = {
    DOMINANT: {"P1": 5.0, "H": 0.02},
    NON_DOMINANT: {"A": 2.0, "P2": 5.0},
}
"""Weights of the terms in the two specialised losses; their mean is the non-specialised loss."""


def mixed(term: str, share: Any = 0.5) -> Any:
    """Return the weight of a term when the dominant loss has a share of the gradient and the other one the rest."""
    return share * LOSSES[DOMINANT].get(term, 0.0) + (1 - share) * LOSSES[NON_DOMINANT].get(term, 0.0)


class Kind(NamedTuple):
    """One of the seven models: hemispheres; callosum, whether there is one; share, of the dominant loss, by side."""

    hemispheres: int
    callosum: bool
    share: Mapping[str, float]


MODELS = {
    "U-N": Kind(1, False, {"whole": 0.5}),
    "U-D": Kind(1, False, {"whole": 1.0}),
    "U-ND": Kind(1, False, {"whole": 0.0}),
    "Bi-N": Kind(2, False, {"left": 0.5, "right": 0.5}),
    "CC-N": Kind(2, True, {"left": 0.5, "right": 0.5}),
    "Bi-S": Kind(2, False, {"left": 1.0, "right": 0.0}),
    "CC-S": Kind(2, True, {"left": 1.0, "right": 0.0}),
}
"""Unilateral, bilateral and with a callosum; -N non-specialised, -D and -ND (non-)dominant, -S specialised by side."""


class Outcome(NamedTuple):
    """What a batch of trials came to: arm, states [batch, steps, ...]; sensed, what was felt and seen after each step.

    hand (m) and excitation [batch, steps, ...]; hidden, activities of the hidden layers by population; trials.
    """

    arm: Any
    sensed: Any
    hand: Array
    excitation: Array
    hidden: Mapping[str, Array]
    trials: Trials


# Losses -------------------------------------------------------------------------------------------------------------


def mean_error(outcome: Outcome, batch: Any) -> Array:
    """Return P1 = mean |e|, e = hand - target, over trials, steps and components (m)."""
    return jnp.mean(jnp.abs(outcome.hand - outcome.trials.aim))


def square_error(outcome: Outcome, batch: Any) -> Array:
    """Return P2 = mean (10 e)**2 / 10 = 10 mean e**2."""
    return 10 * jnp.mean(jnp.square(outcome.hand - outcome.trials.aim))


def effort(outcome: Outcome, batch: Any) -> Array:
    """Return A = mean u**2 of the excitations."""
    return jnp.mean(jnp.square(outcome.excitation))


def roughness(y: Array, dt: float) -> Array:
    """Return mean y**2 + 0.05 mean (dy/dt)**2 of a signal y [batch, steps, units], by differences over dt (s)."""
    return jnp.mean(jnp.square(y)) + 0.05 * jnp.mean(jnp.square(jnp.diff(y, axis=1) / dt))


def intended(outcome: Outcome, dt: float) -> list[Array]:
    """Return what the regulariser is meant for: the activities of the hidden layers."""
    return [roughness(y, dt) for y in outcome.hidden.values()]


def as_released(outcome: Outcome, dt: float) -> list[Array]:
    """Return what it fell on in the released code: joint state, muscle state, proprioception, vision, in this order.

    The code names losses by layer but never returns hidden activities; losses and outputs are both sorted by name and
    then paired. The muscle state has seven parts; three of them, dimensionless and small, are left out here.
    """
    arm, sensed = outcome.arm.plant, outcome.sensed
    muscle = (arm.activation, arm.muscle.length, arm.muscle.velocity, arm.muscle.force)
    parts = [
        roughness(jnp.concatenate([arm.q, arm.dq], axis=-1), dt),
        jnp.stack([roughness(y, dt) for y in muscle]).sum() / 7,
        roughness(jnp.concatenate([sensed.length, sensed.velocity], axis=-1), dt),
        roughness(sensed.hand, dt),
    ]
    return parts[: len(outcome.hidden)]


REGULARISERS: dict[str, Callable[[Outcome, float], list[Array]]] = {
    "intended": intended,
    "as_released": as_released,
}


def terms(regulariser: str, dt: float) -> dict[str, Term]:
    """Return the terms of the losses by name: P1, P2, A, and H, a regulariser, summed over the hidden layers."""
    parts = REGULARISERS[regulariser]

    def hidden(outcome: Outcome, batch: Any) -> Array:
        return jnp.stack(parts(outcome, dt)).sum()

    return {"P1": mean_error, "P2": square_error, "A": effort, "H": hidden}


# Closed loop --------------------------------------------------------------------------------------------------------


def sense(observation: Any, cue: Any) -> dict[str, Array]:
    """Return the input of the controller: fibre lengths and velocities, hand, target [batch, 16]."""
    return {"input": jnp.concatenate([*observation, cue.target], axis=-1)}


@dataclass(frozen=True)
class Loop:
    """A controller, the arm and the two tasks.

    Arguments: circuit; slack, length of the fibres (optimum lengths) at which passive force begins; steps, of a trial.
    The free parameters are those of the circuit and 'task', 0 for reach, 1 for hold.
    """

    circuit: BilateralMotor
    slack: float = 1.0
    steps: int = 50

    @cached_property
    def arm(self) -> Effector:
        """The arm."""
        return Effector(Plant(muscle=Hill(slack=self.slack)), dt=self.circuit.dt)

    def trials(self, key: Array, batch: int) -> tuple[Trials, Trials]:
        """Return a batch of trials of each task."""
        limb = self.arm.plant.skeleton
        tasks = (RandomReach(self.steps), Hold(self.steps))
        return tuple(task.trials(limb, key, batch) for task in tasks)  # type: ignore[return-value]

    def outcome(
        self, lesion: str | None = None
    ) -> tuple[Callable[[Mapping[str, Any], Any], Outcome], Callable[..., Any]]:
        """Return (run, project): run, from (parameters, trials of each task) to what came of them."""
        functions = compile_functions(self.circuit.network(lesion=lesion))

        def run(parameters: Mapping[str, Any], both: tuple[Trials, Trials]) -> Outcome:
            trials: Trials = jax.tree.map(lambda *x: jnp.where(parameters["task"] > 0, x[1], x[0]), *both)
            network = {name: value for name, value in parameters.items() if name != "task"}
            control, start = controller(functions, network, sense, "excitation")
            memory = start(trials.q.shape[0])
            names = self.circuit.hidden
            episode = rollout(
                self.arm, control, trials, memory, watch=lambda m: {n: m[f"{n}.output"] for n in names}
            )
            sensed = self.arm.observe(episode.state)
            return Outcome(episode.state, sensed, episode.hand, episode.excitation, episode.watched, trials)

        return run, functions.project

    def model(self) -> Model:
        """Return the loop as something to train."""
        run, project = self.outcome()
        gain = {"callosum": np.array(1.0)} if self.circuit.crossings else {}

        def initial(seed: int) -> dict[str, Any]:
            return {**self.circuit.initial(seed), **gain, "task": np.array(0.0)}

        def outcome(parameters: Mapping[str, Any], batch: Any, key: Array) -> Outcome:
            return run(parameters, batch)

        return Model(initial, outcome, tuple(self.circuit.initial()), project)


# Training -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Family:
    """The models of one structure, trained together: every model, task and seed is one member of a batch.

    Members of one seed start from the same weights and get the same trials, so that models can be compared in pairs.
    A controller without callosum is one whose callosum has the gain 0.
    Arguments: hemispheres, 1 or 2; seeds; units, layers, of the controllers; slack and steps as of `Loop`; batch,
    trials per update; learning_rate, of Adam; decay, number of updates over which it falls to 0 along a cosine, or 0 if
    it stays; clip, 'global', of all gradients together, or 'each' parameter, to norm 1;
    regulariser, 'intended' or 'as_released'; every, updates between two checkpoints.
    """

    hemispheres: int
    seeds: Sequence[int]
    units: int = 10
    layers: int = 2
    slack: float = 1.0
    steps: int = 50
    batch: int = 64
    learning_rate: float = 5e-3
    decay: int = 0
    clip: str = "global"
    regulariser: str = "intended"
    every: int = 50
    models: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        chosen = tuple(name for name, kind in MODELS.items() if kind.hemispheres == self.hemispheres)
        object.__setattr__(self, "models", chosen)

    @cached_property
    def loop(self) -> Loop:
        """The closed loop of these models."""
        circuit = BilateralMotor(self.hemispheres, units=self.units, layers=self.layers)
        return Loop(circuit, self.slack, self.steps)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of models and of seeds, the first two axes of all results of one task."""
        return len(self.models), len(self.seeds)

    @cached_property
    def learner(self) -> Learner:
        """What learns, for all members of one task."""
        clip = optax.clip_by_global_norm(1.0) if self.clip == "global" else clip_each(1.0)
        batches = Fresh(lambda key: self.loop.trials(key, self.batch))
        cosine = optax.cosine_decay_schedule(self.learning_rate, self.decay) if self.decay else None
        optimiser = optax.chain(clip, optax.adam(cosine or self.learning_rate))
        return Learner(
            self.loop.model(), Descend(self.objective(), optimiser), batches=batches, every=self.every
        )

    def objective(self) -> Objective:
        """Return both losses and which of them teaches which parameter of which member."""
        sides, parts = self.loop.circuit.sides, terms(self.regulariser, self.loop.arm.dt)
        shares = {side: self._each([MODELS[name].share[side] for name in self.models]) for side in sides}
        if len(sides) == 1:  # one loss for all parameters takes one pass backward
            (share,) = shares.values()
            return Objective(parts, {"loss": {name: mixed(name, share) for name in parts}})
        mix = {f"{side}[0-9]*": shares[side] for side in sides} | {
            "*": np.mean(list(shares.values()), axis=0)
        }
        by_owner = {who: {DOMINANT: share, NON_DOMINANT: 1 - share} for who, share in mix.items()}
        return Objective(parts, LOSSES, by_owner)

    def train(
        self,
        task: str,
        updates: int,
        restored: Mapping[str, Any] | None = None,
        keep: Callable[[Training], None] = lambda training: None,
    ) -> Training:
        """Return the training of all members of a task.

        Arguments: task, one of TASKS; updates, how many; restored, arrays of a training to go on from; keep, called
        with the training so far every `every` updates.
        """
        seeds = list(self.seeds) * len(self.models)
        vary = {"task": np.full(len(seeds), float(TASKS.index(task)))}
        if self.loop.circuit.crossings:
            vary["callosum"] = self._each([float(MODELS[name].callosum) for name in self.models])
        training = None if restored is None else self.learner.restored(restored)
        done = 0 if training is None else training.step
        while done < updates:
            done = min(done + self.every, updates)
            training = self.learner.train(done, seeds, vary=vary, after=training)
            keep(training)
        assert training is not None
        return training

    def by_model(self, values: np.ndarray) -> np.ndarray:
        """Return what has members first as an array (models, seeds, ...)."""
        return np.asarray(values).reshape(*self.shape, *np.shape(values)[1:])

    def _each(self, values: Sequence[float]) -> np.ndarray:
        return np.repeat(np.asarray(values, float), len(self.seeds))
