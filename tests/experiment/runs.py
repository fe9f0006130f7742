"""Runs of the toy study in processes of their own, and what they leave."""

import subprocess
import sys
import time
from pathlib import Path

from neurosim.store import open_results


def content(path):
    """All arrays of a result file, as bytes."""
    with open_results(path) as results:
        return {name: (results.info(name), results.array(name).tobytes()) for name in results.paths()}


def started(*arguments):
    """Start a slow run in a process of its own and wait until its second stage is under way."""
    neurosim = str(Path(sys.executable).with_name("neurosim"))
    command = [
        neurosim,
        "run",
        "toy",
        "--out",
        "run.h5",
        "--seed",
        "3",
        "--set",
        "steps=12",
        "--set",
        "pause=0.1",
    ]
    # A script that starts a run in the background does so with SIGINT ignored.
    shell = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
    process = subprocess.Popen([*shell, *command, *arguments], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not Path("run.h5.parts/walk.state.h5").exists():
        assert time.monotonic() < deadline and process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    return process
