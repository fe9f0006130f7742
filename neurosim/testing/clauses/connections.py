"""Clauses about connections that come and go."""

from __future__ import annotations

import numpy as np

from neurosim.engines.recordings import Samples
from neurosim.model.structural import StructuralRule
from neurosim.testing.report import broken
from neurosim.testing.trial import Trial


def keeps_connections(trial: Trial) -> str:
    """At every step a weight is 0 where there is no connection; a rule that says so keeps the number of connections.

    Each update itself checks that it does not drop connections that do not exist or grow those that do.
    """
    recorded = trial.finished(trial.reference).recordings()
    mask, w = recorded["plastic.mask"], recorded["plastic.w"]
    assert isinstance(mask, Samples) and isinstance(w, Samples) and isinstance(trial.rule, StructuralRule)
    if np.any(w.values[mask.values == 0]):
        broken("a weight is not 0 where there is no connection: report it")
    counts = np.unique(mask.values.sum(axis=1))
    if trial.rule.conserves and counts.size > 1:
        broken(
            f"from {counts.min():g} to {counts.max():g} connections, but the rule says that it conserves them: "
            "drop as many as are grown"
        )
    return ""
