"""Kill runs of the toy study, each in a process of its own, and finish what they leave: python kill_runs.py NUMBER.

Prints one word for each run: what was found after the kill. Ends with an error if a run is lost, has lost more than
what was written last, or ends with other content.
"""

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_study import Config
from toy_study import experiment as toy

from neurosim.errors import ResultFileError
from neurosim.experiment import QuietDisplay, new_run, resumed_run
from neurosim.store import Parts, open_results

CONFIG = Config(steps=12, pause=0.003)
experiment = replace(toy, figures=None)


class Telling(QuietDisplay):
    """Tells through a pipe how many steps have been kept."""

    def __init__(self, pipe):
        self.pipe = pipe

    def advance(self, stage, done, total, text):
        os.write(self.pipe, bytes([done]))


def killed_after(seconds, path):
    """Run in a process that is killed after some time; return how many steps it had kept."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        new_run(experiment, CONFIG, out=path, seed=5, workers=1).execute(Telling(writing))
        os._exit(0)
    os.close(writing)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        return max(pipe.read(), default=0)


def found(path, kept):
    """Return what a kill has left, and finish it."""
    if path.exists():
        with open_results(path) as results:
            assert results.status == "complete"
        if Path(f"{path}.parts").exists():
            resumed_run(experiment, path, workers=1).execute()
        return "complete"
    try:
        parts = Parts.open(path)
    except ValueError:  # it was killed before it began
        new_run(experiment, CONFIG, out=path, seed=5, workers=1).execute()
        return "new"
    state = parts.load_state("walk")
    steps = CONFIG.steps if "walk" in parts.stages() else 0 if state is None else len(state["path"]) - 1
    assert steps >= kept, (steps, kept)
    parts.close()
    with pytest.raises(ResultFileError, match="its run has not ended"):
        open_results(path)
    resumed_run(experiment, path, workers=1).execute()
    return "resumed"


def content(path):
    """Return the hash of the content of a file."""
    with open_results(path) as results:
        assert results.status == "complete"
        return results.attributes["content"]


def main(number):
    """Kill and finish a number of runs."""
    folder = Path("runs")
    folder.mkdir()
    began = time.monotonic()
    new_run(experiment, CONFIG, out=folder / "whole.h5", seed=5, workers=1).execute()
    lasts, expected = time.monotonic() - began, content(folder / "whole.h5")
    rng = np.random.default_rng(0)
    for k in range(number):
        path = folder / f"{k}.h5"
        kept = killed_after(rng.uniform(0, lasts), path)
        print(found(path, kept), flush=True)
        assert content(path) == expected and not Path(f"{path}.parts").exists()


main(int(sys.argv[1]))
