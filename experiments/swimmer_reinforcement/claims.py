"""What is claimed of reinforcement learning of the swimmer, judged by a run."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from neurosim.experiment import Claim, Results, at_least, not_tested, ordering, within
from neurosim.experiments.swimmer_reinforcement.config import Config

Array = NDArray[np.float64]
CITATION = (
    "Bhattasali, Zador, Engel 2022, Neural Circuit Architectural Priors for Embodied Control, NeurIPS, "
    "arXiv 2201.05242"
)
SETTINGS = {"n_links": 6, "steps": 1000, "episodes": 4, "noise": 0.1, "physics_dt": 0.005}


def names(config: Config) -> tuple[str, ...]:
    """Return the controllers: the circuit, the circuit from drawn weights, and the MLPs."""
    return ("circuit", "drawn", *(f"mlp{width}" for width in config.widths))


def of(results: Results, config: Config, name: str, what: str) -> Array:
    """Return a result of a controller, seeds first."""
    return np.array([results.array(f"{name}_{seed}/{what}") for seed in range(config.seeds)], float)


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge the order of circuit and MLPs at equal steps, and what became of weights."""
    returns = {name: of(results, config, name, "returns").mean(-1) for name in names(config)}
    mlps = [name for name in returns if name.startswith("mlp")]
    yield from _against_prototype(config, results, returns)
    for wanted in (20_000, 100_000):
        about = (
            f"ahead-{wanted}",
            f"After {wanted:,} steps the circuit is above every MLP, return without noise",
        )
        found = [k for k, mark in enumerate(config.marks, 1) if mark * config.steps_per_rollout == wanted]
        if not found:
            yield not_tested(
                *about, source="abstract", kind="paper-ordering", expected="circuit > mlp",
                why=f"compared after {config.marks} roll-outs of {config.steps_per_rollout} steps",
            )  # fmt: skip
            continue
        means = {name: float(value[:, found[0]].mean()) for name, value in returns.items()}
        best = max(mlps, key=lambda name: means[name])
        lead = returns["circuit"][:, found[0]] - returns[best][:, found[0]]
        spread = ", ".join(
            f"{name} {means[name]:.0f} ± {returns[name][:, found[0]].std():.0f}" for name in returns
        )
        yield ordering(
            *about, source="abstract", kind="paper-ordering",
            measured={"circuit": means["circuit"], best: means[best]},
            note=f"smallest difference over paired seeds {lead.min():.0f}; {spread}",
        )  # fmt: skip
    gain = returns["circuit"][:, -1] - returns["circuit"][:, 0]
    yield at_least(
        "improves", "Reinforcement improves the circuit: mean difference of return, end minus start",
        source="independent prototype, 1 seed", kind="own", expected=0.0, measured=float(gain.mean()),
        note=f"by seed {', '.join(f'{value:+.0f}' for value in gain)}",
    )  # fmt: skip
    rises = {name: float((returns[name][:, -1] - returns[name][:, 0]).mean()) for name in mlps}
    yield at_least(
        "mlps-learn", "The same code trains MLPs: smallest mean rise of return over sizes",
        source="a comparison needs arms that learn", kind="own", expected=0.0, measured=min(rises.values()),
        note=", ".join(f"{name} {value:+.0f}" for name, value in rises.items()),
    )  # fmt: skip
    yield from _drawn(config, results, returns)
    yield not_tested(
        "authors-returns", "Returns of the circuit by DDPG / PPO and of the MLP (256, 256), 6 links",
        source="authors' videos, reward colouring", kind="paper-number", expected="859 / 847 and 987 (about ± 50)",
        why="their number of steps is not known",
    )  # fmt: skip


def _against_prototype(config: Config, results: Results, returns: dict[str, Array]) -> Iterable[Claim]:
    noisy = of(results, config, "circuit", "noisy")[:, 0]
    for id, statement, expected, tolerance, measured in (
        ("untrained", "Return of the untrained circuit, without noise", 796.0, 12.0, returns["circuit"][:, 0].mean()),
        ("with-noise", "Return of the untrained circuit with noise on its actions", 771.0, 15.0, noisy.mean()),
    ):  # fmt: skip
        source = "independent prototype"
        if any(getattr(config, name) != value for name, value in SETTINGS.items()):
            yield not_tested(
                id, statement, source=source, kind="code", expected=f"{expected:g} ± {tolerance:g}",
                why="run with other settings of body or noise",
            )  # fmt: skip
        else:
            yield within(
                id, statement, source=source, kind="code", expected=expected, tolerance=tolerance,
                measured=float(measured),
            )  # fmt: skip


def _drawn(config: Config, results: Results, returns: dict[str, Array]) -> Iterable[Claim]:
    """Judge whether weights that are projected to their sign leave 0 again."""
    zero = of(results, config, "drawn", "zero")
    yield at_least(
        "alive", "Projected weights do not die: share of trainings from drawn weights in which none of the four is 0 "
        "at the end", source="trap of a constraint in the forward pass, which stops gradients", kind="own",
        expected=1.0,
        measured=float((zero[:, -1] == 0).mean()),
        note=f"trainings with a weight at 0 after some roll-out: {int((zero > 0).any(1).sum())} of {len(zero)}",
    )  # fmt: skip
    rise = returns["drawn"][:, -1] - returns["drawn"][:, 0]
    yield at_least(
        "drawn-learns", "The circuit learns from drawn weights too: mean rise of return", source="abstract",
        kind="paper-ordering", expected=0.0, measured=float(rise.mean()),
        note=f"by seed {', '.join(f'{value:+.0f}' for value in rise)}",
    )  # fmt: skip
