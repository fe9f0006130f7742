"""Where a result comes from: versions, commit, machine, command and time."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from secrets import token_hex

# What the numbers of a run may depend on.
PACKAGES = ("neurosim", "numpy", "scipy", "brian2", "numba", "llvmlite", "jax", "jaxlib", "mujoco", "h5py")


def provenance(command: Sequence[str] = ()) -> dict[str, object]:
    """Return the root attributes that say where a result comes from.

    Arguments:
        command: the words of the command line that started the run (by default those of this process).
    """
    return {
        "versions": versions(),
        "git_commit": git_commit(),
        "platform": platform.platform(),
        "command": readable(shlex.join(command or sys.argv)),
        "created": now(),
        # Distinguishes this run from any other.
        "run": token_hex(16),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the installed packages that a result may depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def git_commit() -> str:
    """Return the commit of the checkout that neurosim runs from ('-dirty' if changed), '' if it is installed."""
    folder = Path(__file__).parents[2]
    if not (folder / ".git").exists():
        return ""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def now() -> str:
    """Return the time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def readable(text: str) -> str:
    """Return text without bytes that are not UTF-8, which a command line may contain."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
