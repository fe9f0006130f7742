"""However a run ends, what was there stays until something complete takes its place, and nothing finished is lost."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from neurosim import interrupts
from neurosim.cli import main
from neurosim.errors import OutputTaken, ResultFileError, UsageError
from neurosim.experiment import new_run, resumed_run
from neurosim.store import Writer, open_results
from tests.experiment.runs import content, started

OUT = Path("run.h5")
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def interrupting(seconds):
    raise KeyboardInterrupt


def breaking(seconds):
    raise ZeroDivisionError


def test_the_old_file_stays_until_the_new_one_is_complete(toy, monkeypatch):
    study = replace(toy.experiment, figures=None)
    new_run(study, out=OUT, seed=1).execute()
    old = OUT.read_bytes()
    for start, stop in (
        (lambda: new_run(study, out=OUT, seed=2, overwrite=True), interrupting),
        (lambda: resumed_run(study, OUT), breaking),
    ):
        run = start()
        with monkeypatch.context() as stopped:
            stopped.setattr(toy, "sleep", stop)
            with pytest.raises((KeyboardInterrupt, ZeroDivisionError)):
                run.execute()
        assert OUT.read_bytes() == old
    resumed_run(study, OUT).execute()
    new_run(study, out="expected.h5", seed=2).execute()
    assert content(OUT) == content("expected.h5") and not Path("run.h5.parts").exists()


def test_the_command_says_where_the_old_and_the_new_are(toy, monkeypatch, capsys):
    main(["run", "toy", "--quiet", "--out", "run.h5"])
    monkeypatch.setattr(toy, "sleep", interrupting)
    assert main(["run", "toy", "--quiet", "--out", "run.h5", "--overwrite"]) == 130
    assert capsys.readouterr().err == (
        "neurosim: interrupted; what is finished is in run.h5.parts, "
        "continue with: neurosim run toy --resume run.h5\n"
    )


def test_an_interrupt_while_the_figure_is_drawn_costs_no_figure(toy, monkeypatch, capsys):
    with monkeypatch.context() as stopped:
        stopped.setattr(toy, "figure_pause", interrupting)
        assert main(["run", "toy", "--quiet", "--out", "run.h5"]) == 130
    message = "neurosim: interrupted; run.h5 is complete, draw its figure with: neurosim figure run.h5\n"
    assert capsys.readouterr().err == message
    assert sorted(os.listdir()) == ["run.h5"]
    assert main(["figure", "run.h5"]) == 0
    assert Path("run.png").read_bytes().startswith(b"\x89PNG")


def test_an_interrupt_just_after_completion_keeps_the_complete_file(toy, monkeypatch):
    run = new_run(toy.experiment, out=OUT)
    remove = run.parts.remove

    def interrupted():
        monkeypatch.setattr(run.parts, "remove", remove)
        raise KeyboardInterrupt

    monkeypatch.setattr(run.parts, "remove", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.execute()
    assert run.complete and os.listdir() == ["run.h5"]
    with open_results(OUT) as results:
        assert results.status == "complete"


@posix
@pytest.mark.parametrize("pause", [0.0, 0.3])
def test_a_second_signal_waits_for_the_first(toy, pause):
    process = started("--quiet")
    for _ in range(3):
        process.send_signal(signal.SIGTERM)
        time.sleep(pause)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors == (
        "neurosim: interrupted; what is finished is in run.h5, continue with: neurosim run toy --resume run.h5\n"
    )
    with open_results(OUT) as results:
        assert results.status == "interrupted"


@posix
def test_an_interrupt_that_python_drops_is_taken_at_the_next_piece_of_work(toy, monkeypatch):
    class Falls:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(toy, "sleep", lambda seconds: Falls() and None)
    monkeypatch.setattr(sys, "unraisablehook", lambda found: None)
    with pytest.raises(KeyboardInterrupt):
        new_run(toy.experiment, out=OUT).execute()
    with open_results(OUT) as results:
        assert results.status == "interrupted"


def test_a_command_that_is_interrupted_before_it_runs_says_so(toy, monkeypatch, capsys):
    monkeypatch.setattr("neurosim.cli.run.find_experiment", interrupting)
    assert main(["run", "toy"]) == 130
    assert capsys.readouterr().err == "neurosim: interrupted\n"


@pytest.mark.slow
def test_an_interrupted_command_does_not_take_jax_down_around_its_threads():
    code = (
        "import atexit, sys, jax, neurosim.cli, neurosim.cli.run\n"
        "def stop(name): raise KeyboardInterrupt\n"
        "neurosim.cli.run.find_experiment = stop\n"
        "atexit.register(print, 'taken down')\n"
        "print('started', end=' ')\n"
        "sys.argv = ['neurosim', 'run', 'swimmer']\n"
        "sys.exit(neurosim.cli.main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (130, "started ", "neurosim: interrupted\n")


@posix
def test_signals_of_one_request_raise_once_and_handlers_come_back(monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    now = [100.0]
    monkeypatch.setattr(interrupts.time, "monotonic", lambda: now[0])
    with interrupts.interruptible() as handler:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)  # a second too early
        now[0] += 2 * interrupts.SAME_REQUEST
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        now[0] += 2 * interrupts.SAME_REQUEST
        handler.ending = True
        signal.raise_signal(signal.SIGINT)
        with interrupts.interruptible() as inner:
            assert inner is handler
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_or_quota_is_one_line_and_the_run_continues_when_there_is_room(toy, monkeypatch, number):
    study = replace(toy.experiment, figures=None)
    new_run(study, out="expected.h5").execute()
    calls, fsync = [], os.fsync

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) > 4:
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    run = new_run(study, out=OUT)
    with monkeypatch.context() as small:
        small.setattr("os.fsync", full)
        with pytest.raises(ResultFileError, match=os.strerror(number)):
            run.execute()
    resumed_run(study, OUT).execute()
    assert content(OUT) == content("expected.h5")


LIMITED = """
import resource, sys
from neurosim.cli import main
limit, *words = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
sys.exit(main(words))
"""
"""Runs the command where no file may be longer than some bytes: writes are cut off in the middle, and then fail."""


@posix
def test_a_limit_of_what_may_be_written_is_one_line_and_the_run_continues_without_it(toy, tmp_path):
    words = ["run", "toy", "--quiet", "--out", "run.h5"]
    new_run(toy.experiment, out="expected.h5").execute()
    size = Path("expected.h5").stat().st_size
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(size - 100), *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "File too large" in done.stderr and not OUT.exists()
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    assert main(["run", "toy", "--quiet", "--resume", "run.h5"]) == 0
    assert content(OUT) == content("expected.h5")
    assert not [name for name in os.listdir() if name.endswith(".tmp")]


def test_a_file_that_appears_meanwhile_is_not_replaced(toy, monkeypatch):
    run = new_run(toy.experiment, out=OUT, seed=1)
    with Writer(OUT) as other:
        other.write("x", 1)
    before = OUT.read_bytes()
    with pytest.raises(OutputTaken, match="run.h5: exists already") as caught:
        run.execute()
    assert caught.value.__notes__ == ["its stages are kept: move that file away, then --resume run.h5"]
    assert OUT.read_bytes() == before
    OUT.rename("other.h5")
    toy.WORKED.clear()
    resumed_run(toy.experiment, OUT).execute()
    assert toy.WORKED == []


def test_two_writers_of_one_path(tmp_path):
    path = tmp_path / "run.h5"
    first, second = Writer(path), Writer(path)
    first.write("x", 1)
    second.write("x", 2)
    first.close()
    before = path.read_bytes()
    with pytest.raises(OutputTaken, match="exists already"):
        second.close()
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_a_link_that_was_planted_is_not_followed(tmp_path):
    """Neither at the target, which is replaced, nor at a temporary name, which nobody can guess."""
    target, victim = tmp_path / "run.h5", tmp_path / "victim"
    victim.write_text("mine")
    target.symlink_to(victim)
    with Writer(target, overwrite=True) as writer:
        writer.write("x", 1)
    assert victim.read_text() == "mine" and not target.is_symlink()


def test_six_runs_at_once_are_six_files(toy, monkeypatch):
    monkeypatch.setattr(toy, "experiment", replace(toy.experiment, figures=None))
    codes, gate = [], threading.Barrier(6)

    def run():
        gate.wait()
        codes.append(main(["run", "toy", "--quiet", "--set", "pause=0.05"]))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0] * 6
    names = [f"toy-quick-seed0{suffix}.h5" for suffix in ("", "-2", "-3", "-4", "-5", "-6")]
    assert sorted(os.listdir("results")) == sorted(names)
    for name in names:
        with open_results(Path("results", name)) as results:
            assert results.status == "complete"


@pytest.mark.parametrize("name", ["a\x1b[2Jb.h5", "a\nb.h5", "n" * 300 + ".h5", "\udcff.h5", "a\0.h5"])
def test_a_name_that_cannot_be_is_one_line(toy, capsys, name):
    for words in (
        ["run", "toy", "--out", name],
        ["run", "toy", "--resume", name],
        ["show", name],
        ["verify", name],
    ):
        assert main(words) in (1, 2)
        err = capsys.readouterr().err
        assert err.count("\n") == 1 and err[:-1].isprintable() and err.startswith("neurosim: ")
    assert os.listdir() == []


def test_a_stage_has_a_short_name(toy, monkeypatch):
    monkeypatch.setattr(toy, "spikes", lambda config, run: run.stage("n" * 300, lambda stage: {}))
    with pytest.raises(Exception, match="at most 100 letters"):
        new_run(toy.experiment, out=OUT).execute()


@pytest.mark.parametrize("every", [-1, float("nan"), float("inf")])
def test_checkpoints_have_a_time_between_them(toy, every):
    with pytest.raises(UsageError, match="give seconds, at least 0"):
        new_run(toy.experiment, out=OUT, checkpoint_every=every)


@pytest.mark.parametrize(("every", "kept"), [(0.0, 4), (3600.0, 0)])
def test_checkpoints_are_written_as_often_as_asked_for(toy, monkeypatch, every, kept):
    run, written = new_run(toy.experiment, out=OUT, checkpoint_every=every), []
    monkeypatch.setattr(run.parts, "save_state", lambda *what: written.append(what))
    run.execute()
    assert len(written) == kept


def killed(runs, tmp_path):
    """Kill runs of the toy study at random moments: what a resumed run finds and makes of it."""
    script = Path(__file__).with_name("kill_runs.py")
    done = subprocess.run(
        [sys.executable, script, str(runs)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@posix
@pytest.mark.parametrize("runs", [6, pytest.param(100, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_at_any_moment_ends_as_one_that_is_not(toy, tmp_path, runs):
    found = killed(runs, tmp_path)
    assert len(found) == runs and set(found) <= {"complete", "resumed", "new"}
    assert found.count("resumed") > runs // 4
    shutil.rmtree(tmp_path / "runs")
