"""Reading pages: their fenced blocks, running those in Python, and comparing what they print with what a page shows."""

import contextlib
import io
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?!\w)")
ONE_NAME = "page"  # of the module that every page is: a class of the same name may be on two pages


class Block(NamedTuple):
    """A fenced block: its language, its first line in the page (from 1), and its text."""

    language: str
    line: int
    text: str


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page in their order."""
    found, language, begun, lines = [], None, 0, page.splitlines()
    for number, line in enumerate(lines, start=1):
        if line.startswith("```"):
            if language is None:
                language, begun = line.removeprefix("```"), number + 1
            else:
                found.append(Block(language, begun, "\n".join(lines[begun - 1 : number - 1])))
                language = None
    return found


def script(page: str) -> str:
    """Return the Python blocks of a page as one text in which every line has its number in the page."""
    lines = [""] * (page.count("\n") + 1)
    for block in blocks(page):
        if block.language == "python":
            lines[block.line - 1 : block.line - 1 + block.text.count("\n") + 1] = block.text.splitlines() or [
                ""
            ]
    return "\n".join(lines)


def printed(page: str, file: Path) -> Iterator[tuple[Block, str, Block | None]]:
    """Run the Python blocks of a page in turn: yield each with what it prints and the text block that shows it.

    A text block shows what the Python block before it prints, if no other block is between them.
    """
    file.write_text(script(page), encoding="utf-8")  # for tracebacks and inspect
    module = ModuleType(ONE_NAME)
    module.__file__ = str(file)
    every = blocks(page)
    before = sys.modules.get(ONE_NAME)
    sys.modules[ONE_NAME] = module
    try:
        for block, after in zip(every, [*every[1:], None], strict=False):
            if block.language == "python":
                out = io.StringIO()
                code = compile("\n" * (block.line - 1) + block.text, file, "exec")
                with contextlib.redirect_stdout(out):
                    exec(code, vars(module))  # noqa: S102
                yield block, out.getvalue(), after if after and after.language == "text" else None
    finally:
        sys.modules.pop(ONE_NAME)
        if before is not None:
            sys.modules[ONE_NAME] = before


def difference(shown: str, found: str) -> str:
    """Return the first line that a page shows and that was not printed, or ''.

    Numbers with a point or an exponent may differ by one in the last digit shown; a line `...` stands for any number of
    lines, and white space is free.
    """
    lines, free = found.strip("\n").splitlines(), False
    for line in shown.strip("\n").splitlines():
        if line.strip() == "...":
            free = True
            continue
        while free and lines and not same(line, lines[0]):
            lines.pop(0)
        if not lines or not same(line, lines[0]):
            return f"shown: {line}\nprinted: {lines[0] if lines else '(nothing more)'}"
        lines.pop(0)
        free = False
    return f"not shown: {lines[0]}" if lines and not free else ""


def same(shown: str, found: str) -> bool:
    """Tell whether a line is what a page shows, numbers within their last digit."""
    if re.sub(r"\s", "", NUMBER.sub("#", shown)) != re.sub(r"\s", "", NUMBER.sub("#", found)):
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(found), strict=True)
    return all(abs(float(a) - float(b)) <= 1.001 * last_digit(a) for a, b in pairs)


def last_digit(number: str) -> float:
    """Return what one in the last digit of a number is worth: 0.01 for 3.14, 0 for a whole number."""
    mantissa, _, exponent = number.lower().partition("e")
    if "." not in mantissa and not exponent:
        return 0.0
    return math.pow(10, int(exponent or 0) - len(mantissa.partition(".")[2]))
