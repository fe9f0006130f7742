"""Memory of a process."""

from __future__ import annotations

import re
from pathlib import Path


def peak_memory() -> int:
    """Return the largest resident memory that this process has had (bytes), 0 if the system does not report it."""
    # Not getrusage: its maximum starts at the size of the parent process.
    status = Path("/proc/self/status")
    return peak_in(status.read_text()) if status.exists() else 0


def peak_in(status: str) -> int:
    """Return the peak (bytes) in the text of a Linux process status, 0 if it is absent."""
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found.group(1)) * 1024 if found else 0
