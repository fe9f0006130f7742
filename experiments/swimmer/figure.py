"""The figure of the swimmer study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosim.experiment import Results
from neurosim.palette import BLUE, DIVERGING, PALE, VERMILION
from neurosim.plot import letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CIRCUIT, MLP = BLUE, VERMILION
OPTIONS = ("shared", "signed", "constant")


def figure(config: Any, results: Results) -> Figure:
    """Return the figure: learning curves, ablations, transfer, kymograph of joint angles, neurons."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(12, 7), layout="constrained")
    rows = drawn.add_gridspec(2, 1)
    above, below = drawn.add_subfigure(rows[0]), drawn.add_subfigure(rows[1])
    learning, ablation, transfer = above.subplots(1, 3)
    angles, neurons = below.subplots(1, 2, width_ratios=(2, 1))
    _learning(learning, config, results)
    _ablation(ablation, results)
    _transfer(transfer, results)
    image = _kymograph(angles, results)
    below.colorbar(image, ax=angles, label="joint angle (rad)", pad=0.01)
    _neurons(neurons, results)
    letters((learning, ablation, transfer, angles, neurons))
    return drawn


def _learning(axis: Axes, config: Any, results: Results) -> None:
    kinds = [("circuit", "circuit (4 weights)", config.circuit_seeds, CIRCUIT, "-")]
    styles = ("-", "--", ":", "-.")
    for place, (name, hidden) in enumerate(config.mlps.items()):
        kinds.append((name, f"MLP {hidden}", config.mlp_seeds, MLP, styles[place % len(styles)]))
    for kind, label, seeds, colour, style in kinds:
        for k in range(seeds):
            steps, mean, sd = (results.array(f"{kind}_{k}/{name}") for name in ("steps", "mean", "sd"))
            axis.plot(steps / 1e3, mean, style, color=colour, label=label if k == 0 else None)
            axis.fill_between(steps / 1e3, mean - sd, mean + sd, color=colour, alpha=0.15, linewidth=0)
    axis.set(xlabel="environment steps (thousands)", ylabel="return", ylim=(0, 1000), title="Learning")
    axis.legend(frameon=False, loc="upper right", bbox_to_anchor=(1.0, 0.82))


def _ablation(axis: Axes, results: Results) -> None:
    variants, table = results.array("ablation/variant"), results.array("ablation/returns")
    rng = np.random.default_rng(0)
    for y, row in enumerate(table):
        axis.plot(row, y + rng.uniform(-0.25, 0.25, row.size), ".", color=PALE, markersize=3)
        axis.plot([np.median(row)] * 2, [y - 0.35, y + 0.35], color=CIRCUIT, linewidth=2)
    axis.set_yticks(range(len(variants)), [_named(str(bits)) for bits in variants])
    axis.invert_yaxis()
    axis.set(xlabel="return before training", xlim=(-20, 1000), title="Ablations")


def _named(bits: str) -> str:
    """Return the options of a variant: 'shared, constant' for 101."""
    return ", ".join(name for name, bit in zip(OPTIONS, bits, strict=True) if bit == "1") or "none"


def _transfer(axis: Axes, results: Results) -> None:
    links = results.array("transfer/links")
    groups = (
        ("untrained", results.array("initial/returns")),
        ("trained", results.array("transfer/returns").mean(axis=0)),
    )
    for shift, (label, table) in zip((-0.2, 0.2), groups, strict=True):
        colour = CIRCUIT if label == "trained" else PALE
        axis.bar(
            np.arange(len(links)) + shift,
            table.mean(axis=1),
            0.38,
            yerr=table.std(axis=1),
            color=colour,
            label=label,
        )
    axis.set_xticks(
        range(len(links)), ["{}{}".format(n, "\n(trained on)" if k == 0 else "") for k, n in enumerate(links)]
    )
    axis.set(xlabel="links of the body", ylabel="return", ylim=(0, 1200), title="Transfer")
    axis.legend(frameon=False, ncols=2, loc="upper center")


def _kymograph(axis: Axes, results: Results) -> Any:
    angles, time = results.array("traces/angle"), results.array("traces/time")
    last = min(len(time), 400)
    limit = float(np.abs(angles[:last]).max())
    step = float(time[1] - time[0])
    axis.set(xlabel="time (s)", ylabel="joint (1 = next to the head)")
    axis.set_title("Joint angles of the untrained circuit")
    axis.set_yticks(range(1, angles.shape[1] + 1))
    return axis.imshow(
        angles[:last].T,
        aspect="auto",
        extent=(0.0, float(time[last - 1]) + step, angles.shape[1] + 0.5, 0.5),
        cmap=DIVERGING,
        vmin=-limit,
        vmax=limit,
        interpolation="nearest",
    )


def _neurons(axis: Axes, results: Results) -> None:
    time, b = results.array("traces/time"), results.array("traces/b")
    joints = results.array("traces/angle").shape[1]
    window = slice(len(time) // 2, len(time) // 2 + 180)
    for k in range(joints):
        for side, neuron, colour in (("dorsal", k, CIRCUIT), ("ventral", joints + k, MLP)):
            line = b[window, neuron] * 0.7 - k
            axis.plot(time[window], line, color=colour, linewidth=1.2, label=side if k == 0 else None)
    axis.set_yticks([-k + 0.35 for k in range(joints)], [str(k + 1) for k in range(joints)])
    axis.set(xlabel="time (s)", ylabel="joint", title="Activity of motor neurons B")
    axis.set_ylim(-joints + 0.8, 1.5)
    axis.legend(frameon=False, ncols=2, loc="upper center")
