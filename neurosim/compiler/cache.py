"""What the compiler has worked out once: values that depend on nothing but their parts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from neurosim.cache import key, load, store


def remembered(kind: str, parts: Any, work: Callable[[], Any]) -> Any:
    """Return work(), a JSON value that depends on `parts` alone, from the cache if it is there and whole."""
    name = f"{key(parts)}.json"
    content = load(kind, name)
    if content is not None:
        return json.loads(content)
    value = work()
    store(kind, name, json.dumps(value).encode())
    return value
