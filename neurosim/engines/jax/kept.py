"""Compiled functions of JAX in sealed files: JAX itself reads what it finds in its folder without a check."""

from __future__ import annotations

from pathlib import Path

from jax._src import compilation_cache
from jax._src.compilation_cache_interface import CacheInterface

from neurosim.cache import key, load, store

KIND = "jax"


class Sealed(CacheInterface):
    """A cache as JAX asks for it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, key_of_jax: str) -> bytes | None:
        """Return a compiled function, or None."""
        return load(KIND, key(key_of_jax))

    def put(self, key_of_jax: str, value: bytes) -> None:
        """Keep a compiled function."""
        store(KIND, key(key_of_jax), value)


def use(path: Path) -> None:
    """Let JAX use sealed files, where it has not begun to use files of its own."""
    if compilation_cache._cache is None:
        compilation_cache._cache = Sealed(path)
        compilation_cache._cache_initialized = True
