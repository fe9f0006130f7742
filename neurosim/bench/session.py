"""A worker process and the exchange with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from neurosim.errors import RunFailed

_ONE = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA", "VECLIB_MAXIMUM")
ENVIRONMENT = {
    **{f"{name}_NUM_THREADS": "1" for name in _ONE},
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    "MPLBACKEND": "Agg",
}


class Session:
    """A contender in a process of its own, on one processor; `ask` sends it a request and waits for the answer.

    Arguments:
        contender: its name.
        words: module of the worker and its arguments.
        folder: where files are exchanged.
        cache: folder of compiled programs.

    Raises RunFailed with the last line that the process printed when it ends before it answers.
    """

    def __init__(self, contender: str, words: Sequence[str], folder: Path, cache: Path) -> None:
        caches = {"NEUROSIM_CACHE": str(cache), "NUMBA_CACHE_DIR": str(cache / "numba")}
        self.contender = contender
        self._log = folder / f"{contender}.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **ENVIRONMENT, **caches},
            )
        # XLA starts a thread per processor that it may run on, whatever its flags say.
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(self._process.pid, {max(os.sched_getaffinity(0))})
        self._answer()

    def ask(self, request: str) -> Mapping[str, Any]:
        """Return the answer to a request."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # the answer says why
            print(request, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> Mapping[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.close()
            said = [text for text in self._log.read_text(errors="replace").splitlines() if text.strip()]
            raise RunFailed(
                said[-1].strip() if said else f"ended with the exit code {self._process.returncode}"
            )
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.communicate()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
