"""Sparse evolutionary training (SET)."""

import numpy as np

from neurosim.model.parameters import parameter
from neurosim.model.selection import at_random, largest, smallest
from neurosim.model.structural import Change, Signals, StructuralRule


class SET(StructuralRule):
    """Sparse evolutionary training: weak connections are replaced by random new ones.

    At each interval, dropped = fraction zeta of the positive weights nearest to 0 and of the negative ones nearest to
    0;
    as many are grown at random where there was no connection, with the weight that the description gives the edge.
    zeta fraction (1); density of the connections (1), constant; interval between updates (s), an epoch in the paper.
    Source: Mocanu, Mohr, Curry, Nguyen, Liu, Gibescu, Liotta 2018, Nat. Commun. 9:2383,
    doi:10.1038/s41467-018-04316-3.
    Checked: an update drops exactly the weights nearest to 0 within each sign and keeps the number of connections.
    """

    zeta = parameter(0.3, "fraction of the connections that is replaced", low=0.0, high=1.0)
    grown = "initial"
    conserves = True

    def step(
        self, mask: np.ndarray, w: np.ndarray, signal: Signals, t: int, rng: np.random.Generator
    ) -> Change:
        """Return (drop, grow); no more than places are free."""
        signs = mask & (w >= 0), mask & (w < 0)
        wanted = [int(self.zeta * sign.sum()) for sign in signs]
        free = int((~mask).sum())
        if sum(wanted) > free:
            wanted = [free * count // sum(wanted) for count in wanted]
        drop = smallest(w, signs[0], wanted[0]) | largest(w, signs[1], wanted[1])
        return drop, at_random(~mask, sum(wanted), rng)
