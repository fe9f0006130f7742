"""What is installed: one package of the name of the project, and an sdist that can be tested."""

import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from neurosim.model.registries import circuits

ROOT = Path(__file__).parents[1]


def test_one_package_is_installed():
    """A package named `circuits` or `experiments` would shadow one of the user's."""
    neurosim = metadata.distribution("neurosim")
    assert (neurosim.read_text("top_level.txt") or "").split() == ["neurosim"]
    assert {entry.module.split(".")[0] for entry in neurosim.entry_points} == {"neurosim"}


def test_circuits_are_found_by_the_names_of_their_modules():
    assert {"celegans_swimmer", "mlp", "whitening", "worm"} <= {*circuits}
    for name in circuits:
        assert circuits.get(name).__module__ == f"neurosim.circuits.{name}"


def run(*words: object, folder: Path = ROOT) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True, cwd=folder)


@pytest.mark.slow
def test_the_sdist_holds_docs_and_tests_and_the_wheel_one_package(tmp_path):
    python = tmp_path / "venv" / "bin" / "python"
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    run(python, "-m", "pip", "install", "setuptools>=77")
    run(python, "-c", f"from setuptools import build_meta; build_meta.build_sdist({str(tmp_path)!r})")
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as sdist:
        sdist.extractall(tmp_path, filter="data")
    source = tmp_path / archive.name.removesuffix(".tar.gz")
    for name in ("tests/test_docs.py", "docs/concepts.md", "docs/images/raster.png", "CITATION.cff"):
        assert (source / name).is_file(), name

    # From the sdist, since a folder `build` that an earlier build left would be packed as well.
    run(python, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, source)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].removesuffix(".dist-info") for name in names} == {"neurosim", source.name}
    modules = {"circuits/celegans_swimmer.py", "experiments/swimmer/study.py", "py.typed"}
    assert {f"neurosim/{name}" for name in modules} <= set(names)
