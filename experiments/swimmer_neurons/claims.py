"""Our own questions about a swimmer whose neurons take time, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from neurosim.circuits.neuronal_swimmer import KINDS, PERIOD
from neurosim.experiment import Claim, Results, at_least, at_most, not_tested, ordering, within
from neurosim.experiments.swimmer_neurons.config import Config

OURS = "this project's own question"
DERIVED = "derived from the equations of the circuit"
HALF, CLOSE = 0.5, 0.05


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge the kinds of neurons, delays, pools, contralateral inhibition and the weights of the connectome."""
    yield from _neurons(results)
    yield from _delays(results)
    yield from _pools(results)
    yield from _contralateral(results)
    yield from _cord(results)


def _mean(results: Results, name: str) -> np.ndarray:
    """Return a measure, the mean over starts."""
    found: np.ndarray = results.array(name).mean(axis=-1)
    return found


def _neurons(results: Results) -> Iterable[Claim]:
    arms = [str(arm) for arm in results.array("neurons/arm")]
    total, speed, frequency, wavelength = (
        dict(zip(arms, _mean(results, f"neurons/{name}"), strict=True))
        for name in ("total", "speed", "frequency", "wavelength")
    )
    yield within(
        "control-step",
        "Without dynamics a control step of 2 ms swims as well as one of 30 ms: speed over speed",
        source=OURS, kind="own", expected=1.0, tolerance=CLOSE, measured=float(speed["stateless"] / speed["30 ms"]),
    )  # fmt: skip
    for kind in KINDS[1:]:
        for id, what, found, unit in (("speed", "speed", speed, " m/s"), ("return", "return", total, "")):
            yield at_least(
                f"{id}-{kind}",
                f"With {kind} neurons the swimmer keeps at least half of its {what}: {what} over that as published",
                source=OURS, kind="own", expected=HALF, measured=float(found[kind] / found["30 ms"]),
                note=f"{found[kind]:.3g} and {found['30 ms']:.3g}{unit}",
            )  # fmt: skip
    yield within(
        "alike",
        "Spiking neurons swim as leaky ones of the same mean delay: speed over speed",
        source=OURS, kind="own", expected=1.0, tolerance=CLOSE, measured=float(speed["spiking"] / speed["leaky"]),
    )  # fmt: skip
    yield within(
        "frequency",
        "The oscillator sets the frequency of every kind: the farthest from it",
        source=OURS, kind="own", expected=1 / PERIOD, tolerance=0.01,
        measured=float(max((frequency[k] for k in KINDS), key=lambda f: abs(f - 1 / PERIOD))), unit="Hz",
    )  # fmt: skip
    yield at_least(
        "head-to-tail",
        "The wave runs from head to tail with every kind of neuron: least wavelength",
        source=OURS, kind="own", expected=0.0, measured=float(min(wavelength[k] for k in KINDS)),
        unit="body lengths",
    )  # fmt: skip


def _delays(results: Results) -> Iterable[Claim]:
    delays, speed = results.array("delays/delay"), _mean(results, "delays/speed")
    reference = results.array("neurons/speed")[0].mean()
    for kind, row in zip(("leaky", "spiking"), speed, strict=True):
        if len(delays) > 1:
            yield ordering(
                f"slower-{kind}", f"The longer the delay of {kind} neurons, the slower the swimmer",
                source=OURS, kind="own", unit="m/s",
                measured={f"{1000 * tau:g} ms": float(v) for tau, v in zip(delays, row, strict=True)},
            )  # fmt: skip
        kept = delays[row >= HALF * reference]
        yield at_least(
            f"delay-{kind}", f"With {kind} neurons half of the speed is left at a delay of 0.1 s: the longest with it",
            source=OURS, kind="own", expected=0.1, measured=float(kept.max(initial=0.0)), unit="s",
        )  # fmt: skip


def _pools(results: Results) -> Iterable[Claim]:
    sizes, speed = results.array("pools/size"), _mean(results, "pools/speed")
    yield within(
        "pool",
        f"A pool of {sizes[0]} swims as one of {sizes[-1]}: speed over speed",
        source=OURS, kind="own", expected=1.0, tolerance=CLOSE, measured=float(speed[0] / speed[-1]),
    )  # fmt: skip


def _contralateral(results: Results) -> Iterable[Claim]:
    total = results.array("contralateral/total")
    for kind, found in zip(KINDS, total, strict=True):
        yield at_most(
            f"w_c-{kind}",
            f"With {kind} neurons w_c = -1 and 0 are the same, since both sides of a joint pull against each other: "
            "largest difference of returns over a start",
            source=DERIVED, kind="theory", expected=1e-6, measured=float(abs(found[0] - found[2]).max()),
        )  # fmt: skip
    between = dict(zip(KINDS, abs(total[:, 1] - total[:, 2]).mean(axis=1).tolist(), strict=True))
    yield ordering(
        "w_c-half",
        "Contralateral inhibition by half, inert without dynamics, acts where both sides are active at once: change of "
        "the return",
        source=DERIVED, kind="theory", measured={k: between[k] for k in ("leaky", "stateless")},
    )  # fmt: skip


def _cord(results: Results) -> Iterable[Claim]:
    tables = [str(table) for table in results.array("cord/table")]
    speed, total, turning = (_mean(results, f"cord/{name}") for name in ("speed", "total", "turning"))
    way = _mean(results, "cord/way")
    even = {name: _mean(results, f"neurons/{name}")[1 : 1 + len(KINDS)] for name in ("speed", "total")}
    for row, table in enumerate(tables):
        if "sides" in table:
            continue
        k = int(np.argmin(speed[row] / even["speed"]))
        yield at_least(
            f"cord-return-{table}",
            f"Weights that vary as in {table} keep at least half of the return: worst kind of neuron",
            source=OURS, kind="own", expected=HALF, measured=float((total[row] / even["total"]).min()),
        )  # fmt: skip
        yield at_least(
            f"cord-speed-{table}",
            f"Weights that vary as in {table} keep at least half of the net speed: worst kind of neuron",
            source=OURS, kind="own", expected=HALF, measured=float(speed[row, k] / even["speed"][k]),
            note=f"{KINDS[k]}: turns by {turning[row, k]:.3f} rad/s, its way {way[row, k]:.3f} m/s",
        )  # fmt: skip
    statement = (
        "Where the net speed is lost, it is the difference between the sides: speed with both sides alike"
    )
    alike, found = tables.index("cook2019, sides alike"), tables.index("cook2019")
    about = {"source": OURS, "kind": "own"}
    if (speed[found] / even["speed"]).min() >= HALF:
        yield not_tested("cord-sides", statement, **about, expected=f">= {HALF:g}", why="no speed is lost")  # type: ignore[arg-type]
    else:
        share = float((speed[alike] / even["speed"]).min())
        yield at_least("cord-sides", statement, **about, expected=HALF, measured=share)  # type: ignore[arg-type]
