"""Spreading the runs of a sweep over the workers of Dask: those of this machine, or of any cluster."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from neurosim.errors import RunFailed
from neurosim.experiment import available_workers
from neurosim.extras import optional
from neurosim.sweep.index import Sweep
from neurosim.sweep.plan import Planned
from neurosim.sweep.work import ONE_THREAD, work

PATIENCE = "15s"
"""How long a scheduler may take to answer."""

Told = Callable[[int, int, str], None]


def run_sweep(
    sweep: Sweep,
    *,
    study: str | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    retry: bool = False,
    tell: Told = lambda done, total, text: None,
) -> dict[str, str]:
    """Do all runs whose files do not verify, each in one thread of a worker process.

    A worker that dies loses nothing: its run is taken up where it was by another. A run that fails is noted, and the
    others go on.

    Arguments:
        sweep: as `make_sweep` or `read_sweep` returns it.
        study: the experiment, if it is not installed, as `find_experiment` takes it; all workers must see its file.
        workers: processes on this machine (by default one per processor).
        scheduler: the address of a Dask scheduler instead, whose workers must see the folder.
        retry: whether runs that failed are done again.
        tell: called as tell(done, total, text) whenever a run ends.

    Returns why runs failed, by name.
    Raises MissingExtra without Dask, RunFailed when the scheduler cannot be reached or is lost.
    """
    states = {run.name: sweep.state(run) for run in sweep.runs}
    todo = [
        run for run in sweep.runs if states[run.name] == "open" or (retry and states[run.name] == "failed")
    ]
    done = len(sweep.runs) - len(todo)
    tell(done, len(sweep.runs), "")
    if todo:
        with _client(min(workers or available_workers(), len(todo)), scheduler) as client:
            for run, error in _results(client, sweep, todo, study):
                done += 1
                if error and not sweep.note(run).exists():
                    sweep.note(run).write_text(f"{error}\n", "utf-8")
                tell(done, len(sweep.runs), f"{run.name}: {error}" if error else run.name)
    return {run.name: error for run in sweep.runs if (error := sweep.failure(run))}


def _results(
    client: Any, sweep: Sweep, todo: list[Planned], study: str | None
) -> Iterator[tuple[Planned, str]]:
    """Yield each run and why it failed ('' if it did not), in the order in which they end."""
    folder = str(sweep.folder.resolve())
    futures = {client.submit(work, run, folder, study, key=run.name, pure=False): run for run in todo}
    for future in _dask().as_completed(futures):
        run = futures[future]
        error = future.exception()
        # What kills several workers is at fault itself; what a worker could not even return is told as it is.
        yield run, " ".join(f"{type(error).__name__}: {error}".split()) if error else future.result()


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Any]:
    """Yield a client of a cluster on this machine, which ends with it, or of the scheduler at an address."""
    dask = _dask()
    if scheduler is not None:
        try:
            client = dask.Client(scheduler, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            text = " ".join(str(error).split())
            raise RunFailed(f"no Dask scheduler answers at {scheduler}: {text}") from None
        with client:
            yield client
        return
    with (
        dask.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            scheduler_kwargs={"dashboard": False},
            silence_logs=50,
            env=ONE_THREAD,
        ) as cluster,
        dask.Client(cluster) as client,
    ):
        yield client


def _dask() -> Any:
    with optional():
        return importlib.import_module("distributed")
