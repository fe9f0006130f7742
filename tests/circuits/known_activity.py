"""Rates, irregularity and rhythm of the known networks; run as a program, it prints what the page of them shows."""

import numpy as np
from brian2 import second

from neurosim import simulate
from neurosim.analysis.spike_trains import interval_variation


def activity(network, duration, skip, seed=1):
    """Run a network; return its mean rate (Hz), mean CV of intervals and main frequency (Hz) after a start (s)."""
    simulation = simulate(network, seed=seed)
    simulation.run(duration * second)
    key = next(name for name in simulation.recordings() if name.endswith(".spikes"))
    spikes = simulation.recordings()[key]
    late = np.asarray(spikes.times) >= skip
    times, ids = np.asarray(spikes.times)[late], spikes.ids[late]
    size = network.populations["cells"].size
    neurons = size * 4 // 5 if "[" in key else size
    variation, _ = interval_variation(times, ids)
    return len(ids) / neurons / (duration - skip), float(np.mean(variation)), _rhythm(times, duration, skip)


def _rhythm(times, duration, skip):
    """Return the frequency at the largest power of the population's activity in bins of 1 ms, over 3 bins."""
    counts = np.histogram(times, np.arange(skip, duration, 1e-3))[0]
    power = np.abs(np.fft.rfft(counts - counts.mean())) ** 2
    smooth = np.convolve(power, np.ones(3), "same")
    return float(np.fft.rfftfreq(counts.size, 1e-3)[np.argmax(smooth[1:]) + 1])


def choices(simulation, coherence, duration):
    """Return whether the left pool wins, and the rate of the winner (Hz), per trial, after a stimulus."""
    simulation.run(duration * second, {"for_left": [1 + coherence], "for_right": [1 - coherence]})
    left, right = (np.asarray(simulation.get(f"{name}.S")) for name in ("left", "right"))
    rates = np.array([simulation.recordings()[f"{name}.r"].values[-1] for name in ("left", "right")])
    return left > right, rates.max(axis=0)


def siegert(mu, sigma, tau=0.02, theta=20.0, reset=10.0, tau_ref=0.002):
    """Return the rate (Hz) of a leaky integrate-and-fire neuron with white noise of mean and deviation (mV).

    1/nu = tau_ref + tau sqrt(pi) integral of exp(u^2) (1 + erf(u)), u from (reset - mu)/sigma to (theta - mu)/sigma.
    """
    from scipy.integrate import quad
    from scipy.special import erfcx

    bounds = (reset - mu) / sigma, (theta - mu) / sigma
    # exp(u^2)(1 + erf(u)) = erfcx(-u)
    return 1 / (tau_ref + tau * np.sqrt(np.pi) * quad(lambda u: erfcx(-u), *bounds)[0])


def brunel_theory(g, ratio):
    """Return the rate (Hz) at which the mean-field equations of Brunel 2000 (his equations 4, 5, 21) are consistent."""
    from scipy.optimize import brentq

    def surplus(rate):
        mu = 20 * ratio + 0.1 * 0.02 * 1000 * rate * (1 - g / 4)
        variance = 0.1 * 20 * ratio + 0.1**2 * 0.02 * 1000 * rate * (1 + g**2 / 4)
        return siegert(mu, np.sqrt(variance)) - rate

    return brentq(surplus, 0.1, 200)


def main():
    """Print the measurements, network by network."""
    from neurosim.circuits.known import (
        brunel,
        coba,
        cobahh,
        cuba,
        decision,
        inhibitory_plasticity,
        izhikevich,
    )
    from neurosim.circuits.known.brunel import REGIMES

    print({name: round(brunel_theory(*values), 1) for name, values in REGIMES.items() if values[0] > 4})
    jobs = {"cuba": (cuba, 2.2, 0.2, 5), "coba": (coba, 2.2, 0.2, 5), "cobahh": (cobahh, 1.2, 0.2, 3),
            "izhikevich": (izhikevich, 5.0, 1.0, 5)}  # fmt: skip
    for name in REGIMES:
        seconds = 1.2 if name == "slow oscillation" else 0.3 if name == "synchronous regular" else 0.7
        jobs[name] = (lambda name=name: brunel(name), seconds, 0.4 if seconds > 1 else 0.1, 3)
    jobs["inhibitory"] = (lambda: inhibitory_plasticity(eta=0.01), 30.0, 25.0, 2)
    for name, (build, duration, skip, seeds) in jobs.items():
        found = np.array([activity(build(), duration, skip, seed) for seed in range(1, seeds + 1)])
        means, spread = found.mean(axis=0).round(2), np.ptp(found, axis=0).round(2)
        print(
            f"{name:24} rate {means[0]} ({spread[0]}), CV {means[1]} ({spread[1]}), f {means[2]} ({spread[2]})",
            flush=True,
        )
    for coherence in (0, 0.032, 0.064, 0.128, 0.256, 0.512):
        simulation = simulate(decision(1000), seed=1)
        simulation.run(0.5 * second)
        rest = simulation.recordings()["left.r"].values[-1].mean()
        left, rate = choices(simulation, coherence, 1.5)
        print(
            f"decision {coherence}: left {left.mean():.3f}, rest {rest:.2f} Hz, winner {rate.mean():.1f} Hz"
        )


if __name__ == "__main__":
    main()
