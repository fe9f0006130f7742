"""Digits learned without labels; run as a program, it prints the accuracy on images that were not learned."""

import sys
import time

import numpy as np
from brian2 import Hz, ms

from neurosim import simulate
from neurosim.circuits.known import digit_learner
from neurosim.datasets import digits

CELLS, RATE, SUM = 100, 250 * Hz, 8.5  # rate of the brightest pixel, sum of the weights of a cell


def show(simulation, image, strength=1.0):
    """Return the spikes of every cell while an image is shown for 350 ms, before 150 ms of rest."""
    before = len(simulation.recordings()["cells.spikes"].ids)
    simulation.set("pixels.rate", image * RATE * strength)
    simulation.run(350 * ms)
    spikes = np.bincount(simulation.recordings()["cells.spikes"].ids[before:], minlength=CELLS)
    simulation.set("pixels.rate", 0 * Hz)
    simulation.run(150 * ms)
    # As in the paper, an image that fewer than five spikes answer is shown again at a higher rate.
    return spikes if spikes.sum() >= 5 or strength > 3 else show(simulation, image, strength + 0.5)


def learn(images, seed):
    """Return weights and thresholds after all images have been shown once."""
    simulation = simulate(digit_learner(cells=CELLS), seed=seed)
    for image in images:
        weights = np.asarray(simulation.get("learned.w")).reshape(-1, CELLS)
        simulation.set("learned.w", (weights * SUM / weights.sum(axis=0)).clip(0, 1).ravel())
        show(simulation, image)
    return np.asarray(simulation.get("learned.w")), simulation.get("cells.theta")


def accuracy(train, test, seed):
    """Return the share of test images (n, 64) whose class is that of the cells that answer most, by mean spikes."""
    weights, theta = learn(train.rows, seed)
    simulation = simulate(digit_learner(cells=CELLS, learns=False), seed=seed + 1)
    simulation.set("learned.w", weights)
    simulation.set("cells.theta", theta)
    some = slice(-800, None)
    answers = np.array([show(simulation, image) for image in train.rows[some]])
    by_class = np.array([answers[train.labels[some] == k].mean(axis=0) for k in range(10)])
    owner = by_class.argmax(axis=0)
    tested = np.array([show(simulation, image) for image in test.rows])
    # A class without a cell of its own is never the answer.
    score = np.full((10, len(test)), -1.0)
    for k in np.unique(owner):
        score[k] = tested[:, owner == k].mean(axis=1)
    return np.mean(score.argmax(axis=0) == test.labels)


def main(seed=1):
    train, test = digits().split(1397, seed)
    began = time.process_time()
    print(
        f"seed {seed}: {accuracy(train, test, seed):.3f}, {time.process_time() - began:.0f} CPU s", flush=True
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
