"""Clamps in training."""

from __future__ import annotations

from typing import Any

Clamps = tuple[Any, ...]
