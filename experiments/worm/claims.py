"""What the paper claims of the worm, what an independent program gave, and our own questions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from neurosim.experiment import Claim, Results, at_least, at_most, not_tested, ordering, within
from neurosim.experiments.worm.config import Config

ABSTRACT = "abstract, Boyle, Berri, Cohen 2012"
PROTOTYPE = "independent program from the same equations (not the paper's number)"
OURS = "this project's own question"


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge the gaits over media, their numbers, lesions and recovery."""
    of = {name: results.array(f"gaits/{name}") for name in ("medium", "frequency", "wavelength", "speed")}
    names = [f"medium {m:g}" for m in of["medium"]]
    if len(names) > 1:
        for name, statement in (
            ("frequency", "One set of parameters gives a gait that slows down from water to agar"),
            ("wavelength", "Its wavelength becomes shorter from water to agar"),
        ):
            yield ordering(
                f"{name}-falls", statement, source=ABSTRACT, kind="paper-ordering",
                measured=dict(zip(names, of[name].tolist(), strict=True)),
                unit="Hz" if name == "frequency" else "body lengths",
            )  # fmt: skip
    yield at_least(
        "head-to-tail", "The wave runs from head to tail in every medium: least wavelength",
        source=ABSTRACT, kind="paper-ordering", expected=0.0, measured=float(of["wavelength"].min()),
        unit="body lengths",
    )  # fmt: skip
    yield at_least(
        "forward", "The worm moves forward in every medium: least speed", source=ABSTRACT, kind="paper-ordering",
        expected=0.0, measured=float(of["speed"].min()), unit="m/s",
    )  # fmt: skip
    for medium, where, numbers in (
        (0.0, "water", (("frequency", 2.32, 0.1, "Hz"), ("wavelength", 1.78, 0.1, "body lengths"))),
        (1.0, "agar", (("frequency", 0.41, 0.03, "Hz"), ("wavelength", 0.67, 0.05, "body lengths"))),
    ):
        for name, expected, tolerance, unit in numbers:
            id, statement = (
                f"{name}-{where}",
                f"{name.capitalize()} in {where}" if where == "water" else f"{name.capitalize()} on agar",
            )
            if medium not in of["medium"]:
                yield not_tested(
                    id,
                    statement,
                    source=PROTOTYPE,
                    kind="own",
                    expected=f"{expected}",
                    why="not among the media",
                )
                continue
            measured = float(of[name][np.flatnonzero(of["medium"] == medium)[0]])
            yield within(
                id, statement, source=PROTOTYPE, kind="own", expected=expected, tolerance=tolerance,
                measured=measured, unit=unit,
            )  # fmt: skip
    yield from _lesions(results)
    yield from _recovery(results)


def _lesions(results: Results) -> Iterable[Claim]:
    names = [str(name) for name in results.array("lesions/lesion")]
    speed = results.array("lesions/speed")
    share = dict(zip(names, speed / speed[0], strict=True))
    for place, where in enumerate(("in water", "on agar")):
        yield at_most(
            f"front-{'water' if place == 0 else 'agar'}",
            f"A silent front third costs at least half of the speed {where}: speed over that without lesion",
            source=OURS, kind="own", expected=0.5, measured=float(share["front third silent"][place]),
            note=", ".join(f"{name} {value[place]:.2f}" for name, value in share.items() if name != "none"),
        )  # fmt: skip


def _recovery(results: Results) -> Iterable[Claim]:
    """Judge what the rule brings back of the speed that a weak side costs, as in the study `swimmer_recovery`."""
    speed, turning = (results.array(f"recovery/{name}") for name in ("speed", "turning"))
    for place, where in enumerate(("in water", "on agar")):
        for k, factor in enumerate(results.array("recovery/factor")):
            before, _, lost = speed[0, place, k]
            regained = speed[1, place, k, 2]
            id = f"gain-{where.split()[1]}-{factor:g}"
            statement = (
                f"A homeostatic gain of the muscles brings back the speed {where} when dorsal muscles receive "
                f"{factor:g} of their input: share of what was lost"
            )
            kept = lost / before
            if kept > 0.9:
                why = f"without the rule {kept:.2f} of the speed is kept: nothing to bring back"
                yield not_tested(id, statement, source=OURS, kind="own", expected=">= 0.9", why=why)
                continue
            rates = ", ".join(
                f"{rate:.3f}" for rate in np.abs([*turning[0, place, k], turning[1, place, k, 2]])
            )
            yield at_least(
                id, statement, source=OURS, kind="own", expected=0.9,
                measured=float((regained - lost) / (before - lost)),
                note=f"speed over that before {kept:.2f}, with the rule {regained / before:.2f}; turning before, just "
                f"after, at the end, and there with the rule {rates} rad/s",
            )  # fmt: skip
