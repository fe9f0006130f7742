"""The figure of the swimmer study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosim.experiment import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CIRCUIT, MLP = "#0072B2", "#D55E00"


def figure(config: Any, results: Results) -> Figure:
    """Return the figure: learning curves, ablations, transfer, kymograph of joint angles, units of the head."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(12, 7), layout="constrained")
    axes = drawn.subplot_mosaic([["learning", "ablation", "transfer"], ["kymograph", "kymograph", "units"]])
    _learning(axes["learning"], config, results)
    _ablation(axes["ablation"], results)
    _transfer(axes["transfer"], results)
    image = _kymograph(axes["kymograph"], results)
    drawn.colorbar(image, ax=axes["kymograph"], label="joint angle (rad)", pad=0.01)
    _units(axes["units"], results)
    for letter, axis in zip("ABCDE", axes.values(), strict=True):
        axis.set_title(letter, loc="left", fontweight="bold")
    return drawn


def _learning(axis: Axes, config: Any, results: Results) -> None:
    for kind, seeds, colour in (("circuit", config.circuit_seeds, CIRCUIT), ("mlp", config.mlp_seeds, MLP)):
        for k in range(seeds):
            steps, mean, sd = (results.array(f"{kind}_{k}/{name}") for name in ("steps", "mean", "sd"))
            label = (
                {"circuit": "circuit (4 weights)", "mlp": f"MLP {config.mlp_hidden}"}[kind]
                if k == 0
                else None
            )
            axis.plot(steps / 1e3, mean, color=colour, label=label)
            axis.fill_between(steps / 1e3, mean - sd, mean + sd, color=colour, alpha=0.15, linewidth=0)
    axis.set(xlabel="environment steps (thousands)", ylabel="return", ylim=(0, 1000), title="Learning")
    axis.legend(frameon=False, loc="upper right", bbox_to_anchor=(1.0, 0.82))


def _ablation(axis: Axes, results: Results) -> None:
    variants, table = results.array("ablation/variant"), results.array("ablation/returns")
    rng = np.random.default_rng(0)
    for x, row in enumerate(table):
        axis.plot(x + rng.uniform(-0.25, 0.25, row.size), row, ".", color="0.6", markersize=3)
        axis.plot([x - 0.35, x + 0.35], [np.median(row)] * 2, color=CIRCUIT, linewidth=2)
    axis.set_xticks(range(len(variants)), [str(v) for v in variants])
    axis.set(
        xlabel="variant: shared, signed, constant",
        ylabel="return before training",
        ylim=(-20, 1000),
        title="Ablations",
    )


def _transfer(axis: Axes, results: Results) -> None:
    links = results.array("transfer/links")
    groups = (
        ("untrained", results.array("initial/returns")),
        ("trained", results.array("transfer/returns").mean(axis=0)),
    )
    for shift, (label, table) in zip((-0.2, 0.2), groups, strict=True):
        colour = CIRCUIT if label == "trained" else "0.6"
        axis.bar(
            np.arange(len(links)) + shift,
            table.mean(axis=1),
            0.38,
            yerr=table.std(axis=1),
            color=colour,
            label=label,
        )
    axis.set_xticks(
        range(len(links)), [f"{n}{' (trained on)' if k == 0 else ''}" for k, n in enumerate(links)]
    )
    axis.set(xlabel="links of the body", ylabel="return", ylim=(0, 1200), title="Transfer")
    axis.legend(frameon=False, ncols=2, loc="upper center")


def _kymograph(axis: Axes, results: Results) -> Any:
    angles, time = results.array("traces/angle"), results.array("traces/time")
    last = min(len(time), 400)
    limit = float(np.abs(angles[:last]).max())
    step = float(time[1] - time[0])
    extent = (0.0, float(time[last - 1]) + step, angles.shape[1] + 0.5, 0.5)
    axis.set(
        xlabel="time (s)",
        ylabel="joint (1 = next to the head)",
        title="Joint angles of the untrained circuit",
    )
    axis.set_yticks(range(1, angles.shape[1] + 1))
    return axis.imshow(
        angles[:last].T,
        aspect="auto",
        extent=extent,
        cmap="RdBu_r",
        vmin=-limit,
        vmax=limit,
        interpolation="nearest",
    )


def _units(axis: Axes, results: Results) -> None:
    time, b = results.array("traces/time"), results.array("traces/b")
    joints = results.array("traces/angle").shape[1]
    window = slice(len(time) // 2, len(time) // 2 + 180)
    for k in range(joints):
        for side, unit, colour in (("dorsal", k, CIRCUIT), ("ventral", joints + k, MLP)):
            line = b[window, unit] * 0.7 - k
            axis.plot(time[window], line, color=colour, linewidth=1.2, label=side if k == 0 else None)
    axis.set_yticks([-k + 0.35 for k in range(joints)], [str(k + 1) for k in range(joints)])
    axis.set(
        xlabel="time (s)", ylabel="joint", title="Activity of B units (0 to 1)", ylim=(-joints + 0.8, 1.5)
    )
    axis.legend(frameon=False, ncols=2, loc="upper center")
