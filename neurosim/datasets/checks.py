"""Whether a file is the one that is meant."""

from __future__ import annotations

import hashlib

from neurosim.errors import UsageError


def require_checksum(name: str, content: bytes, wanted: str) -> None:
    """Raise UsageError unless the SHA-256 of a file's content is the one that is wanted (hexadecimal)."""
    found = hashlib.sha256(content).hexdigest()
    if found != wanted:
        raise UsageError(
            f"{name}: its content has SHA-256 {found[:12]}..., the file that is meant has {wanted[:12]}...: replace it"
        )
