"""What the documentation shows works: Python blocks run, `neurosim` commands parse."""

import contextlib
import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from neurosim.cli.app import app

# Where typer keeps this class differs between its versions; a public descendant leads to it.
USAGE_ERROR = typer.BadParameter.__bases__[0]

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str, language: str) -> str:
    """Return the text with every line blanked that is not in a fenced block of the language: line numbers stay."""
    inside, kept = False, []
    for line in text.splitlines():
        if line.startswith("```"):
            inside = line == f"```{language}"
            kept.append("")
        else:
            kept.append(line if inside else "")
    return "\n".join(kept)


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words after each `neurosim` in the bash blocks."""
    for line in blocks(text, "bash").replace("\\\n", " ").splitlines():
        for part in re.split(r"&&|\|\||[|;>]", line):
            words = shlex.split(part, comments=True)
            if words and Path(words[0]).name == "neurosim":
                yield words[1:]


def parse(words: list[str]) -> None:
    """Parse a command line without running it; raises KeyError on an unknown command, UsageError on the rest."""
    command, name = typer.main.get_command(app), "neurosim"
    while words and not words[0].startswith("-") and hasattr(command, "commands"):
        command, name, words = command.commands[words[0]], words[0], words[1:]
    with contextlib.suppress(typer.Exit):  # where --help ends
        command.make_context(name, list(words))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_python_blocks_run(page, tmp_path, monkeypatch):
    script = tmp_path / f"{page.stem}.py"
    script.write_text(blocks(page.read_text(), "python"))
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_commands_parse(page):
    for words in commands(page.read_text()):
        parse(words)


def test_a_wrong_block_or_command_is_seen():
    page = "```python\nx = 1\n```\ntext\n```bash\n.venv/bin/neurosim no-such-command && ls | cat\n```\n"
    assert blocks(page, "python").split("\n") == ["", "x = 1", "", "", "", "", ""]
    assert list(commands(page)) == [["no-such-command"]]
    with pytest.raises(KeyError, match="no-such-command"):
        parse(["no-such-command"])
    for words in (["run"], ["run", "swimmer", "--no-such-option"], ["run", "swimmer", "--seed", "x"]):
        with pytest.raises(USAGE_ERROR):
            parse(words)
    parse(["run", "swimmer", "--seed", "1"])
    parse(["--help"])
