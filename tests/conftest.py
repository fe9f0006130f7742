"""What every test needs: one thread, no display, the same examples at every run."""

import os

from hypothesis import HealthCheck, settings

# Read by the libraries when they are first imported, which is after this file.
for name, value in {
    "MUJOCO_GL": "disabled",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}.items():
    os.environ.setdefault(name, value)

# No deadline: the first example may compile. Derandomised: only a change to the code can break a test.
settings.register_profile(
    "neurosim", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("neurosim")
