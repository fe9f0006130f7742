"""Writes the catalogue of rules into a folder."""

from __future__ import annotations

from pathlib import Path

from neurosim.catalogue.pages import families, pages, slug
from neurosim.errors import ResultFileError, UnknownNameError
from neurosim.registry import suggest


def write_catalogue(folder: Path, *, figures: bool = True, only: str | None = None) -> list[Path]:
    """Write the pages and figures of all families of rules, and return the paths.

    Arguments:
        folder: where to write (created if it does not exist).
        figures: whether to run the simulations behind the figures.
        only: the family whose figure is drawn (all if omitted).

    Raises UnknownNameError for another family, ResultFileError if the folder cannot be written to.
    """
    if only is not None and only not in families():
        raise UnknownNameError(f"family '{only}': {suggest(only, families())}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / name for name in pages()]
        for path, text in zip(paths, pages().values(), strict=True):
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ResultFileError(
            f"{folder}: cannot be written: {error.strerror}; choose another folder"
        ) from error
    if figures:
        from neurosim.catalogue.figures import draw

        for name, rules in families().items():
            if only in (None, name):
                paths.append(folder / f"{slug(name)}.png")
                draw(rules, paths[-1])
    return paths
