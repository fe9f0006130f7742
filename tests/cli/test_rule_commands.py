"""Rules on the command line: a new one is written, checked, listed; a broken clause is shown and ends with code 1."""

import json
import sys
from pathlib import Path

import pytest

from neurosim.cli import main
from neurosim.rules import registry

BROKEN = '''
from brian2 import second
from neurosim import SynapticRule, parameter, post

class Unsourced{number}(SynapticRule):
    """dw/dt = -eta * y;  y postsynaptic activity (1), w weight (1), eta rate (1/s)."""

    eta = parameter({rate} / second, "rate")
    y = post.activity
    dw = "-eta * y"
'''


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Run one command in a folder of its own: its exit code, standard output and standard error."""
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def call(*words):
        code = main(words)
        return code, *capsys.readouterr()

    return call


@pytest.mark.slow
def test_a_new_rule_is_written_and_checked_by_file_and_by_module(call):
    code, out, _ = call("new-rule", "CommandHebb")
    assert code == 0
    assert {path.name for path in Path().iterdir()} == {"command_hebb.py", "test_command_hebb.py"}
    assert "neurosim check-rule command_hebb.py" in out and "python -m pytest test_command_hebb.py" in out
    code, out, err = call("check-rule", "command_hebb.py", "--engine", "fused")
    assert (code, err) == (0, "")
    assert out.startswith("CommandHebb keeps the contract: 13 passed, 4 not applicable")
    assert "independent of dt" in out and "the rule sets no bounds" in out
    code, out, _ = call("check-rule", "command_hebb:CommandHebb", "--engine", "fused", "--json")
    rows = json.loads(out)
    assert code == 0 and {"clause", "network", "verdict", "reason"} == set(rows[0])
    assert {row["verdict"] for row in rows} == {"passed", "not applicable"}


def test_nothing_is_overwritten_and_a_folder_is_made(call):
    assert call("new-rule", "OtherHebb", "--folder", "mine/rules")[0] == 0
    path = Path("mine/rules/other_hebb.py")
    path.write_text("# my work")
    code, _, err = call("new-rule", "OtherHebb", "--folder", "mine/rules")
    assert code == 2 and "already exists: choose another name or folder" in err
    assert path.read_text() == "# my work"


@pytest.mark.slow
def test_all_broken_clauses_are_shown_and_end_with_code_1(call):
    Path("unsourced_rule.py").write_text(BROKEN.format(number="", rate=0))
    code, out, err = call("check-rule", "unsourced_rule.py:Unsourced", "--engine", "fused")
    assert code == 1
    assert err == (
        "neurosim: Unsourced: documentation: no line 'Source: authors year, journal, doi' in the docstring: add one\n"
    )
    assert out.startswith("Unsourced breaks 3 clauses of the contract")
    assert out.count("broken") == 3 and "did not change in 100. ms" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["new-rule", "Oja"], "'Oja' is the name of a rule or module that exists: choose another name"),
        (["new-rule", "../Up"], "is not a name for a rule"),
        (["new-rule"], "NAME"),
        (["check-rule", "Ojja"], "unknown rule 'Ojja': did you mean 'Oja'?"),
        (["check-rule", "absent.py"], "no file 'absent.py'"),
        (["check-rule", "Oja", "--engine", "fast"], "unknown engine 'fast'"),
        (
            ["check-rule", "two.py"],
            "'two.py' contains 2 rules (Unsourced2, Unsourced3): name one, as 'two.py:Class'",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(call, words, message):
    Path("two.py").write_text("".join(BROKEN.format(number=n, rate=1) for n in (2, 3)))
    code, out, err = call(*words)
    assert (code, out) == (2, "")
    assert message in err and err.startswith("neurosim: ") and err.count("\n") == 1


def test_list_tells_kind_clock_signals_and_source(call):
    rows = {row["name"]: row for row in json.loads(call("list", "rules", "--json")[1])}
    assert set(rows) == set(registry.names())
    reward = rows["RewardSTDP"]
    assert (reward["kind"], reward["clock"]) == ("synaptic", "spike")
    assert reward["signals"] == ["pre.spikes", "post.spikes", "dopamine"]
    assert reward["source"].startswith("Izhikevich 2007") and reward["summary"].startswith("Dopamine")
    assert rows["ThresholdAdaptation"]["kind"] == "neuron"
    families = {
        name: rows[name]["family"]
        for name in ("Oja", "PairSTDP", "RewardSTDP", "BiasAdaptation", "BennaFusi")
    }
    assert list(families.values()) == [
        "hebbian",
        "spike timing",
        "modulated",
        "homeostatic",
        "metaplasticity",
    ]
    assert rows["ThresholdAdaptation"]["signals"] == ["own.spikes"]
    assert rows["Oja"]["signals"] == ["pre.activity", "post.activity"]
    out = call("list", "rules")[1]
    for text in ("clock", "signals", "RewardSTDP", "Izhikevich 2007", "post.spikes", "continuous"):
        assert text in out
