"""The toy study, installed as a plug-in for one test."""

import importlib
import sys
from pathlib import Path

import pytest

TOY = Path(__file__).parents[1] / "experiment" / "toy"


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """The module of the toy study, found through its entry point; the test works in a folder of its own."""
    monkeypatch.syspath_prepend(TOY)
    monkeypatch.setenv("PYTHONPATH", str(TOY))
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("toy_study", None)
    yield importlib.import_module("toy_study")
    sys.modules.pop("toy_study", None)
