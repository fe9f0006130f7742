"""Values of the authors for networks of 500 neurons, as expected values; never results of this project."""

from __future__ import annotations

from typing import Final

NEURONS: Final = 500
SAVED: Final = "authors' code, saved networks of seed 0"
NOTEBOOKS: Final = "authors' code, result tables of notebooks"

MEASURES: Final = ("mean_tau", "sd_tau", "mean_weight", "radius")
NETWORKS: Final = {
    ("single", 5): (1.472, 0.297, -0.00098, 0.944), ("single", 8): (1.452, 0.305, -0.00148, 1.358),
    ("single", 11): (1.433, 0.311, -0.00215, 1.649), ("multi", 5): (1.456, 0.303, -0.00051, 0.832),
    ("multi", 8): (1.414, 0.314, -0.00092, 0.987), ("multi", 11): (1.389, 0.317, -0.00102, 0.958),
}  # fmt: skip
"""By curriculum and N, parity: the MEASURES when N was solved."""

EPOCHS: Final = {"single": {7: 7, 10: 15, 11: 20, 15: 48, 20: 99, 25: 167, 28: 242}, "multi": {12: 12}}
"""By curriculum and N, parity: the epoch in which N was solved."""

ABLATED: Final = {"single": (0.967, 0.740), "multi": (0.900, 1.000), "sliding": (0.905, 0.998)}
"""By curriculum, parity at N = 30: relative accuracy without one of the 20 neurons of shortest and longest tau."""

PERTURBED: Final = {
    ("W", 0.215): {"single": 0.845, "multi": 0.976},
    ("tau", 0.0464): {"single": 0.829, "multi": 0.986},
}
"""By parameter and relative size, parity at N = 30: accuracy after a perturbation."""
