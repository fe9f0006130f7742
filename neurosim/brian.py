"""Imports Brian2, in whatever thread this is first asked for."""

from __future__ import annotations

import signal
import threading
from typing import Any

_set_handler = signal.signal


def _in_main_thread(number: Any, handler: Any) -> Any:
    """Set the handler of a signal where Python allows it, and leave it as it is elsewhere."""
    if threading.current_thread() is threading.main_thread():
        return _set_handler(number, handler)
    return signal.getsignal(number)


# Brian2 sets a handler of Ctrl-C when it is imported, which fails in a worker of Dask or of a server.
signal.signal = _in_main_thread  # type: ignore[assignment]
try:
    import brian2  # noqa: F401
finally:
    signal.signal = _set_handler
