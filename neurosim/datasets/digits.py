"""Handwritten digits of 8 x 8 pixels, which come with the project."""

from __future__ import annotations

import gzip
from importlib.resources import files

import numpy as np

from neurosim.datasets.checks import require_checksum
from neurosim.datasets.data import DataSet

CHECKSUM = "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8"


def digits() -> DataSet:
    """Return 1,797 digits of 13 writers, 8 x 8 pixels in 0..1 (counts in 0..16, by 16), classes 0 to 9.

    Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    doi:10.24432/C50P49 (CC BY 4.0): its test set, as scikit-learn distributes it.
    """
    text = gzip.decompress((files("neurosim.datasets") / "files" / "digits.csv.gz").read_bytes())
    require_checksum("digits.csv", text, CHECKSUM)
    table = np.array([row.split(b",") for row in text.split()], dtype=np.int64)
    facts = {
        "source": "UCI Optical Recognition of Handwritten Digits, test set, doi:10.24432/C50P49",
        "licence": "CC BY 4.0",
        "sha256": CHECKSUM,
        "changes": ["divided by 16"],
    }
    return DataSet("digits", table[:, :64].reshape(-1, 8, 8) / 16.0, table[:, 64], 10, facts)
