"""Running an experiment into a result file, and taking up a run that was stopped."""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any, SupportsIndex, TypeVar

from neurosim.errors import NeurosimError, OutputTaken, ResultFileError, RunFailed, UsageError, shown
from neurosim.experiment.claims import Claim, checked_claims
from neurosim.experiment.context import RunContext
from neurosim.experiment.display import Display, QuietDisplay
from neurosim.experiment.drawing import draw_figure, figure_of
from neurosim.experiment.experiment import Experiment
from neurosim.experiment.parallel import available_workers
from neurosim.experiment.settings import check_config, config_from
from neurosim.interrupts import interruptible
from neurosim.markup import picture
from neurosim.store import Parts, Writer, check_target, open_results
from neurosim.store.claims import Claims
from neurosim.store.provenance import git_commit, now, provenance, versions

C = TypeVar("C")
# What is needed to take up a run.
_HEADER = {
    "experiment": str,
    "preset": str,
    "config": dict,
    "seed": int,
    "engine": str,
    "versions": dict,
    "git_commit": str,
}


@dataclass(frozen=True)
class CompletedRun:
    """What a run has left: its result file, its figure (None if it has none), its claims and its time in seconds."""

    path: Path
    figure: Path | None
    claims: list[Claim]
    seconds: float

    def _repr_html_(self) -> str:
        shown = Claims(claim.json() for claim in self.claims).table().text
        drawn = "" if self.figure is None else picture(self.figure.read_bytes(), str(self.figure)).text
        return f"{shown}{drawn}<p>{escape(str(self.path))}, {self.seconds:.1f} s</p>"


class Run:
    """A run that is ready to start: everything that could be wrong with the request has been checked.

    Make one with `new_run` or `resumed_run`. Attributes: experiment; config; parts, its finished stages; workers;
    checkpoint_every, seconds between two checkpoints of a stage; complete, whether its result file is.
    """

    def __init__(
        self,
        experiment: Experiment[Any],
        config: Any,
        parts: Parts,
        workers: int | None,
        checkpoint_every: float,
    ) -> None:
        self.experiment = experiment
        self.config = config
        self.parts = parts
        self.workers = available_workers() if workers is None else workers
        self.checkpoint_every = checkpoint_every
        self.complete = False

    @property
    def path(self) -> Path:
        """The result file."""
        return self.parts.target

    def execute(self, display: Display | None = None) -> CompletedRun:
        """Do the work that is left, and write the result file and its figure.

        Whatever stops it (an error, Ctrl-C, SIGTERM), the finished stages are left in a readable file with status
        'failed' or 'interrupted', unless a file of another run is there, and `resumed_run` can take the run up.
        Raises KeyboardInterrupt when interrupted, else the error that stopped it.
        """
        display = display or QuietDisplay()
        began = time.monotonic()
        header = self.parts.header
        context = RunContext(
            header["seed"], self.workers, header["engine"], self.parts, display, self.checkpoint_every
        )
        with interruptible() as interrupts:
            try:
                self.experiment.run(self.config, context)
                claims = self._complete(context)
            except BaseException as error:
                interrupts.ending = True
                self._stopped(context, error)
                raise
            finally:
                display.close()
                self.parts.close()
            return CompletedRun(self.path, self._draw(), claims, time.monotonic() - began)

    def _complete(self, context: RunContext) -> list[Claim]:
        with self.parts.result(replace=self.parts.overwrite) as writer:
            try:
                claims = checked_claims(self.experiment.claims(self.config, writer.results()))
            except Exception as error:
                error.add_note(f"in the claims; the stages are kept: correct it, then --resume {self.path}")
                raise
            self._describe(writer, context, "complete", claims=[claim.json() for claim in claims])
        self.complete = True
        self.parts.remove()
        return claims

    def _stopped(self, context: RunContext, error: BaseException) -> None:
        """Leave what is finished in a readable file; the parts stay whatever happens here."""
        interrupted = isinstance(error, KeyboardInterrupt)
        left = self.parts.left()
        self.complete = left == "complete"
        if self.complete or not (interrupted or self.parts.worth_keeping()):
            self.parts.remove()
            return
        if self.path.exists() and left is None:
            # What was there stays until this run is complete.
            if isinstance(error, OutputTaken):
                error.add_note(f"its stages are kept: move that file away, then --resume {self.path}")
            return
        try:
            with self.parts.result(replace=False) as writer:
                status = "interrupted" if interrupted else "failed"
                self._describe(writer, context, status, claims=[], error=one_line(error))
        except NeurosimError as second:
            error.add_note(f"and no readable file could be left: {one_line(second)}")

    def _describe(self, writer: Writer, context: RunContext, status: str, **more: Any) -> None:
        citations = list(dict.fromkeys([self.experiment.citation, *context.citations]))
        writer.set_attributes(**self.parts.header)
        commits = dict.fromkeys([self.parts.header["git_commit"], git_commit()])
        writer.set_attributes(
            status=status, finished=now(), citations=citations, git_commit=", ".join(commits), **more
        )

    def _draw(self) -> Path | None:
        if self.experiment.figures is None:
            return None
        try:
            with open_results(self.path) as results:
                return draw_figure(self.experiment, self.config, results, figure_of(self.path))
        except Exception as error:
            raise RunFailed(
                f"{self.path} is complete, but its figure failed: {one_line(error)}; "
                f"draw it again: neurosim figure {self.path}"
            ) from error


