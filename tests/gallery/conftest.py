"""Every comparison runs Brian2's runtime in numpy, with its clock as it was before."""

import brian2 as b2
import pytest


@pytest.fixture(autouse=True)
def brian2_here():
    """Brian2 without a compiler, in a scope of its own."""
    target, dt = b2.prefs.codegen.target, b2.defaultclock.dt
    b2.prefs.codegen.target = "numpy"
    b2.start_scope()
    yield
    b2.prefs.codegen.target = target
    b2.defaultclock.dt = dt
