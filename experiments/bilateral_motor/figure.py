"""The figure and the movie of the bilateral motor study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from neurosim.bodies.arm import TwoLink
from neurosim.experiment import Results
from neurosim.experiments.bilateral_motor.training import MODELS, TASKS, mixed
from neurosim.palette import BLUE, GREEN, GREY, ORANGE, PALE, PURPLE, SEQUENTIAL, SKY, VERMILION
from neurosim.plot import letters

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "U-N": GREY,
    "U-D": BLUE,
    "U-ND": VERMILION,
    "Bi-N": SKY,
    "CC-N": GREEN,
    "Bi-S": ORANGE,
    "CC-S": PURPLE,
}
NAMES = {
    "U-N": "one network, non-specialised",
    "U-D": "one network, dominant",
    "U-ND": "one network, non-dominant",
    "Bi-N": "two hemispheres, non-specialised",
    "CC-N": "with callosum, non-specialised",
    "Bi-S": "two hemispheres, specialised",
    "CC-S": "with callosum, specialised",
}
LESIONS = {
    "highleft": "left input",
    "highright": "right input",
    "lowleft": "left last layer",
    "lowright": "right last layer",
    "cc": "callosum",
    "ccl": "callosum, left input",
    "ccr": "callosum, right input",
}
SHOWN = ("U-D", "U-ND", "CC-S")
PANELS = (("path0", "path1", "path2"), ("reach", "hold", "matrix"), ("learning", "lesion0", "lesion1"))
FRAMES = 2  # control steps from one frame of the movie to the next
PAUSE = 5  # frames at the end of a trial
TRIALS = 4  # in the movie


def figure(config: Any, results: Results) -> Figure:
    """Return the figure: hand paths, error over time, a matrix of models and tasks, learning curves, lesions."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(13.5, 11.5), layout="constrained")
    axes = drawn.subplot_mosaic([list(row) for row in PANELS])
    for k, model in enumerate(SHOWN):
        _paths(axes[f"path{k}"], results, model)
    for k, task in enumerate(TASKS):
        _error(axes[task], results, k, task)
        _lesions(axes[f"lesion{k}"], results, k, task)
    _matrix(axes["matrix"], results)
    _learning(axes["learning"], results)
    letters(axes.values())
    drawn.legend(
        *axes["reach"].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False
    )
    return drawn


def _paths(axis: Axes, results: Results, model: str) -> None:
    hand = 100 * results.array("test/hand")[0, list(MODELS).index(model)]
    target = 100 * results.array("test/target")[0]
    for k, path in enumerate(hand):
        label = "target" if k == 0 else None
        axis.plot(*path.T, color=COLOURS[model], linewidth=1.2)
        axis.plot(*path[0], "o", color=GREY, markersize=3, label="start" if k == 0 else None)
        axis.plot(*target[k], "x", color="black", markersize=6, label=label)
        axis.plot(*zip(path[-1], target[k], strict=True), ":", color=PALE, linewidth=0.8)
    axis.set(xlabel="x (cm)", ylabel="y (cm)", title=NAMES[model], xlim=(-75, 75), ylim=(-40, 75))
    axis.set_aspect("equal")
    if model == SHOWN[0]:
        axis.legend(frameon=False, loc="lower left", fontsize=8)


def _error(axis: Axes, results: Results, k: int, task: str) -> None:
    time = results.array("test/time")
    for model, curve in zip(MODELS, results.array("test/error")[k].mean(axis=1), strict=True):
        axis.plot(time, curve, color=COLOURS[model], label=NAMES[model])
    title = {"reach": "Reaching", "hold": "Holding under a load"}[task]
    axis.set(
        xlabel="time in the trial (s)", ylabel="distance from the target (cm)", title=title, ylim=(0, None)
    )


def _matrix(axis: Axes, results: Results) -> None:
    """Draw end errors of every model and task, each column shaded by itself."""
    errors = np.stack([results.array(f"test/{task}_end_error").mean(axis=-1, dtype=float) for task in TASKS])
    mean, several = errors.mean(-1).T, errors.shape[-1] > 1
    spread = errors.std(-1, ddof=1).T if several else np.zeros_like(mean)
    low, high = mean.min(0), mean.max(0)
    texts = np.vectorize("{:.1f} ± {:.1f}".format if several else "{:.1f}".format)(mean, spread)
    _shaded(axis, (mean - low) / np.maximum(high - low, 1e-12), texts)
    axis.set_xticks(range(len(TASKS)), ("reaching", "holding"))
    axis.set_yticks(range(len(MODELS)), [_broken(NAMES[model]) for model in MODELS], fontsize="small")
    axis.set(title="End error (cm), ± SD of seeds" if several else "End error (cm)")


