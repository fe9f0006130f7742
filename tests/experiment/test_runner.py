"""A run leaves one file that says all about it; a run that was stopped goes on to the same end."""

import importlib
import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from neurosim.errors import DescriptionError, ResultFileError, RunFailed, UnknownNameError, UsageError
from neurosim.experiment import (
    Experiment,
    PlainDisplay,
    experiment_names,
    experiment_summary,
    find_experiment,
    new_run,
    resumed_run,
)
from neurosim.store import open_results
from tests.experiment.runs import content, started

OUT = Path("run.h5")


@pytest.fixture
def whole(toy):
    """The content of a run that nothing stopped."""
    new_run(toy.experiment, toy.Config(steps=12), out="whole.h5", seed=3).execute()
    return content("whole.h5")


def test_a_complete_run_is_one_file_and_one_figure(toy):
    outcome = new_run(toy.experiment, out=OUT, seed=7, workers=1).execute()
    assert sorted(os.listdir()) == ["run.h5", "run.png"]
    assert (outcome.path, outcome.figure) == (OUT, Path("run.png"))
    with open_results(OUT) as results:
        facts = results.attributes
        assert (
            results.status == "complete"
            and results.config["steps"] == 4
            and results.config["gains"] == [1.0, 2.0]
        )
        assert (facts["experiment"], facts["preset"], facts["seed"], facts["engine"]) == (
            "toy",
            "quick",
            7,
            "fused",
        )
        assert facts["citations"] == ["Toy 1900, J. Toys 1:1", "Toy rule 1901"]
        assert facts["versions"]["numpy"] == np.__version__
        assert {"title", "platform", "command", "created", "finished", "git_commit"} <= facts.keys()
        assert results.info("walk/v").dims == ("copy", "time") and results.info("walk/v").unit == "mV"
        assert results.populations() == ["firing.cells"]
        assert results.claims == [claim.json() for claim in outcome.claims]
        assert [claim["verdict"] for claim in results.claims] == ["holds", "fails", "not tested"]
    assert Path("run.png").read_bytes().startswith(b"\x89PNG")


def test_seed_decides_and_workers_do_not(toy):
    for name, seed, workers in (("a", 1, 1), ("b", 1, 4), ("c", 2, 1)):
        new_run(toy.experiment, out=f"{name}.h5", seed=seed, workers=workers).execute()
    assert content("a.h5") == content("b.h5") != content("c.h5")


