"""The content of a result file as a tree to look at."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from neurosim.errors import shown
from neurosim.store.data import Info


def content_tree(path: Path, arrays: Mapping[str, Info]) -> Tree:
    """Return the groups and arrays of a result file as a rich tree."""
    root = Tree(Text(shown(path), style="bold"))
    branches = {"": root}
    for name, info in arrays.items():
        group, _, own = name.rpartition("/")
        _branch(branches, group).add(_label(own, info))
    return root


def text_of(tree: Tree) -> str:
    """Return a rich tree as plain text, one node per line."""
    # In a notebook rich would write HTML or colours even where it should not.
    file = StringIO()
    Console(file=file, width=10_000, force_terminal=False, force_jupyter=False, highlight=False).print(tree)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def _branch(branches: dict[str, Tree], group: str) -> Tree:
    if group not in branches:
        parent, _, name = group.rpartition("/")
        branches[group] = _branch(branches, parent).add(Text(f"{shown(name)}/", style="bold"))
    return branches[group]


def _label(name: str, info: Info) -> Text:
    axes = ", ".join(f"{shown(dim)}: {length}" for dim, length in zip(info.dims, info.shape, strict=True))
    label = Text(shown(name), style="cyan")
    label.append(f" ({axes}) {info.dtype} [{shown(info.unit) or '1'}] ", style="default")
    return label.append(shown(info.long_name), style="dim")
