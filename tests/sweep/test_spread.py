"""Sweeps on Dask: any number of workers gives the same, failures are kept, a killed worker loses nothing."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from neurosim.cli import main
from neurosim.errors import RunFailed
from neurosim.store import open_results, parts_folder
from neurosim.sweep import make_sweep, planned, read_sweep, run_sweep
from neurosim.sweep.work import ONE_THREAD, work

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.usefixtures("toy"),
    # Dask leaves sockets to the garbage collector when its worker processes end.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def content(sweep):
    found = {}
    for run in sweep.runs:
        with open_results(run.file(sweep.folder)) as results:
            found[run.name] = {path: results.array(path) for path in results.paths()}
    return found


def equal(one, other):
    return one.keys() == other.keys() and all(
        one[run].keys() == other[run].keys()
        and all(np.array_equal(one[run][path], other[run][path]) for path in one[run])
        for run in one
    )


def test_a_sweep_with_a_killed_worker_gives_what_one_process_gives(tmp_path):
    plain = make_sweep(tmp_path / "plain", planned("toy", range(3), ["pause=0"]))
    for run in plain.runs:
        assert work(run, str(plain.folder)) == ""

    # The same runs, slow enough to be killed in the middle; how long they pause changes nothing else.
    slow = make_sweep(tmp_path / "slow", planned("toy", range(3), ["pause=0.1"]))
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        scheduler_kwargs={"dashboard": False},
        silence_logs=50,
        env=ONE_THREAD,
    ) as cluster:
        heard = []
        thread = threading.Thread(
            target=run_sweep,
            args=(slow,),
            kwargs={"scheduler": cluster.scheduler_address, "tell": lambda *what: heard.append(what)},
        )
        thread.start()
        first = slow.runs[0].file(slow.folder)
        begun = parts_folder(first) / "walk.state.h5"
        deadline = time.monotonic() + 60
        while not begun.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(next(iter(cluster.workers.values())).process.pid, signal.SIGKILL)
        thread.join(timeout=120)
        assert not thread.is_alive()
    assert [slow.state(run) for run in slow.runs] == ["complete"] * 3
    assert heard[0] == (0, 3, "") and sorted(done for done, *_ in heard) == [0, 1, 2, 3]
    renamed = {name.replace("pause=0.1", "pause=0.0"): arrays for name, arrays in content(slow).items()}
    assert equal(renamed, content(plain))


@pytest.mark.slow
def test_the_command_keeps_what_is_done_and_retries_on_request(tmp_path, capsys):
    words = ["sweep", "toy", "--seeds", "0:2", "--set", "breaks=no,yes", "--out", "s", "--workers", "1"]
    assert main(words) == 1
    said = capsys.readouterr()
    assert "2 complete, 2 failed" in said.out
    assert "failed:  breaks=True-seed0: walk: v is not finite at step 3; use a smaller step" in said.out
    assert "runs: started" in said.err
    sweep = read_sweep("s")
    files = [run.file(sweep.folder) for run in sweep.runs]
    before = [file.stat().st_mtime_ns for file in files]
    assert main([*words, "--quiet"]) == 1  # nothing to do: neither complete nor failed runs are repeated
    assert [file.stat().st_mtime_ns for file in files] == before
    assert capsys.readouterr().out == ""
    sweep.runs[0].file(sweep.folder).unlink()
    assert main([*words, "--retry"]) == 1
    after = [file.stat().st_mtime_ns for file in files]
    assert [a > b for a, b in zip(after, before, strict=True)] == [True, False, True, True]
    assert main(["table", "s", "--out", "s.csv"]) == 0
    assert len((tmp_path / "s.csv").read_text().splitlines()) == 1 + 3 + 3 + 1 + 1


def test_a_scheduler_that_does_not_answer_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("neurosim.sweep.spread.PATIENCE", "0.5s")
    sweep = make_sweep(tmp_path / "s", planned("toy", [0]))
    with pytest.raises(RunFailed, match=r"no Dask scheduler answers at tcp://127.0.0.1:1"):
        run_sweep(sweep, scheduler="tcp://127.0.0.1:1")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sweep", "toi"], "did you mean 'toy'"),
        (["sweep", "toy", "--seeds", "x"], "seeds 'x'"),
        (["sweep", "toy", "--engine", "fusd"], "did you mean 'fused'"),
        (["sweep", "toy", "--workers", "0"], "at least 1"),
        (["sweep", "toy", "--workers", "1", "--scheduler", "tcp://a:1"], "leave it out beside --scheduler"),
        (["table", "nowhere"], "is no sweep"),
    ],
)
def test_wrong_usage_is_one_line(words, message, capsys):
    assert main(words) in (1, 2)
    said = capsys.readouterr()
    assert message in said.err and said.err.count("\n") == 1 and said.out == ""