def test_a_failed_run_keeps_its_stages_and_goes_on(toy, whole, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(toy, "sleep", lambda seconds: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            new_run(toy.experiment, toy.Config(steps=12), out=OUT, seed=3).execute()
    with open_results(OUT) as results:
        assert results.status == "failed" and results.claims == []
        assert results.attributes["error"] == "ZeroDivisionError: division by zero"
        assert results.paths() == [name for name in whole if "firing" in name]
    toy.WORKED.clear()
    resumed_run(toy.experiment, OUT).execute()
    assert toy.WORKED == ["walk"]
    assert content(OUT) == whole
    with open_results(OUT) as results, open_results("whole.h5") as expected:
        assert results.status == "complete" and "error" not in results.attributes
        for fact in ("config", "seed", "citations", "claims", "preset"):
            assert results.attributes[fact] == expected.attributes[fact]


def test_a_checkpoint_is_where_a_stage_goes_on(toy, whole, monkeypatch):
    steps = []

    def stop_at_five(seconds):
        steps.append(seconds)
        if len(steps) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(toy, "sleep", stop_at_five)
    with pytest.raises(KeyboardInterrupt):
        new_run(toy.experiment, toy.Config(steps=12), out=OUT, seed=3).execute()
    resumed_run(toy.experiment, OUT).execute()
    assert len(steps) == 12
    assert content(OUT) == whole


def test_a_failure_before_any_stage_leaves_nothing(toy, monkeypatch):
    monkeypatch.setattr(toy, "spikes", lambda config, run: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        new_run(toy.experiment, out=OUT).execute()
    assert os.listdir() == []


def test_a_failure_while_overwriting_before_any_stage_keeps_the_old_file(toy, whole, monkeypatch):
    monkeypatch.setattr(toy, "spikes", lambda config, run: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        new_run(toy.experiment, out="whole.h5", overwrite=True).execute()
    assert content("whole.h5") == whole


def test_claims_that_fail_to_compute_do_not_lose_the_data(toy, whole, monkeypatch):
    broken = Experiment(**{**vars(toy.experiment), "claims": lambda config, results: 1 / 0})
    with pytest.raises(ZeroDivisionError):
        new_run(broken, toy.Config(steps=12), out=OUT, seed=3).execute()
    assert content(OUT) == whole
    resumed_run(toy.experiment, OUT).execute()
    with open_results(OUT) as results:
        assert results.status == "complete"


def test_a_figure_that_fails_leaves_a_complete_file(toy):
    with pytest.raises(RunFailed, match="run.h5 is complete, but its figure failed: ValueError: no ink"):
        new_run(toy.experiment, toy.Config(figure_breaks=True), out=OUT).execute()
    with open_results(OUT) as results:
        assert results.status == "complete"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_readable_and_goes_on_to_the_same_end(toy, whole, number, monkeypatch):
    process = started()
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors.splitlines()[-1].endswith("in run.h5, continue with: neurosim run toy --resume run.h5")
    assert "Traceback" not in errors
    with open_results(OUT) as results:
        assert results.status == "interrupted"
        assert "firing/names" in results.paths() and "walk/v" not in results.paths()
    toy.WORKED.clear()
    monkeypatch.setattr(toy, "sleep", lambda seconds: None)
    resumed_run(toy.experiment, OUT).execute()
    assert toy.WORKED == ["walk"]
    assert content(OUT) == whole
    assert not Path("run.h5.parts").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_killed_run_never_looks_complete_and_goes_on(toy, whole, monkeypatch):
    process = started("--quiet")
    process.kill()
    process.communicate(timeout=20)
    with pytest.raises(ResultFileError, match="its run has not ended"):
        open_results(OUT)
    monkeypatch.setattr(toy, "sleep", lambda seconds: None)
    resumed_run(toy.experiment, OUT).execute()
    assert content(OUT) == whole


def test_what_cannot_run_is_refused_before_it_starts(toy, whole):
    experiment = toy.experiment
    for options, message in [
        ({"out": "whole.h5"}, "whole.h5: exists already"),
        ({"out": "run.txt"}, "ends in '.h5'"),
        ({"out": OUT, "seed": -1}, "seed -1"),
        ({"out": OUT, "seed": 2**63}, "seed"),
        ({"out": OUT, "workers": 0}, "workers 0"),
        ({"out": OUT, "config": toy.Config(steps=0)}, "setting 'steps'"),
    ]:
        with pytest.raises(UsageError, match=message):
            new_run(experiment, **options)
    Path("run.png").touch()
    with pytest.raises(UsageError, match="run.png: exists already"):
        new_run(experiment, out=OUT)
    with pytest.raises(UnknownNameError, match="did you mean 'quick'"):
        new_run(experiment, out=OUT, preset="quik")
    assert sorted(os.listdir()) == ["run.png", "whole.h5", "whole.png"]


def test_only_the_same_run_is_resumed(toy, monkeypatch):
    with pytest.raises(UsageError, match="no unfinished run"):
        resumed_run(toy.experiment, OUT)
    new_run(toy.experiment, out=OUT).parts.close()
    other = Experiment(**{**vars(toy.experiment), "name": "other"})
    with pytest.raises(UsageError, match="is a run of experiment 'toy', not of 'other'"):
        resumed_run(other, OUT)
    runner = importlib.import_module("neurosim.experiment.runner")
    monkeypatch.setattr(runner, "versions", lambda: {"numpy": "0.1"})
    with pytest.raises(UsageError, match="other versions of .*numpy"):
        resumed_run(toy.experiment, OUT)


def test_stage_names_are_used_once(toy, monkeypatch):
    for names in (["a", "a"], ["spikes"], ["a/b"], ["../a"], ["a.b"], [""]):

        def run(config, context, names=names):
            for name in names:
                context.stage(name, lambda progress: {})

        with pytest.raises(DescriptionError, match="stage '"):
            new_run(Experiment(**{**vars(toy.experiment), "run": run}), out=OUT, overwrite=True).execute()


def test_experiments_are_found_without_being_imported(toy):
    sys.modules.pop("toy_study")
    assert {"toy", "swimmer"} <= set(experiment_names())
    assert experiment_summary("toy") == "A random walk and some spikes: a study for the tests."
    assert "toy_study" not in sys.modules
    assert find_experiment("toy").title == "A toy"
    for name, error, message in [
        ("toi", UnknownNameError, "unknown experiment 'toi': did you mean 'toy'"),
        ("toy-module", DescriptionError, "is not an Experiment"),
        ("toy-missing", DescriptionError, "cannot be loaded"),
    ]:
        with pytest.raises(error, match=message):
            find_experiment(name)
    assert experiment_summary("toy-missing") == "(cannot be used: no module 'toy_nowhere')"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "a b"}, "use letters"),
        ({"presets": {}}, "at least one preset"),
        ({"citation": ""}, "a citation"),
        ({"presets": {"quick": object()}}, "is not a Config"),
        ({"config": 3}, "config = 3 is not a dataclass: give the class"),
    ],
)
def test_incomplete_experiments_are_refused(toy, change, message):
    with pytest.raises(DescriptionError, match=message):
        Experiment(**{**vars(toy.experiment), **change})


def test_plain_progress_is_one_line_per_event(toy, capsys):
    new_run(toy.experiment, out=OUT).execute(PlainDisplay(sys.stdout, every=0))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "firing: started" and lines[1].startswith("firing: done (")
    assert lines[2:4] == ["walk: started", "walk: 1/4 walking"]
    assert json.dumps(lines[-1]).startswith('"walk: done (')


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"seed": 1.5}, "seed 1.5: give a whole number"),
        ({"seed": None}, "seed None: give a whole number"),
        ({"workers": 1.5}, "workers 1.5: give a whole number"),
        ({"config": object()}, "config: a object, where experiment 'toy' has a Config"),
    ],
)
def test_a_request_of_another_kind_is_refused_before_the_run(toy, request_, message):
    with pytest.raises(UsageError, match=message):
        new_run(toy.experiment, out=OUT, **request_)
    assert not list(Path().iterdir())


def test_a_seed_may_be_a_numpy_integer(toy):
    outcome = new_run(toy.experiment, out=OUT, seed=np.int64(3)).execute()
    with open_results(outcome.path) as results:
        assert results.attributes["seed"] == 3


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        (
            "run",
            lambda config, run: run.stage("a", lambda progress: [1]),
            "stage 'a' returned list: return results",
        ),
        ("run", lambda config, run: run.stage("a", lambda progress: None), "stage 'a' returned NoneType"),
        ("claims", lambda config, results: None, "claims: 'None' is not a claim: yield within"),
        ("claims", lambda config, results: ["holds"], "claims: 'holds' is not a claim: yield within"),
    ],
)
def test_what_a_study_returns_is_checked(toy, part, value, message):
    study = Experiment(**{**vars(toy.experiment), part: value})
    with pytest.raises(DescriptionError, match=message):
        new_run(study, out=OUT).execute()
