"""Testing the controllers of the bilateral motor study: hand paths, measures per trial, lesions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neurosim.analysis.reaching import Measure, final_errors, holding, reaching
from neurosim.experiments.bilateral_motor.training import MODELS, TASKS, Family
from neurosim.tasks import jax_key, rollout

PATHS = 12  # hand paths that are stored of each model


class Performance(NamedTuple):
    """What the models of a family did in the same test trials of each task; tasks, models and seeds first.

    hand (m), the start first (tasks, models, seeds, trials, steps + 1, 2); target (m) and load (N) (tasks, seeds,
    trials, 2); effort, mean u**2, and force, mean over muscles (N) (tasks, models, seeds, trials).
    """

    hand: np.ndarray
    target: np.ndarray
    load: np.ndarray
    effort: np.ndarray
    force: np.ndarray


def probe_trials(family: Family, seed: int, trials: int) -> Any:
    """Return the test trials of a seed, the same for all models, apart from those of the training."""
    return family.loop.trials(jax_key(seed, "bilateral motor", "test"), trials)


def performance(
    family: Family, parameters: Mapping[str, Any], trials: int, lesion: str | None = None
) -> Performance:
    """Return what trained models do in test trials.

    Arguments: family; parameters, by name (tasks, models, seeds, ...); trials, number per seed; lesion, or None.
    """
    run, _ = family.loop.outcome(lesion)

    def one(p: Mapping[str, Any], both: Any) -> tuple[Any, ...]:
        found = run(p, both)
        path = jnp.concatenate([found.trials.start[:, None], found.hand], axis=1)
        used = jnp.mean(jnp.square(found.excitation), axis=(1, 2))
        force = jnp.mean(found.arm.plant.muscle.force, axis=(1, 2))
        return path, found.trials.target, found.trials.load[:, 0], used, force

    both = jax.tree.map(lambda *x: jnp.stack(x), *[probe_trials(family, s, trials) for s in family.seeds])
    shape = (len(TASKS), *family.shape)
    full: dict[str, Any] = {n: jnp.asarray(v, jnp.float32) for n, v in parameters.items()}
    full["task"] = jnp.broadcast_to(jnp.arange(len(TASKS), dtype=jnp.float32)[:, None, None], shape)
    if family.loop.circuit.crossings:
        gains = jnp.asarray([MODELS[name].callosum for name in family.models], jnp.float32)
        full["callosum"] = jnp.broadcast_to(gains[:, None], shape)
    every = jax.jit(jax.vmap(jax.vmap(jax.vmap(one), (0, None)), (0, None)))
    path, target, load, used, force = (np.asarray(x, float) for x in every(full, both))
    return Performance(path, target[:, 0], load[:, 0], used, force)


def rest(family: Family, trials: int) -> dict[str, tuple[float, float]]:
    """Return (end error, mean error) (cm) of an arm without excitation, by task: what training has to beat."""

    def silent(memory: Any, observation: Any, cue: Any) -> Any:
        return memory, jnp.zeros((*cue.go.shape, family.loop.arm.plant.n_muscles))

    @jax.jit
    def distance(one: Any) -> Any:
        episode = rollout(family.loop.arm, silent, one, None)
        return jnp.linalg.norm(episode.hand - one.target[:, None], axis=-1)

    found = {}
    for number, task in enumerate(TASKS):
        each = [distance(probe_trials(family, seed, trials)[number]) for seed in family.seeds]
        error = 100 * np.stack([np.asarray(e) for e in each])
        found[task] = float(error[..., -1].mean()), float(error.mean())
    return found


def spread(found: Performance) -> dict[str, np.ndarray]:
    """Return the constant and the variable error of final positions (tasks, models, seeds; cm)."""
    ends = found.hand[..., -1, :]
    pairs = {at: final_errors(ends[at], found.target[at[0], at[2]]) for at in np.ndindex(ends.shape[:3])}
    return {
        name: np.array([pair[name] for pair in pairs.values()]).reshape(ends.shape[:3])
        for name in ("constant", "variable")
    }


def measures(found: Performance, task: str, dt: float) -> dict[str, Measure]:
    """Return every measure of every trial of a task, values (models, seeds, trials)."""
    k = TASKS.index(task)
    shape = found.effort[k].shape
    flat = found.hand[k].reshape(np.prod(shape), -1, 2)
    target, load = (np.tile(x[k].reshape(-1, 2), (shape[0], 1)) for x in (found.target, found.load))
    result = reaching(flat, target, dt)
    if task == "hold":
        # No movement is asked for, so there is none whose direction or line could be judged.
        for name in ("initial_direction", "straightness", "linearity", "movement_time"):
            del result[name]
        result |= holding(flat, load, dt)
    shaped = {n: m._replace(values=m.values.reshape(shape)) for n, m in result.items()}
    return shaped | {
        "effort": Measure(found.effort[k], "", "mean square of the excitation"),
        "force": Measure(found.force[k], "N", "mean force of a muscle"),
    }
