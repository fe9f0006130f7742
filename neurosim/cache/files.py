"""Sealed files of the cache: safe to share, to lose, to damage, and to be without.

A file begins with a digest of its name and content. It is used if the digest fits and the file belongs to the user and
to nobody else's pen; otherwise what it holds is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

_HEAD = b"neurosim cache 1 sha256 "
_HEAD_BYTES = len(_HEAD) + 64 + 1


@cache
def folder() -> Path | None:
    """Return the cache folder: NEUROSIM_CACHE, else one in the user's cache folder; None if it cannot be written.

    That is told once, in one line: all works without a cache, but compiles again in every process.
    """
    chosen = os.environ.get("NEUROSIM_CACHE")
    path = Path("~/.cache/neurosim")
    try:
        path = (
            Path(chosen).absolute() if chosen else platformdirs.user_cache_path("neurosim", appauthor=False)
        )
        # Without a home, that of the user is no place, or stays a text such as '~/.cache'.
        if not path.is_absolute():
            raise OSError(f"{path} has no place")
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        warnings.warn(
            f"nothing is kept between runs, so each compiles again: {reason} ({path}); "
            "set NEUROSIM_CACHE to a folder that can be written",
            stacklevel=2,
        )
        return None


def key(*parts: Any) -> str:
    """Return a digest of JSON-like parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def load(kind: str, name: str) -> bytes | None:
    """Return the content of a file of the cache, or None if it is not there, damaged, or of another user.

    Arguments:
        kind: folder of this kind of content.
        name: name of the file.
    """
    root = folder()
    if root is None:
        return None
    try:
        # A link is no file of ours, and a pipe would wait for ever.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with open(os.open(root / kind / name, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
            if not _own(os.fstat(file.fileno())):
                return None
            head, content = file.read(_HEAD_BYTES), file.read()
    except OSError:
        return None
    return content if head == _head(name, content) else None


def store(kind: str, name: str, content: bytes) -> None:
    """Keep content in a file of the cache, which other processes see as a whole or not at all; a full disk keeps none.

    Arguments:
        kind: folder of this kind of content.
        name: name of the file.
        content: what `load` returns.
    """
    root = folder()
    if root is None:
        return
    temporary = None
    with contextlib.suppress(OSError):
        (root / kind).mkdir(mode=0o700, exist_ok=True)
        try:
            handle, temporary = tempfile.mkstemp(dir=root / kind, prefix=".", suffix=".part")
            with open(handle, "wb") as file:
                file.write(_head(name, content))
                file.write(content)
            os.replace(temporary, root / kind / name)
        except BaseException:
            if temporary is not None:
                os.unlink(temporary)
            raise


def _head(name: str, content: bytes) -> bytes:
    digest = hashlib.sha256(name.encode() + b"\0")
    digest.update(content)
    return _HEAD + digest.hexdigest().encode() + b"\n"


def _own(found: os.stat_result) -> bool:
    """Return whether a file is a plain one that only this user can have written."""
    if not stat.S_ISREG(found.st_mode):
        return False
    # Windows has neither owners nor modes of this kind.
    return not hasattr(os, "geteuid") or (found.st_uid == os.geteuid() and not found.st_mode & 0o022)
