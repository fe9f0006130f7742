"""The cache folder of lowered equations and compiled programs: safe to share, to lose, and to find read-only."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs


@cache
def folder(kind: str = "") -> Path:
    """Return a writable folder for one kind of content.

    It is in NEUROSIM_CACHE, else in the user's cache folder; where neither can be written, for this process alone.
    """
    chosen = os.environ.get("NEUROSIM_CACHE")
    root = Path(chosen) if chosen else platformdirs.user_cache_path("neurosim", appauthor=False)
    path = root / kind
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path
    except OSError:
        temporary = Path(tempfile.mkdtemp(prefix="neurosim-"))
        atexit.register(shutil.rmtree, temporary, ignore_errors=True)
        return temporary


def key(*parts: Any) -> str:
    """Return a digest of JSON-like parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def write(path: Path, text: str) -> None:
    """Write a file so that another process sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def remembered(kind: str, parts: Any, work: Callable[[], Any]) -> Any:
    """Return work(), a JSON value that depends on `parts` alone, from the cache if it is there and whole."""
    path = folder(kind) / f"{key(parts)}.json"
    try:
        stored = json.loads(path.read_text("utf-8"))
        if stored["parts"] == json.loads(json.dumps(parts)):
            return stored["value"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    value = work()
    with contextlib.suppress(OSError):  # a full disk
        write(path, json.dumps({"parts": parts, "value": value}))
    return value
