"""What the documentation shows works: Python blocks run and print what is shown, `neurosim` commands parse."""

import contextlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import typer

from neurosim.cli import main
from neurosim.cli.app import app
from tests.documented import blocks, difference, printed, same, script

# Where typer keeps this class differs between its versions; a public descendant leads to it.
USAGE_ERROR = typer.BadParameter.__bases__[0]

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LONG = ("protocols.md", "gallery.md")
"""Pages whose programs take longest: they run with the slow tests."""
COMMAND = "$ neurosim "
SMALL = "steps=40 other_links=4 starts=2 population=4 circuit_epochs=3 circuit_seeds=3 mlp_epochs=2 mlp_seeds=2 draws=2"


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words after each `neurosim` in the bash blocks."""
    for block in blocks(text):
        if block.language != "bash":
            continue
        for line in block.text.replace("\\\n", " ").splitlines():
            for part in re.split(r"&&|\|\||[|;>]", line):
                words = shlex.split(part, comments=True)
                if words and Path(words[0]).name == "neurosim":
                    yield words[1:]


def dialogues(text: str) -> Iterator[tuple[list[str], str]]:
    """Yield the words of each command that a text block begins with `$ neurosim`, and what is shown below it."""
    for block in blocks(text):
        if block.language == "text" and block.text.startswith(COMMAND):
            for part in block.text.removeprefix(COMMAND).split(f"\n{COMMAND}"):
                command, _, shown = part.partition("\n")
                yield shlex.split(command), shown


def parse(words: list[str]) -> None:
    """Parse a command line without running it; raises KeyError on an unknown command, UsageError on the rest."""
    command, name = typer.main.get_command(app), "neurosim"
    while words and not words[0].startswith("-") and hasattr(command, "commands"):
        command, name, words = command.commands[words[0]], words[0], words[1:]
    with contextlib.suppress(typer.Exit):  # where --help ends
        command.make_context(name, list(words))


@pytest.mark.parametrize(
    "page", [pytest.param(p, marks=pytest.mark.slow) if p.name in LONG else p for p in PAGES], ids=ids
)
def test_python_blocks_run_and_print_what_is_shown(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wrong = []
    for _, found, shown in printed(page.read_text("utf-8"), tmp_path / "page.py"):
        if shown and (what := difference(shown.text, found)):
            wrong.append(f"{page.name}, line {shown.line}\n{what}\nall of it:\n{found}")
    plt.close("all")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_commands_parse(page):
    for words in commands(page.read_text("utf-8")):
        parse(words)


def test_every_command_is_described():
    table = (ROOT / "docs" / "cli.md").read_text("utf-8")
    missing = [name for name in typer.main.get_command(app).commands if f"| `neurosim {name}" not in table]
    assert missing == []


@pytest.mark.parametrize("page", [p for p in PAGES if any(dialogues(p.read_text("utf-8")))], ids=ids)
def test_commands_print_what_is_shown(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    for words, shown in dialogues(page.read_text("utf-8")):
        main(words)
        captured = capsys.readouterr()
        assert difference(shown, captured.out + captured.err) == "", words


@pytest.mark.slow
def test_the_run_that_is_shown_has_the_claims_and_arrays_of_a_small_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    settings = [word for setting in SMALL.split() for word in ("--set", setting)]
    assert main(["run", "swimmer", "-q", "--out", "a.h5", *settings]) == 0
    assert main(["show", "a.h5"]) == 0

    def facts(text: str) -> set[str]:
        """Return the arrays, with their units and meanings, the names of attributes, and the claims."""
        arrays = re.findall(r"── (\S+ \(.*)", text)
        attributes = re.findall(r"^ ([a-z_]+)  ", text, re.MULTILINE)
        claims = re.findall(r"\[([a-z][\w-]+)\] ", text)
        return {re.sub(r"\d+", "#", line).strip() for line in (*arrays, *attributes, *claims)}

    found = facts(capsys.readouterr().out)
    for name in ("README.md", "docs/result-files.md"):
        texts = [block.text for block in blocks((ROOT / name).read_text("utf-8")) if block.language == "text"]
        shown = facts("\n".join(text for text in texts if "initial" in text))
        assert len(shown) > 20 and shown <= found


def test_a_wrong_block_or_command_is_seen(tmp_path):
    page = (
        "```python\nprint(1 / 3)\n```\nprose\n```text\n0.33\n```\n```python\nx = 1\n```\n"
        "```bash\n.venv/bin/neurosim no-such-command && ls | cat\n```\n"
    )
    assert script(page).split("\n")[:2] == ["", "print(1 / 3)"] and script(page).split("\n")[8] == "x = 1"
    outputs = list(printed(page, tmp_path / "page.py"))
    assert [(block.line, out, shown.line if shown else None) for block, out, shown in outputs] == [
        (2, "0.3333333333333333\n", 6),
        (9, "", None),
    ]
    assert list(commands(page)) == [["no-such-command"]]
    with pytest.raises(KeyError, match="no-such-command"):
        parse(["no-such-command"])
    for words in (["run"], ["run", "swimmer", "--no-such-option"], ["run", "swimmer", "--seed", "x"]):
        with pytest.raises(USAGE_ERROR):
            parse(words)
    parse(["run", "swimmer", "--seed", "1"])
    parse(["--help"])


def test_a_difference_is_seen():
    assert same("[0.33 1.0] mV", "[ 0.3333  1.0] mV") and same("5.5e-1 a", "0.55 a")
    assert not same("0.33", "0.36") and not same("12 spikes", "13 spikes") and not same("0.3 mV", "0.3 V")
    assert not same("0.3", "0.3 0.3")
    found = "a 1\nb 2\nc 3\n"
    for shown in (found, "...\nb 2\nc 3", "a 1\n...\n", "...\nc 3", "a 1\n...\nc 3"):
        assert difference(shown, found) == ""
    for shown in ("a 1\nb 2", "a 1\nc 3", "b 2\n...", "...\nb 2", f"{found}d 4"):
        assert difference(shown, found) != ""
