"""Random text of equations: sentences of the grammar, the same with a few characters changed, and noise."""

from neurosim.model.functions import FUNCTIONS

LEAVES = (
    "x",
    "x",
    "y",
    "y",
    "p",
    "pi",
    "e",
    "inf",
    "0",
    "1",
    "2",
    "3",
    "10",
    "0.5",
    "0.1",
    "1e-3",
    ".25",
    "1e300",
)
BINARY = ("+", "-", "*", "/", "//", "%", "**", "+", "-", "*", "/")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
MARKS = "()()+-*/%.,<>=!&|^~@[]{}'\"\\#$?:;_0123456789xyzpeEjinf \t\0µ∞"
CALLS = tuple(name for name in FUNCTIONS if name != "int")


def sentence(rng, depth=4):
    """Return an expression of the grammar, a number; one in thirty parts of it is of the wrong kind."""
    kind = rng.random()
    if depth == 0 or kind < 0.15:
        return LEAVES[rng.integers(len(LEAVES))]
    if kind < 0.25:
        return f"{'-+'[rng.integers(2)]}({sentence(rng, depth - 1)})"
    if kind < 0.4:
        name = CALLS[rng.integers(len(CALLS))]
        return f"{name}({', '.join(sentence(rng, depth - 1) for _ in FUNCTIONS[name].arguments)})"
    if kind < 0.5:
        return f"int({condition(rng, depth - 1)})"
    if kind > 0.97:
        return f"({condition(rng, depth - 1)})"
    text = f"{sentence(rng, depth - 1)} {BINARY[rng.integers(len(BINARY))]} {sentence(rng, depth - 1)}"
    return f"({text})" if rng.random() < 0.7 else text


def condition(rng, depth):
    """Return a condition of the grammar."""
    kind = rng.random()
    if depth > 0 and kind < 0.2:
        return f"not ({condition(rng, depth - 1)})"
    if depth > 0 and kind < 0.4:
        return f"({condition(rng, depth - 1)}) {('and', 'or')[rng.integers(2)]} ({condition(rng, depth - 1)})"
    low = max(depth - 1, 0)
    return f"({sentence(rng, low)}) {COMPARISONS[rng.integers(len(COMPARISONS))]} ({sentence(rng, low)})"


def damaged(rng, text):
    """Return text with one to three characters removed, repeated, replaced or added."""
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(text) + 1))
        text = (
            text[:at] + text[at + 1 :],
            text[:at] + text[at : at + 4] * 2 + text[at + 4 :],
            text[:at] + MARKS[rng.integers(len(MARKS))] + text[at + 1 :],
            text[:at] + MARKS[rng.integers(len(MARKS))] + text[at:],
        )[rng.integers(4)]
    return text


def noise(rng):
    """Return characters of any kind."""
    kind = rng.integers(3)
    codes = rng.integers(1, (128, 0x300, 0xD7FF)[kind], size=rng.integers(0, 30))
    return "".join(map(chr, codes))


def texts(rng, number):
    """Yield random texts, six of ten of which are meant to be expressions."""
    for _ in range(number):
        kind = rng.random()
        text = noise(rng) if kind < 0.1 else sentence(rng)
        yield damaged(rng, text) if 0.1 <= kind < 0.4 else text
