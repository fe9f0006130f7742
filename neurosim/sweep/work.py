"""One run of a sweep, as a worker does it."""

from __future__ import annotations

from pathlib import Path

import neurosim.brian  # noqa: F401  # a worker runs its tasks in a thread
from neurosim.errors import UsageError
from neurosim.experiment import Run, find_experiment, new_run, one_line, resumed_run
from neurosim.experiment.settings import config_from
from neurosim.store import parts_folder
from neurosim.sweep.index import Sweep
from neurosim.sweep.plan import Planned

# Read by numerical libraries when they are first imported: a worker is one thread.
ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
}


def work(run: Planned, folder: str, study: str | None = None) -> str:
    """Do one run, resuming it where a worker that was killed left it; return '', or in one line why it failed.

    Arguments: run; folder, of the sweep; study, the experiment if it is not installed, as `find_experiment` takes it.
    A failure is noted beside the file, so that the sweep goes on without it.
    """
    sweep = Sweep(Path(folder), [run])
    sweep.note(run).unlink(missing_ok=True)
    try:
        if study is not None:
            find_experiment(study)
        _started(run, sweep.folder).execute()
    except Exception as error:
        text = one_line(error)
        sweep.note(run).write_text(f"{text}\n", "utf-8")
        return text
    return ""


def _started(run: Planned, folder: Path) -> Run:
    experiment = find_experiment(run.experiment)
    path = run.file(folder)
    if parts_folder(path).is_dir():
        try:
            return resumed_run(experiment, path, workers=1)
        except UsageError:
            pass  # begun under other versions: from the start; where another process is at it, that is refused again
    _, base = experiment.preset(run.preset)
    return new_run(
        experiment,
        config_from(base, run.config),
        out=path,
        seed=run.seed,
        engine=run.engine,
        workers=1,
        preset=run.preset,
        overwrite=True,
    )
