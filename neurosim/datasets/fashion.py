"""Fashion-MNIST, from a folder or from the Debian package; fetched only on request."""

from __future__ import annotations

import gzip
from pathlib import Path
from urllib.request import urlopen

import numpy as np

from neurosim.datasets.checks import require_checksum
from neurosim.datasets.data import DataSet
from neurosim.datasets.idx import read_idx
from neurosim.errors import UsageError

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
ADDRESS = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
CHECKSUMS = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
"""SHA-256 of the uncompressed files."""


def fashion_mnist(folder: str | Path | None = None) -> tuple[DataSet, DataSet]:
    """Return (60,000 training, 10,000 test) images of clothes, 28 x 28 pixels in 0..1 (bytes by 255), 10 classes.

    Arguments: folder, with the four files '...-ubyte.gz'; by default that of the Debian package. Nothing is fetched.
    Raises UsageError when a file is missing, or is another than the one that is meant.
    Source: Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747 (MIT).
    """
    place = Path(folder) if folder is not None else DEBIAN
    return _part(place, "train"), _part(place, "t10k")


def fetch(folder: str | Path) -> None:
    """Fetch the four files of Fashion-MNIST (31 MB) from its authors' repository into a folder; files there stay.

    Raises UsageError when what was fetched is not what is meant; then nothing is written.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for name, checksum in CHECKSUMS.items():
        path = place / f"{name}.gz"
        if not path.exists():
            with urlopen(f"{ADDRESS}{name}.gz") as answer:
                packed = answer.read()
            require_checksum(name, gzip.decompress(packed), checksum)
            path.write_bytes(packed)


def _part(folder: Path, part: str) -> DataSet:
    images, labels = (_read(folder, f"{part}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    facts = {
        "source": "Fashion-MNIST, Zalando, arXiv 1708.07747",
        "licence": "MIT",
        "sha256": CHECKSUMS[f"{part}-images-idx3-ubyte"],
        "changes": ["divided by 255"],
    }
    return DataSet(f"fashion-mnist {part}", images / 255.0, labels.astype(np.int64), 10, facts)


def _read(folder: Path, name: str) -> np.ndarray:
    path = folder / f"{name}.gz"
    if not path.exists():
        raise UsageError(
            f"Fashion-MNIST: {path} is missing: install the Debian package 'dataset-fashion-mnist', name a folder, or "
            "fetch it by neurosim.datasets.fetch(folder)"
        )
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise UsageError(f"Fashion-MNIST: {path} is damaged: {error}") from None
    require_checksum(str(path), content, CHECKSUMS[name])
    return read_idx(content, str(path))
