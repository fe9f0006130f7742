"""What public implementations of the microcircuit measure, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from neurosim.circuits.cortical_microcircuit import POPULATIONS, RATES
from neurosim.experiment import Claim, Results, not_tested, ordering, within
from neurosim.experiments.microcircuit.config import Config

NEST = "NEST 3.10 at a tenth of the size, runs of 1 s, two seeds"
PUBLIC = "run of the public implementation at full size"
SMALL = (0.73, 3.1, 4.4, 6.95, 7.2, 7.8, 1.2, 8.1)
"""Rates (Hz) that NEST has at a tenth of the size, the middle of two runs."""
IRREGULARITY = 0.6
TOLERANCE = 0.1
"""Relative deviation that counts as agreement."""


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge rates of each population, the order of rates, and irregularity."""
    rates, variations = measured(config, results)
    small = "the reference is at a tenth of the size: run the preset quick"
    yield from _rates("rate-small", NEST, SMALL, rates, "" if config.scale == 0.1 else small)
    whole = "the reference is at full size: run the preset full"
    yield from _rates("rate-full", PUBLIC, RATES, rates, "" if config.scale == 1 else whole)
    for layer in ("L23", "L4", "L5", "L6"):
        pair = {name: rates[POPULATIONS.index(name)] for name in (f"{layer}I", f"{layer}E")}
        yield ordering(
            f"inhibition-leads-{layer}",
            f"Inhibitory neurons of {layer} fire at a higher rate than excitatory ones",
            source=PUBLIC,
            kind="code",
            measured=pair,
            unit="Hz",
        )
    statement = "Spikes are irregular: variation of intervals, mean over populations"
    if config.scale == 0.1 and config.window == 1:
        yield within(
            "irregularity",
            statement,
            source=NEST,
            kind="code",
            expected=IRREGULARITY,
            tolerance=TOLERANCE * IRREGULARITY,
            measured=float(variations.mean()),
            note="in windows of 1 s, as long as the runs of the reference; longer ones give more",
        )
    else:
        yield not_tested(
            "irregularity",
            statement,
            source=NEST,
            kind="code",
            expected="0.6",
            why=f"{small}, windows of 1 s",
        )


def measured(config: Config, results: Results) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rates (Hz) and the variation of intervals of the populations, means over circuits and windows."""
    each = [f"circuit_{number}" for number in range(config.seeds)]
    rates = np.mean([results.array(f"{stage}/rate") for stage in each], axis=0)
    found = np.array([results.array(f"{stage}/variation") for stage in each])
    known = np.isfinite(found)
    counts = np.maximum(known.sum(axis=(0, 2)), 1)
    return rates, np.where(known, found, 0).sum(axis=(0, 2)) / counts


def _rates(
    id: str, source: str, expected: Iterable[float], rates: NDArray[np.float64], why: str
) -> Iterable[Claim]:
    for name, rate, found in zip(POPULATIONS, expected, rates, strict=True):
        about: Mapping[str, str] = {"source": source}
        statement = f"Mean rate of {name}"
        if why:
            yield not_tested(f"{id}-{name}", statement, kind="code", expected=f"{rate:g}", why=why, **about)
        else:
            yield within(
                f"{id}-{name}",
                statement,
                kind="code",
                expected=rate,
                tolerance=TOLERANCE * rate,
                measured=float(found),
                unit="Hz",
                **about,
            )
