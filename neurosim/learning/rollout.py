"""What roll-outs bring, and the advantages of their actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosim.errors import UsageError


@dataclass(frozen=True, eq=False)
class Rollout:
    """Episodes of one policy.

    Fields: observations, by population (episodes, steps + 1, units), the last after the last action; action, with
    noise and before any transfer function, and mean, without noise (episodes, steps, units); reward of each action
    (episodes, steps).
    """

    observations: Mapping[str, np.ndarray]
    action: np.ndarray
    mean: np.ndarray
    reward: np.ndarray

    @property
    def returns(self) -> np.ndarray:
        """The sum of rewards of each episode (episodes,)."""
        return np.asarray(self.reward.sum(1))

    def batch(self, values: np.ndarray, discount: float, decay: float) -> dict[str, Any]:
        """Return the roll-out as a batch, with standardised advantages, and returns for the value read-out.

        Arguments: values (episodes, steps + 1), of the observations; the others as of `advantages`.
        """
        gained = advantages(self.reward, values, discount, decay)
        scale = gained.std()
        return {
            "inputs": dict(self.observations),
            "action": self.action,
            "mean": self.mean,
            "advantage": (gained - gained.mean()) / (scale if scale > 0 else 1.0),
            "return": gained + values[:, :-1],
        }


def advantages(reward: np.ndarray, values: np.ndarray, discount: float, decay: float) -> np.ndarray:
    """Return the generalised advantage of each action (episodes, steps).

    A_t = sum over k of (discount decay)^k d_(t+k);  d_t = r_t + discount V_(t+1) - V_t. The end of an episode is a
    limit of time: what would come after it counts by the value of the last observation.
    Arguments: reward (episodes, steps); values V (episodes, steps + 1); discount and decay, between 0 and 1.
    Raises UsageError for other shapes or numbers. Source: Schulman et al. 2016, arXiv 1506.02438.
    """
    if reward.ndim != 2 or values.shape != (reward.shape[0], reward.shape[1] + 1):
        raise UsageError(
            f"advantages: rewards of shape {reward.shape} and values of shape {values.shape}: give (episodes, steps) "
            "and (episodes, steps + 1)"
        )
    if not (0 <= discount <= 1 and 0 <= decay <= 1):
        raise UsageError(f"advantages: discount = {discount}, decay = {decay}: give numbers from 0 to 1")
    surprise = reward + discount * values[:, 1:] - values[:, :-1]
    found = np.zeros_like(surprise)
    following = np.zeros(len(reward))
    for step in range(reward.shape[1] - 1, -1, -1):
        following = surprise[:, step] + discount * decay * following
        found[:, step] = following
    return found
