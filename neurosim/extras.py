"""Libraries that are installed on request: `pip install 'neurosim[learn]'`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from neurosim.errors import MissingExtra

EXTRA = {
    "jax": "learn",
    "jaxlib": "learn",
    "optax": "learn",
    "mujoco": "bodies",
    "gymnasium": "gym",
    "pandas": "export",
    "xarray": "export",
    "neo": "export",
    "quantities": "export",
    "pynapple": "export",
    "pynwb": "export",
    "nir": "export",
    "distributed": "sweep",
    "bokeh": "report",
}


@contextmanager
def optional() -> Iterator[None]:
    """Say in one line what to install when an optional library that is imported within is missing.

    Raises MissingExtra in place of ModuleNotFoundError, for the libraries of EXTRA alone.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRA:
            raise
        raise MissingExtra(f"{missing} is not installed: pip install 'neurosim[{EXTRA[missing]}]'") from error
