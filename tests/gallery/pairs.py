"""What every comparison with Brian2 shares: a run of ours, a run of theirs, and what is equal."""

import brian2 as b2
import numpy as np
from brian2 import ms

from neurosim import Network, simulate


def ours(*parts, duration, dt=0.1 * ms, inputs=None, seed=1):
    """Run a network of ours on `fused`; return its simulation."""
    simulation = simulate(Network("gallery", dt).add(*parts), seed=seed)
    simulation.run(duration, inputs)
    return simulation


def theirs(*objects, duration, dt=0.1 * ms):
    """Run objects of Brian2."""
    b2.defaultclock.dt = dt
    b2.Network(*objects).run(duration)


def same_spikes(simulation, name, monitor, at_least=10):
    """Check that all spikes of a population are those of a monitor, and that there are some."""
    seen = simulation.recordings()[f"{name}.spikes"]
    steps = np.round(np.asarray(monitor.t / b2.defaultclock.dt)).astype(int)
    known = sorted(zip(steps.tolist(), np.asarray(monitor.i).tolist(), strict=True))
    assert len(known) >= at_least
    assert sorted(zip(seen.steps.tolist(), seen.ids.tolist(), strict=True)) == known


def same(seen, known, rtol=1e-9, atol=0.0):
    """Check that two arrays agree, units apart."""
    np.testing.assert_allclose(np.asarray(seen), np.asarray(known), rtol=rtol, atol=atol)


def same_mean(seen, known, deviations=4.0):
    """Check that two samples of independent numbers have one mean, and one spread, within their standard errors."""
    seen, known = np.ravel(seen).astype(float), np.ravel(known).astype(float)
    error = np.hypot(seen.std() / np.sqrt(seen.size), known.std() / np.sqrt(known.size))
    assert known.std() > 0
    assert abs(seen.mean() - known.mean()) < deviations * error
    # The standard error of a standard deviation is about that of the mean over the square root of 2.
    assert abs(seen.std() - known.std()) < deviations * error


def spikes(rng, neurons, steps, probability, dt=0.1 * ms):
    """Return (times, ids) of independent random trains, at most one spike in a step."""
    at, ids = np.nonzero(rng.random((steps, neurons)) < probability)
    return at * dt, ids