def new_run(
    experiment: Experiment[C],
    config: C | None = None,
    *,
    out: str | Path,
    seed: int = 0,
    engine: str | None = None,
    workers: int | None = None,
    preset: str | None = None,
    overwrite: bool = False,
    checkpoint_every: float = 0.0,
    command: Sequence[str] = (),
) -> Run:
    """Return a run that has not started yet.

    Arguments: experiment; config (by default that of the preset); out, the result file, ending in '.h5'; seed, from 0
    to 2^63 - 1; engine, a name (by default the experiment's); workers, threads (by default one per processor); preset,
    the name recorded (by default the experiment's first); overwrite, replace what is at `out` once the run is complete;
    checkpoint_every, seconds from one checkpoint of a stage to the next (0: as often as the stage offers one); command,
    recorded.
    Raises UsageError, UnknownNameError or ResultFileError when it could not run or its results not be written.
    """
    preset, preset_config = experiment.preset(preset)
    config = preset_config if config is None else config
    if not isinstance(config, experiment.config):
        raise UsageError(
            f"config: a {type(config).__name__}, where experiment '{experiment.name}' has "
            f"a {experiment.config.__name__}"
        )
    check_config(config)
    path = _result_file(out)
    seed = _whole(seed, "seed")
    workers = None if workers is None else _whole(workers, "workers")
    if not 0 <= seed < 2**63:
        raise UsageError(f"seed {seed}: give a whole number from 0 to 2^63 - 1")
    if workers is not None and workers < 1:
        raise UsageError(f"workers {workers}: at least 1 is needed")
    check_target(path, overwrite=overwrite)
    if experiment.figures is not None:
        check_target(figure_of(path), overwrite=overwrite)
    header = {
        "experiment": experiment.name,
        "title": experiment.title,
        "preset": preset,
        "config": asdict(config),  # type: ignore[call-overload]
        "seed": seed,
        "engine": engine or experiment.engine,
        **provenance(command),
    }
    every = _seconds(checkpoint_every)
    return Run(experiment, config, Parts.create(path, header, overwrite=overwrite), workers, every)


def resumed_run(
    experiment: Experiment[Any],
    out: str | Path,
    *,
    workers: int | None = None,
    checkpoint_every: float = 0.0,
) -> Run:
    """Return the run that was stopped while it wrote `out`, with the settings it had.

    Raises UsageError when there is no such run or it is another experiment's, ResultFileError when it is damaged.
    """
    every = _seconds(checkpoint_every)
    parts = Parts.open(_result_file(out))
    try:
        return Run(experiment, _stored_config(experiment, parts), parts, workers, every)
    except BaseException:
        parts.close()
        raise


def _result_file(out: str | Path) -> Path:
    path = Path(out)
    if path.suffix != ".h5":
        raise UsageError(f"{path}: the name of a result file ends in '.h5'")
    return path


def _whole(value: SupportsIndex, what: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise UsageError(f"{what} {value!r}: give a whole number") from None


def _seconds(every: float) -> float:
    if not (math.isfinite(every) and every >= 0):
        raise UsageError(f"checkpoint_every {every}: give seconds, at least 0")
    return float(every)


def _stored_config(experiment: Experiment[C], parts: Parts) -> C:
    """Return the config of a stopped run; raises UsageError when it cannot go on here as it began."""
    header = parts.header
    if not all(isinstance(header.get(name), kind) for name, kind in _HEADER.items()):
        raise ResultFileError(
            f"{parts.folder}: its header is not that of a run; start again with --overwrite"
        )
    if header["experiment"] != experiment.name:
        raise UsageError(
            f"{parts.target}: is a run of experiment '{header['experiment']}', not of '{experiment.name}'"
        )
    before, today = header["versions"], versions()
    changed = sorted(name for name in before.keys() | today.keys() if before.get(name) != today.get(name))
    if changed:
        raise UsageError(
            f"{parts.target}: was run with other versions of {', '.join(changed)}; "
            "install those, or start again with --overwrite"
        )
    _, config = experiment.preset(header["preset"])
    return config_from(config, header["config"])


def one_line(error: BaseException) -> str:
    """Return an error as one line: its message, led by its type unless it is one of ours."""
    text = shown(" ".join(str(error).split()))
    if isinstance(error, NeurosimError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
