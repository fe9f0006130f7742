"""The command line: what it prints, which code it ends with, and one line for every error."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from neurosim.cli import main
from neurosim.engines import __name__ as engines_package
from neurosim.registry import Registry
from neurosim.store import Writer, open_results, write_state


@pytest.fixture
def call(toy, capsys, monkeypatch):
    """Run one command in this process: its exit code, standard output and standard error."""
    # The width of the table, whatever terminal the tests run in.
    monkeypatch.setenv("COLUMNS", "140")

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["neurosim", *words])
        code = main(words)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_run_prints_claims_and_paths_and_names_the_file_it_wrote(call):
    code, out, err = call("run", "toy", "--seed", "5")
    assert code == 0
    for text in (
        "The walk starts at zero.",
        "Toy 1900, Fig. 1",
        "0 ± 0.1",
        "0 mV",
        ">= 1e+06",
        "needs an animal",
    ):
        assert text in out
    assert "1 holds, 1 fails, 1 not tested" in out
    assert "results: results/toy-quick-seed5.h5" in out and "figure:  results/toy-quick-seed5.png" in out
    assert out.splitlines()[-1].startswith("time: ")
    assert err.splitlines()[0] == "firing: started"
    with open_results("results/toy-quick-seed5.h5") as results:
        assert results.attributes["command"].startswith("neurosim ")


def test_a_second_run_never_overwrites_by_itself(call):
    call("run", "toy", "--quiet")
    first = Path("results/toy-quick-seed0.h5").stat().st_ino
    call("run", "toy", "--quiet")
    assert Path("results/toy-quick-seed0.h5").stat().st_ino == first
    assert Path("results/toy-quick-seed0-2.h5").exists() and Path("results/toy-quick-seed0-2.png").exists()
    assert call("run", "toy", "--quiet", "--overwrite")[0] == 0
    assert Path("results/toy-quick-seed0.h5").stat().st_ino != first


def test_quiet_prints_nothing(call):
    assert call("run", "toy", "--quiet") == (0, "", "")


def test_options_reach_the_run(call):
    code, _, _ = call(
        *("run", "toy", "--preset", "long", "--out", "a.h5", "--seed", "9", "--workers", "1", "--quiet"),
        *("--set", "size=0.003 V", "--set", "start=one"),
    )
    assert code == 0
    with open_results("a.h5") as results:
        assert (
            results.config["steps"] == 40
            and results.config["size"] == 3.0
            and results.config["start"] == "one"
        )
        assert results.attributes["preset"] == "long" and results.attributes["seed"] == 9


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "toi"], "unknown experiment 'toi': did you mean 'toy'?"),
        (["run", "toy", "--preset", "quik"], "did you mean 'quick'?"),
        (["run", "toy", "--set", "sise=1"], "unknown setting 'sise': did you mean 'size'?"),
        (["run", "toy", "--set", "size=1 ms"], "'ms' does not measure the same thing as 'mV'"),
        (["run", "toy", "--set", "steps=0"], "0 lies outside 1 ... 1000"),
        (["run", "toy", "--out", "taken.h5"], "taken.h5: exists already"),
        (["run", "toy", "--out", "a.txt"], "ends in '.h5'"),
        (["run", "toy", "--seed", "-1"], "seed -1"),
        (["run", "toy", "--seed", "one"], "--seed"),
        (["run", "toy", "--workers", "0"], "workers 0"),
        (["run", "toy", "--resume", "no.h5"], "no unfinished run"),
        (["run", "toy", "--resume", "no.h5", "--seed", "0", "--set", "size=1"], "leave out --seed, --set"),
        (["run", "toy", "--resume", "."], "ends in '.h5'"),
        (["run", "toy", "--resume", "a.h5.parts"], "ends in '.h5'"),
        (["check-rule", "Oja", "--seed", "-1"], "--seed"),
        (
            ["new-rule", "FolderHebb", "--folder", "taken.h5"],
            "'taken.h5': cannot be written to (File exists)",
        ),
        (["run"], "NAME"),
        (["rum"], "rum"),
        (["list", "rule"], "unknown kind 'rule': did you mean 'rules'?"),
        (["settings", "toy", "--preset", "quik"], "did you mean 'quick'?"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(call, words, message):
    Path("taken.h5").touch()
    code, out, err = call(*words)
    assert (code, out) == (2, "")
    assert message in err and err.startswith("neurosim: ") and err.count("\n") == 1
    assert Path("taken.h5").read_bytes() == b""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "toy", "--set", "breaks=yes"], "walk: v is not finite at step 3; use a smaller step"),
        (
            ["run", "toy", "--set", "figure_breaks=1"],
            "is complete, but its figure failed: ValueError: no ink",
        ),
        (["run", "toy-missing"], "cannot be loaded"),
        (["run", "toy", "--out", "nowhere/a.h5"], "nowhere: no such folder"),
        (["show", "none.h5"], "none.h5: no such file"),
        (["claims", "bad.h5"], "bad.h5: not a neurosim result file"),
        (["show", "state.h5"], "state.h5: holds no results; a state of a simulation is read by read_state"),
        (["bench-report", "none.json"], "none.json: cannot be read: No such file or directory"),
    ],
)
def test_failure_is_one_line_and_code_1(call, words, message):
    Path("bad.h5").write_text("hello")
    write_state("state.h5", {"v": 1.0})
    code, out, err = call(*words, *(["--quiet"] if words[0] == "run" else []))
    assert (code, out) == (1, "")
    assert message in err and err.startswith("neurosim: ") and err.count("\n") == 1


def test_debug_shows_where_a_bug_is(call, toy, monkeypatch):
    monkeypatch.setattr(toy, "walk", lambda *_: 1 / 0)
    code, _, err = call("run", "toy", "--quiet")
    assert code == 1
    assert err == "neurosim: ZeroDivisionError: division by zero (--debug shows where)\n"
    code, _, err = call("run", "toy", "--quiet", "--debug")
    assert code == 1 and "Traceback" in err and "1 / 0" in err


def test_a_failed_run_goes_on_with_resume(call, toy, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(toy, "walk", lambda *_: 1 / 0)
        assert call("run", "toy", "--quiet", "--out", "a.h5", "--seed", "4")[0] == 1
    toy.WORKED.clear()
    code, out, err = call("run", "toy", "--resume", "a.h5")
    assert code == 0 and toy.WORKED == ["walk"]
    assert "firing: done (done before)" in err and "results: a.h5" in out
    assert call("run", "toy", "--resume", "a.h5")[0] == 2


def test_show_tells_what_a_file_holds_and_where_it_comes_from(call):
    call("run", "toy", "--quiet", "--out", "a.h5")
    code, out, _ = call("show", "a.h5")
    assert code == 0
    for text in (
        "v (copy: 2, time: 5) float64 [mV] where the walk is",
        "complete",
        "Toy rule 1901",
        "numpy",
        "fails",
    ):
        assert text in out


def test_show_cannot_be_made_to_steer_the_terminal(call):
    with Writer("a.h5") as writer:
        writer.write("x", 1, (), "\x1b[2J", "[bold]\x1b]0;title\x07")
        writer.set_attributes(title="\x1b[31m[link=http://x]")
    code, out, _ = call("show", "a.h5")
    assert code == 0 and "\x1b" not in out and "\x07" not in out
    assert "[link=http://x]" in out and "[bold]" in out


def test_claims_are_shown_as_a_table_and_as_json(call):
    call("run", "toy", "--quiet", "--out", "a.h5")
    code, out, _ = call("claims", "a.h5", "--json")
    claims = json.loads(out)
    assert code == 0
    assert [claim["id"] for claim in claims] == ["start", "end", "live"]
    assert claims[0]["verdict"] == "holds" and claims[0]["measured"] == 0.0 and claims[2]["measured"] is None
    assert {"id", "statement", "source", "kind", "expected", "measured", "verdict"} <= claims[0].keys()
    assert "1 holds, 1 fails, 1 not tested" in call("claims", "a.h5")[1]


def test_a_movie_is_drawn_beside_its_file_and_replaced_when_told_so(call, toy, monkeypatch):
    call("run", "toy", "--out", "a.h5")
    assert call("movie", "a.h5") == (0, "movie:   a.gif\n", "")
    assert Path("a.gif").read_bytes().startswith(b"GIF89a")
    code, _, err = call("movie", "a.h5")
    assert (
        code == 2
        and err == "neurosim: a.gif exists: choose another name by --out, or replace it with --overwrite\n"
    )
    assert call("movie", "a.h5", "--overwrite", "--out", "b.gif")[0] == 0 and Path("b.gif").exists()
    code, _, err = call("movie", "a.h5", "--out", "b.mp4")
    assert code == 2 and "ends in '.gif'" in err
    monkeypatch.setattr(toy, "experiment", replace(toy.experiment, movie=None))
    code, _, err = call("movie", "a.h5", "--out", "c.gif")
    assert (code, err) == (2, "neurosim: experiment 'toy' has no movie\n")


def test_list_and_settings(call):
    code, out, _ = call("list")
    assert code == 0 and "A random walk and some spikes: a study for the tests." in out
    names = json.loads(call("list", "experiments", "--json")[1])
    assert {"name": "toy", "summary": "A random walk and some spikes: a study for the tests."} in names
    circuits = {row["name"]: row["summary"] for row in json.loads(call("list", "circuits", "--json")[1])}
    assert circuits["celegans_swimmer"].startswith("The motor circuit of C. elegans")
    out = call("settings", "toy", "--preset", "long")[1]
    assert "size of a step" in out and "mV" in out and "40" in out


def test_a_default_folder_that_cannot_be_made_is_one_line(call):
    Path("results").touch()
    code, _, err = call("run", "toy")
    assert (code, err) == (1, "neurosim: results: cannot be made here: File exists; give --out\n")


@pytest.fixture
def engines(monkeypatch):
    """A registry of engines of our own."""
    registry = Registry("engine", "neurosim.no-such-group")
    registry.add("fast", type("Fast", (), {"__doc__": "A fast one.\n\nAnd more."}))
    monkeypatch.setattr(sys.modules[engines_package], "registry", registry, raising=False)


def test_engines_are_looked_up_in_their_registry(call, engines):
    assert json.loads(call("list", "engines", "--json")[1]) == [{"name": "fast", "summary": "A fast one."}]
    code, _, err = call("run", "toy", "--engine", "fats")
    assert code == 2 and "unknown engine 'fats': did you mean 'fast'?" in err
    assert call("run", "toy", "--engine", "fast", "--quiet", "--out", "a.h5")[0] == 0
    with open_results("a.h5") as results:
        assert results.attributes["engine"] == "fast"


def test_help_and_version(call):
    assert "run" in call("--help")[1] and "Usage" in call()[1] and "--seed" in call("run", "-h")[1]
    code, out, _ = call("--version")
    assert code == 0 and out.startswith("neurosim 0.")


def test_help_and_version_load_nothing_heavy():
    heavy = {"brian2", "numba", "scipy", "matplotlib", "numpy", "h5py", "mujoco", "jax", "sympy"}
    code = "import sys; from neurosim.cli import main; main(sys.argv[1:]); print(*sys.modules)"
    for word in ("--help", "--version"):
        done = subprocess.run([sys.executable, "-c", code, word], capture_output=True, text=True, check=True)
        assert not heavy & set(done.stdout.splitlines()[-1].split())


def test_list_does_not_load_the_experiments(toy):
    code = "import sys; from neurosim.cli import main; main(['list']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "toy" in done.stdout
    assert not {"toy_study", "brian2", "numba", "matplotlib"} & set(done.stdout.splitlines()[-1].split())


def test_the_installed_command_runs(toy):
    command = Path(sys.executable).with_name("neurosim")
    done = subprocess.run([command, "run", "toy"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)
    assert "results: results/toy-quick-seed0.h5" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert sorted(os.listdir("results")) == ["toy-quick-seed0.h5", "toy-quick-seed0.png"]
