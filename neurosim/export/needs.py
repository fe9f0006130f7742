"""Libraries that an export needs and an installation may lack."""

from __future__ import annotations

import importlib
from typing import Any

from neurosim.errors import UsageError


def needed(library: str, function: str, extra: str = "export") -> Any:
    """Import a library; raises UsageError that says how to install it when it is not there."""
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        if error.name != library.partition(".")[0]:
            raise
        package = error.name
        raise UsageError(
            f"{function} needs {package}, which is not installed: pip install {package}, or 'neurosim[{extra}]'"
        ) from None
