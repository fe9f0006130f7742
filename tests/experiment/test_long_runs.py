"""One long simulation within a stage: it continues from its last checkpoint to the same bits."""

from dataclasses import dataclass

import numpy as np
import pytest
from brian2 import ms

from neurosim import simulate
from neurosim.errors import UsageError
from neurosim.experiment import Experiment, new_run, resumed_run, setting
from neurosim.experiment.context import _digest
from neurosim.experiment.units import parse_number
from neurosim.store import open_results
from tests.engines.trust_networks import ENGINES, busy

SEEN: list[int] = []
"""Steps at which progress was reported, in this process."""
STOP: list[int] = []
"""The step after which the run is interrupted, once."""


@dataclass(frozen=True)
class Config:
    steps: int = setting(400, "steps of the long run", low=1)
    engine: str = setting("fused", "engine", choices=ENGINES)


def work(config, run, stage):
    simulation = simulate(busy(), config.engine, seed=run.seed)
    simulation.core.most = simulation._pace = 50
    shown = stage._display.advance

    def advance(name, done, total, text=""):
        SEEN.append(done)
        shown(name, done, total, text)
        if STOP and done >= STOP[0]:
            STOP.clear()
            raise KeyboardInterrupt

    stage._display.advance = advance
    try:
        stage.run(simulation, 20 * ms, {"u": [0.1, 0.2]})
        simulation.set("sa.w", 3 * simulation.get("sa.w")[0] / 4)
        stage.run(simulation, config.steps * 0.5 * ms, {"u": [0.3, 0.6]})
    finally:
        stage._display.advance = shown
    return simulation.recordings()


def study():
    return Experiment(
        "long",
        "A long run",
        "Toy 1901",
        Config,
        {"quick": Config()},
        lambda config, run: run.stage("only", lambda stage: work(config, run, stage)),
        lambda config, results: [],
    )


def content(path):
    with open_results(path) as results:
        return {name: results.data(name).array for name in results.paths()}


@pytest.mark.parametrize(
    "engine", ["fused", *(pytest.param(engine, marks=pytest.mark.slow) for engine in ("brian2", "jax"))]
)
def test_a_long_run_continues_from_its_last_checkpoint(tmp_path, monkeypatch, engine):
    monkeypatch.chdir(tmp_path)
    long = study()
    new_run(long, Config(engine=engine), out="whole.h5", seed=2).execute()
    for stop in (250, 100):
        STOP[:] = [stop]
        config, kept = Config(engine=engine), {"overwrite": True, "checkpoint_every": 1e-9}
        run = new_run(long, config, out="cut.h5", seed=2, **kept)
        with pytest.raises(KeyboardInterrupt):
            run.execute()
        SEEN.clear()
        resumed_run(long, "cut.h5").execute()
        # The short first run is taken again, the long one from the checkpoint before the stop.
        assert SEEN[0] == 40 and SEEN[1] == stop
        whole, cut = content("whole.h5"), content("cut.h5")
        assert whole.keys() == cut.keys()
        for name, value in whole.items():
            np.testing.assert_array_equal(cut[name], value, err_msg=name)


def test_a_checkpoint_of_another_beginning_is_not_used():
    state, rows = {"a": np.zeros(3)}, {"u": np.broadcast_to([1.0, 2.0], (5, 2))}
    first = _digest(state, 5, rows)
    for other in (
        ({"a": np.ones(3)}, 5, rows),
        (state, 6, rows),
        (state, 5, {"u": np.full((5, 2), 1.0)}),
        (state, 5, {"v": rows["u"]}),
    ):
        assert _digest(*other).tolist() != first.tolist()
    assert _digest(dict(state), 5, dict(rows)).tolist() == first.tolist()


@pytest.mark.parametrize(("text", "seconds"), [("30", 30.0), ("30s", 30.0), ("500 ms", 0.5), ("0", 0.0)])
def test_the_time_between_checkpoints_has_a_unit(text, seconds):
    assert parse_number(text, "s") == seconds
    with pytest.raises(UsageError, match="not a number"):
        parse_number("soon", "s")
