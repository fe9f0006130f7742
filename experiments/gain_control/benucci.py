"""Tuning curves of cat visual cortex before and after adaptation, in the layout of Benucci, Saleem, Carandini 2013."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import io

from neurosim.analysis.tuning import covariance, normalised
from neurosim.errors import UsageError
from neurosim.experiment import Data, Stage

Array = NDArray[np.float64]
UNITS, STIMULI = 13, 21
# Probability of the adapter in each recording (%).
ADAPTER = (50, 35, 35, 50, 50, 50, 50, 40, 40, 30, 30)
SUBSETS = {"low": (1, 2, 7, 8, 9, 10), "high": (0, 3, 4, 5, 6)}
SHAPE = (len(ADAPTER), UNITS, STIMULI, 2)


def load_recordings(path: str | Path) -> Array:
    """Return responses (11 recordings, 13 units, 21 stimuli, 2: before and with adaptation) of a MATLAB file.

    Arguments: path of a file with the variable 'resps' of that shape; a cell array of 11 recordings is read too.
    Raises: UsageError when the file is missing, cannot be read, or holds something else.
    Source: layout of Benucci, Saleem, Carandini 2013, Nat. Neurosci. 16:724, doi:10.1038/nn.3382.
    """
    where = f"recordings '{path}'"
    try:
        contents = io.loadmat(str(path), variable_names=["resps"], appendmat=False)
    except FileNotFoundError as error:
        raise UsageError(
            f"{where}: there is no such file: give the path of BenucciTuningData.mat, or leave it out"
        ) from error
    except (NotImplementedError, ValueError, TypeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"{where}: not a MATLAB file up to version 7 ({reason}): save it as one") from error
    if "resps" not in contents:
        raise UsageError(f"{where}: it has no variable 'resps': give the tuning data")
    found = contents["resps"]
    if found.dtype == object:
        found = np.array([np.asarray(one, dtype=float) for one in found.ravel()])
    if found.shape != SHAPE:
        raise UsageError(f"{where}: 'resps' has the shape {found.shape}: it should be {SHAPE}")
    if not np.isfinite(found).all():
        raise UsageError(f"{where}: 'resps' has values that are not finite: take those recordings out")
    responses: Array = found.astype(float)
    return responses


def prior(share: float) -> Array:
    """Return the probabilities of the 21 stimuli, (21,): half of `share` at the adapter, a quarter on either side."""
    found = np.full(STIMULI, (1 - share) / (STIMULI - 3))
    centre = STIMULI // 2
    found[centre - 1 : centre + 2] = share * np.array([0.25, 0.5, 0.25])
    return found / found.sum()


def recorded_adaptation(path: str | Path, stage: Stage) -> dict[str, Data]:
    """Return mean normalised curves and their covariances for recordings with a rare and with a frequent adapter.

    Arguments: path, as of `load_recordings`; stage, which is told how far the work is.
    """
    responses = load_recordings(path)
    curves, covariances = [], []
    for recordings in SUBSETS.values():
        chosen = responses[list(recordings)]
        before, after = (
            np.mean([normalised(one[..., 0], one[..., when]) for one in chosen], axis=0) for when in (0, 1)
        )
        biased = prior(float(np.mean([ADAPTER[place] for place in recordings])) / 100)
        uniform = np.full(STIMULI, 1 / STIMULI)
        curves.append((before, after))
        covariances.append(
            [covariance(*pair) for pair in ((before, uniform), (before, biased), (after, biased))]
        )
    return {
        "subset": Data(np.array(list(SUBSETS)), ("subset",), "", "recordings by probability of the adapter"),
        "unit": Data(np.linspace(-90, 90, UNITS), ("unit",), "degree", "preferred orientation of the bin"),
        "shown": Data(np.linspace(-90, 90, STIMULI), ("shown",), "degree", "orientation of the stimulus"),
        "curve": Data(
            np.array(curves),
            ("subset", "state", "unit", "shown"),
            "",
            "normalised response, before and after",
        ),
        "covariance": Data(
            np.array(covariances),
            ("subset", "condition", "unit", "other"),
            "",
            "covariance: equal stimuli; biased, without adaptation; biased, with adaptation",
        ),
    }