def _learning(axis: Axes, results: Results) -> None:
    """Draw the non-specialised loss of the reaching models, whatever loss they learn from, without regulariser."""
    parts = {name: results.array(f"training/{name}")[0].mean(axis=1) for name in ("P1", "P2", "A")}
    loss = sum(mixed(name) * curve for name, curve in parts.items())
    assert isinstance(loss, np.ndarray)
    width = max(loss.shape[1] // 25, 1)
    count = loss.shape[1] // width
    smooth = loss[:, : count * width].reshape(len(loss), count, width).mean(-1)
    for model, curve in zip(MODELS, smooth, strict=True):
        axis.plot((np.arange(count) + 0.5) * width, curve, color=COLOURS[model])
    axis.set(xlabel="update", ylabel="loss, 2.5 P1 + 2.5 P2 + A", title="Learning to reach", ylim=(0, None))


def _lesions(axis: Axes, results: Results, k: int, task: str) -> None:
    """Draw the end error after each lesion."""
    lesions, models = results.array("lesions/lesion"), [str(m) for m in results.array("lesions/model")]
    table = results.array("lesions/end_error")[:, k].mean(axis=-1)
    intact = results.array(f"test/{task}_end_error").mean(axis=(1, 2), dtype=float)
    rows = np.vstack([[intact[list(MODELS).index(m)] for m in models], table])
    _shaded(axis, rows, np.where(np.isnan(rows), "-", np.vectorize("{:.1f}".format)(rows)))
    axis.set_xticks(range(len(models)), [_broken(NAMES[model]) for model in models], fontsize=7)
    axis.tick_params(axis="x", rotation=30)
    axis.set_yticks(range(len(rows)), ["intact", *(LESIONS[str(lesion)] for lesion in lesions)])
    axis.set(title=f"Lesions, {'reaching' if task == 'reach' else 'holding'} (cm)")


def _shaded(axis: Axes, values: np.ndarray, texts: np.ndarray) -> None:
    """Draw a table of texts with cells shaded by value, pale enough to read what is in them."""
    axis.imshow(values, cmap=f"{SEQUENTIAL}_r", aspect="auto", alpha=0.5)
    for (row, column), text in np.ndenumerate(texts):
        axis.text(column, row, str(text), ha="center", va="center")


def _broken(name: str) -> str:
    return name.replace(", ", ",\n")


def movie(config: Any, results: Results) -> FuncAnimation:
    """Return the arm reaching in the same trials under three of the models, at a quarter of its speed."""
    from matplotlib.animation import FuncAnimation
    from matplotlib.figure import Figure

    limb = TwoLink()
    hand, target = results.array("test/hand")[0], results.array("test/target")[0]
    paths = [hand[list(MODELS).index(model)] for model in SHOWN]
    steps = hand.shape[2]
    moments = [min(FRAMES * k, steps - 1) for k in range(-(-steps // FRAMES))] + [steps - 1] * PAUSE
    frames = [(trial, step) for trial in range(min(TRIALS, hand.shape[1])) for step in moments]
    drawn = Figure(figsize=(7.5, 2.9), layout="constrained")
    lines = []
    for axis, model in zip(drawn.subplots(1, len(SHOWN)), SHOWN, strict=True):
        axis.set(xlim=(-0.7, 0.7), ylim=(-0.3, 0.7), title=_broken(NAMES[model]), xticks=[], yticks=[])
        axis.set_aspect("equal")
        (arm,) = axis.plot([], [], "o-", color=COLOURS[model], linewidth=4, markersize=5)
        (trace,) = axis.plot([], [], color=PALE, linewidth=1)
        (aim,) = axis.plot([], [], "x", color="black", markersize=8, markeredgewidth=2)
        lines.append((arm, trace, aim))

    def draw(frame: tuple[int, int]) -> list[Any]:
        trial, step = frame
        for path, (arm, trace, aim) in zip(paths, lines, strict=True):
            arm.set_data(*_arm(limb, path[trial, step]).T)
            trace.set_data(*path[trial, : step + 1].T)
            aim.set_data(*target[trial][:, None])
        return [line for three in lines for line in three]

    return FuncAnimation(drawn, draw, frames=frames, interval=80, blit=False)


def _arm(limb: TwoLink, hand: np.ndarray) -> np.ndarray:
    """Return the positions of shoulder, elbow and hand (m)."""
    q = np.asarray(limb.angles(jnp.asarray(hand)))
    elbow = limb.length[0] * np.array([np.cos(q[0]), np.sin(q[0])])
    return np.array([[0.0, 0.0], elbow, hand])
