"""What every test needs: one thread, no display, the same examples at every run; and a toy study to run."""

import importlib
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Read by the libraries when they are first imported, which is after this file.
for name, value in {
    "MUJOCO_GL": "disabled",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}.items():
    os.environ.setdefault(name, value)

# No deadline: the first example may compile. Derandomised: only a change to the code can break a test.
settings.register_profile(
    "neurosim", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("neurosim")

TOY = Path(__file__).with_name("toy")


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """The module of the toy study, found through its entry point; the test works in a folder of its own."""
    monkeypatch.syspath_prepend(TOY)
    monkeypatch.setenv("PYTHONPATH", str(TOY))
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("toy_study", None)
    yield importlib.import_module("toy_study")
    sys.modules.pop("toy_study", None)
