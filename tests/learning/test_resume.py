"""Whatever learns, stopped at random steps and continued from a file, has the bits of what is not stopped."""

import importlib
import pkgutil
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from neurosim.learning.bptt import mean_square
from neurosim.learning.evolution import EvolutionState, EvolutionStrategy
from neurosim.learning.protocol import (
    AtEnd,
    Descend,
    Evaluation,
    Local,
    Online,
    Part,
    Phase,
    Stages,
    Supplied,
    Validation,
    parts,
)
from neurosim.rng import generator
from neurosim.rules import SET
from neurosim.store import read_state, write_state
from tests.learning.test_evolution import quadratic
from tests.learning.test_parts import Orthogonal, carrying, learner_of, line
from tests.learning.test_policy import learner_of as policy_of
from tests.learning.test_rewiring import rewiring
from tests.learning.test_trainer import noisy_regression, same_bits

STEPS, SEEDS = 40, [0, 1]


def delta(now):
    error = now.batch["target"] - now.outcome["y.output"]
    change = jnp.einsum("bti,btj->ij", now.batch["inputs"]["x"], error)
    return {"w.w": change.reshape(-1) / error.shape[0]}


def projected():
    return Descend(
        mean_square("y.output"), optax.sgd(0.1, momentum=0.9), ["w.w"], through={"w.w": Orthogonal()}
    )


LEARNERS = {
    "Carried": carrying,
    "Descend": lambda: noisy_regression(validation=Validation(noisy_regression().batches)),
    "Local": lambda: learner_of(Local("H.w"), projected()),
    "Online": lambda: learner_of(projected(), Online({"error": mean_square("y.output")}, STEPS)),
    "Regulator": lambda: line(0.2),
    "Rewire": lambda: rewiring(SET(density=0.4), every=7),
    "Supplied": lambda: learner_of(Supplied(delta, optax.adam(0.05), ["w.w"])),
}


def below(cls):
    for found in cls.__subclasses__():
        yield found
        yield from below(found)


def test_every_kind_of_part_is_tried():
    for module in pkgutil.iter_modules(parts.__path__):
        importlib.import_module(f"{parts.__name__}.{module.name}")
    # Those of studies, which other tests may have imported, are tried by the tests of their studies.
    own = {cls for cls in below(Part) if cls.__module__.startswith("neurosim.learning.")}
    tried = {kind for make in LEARNERS.values() for part in make().parts for kind in type(part).__mro__}
    assert own <= tried


def cuts_of(number, steps=STEPS):
    """Return random steps at which a training is stopped, in order."""
    return sorted(generator(2, "cuts").choice(np.arange(1, steps), number, replace=False).tolist())


def continued(name, path, step):
    """Continue what is in a file up to a step, and save it: what a process does that knows nothing else."""
    learner = LEARNERS[name]()
    write_state(path, learner.train(step, after=learner.load(path)).arrays())


@pytest.mark.parametrize(
    ("name", "cuts"),
    [("Regulator", 6), *(pytest.param(name, 20, marks=pytest.mark.slow) for name in LEARNERS)],
)
def test_a_training_through_files_has_the_bits_of_one_that_is_not_stopped(name, cuts, tmp_path):
    here, there, path = LEARNERS[name](), LEARNERS[name](), tmp_path / "training.h5"
    whole = there.train(STEPS, SEEDS)
    training = here.train(0, SEEDS)
    for cut in [*cuts_of(cuts), STEPS]:
        write_state(path, here.train(cut, after=training).arrays())
        training = there.load(path)
        here, there = there, here
    same_bits(training, whole)


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNERS)
def test_each_piece_of_a_training_may_be_run_by_a_new_process(name, tmp_path):
    learner, path = LEARNERS[name](), tmp_path / "training.h5"
    write_state(path, learner.train(0, SEEDS).arrays())
    for cut in [*cuts_of(1), STEPS]:
        call = f"from tests.learning.test_resume import continued; continued({name!r}, {str(path)!r}, {cut})"
        subprocess.run([sys.executable, "-W", "ignore", "-c", call], check=True)
    same_bits(learner.load(path), learner.train(STEPS, SEEDS))


def plan():
    """Two stages, the second as long as the first one's outcome says."""
    measured = yield 10, Phase(rates={"*": 0.5})
    yield 10 + int(measured["seen"]["loss"].sum() > 0) * 8, Phase()


@pytest.mark.slow
def test_stages_stopped_within_and_between_have_the_bits_of_those_that_are_not(tmp_path):
    path, rng = tmp_path / "training.h5", generator(2, "stops")
    learner = line(0.2)
    learner.every = 1
    stages = Stages(
        learner,
        plan,
        {"seen": Evaluation(learner.batches, {"loss": lambda y, b: jnp.mean((y - b) ** 2)}, AtEnd())},
    )
    left, stops, training = 0, 0, None

    def stop(progress):
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    whole = stages.train(SEEDS)
    while training is None or training.step < whole.step:
        left = int(rng.integers(1, 3))
        try:
            training = stages.train(SEEDS, after=training, progress=stop, checkpoint=path)
        except KeyboardInterrupt:
            stops, training = stops + 1, learner.load(path)
    assert stops > 10
    same_bits(training, whole)


def test_an_evolution_through_files_has_the_bits_of_one_that_is_not_stopped(tmp_path):
    strategy, path = EvolutionStrategy(population=6, sigma=0.3), tmp_path / "evolution.h5"
    state = strategy.start(np.zeros(3), seed=1)
    *_, whole = strategy.run(quadratic, state, STEPS)
    for cut in [*cuts_of(20), STEPS]:
        for record in strategy.run(quadratic, state, cut):
            write_state(path, record.state.arrays())
        state = EvolutionState.from_arrays(read_state(path))
    assert {n: v.tobytes() for n, v in state.arrays().items()} == {
        n: v.tobytes() for n, v in whole.state.arrays().items()
    }


@pytest.mark.slow
def test_a_policy_through_files_has_the_bits_of_one_that_is_not_stopped(tmp_path):
    here, there, path = policy_of(), policy_of(), tmp_path / "policy.h5"
    whole, training = there.train(6, seed=1), None
    for epoch in range(1, 7):
        training = here.train(epoch, seed=1, after=training)
        write_state(path, training.arrays())
        here, there = there, here
        training = here.learner.load(path)
    same_bits(training, whole)
