"""The comparison of training steps: what is measured, a peer that is missing, the command."""

import io
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from neurosim.bench.descents import recurrent
from neurosim.bench.descents.descent import DESCENTS
from neurosim.bench.descents.measure import descent_table, measure_descent
from neurosim.cli import main
from neurosim.errors import DescriptionError, UnknownNameError


def text_of(result):
    out = io.StringIO()
    Console(file=out, width=120).print(descent_table(result))
    return out.getvalue()


@pytest.mark.slow
def test_ours_is_measured_and_a_missing_peer_is_named(monkeypatch):
    absent = replace(DESCENTS["training"], needs=("no_such_module",))
    monkeypatch.setitem(DESCENTS, "training", absent)
    said = []
    result = measure_descent("training", 2, said.append)
    assert json.loads(json.dumps(result)) == result
    assert result["missing"] == "no_such_module is not installed"
    assert list(result["contenders"]) == ["ours"]
    assert "ratio" not in result
    ours = result["contenders"]["ours"]
    assert ours["cpu"] == np.median(ours["rounds"]["cpu"]) > 0
    assert 0 < result["warm"]["cpu"] < ours["build"]["cpu"]
    assert "not measured: no_such_module is not installed" in text_of(result)
    assert len(said) == 3

    # What is measured is the network that it says: its first loss, by hand.
    v, keep = recurrent.start(), np.exp(-recurrent.DT / recurrent.TAU)
    r, outputs = np.zeros((recurrent.TRIALS, recurrent.UNITS)), []
    for x in np.moveaxis(v["x"], 1, 0):
        outputs.append(r @ v["read"].T)
        r = keep * r + (1 - keep) * np.tanh(x @ v["in"].T + r @ v["rec"].T)
    loss = np.mean((np.stack(outputs, 1) - v["target"]) ** 2)
    np.testing.assert_allclose(ours["losses"][0], loss, rtol=1e-5)
    assert ours["losses"][9] < ours["losses"][0]


def test_the_table_gives_ratio_and_verdict():
    spent = {"cpu": 0.004, "wall": 0.005, "build": {"cpu": 3.0}}
    result = {"comparison": "training", "title": "t", "peer": "PyTorch", "missing": None, "low": 2, "aim": 3}
    result |= {"start": (5, 1), "warm": {"cpu": 1.5}}
    result |= {"contenders": {"ours": spent, "peer": spent | {"cpu": 0.01}}, "ratio": 2.5, "holds": True}
    text = text_of(result | {"difference": 1e-7})
    assert "3 / 1.5" in text and "at most 5 / 1" in text and "fails" in text
    assert "fails" not in text_of(result | {"warm": {"cpu": 0.5}})
    assert "at least 2 (aim 3)" in text and "holds" in text and "2.5" in text and "1.0e-07" in text


def test_wrong_names_and_rounds_are_refused(capsys):
    with pytest.raises(UnknownNameError, match="'army'"):
        measure_descent("army")
    with pytest.raises(DescriptionError, match="rounds = 0"):
        measure_descent("arm", 0)
    assert main(["bench", "army"]) == 2
    assert "'arm'" in capsys.readouterr().err
    assert main(["bench", "arm", "--peer", "torch"]) == 2
    assert "leave --peer and --figure out" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["soft_hebb_jax", "whitening_jax"])
def test_presentations_are_the_products_of_matrices_that_they_are_compared_with(name):
    found = []
    for contender in ("ours", "peer"):
        program = DESCENTS[name].program(contender)(3)
        program.advance()
        found.append(program.results()["losses"])
    np.testing.assert_allclose(*found, rtol=1e-12)
    assert len(set(found[0])) == 4


@pytest.mark.slow
@pytest.mark.parametrize("name", ["spiking_norse", "arm"])
def test_a_library_of_ours_that_is_missing_is_named_in_one_line(name):
    # As if it were not installed, in the processes of contenders too.
    code = "import sys; sys.modules['jax'] = None; from neurosim.bench.descents import worker; "
    code += f"worker.serve(lambda: worker.Worker({name!r}, 'ours'))"
    done = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "jax is not installed: pip install 'neurosim[learn]'"
