"""Mutates every rule and reports which mutants the tests of that rule catch: `python tests/mutate_rules.py --help`.

A mutant is the source of one file of neurosim/rules with one change: a sign flipped, a term or statement dropped, a
right-hand side or a number of an equation times 1.5, a default times 1.5. No file is edited: a process whose import
system gives the changed source runs the tests that concern the rule, which are the files of tests/rules that name one
of its classes, without those about the contract of all rules (they use `check_rule`). It is caught if a test fails,
or if they take ten times as long and two minutes more.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import importlib.abc
import importlib.util
import json
import os
import random
import re
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, Phase

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "neurosim" / "rules"
TESTS = ROOT / "tests" / "rules"
SHARED = (
    "pytest",
    "hypothesis",
    "scipy.linalg",
    "neurosim.engines.brian2.engine",
    "neurosim.engines.fused.engine",
)
EXAMPLES: dict[str, Any] = {
    **{"deadline": None, "derandomize": True, "phases": [Phase.explicit, Phase.generate]},
    "suppress_health_check": [HealthCheck.too_slow],
}
KINDS = ("sign", "term", "constant", "default")
CAUGHT, SURVIVED, NO_TESTS, LATE = "caught", "survived", "no tests", "timed out"
DETECTED = (CAUGHT, LATE)

# Mutants that change nothing that a rule does, by file and text of the change, each with the reason.
_L1, _L2 = (
    "after: 'w *= target / (s + 1e-30*target)' -> ",
    "after: 'w *= target / sqrt(s + 1e-30*target**2)' -> ",
)
_FELT = "the second term is only felt where all weights are 0, which they then remain"
_DEEP, _SWITCHED = "x**k/(1 - x)*int(k < n - 0.5)", "x**(k - 1)*(1 + int(k > n - 0.5)*x/(1 - x))"
_LEVELS = "levels are whole numbers"
_BESIDE = "the elements that check_rule puts beside the rule are no part of it"
_NO_EDGES = "the number of neurons is found from the edges, of which there are some"
_MOVED = "move: s * w - float(self.drift) + float(self.noise) * rng.standard_normal(w.shape) -> "
EQUIVALENT: dict[tuple[str, str], str] = {
    (
        "deep_r",
        f"{_MOVED}s * w - float(self.drift) - float(self.noise) * rng.standard_normal(w.shape)",
    ): "noise has no sign",
    ("fusi_cascade", "_STRONG: 'int(w > 0.5*w_max)' -> 'int(w > 0.75 * w_max)'"): "a weight is 0 or w_max",
    ("fusi_cascade", f"_DEEPER: '{_DEEP}' -> 'x ** k / (1 - x) * int(k < n)'"): _LEVELS,
    ("fusi_cascade", f"_DEEPER: '{_DEEP}' -> 'x ** k / (1 - x) * int(k < n - 0.75)'"): _LEVELS,
    (
        "fusi_cascade",
        f"_SWITCH: '{_SWITCHED}' -> 'x ** (k - 1) * (1 + int(k > n - 0.75) * x / (1 - x))'",
    ): _LEVELS,
    ("granet", "step: 1e-09 -> 1.5000000000000002e-09"): "both are there for rounding",
    ("homeostatic_rewiring", "_FAST: 0.01 -> 0.015"): _BESIDE,
    ("homeostatic_rewiring", "_FAST: 500 -> 750.0"): _BESIDE,
    ("homeostatic_rewiring", "_per_neuron: -1 -> 1"): _NO_EDGES,
    ("weight_normalisation", f"{_L1}'w *= target / (s - 1e-30 * target)'"): _FELT,
    ("weight_normalisation", f"{_L1}'w *= target / (s + 1.5000000000000001e-30 * target)'"): _FELT,
    **{
        (
            "synaptic_elements",
            f"{kind}: f'd{kind}/dt = nu_{kind} * clip({{_GAUSSIAN}}, -int({kind} > 0), 1)' -> "
            f"f'd{kind}/dt = nu_{kind} * clip({{_GAUSSIAN}}, -int({kind} > 0), 1.5)'",
        ): "the curve is 1 at most"
        for kind in ("axonal", "excitatory", "inhibitory")
    },
    **{
        (module, f"{_L2}'w *= target / sqrt(s + {term})'"): _FELT
        for module in ("weight_normalisation_l2", "outgoing_normalisation_l2")
        for term in ("1.5000000000000001e-30 * target ** 2", "1e-30 * target ** 3.0")
    },
}


Records = dict[str, dict[str, Any]]  # by the key of the mutant


@dataclass(frozen=True)
class Mutant:
    """One change of one file: kind, what was changed into what, and the changed source."""

    module: str
    kind: str
    change: str
    source: str


# Changes of one expression or statement ------------------------------------------------------------------------------

FLIPPED: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}


def changes(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield (kind, changed copy) for every sign, term, statement and number in a tree."""
    for number, node in enumerate(ast.walk(tree)):
        for kind, new in _changed(node):
            copied = copy.deepcopy(tree)
            place = next(n for at, n in enumerate(ast.walk(copied)) if at == number)
            yield kind, _Replace(place, new).visit(copied)


def _changed(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in FLIPPED:
        flipped = copy.deepcopy(node)
        flipped.op = FLIPPED[type(node.op)]()
        yield "sign", flipped
    if isinstance(node, ast.BinOp) and type(node.op) in FLIPPED:
        yield "term", node.left
        yield "term", node.right if isinstance(node.op, ast.Add) else ast.UnaryOp(ast.USub(), node.right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign", node.operand
    if isinstance(node, ast.Constant) and _is_number(node.value) and node.value:
        yield "constant", ast.Constant(1.5 * node.value)
    if isinstance(node, ast.Assign | ast.AugAssign) and not isinstance(node.value, ast.Constant):
        larger = copy.deepcopy(node)
        larger.value = ast.BinOp(ast.Constant(1.5), ast.Mult(), node.value)
        yield "constant", larger
    if isinstance(node, ast.Module) and len(node.body) > 1:
        for at in range(len(node.body)):
            yield "term", ast.Module([*node.body[:at], *node.body[at + 1 :]], [])


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# Equations in strings ------------------------------------------------------------------------------------------------

COURSE = re.compile(r"^(\s*d\w+/dt\s*=)(.*)$", re.DOTALL)


def changed_texts(text: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, changed text) of an equation: 'dx/dt = ...', statements 'w += ...; x = ...', or an expression."""
    course = COURSE.match(text)
    head, body = (course.group(1) + " ", course.group(2)) if course else ("", text)
    try:
        tree = ast.parse(body.strip())
    except SyntaxError:
        return
    if not any(isinstance(n, ast.BinOp | ast.Assign | ast.AugAssign | ast.UnaryOp) for n in ast.walk(tree)):
        return
    expression = isinstance(tree.body[0], ast.Expr)
    for kind, new in changes(tree):
        yield kind, head + "; ".join(ast.unparse(new).splitlines())
    if expression:
        yield "constant", f"{head}1.5*({body.strip()})"
        if not course and not body.strip().startswith("-"):
            yield "sign", f"{head}-({body.strip()})"


def changed_strings(node: ast.Constant | ast.JoinedStr) -> Iterator[tuple[str, ast.AST]]:
    """Yield (kind, changed node) of a string or an f-string that holds an equation."""
    if isinstance(node, ast.Constant):
        for kind, text in changed_texts(node.value):
            yield kind, ast.Constant(text)
        return
    inserts = {f"_insert{at}_": v for at, v in enumerate(node.values) if isinstance(v, ast.FormattedValue)}
    names = iter(inserts)
    text = "".join(next(names) if isinstance(v, ast.FormattedValue) else v.value for v in node.values)  # type: ignore[attr-defined]
    for kind, changed in changed_texts(text):
        pieces = re.split(f"({'|'.join(inserts)})", changed)
        yield kind, ast.JoinedStr([inserts.get(piece) or ast.Constant(piece) for piece in pieces if piece])


# A file of rules -----------------------------------------------------------------------------------------------------

DECLARES = {"Bounds", "parameter", "modulator", "gradient", "option", "gain", "offset"}


def mutants(path: Path) -> list[Mutant]:
    """Return the mutants of a file of rules, each different from all others and from the file."""
    source = path.read_text()
    tree = ast.parse(source)
    found: dict[str, Mutant] = {}
    for kind, name, old, new in _places(tree):
        changed = ast.unparse(_Replace(old, new).visit(_linked(tree, old)))
        text = f"{name}: {ast.unparse(old)} -> {ast.unparse(new)}"
        if changed != ast.unparse(tree) and changed not in found:
            found[changed] = Mutant(path.stem, kind, text, changed)
    return list(found.values())


def chosen(path: Path, each: int | None) -> list[Mutant]:
    """Return the mutants of a file, or at most `each` of every kind, drawn at random but always the same."""
    every = mutants(path)
    if each is None:
        return every
    rng = random.Random(path.stem)
    by_kind = [[mutant for mutant in every if mutant.kind == kind] for kind in KINDS]
    return [mutant for some in by_kind for mutant in rng.sample(some, min(each, len(some)))]


def _linked(tree: ast.Module, keep: ast.AST) -> ast.Module:
    """Return a copy of a tree in which one node is the same object."""
    return copy.deepcopy(tree, {id(keep): keep})


def _places(tree: ast.Module) -> Iterator[tuple[str, str, ast.AST, ast.AST]]:
    """Yield (kind, name, node, changed node) for what a file says: equations, numbers, Python functions."""
    for node in tree.body:
        for fact in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(fact, ast.FunctionDef):
                yield from ((kind, fact.name, *pair) for kind, *pair in _in_function(fact))
            elif isinstance(fact, ast.Assign | ast.AnnAssign) and fact.value is not None:
                name = ast.unparse(fact.targets[0] if isinstance(fact, ast.Assign) else fact.target)
                yield from ((kind, name, *pair) for kind, *pair in _in_fact(fact.value))


def _in_fact(value: ast.expr) -> Iterator[tuple[str, ast.AST, ast.AST]]:
    called = ast.unparse(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""
    if isinstance(value, ast.Call) and called in DECLARES:
        # The default, and the value at the start; what values are allowed is no part of the equations.
        starts = [keyword.value for keyword in value.keywords if keyword.arg == "initial"]
        given = [*(value.args if called == "Bounds" else value.args[:1]), *starts]
        numbers = [n for part in given for n in ast.walk(part)]
    else:
        numbers = list(ast.walk(value))
        for part in numbers:
            if isinstance(part, ast.JoinedStr) or (
                isinstance(part, ast.Constant) and isinstance(part.value, str)
            ):
                yield from ((kind, part, new) for kind, new in changed_strings(part))
    for number in numbers:
        if isinstance(number, ast.Constant) and _is_number(number.value) and number.value:
            yield "default", number, ast.Constant(1.5 * number.value)


def _in_function(function: ast.FunctionDef) -> Iterator[tuple[str, ast.AST, ast.AST]]:
    for statement in function.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        for node in ast.walk(statement):
            if not isinstance(node, ast.Assign | ast.AugAssign):
                yield from ((kind, node, new) for kind, new in _changed(node))


# Running tests against a mutant --------------------------------------------------------------------------------------


class _Loader(importlib.abc.Loader):
    def __init__(self, source: str, origin: str) -> None:
        self.source, self.origin = source, origin

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.source, self.origin, "exec"), vars(module))  # noqa: S102  (the project's own source)


class _Finder(importlib.abc.MetaPathFinder):
    """Gives one module of rules another source."""

    def __init__(self, mutant: Mutant) -> None:
        self.name, self.mutant = f"neurosim.rules.{mutant.module}", mutant

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self.name:
            return None
        origin = str(RULES / f"{self.mutant.module}.py")
        return importlib.util.spec_from_loader(name, _Loader(self.mutant.source, origin), origin=origin)


def tests_of(module: str) -> list[list[Path]]:
    """Return the test files that concern a file of rules: those that run no simulation, then the others."""
    classes = [
        n.name for n in ast.parse((RULES / f"{module}.py").read_text()).body if isinstance(n, ast.ClassDef)
    ]
    named = re.compile(rf"\b({'|'.join(classes)})\b")
    texts = {path: path.read_text() for path in sorted(TESTS.glob("test_*.py"))}
    found = [path for path, text in texts.items() if named.search(text) and "check_rule" not in text]
    found.sort(key=lambda path: (path.stem != f"test_{module}", -len(named.findall(texts[path]))))
    groups = ([path for path in found if ("simulate" in texts[path]) is slow] for slow in (False, True))
    return [group for group in groups if group]


def run_tests(mutant: Mutant | None, files: list[Path], *, slow: bool, limit: float) -> tuple[str, float]:
    """Return what the tests say of a mutant (None: of the rule as it is) and the seconds they took.

    A child of this process runs them, so that what all of them need is imported once.
    """
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _child(mutant, files, slow=slow)
    while time.monotonic() - began < limit:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            # 5: no test was left to run; 0: all passed; else one failed, or the rule does not even import.
            verdict = {0: SURVIVED, 5: NO_TESTS}.get(code, CAUGHT)
            return verdict, time.monotonic() - began
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return LATE, limit


def _child(mutant: Mutant | None, files: list[Path], *, slow: bool) -> None:
    code = 1
    try:
        import pytest
        from hypothesis import settings

        quiet = os.open(os.environ.get("MUTATE_LOG", os.devnull), os.O_WRONLY | os.O_CREAT)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        # The first failure is enough: hypothesis need not find a smaller one.
        settings.register_profile("mutants", **EXAMPLES)
        if mutant is not None:
            sys.meta_path.insert(0, _Finder(mutant))
        # Brian2's log file, open in the parent, would be reported as not closed. Engines agree by the contract, so
        # one of them is enough.
        options = [
            "-x",
            "-q",
            "-n",
            "0",
            "--assert=plain",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:unraisableexception",
            "--hypothesis-profile=mutants",
        ]
        chosen = ["-k", "not brian2", *(["-m", ""] if slow else [])]
        code = int(pytest.main([*options, *chosen, *map(str, files)]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def mutate(
    module: str, *, slow: bool, each: int | None, fast: bool, out: Path | None, known: Records
) -> list[dict[str, Any]]:
    """Return the records of all mutants of a file of rules, each written to `out` when it is there.

    Mutants that are known from an earlier run are not tried again. Raises RuntimeError if the tests fail without a
    mutant.
    """
    every = chosen(RULES / f"{module}.py", each)
    records = [known[key] for key in map(key_of, every) if key in known]
    left = [mutant for mutant in every if key_of(mutant) not in known]
    if not left:
        return records
    groups = tests_of(module)[: 1 if fast else None]
    limits = []
    for files in groups:
        verdict, seconds = run_tests(None, files, slow=slow, limit=3600)
        if verdict in DETECTED:
            raise RuntimeError(f"{module}: tests fail as they are: {', '.join(path.name for path in files)}")
        limits.append(120 + 10 * seconds)
        print(f"{module}: {len(files)} files of tests, {seconds:.1f} s", flush=True)
    for mutant in left:
        reason, began, verdict = (
            EQUIVALENT.get((mutant.module, mutant.change), ""),
            time.monotonic(),
            SURVIVED,
        )
        for files, limit in zip(groups, limits, strict=True):
            if not reason and verdict in (SURVIVED, NO_TESTS):
                verdict, _ = run_tests(mutant, files, slow=slow, limit=limit)
        verdict = "equivalent" if reason else SURVIVED if verdict == NO_TESTS else verdict
        facts = {"rule": module, "kind": mutant.kind, "change": mutant.change, "reason": reason}
        seconds = round(time.monotonic() - began, 1)
        records.append({**facts, "verdict": verdict, "seconds": seconds, "key": key_of(mutant)})
        if out:
            with out.open("a") as file:
                file.write(json.dumps(records[-1]) + "\n")
        print("{verdict:10} {rule} [{kind}] {change} ({seconds} s)".format(**records[-1]), flush=True)
    return records


def key_of(mutant: Mutant) -> str:
    """Return what tells a mutant from all others: its file and a digest of its source."""
    return f"{mutant.module} {hashlib.sha256(mutant.source.encode()).hexdigest()[:16]}"


def earlier(out: Path | None, *, survivors: bool) -> Records:
    """Return the last record of each mutant in the file of an earlier run; without survivors if those are wanted."""
    if out is None or not out.exists():
        return {}
    found = {record["key"]: record for record in map(json.loads, out.read_text().splitlines())}
    return {key: r for key, r in found.items() if not (survivors and r["verdict"] == SURVIVED)}


def report(records: list[dict[str, Any]]) -> str:
    """Return the shares caught by rule, by kind and overall; equivalent mutants do not count."""
    real = [r for r in records if r["verdict"] != "equivalent"]
    lines = []
    for key, names in (("rule", sorted({r["rule"] for r in real})), ("kind", list(KINDS))):
        for name in names:
            verdicts = Counter(r["verdict"] for r in real if r[key] == name)
            if total := verdicts.total():
                caught = sum(verdicts[verdict] for verdict in DETECTED)
                lines.append(f"{name:28}{caught:5} of {total:4} caught ({caught / total:.0%})")
    caught = sum(r["verdict"] in DETECTED for r in real)
    skipped = len(records) - len(real)
    lines.append(
        f"{'all':28}{caught:5} of {len(real):4} caught ({caught / max(len(real), 1):.1%}), {skipped} equivalent"
    )
    return "\n".join(lines)


def main() -> int:
    """Mutate the rules named on the command line, or all; the exit code is 1 if less than 90 % is caught."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", help="files of neurosim/rules, such as oja (default: all)")
    parser.add_argument("--slow", action="store_true", help="run the slow tests too")
    parser.add_argument(
        "--fast", action="store_true", help="run only tests without simulations, if there are any"
    )
    parser.add_argument("--each", type=int, help="at most so many of each kind and file (default: all)")
    parser.add_argument("--workers", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--list", action="store_true", help="list the mutants and run nothing")
    parser.add_argument(
        "--out", type=Path, help="add a line of JSON for each mutant; those there are not tried again"
    )
    parser.add_argument(
        "--survivors", action="store_true", help="try those again that survived in the file of --out"
    )
    options = parser.parse_args()
    modules = options.modules or sorted(path.stem for path in RULES.glob("[a-z]*.py"))
    if options.list:
        for module in modules:
            for mutant in chosen(RULES / f"{module}.py", options.each):
                print(f"{mutant.module} [{mutant.kind}] {mutant.change}")
        return 0
    _import_what_all_need()
    options.out = options.out and options.out.absolute()
    os.chdir(ROOT)
    with get_context("fork").Pool(options.workers) as pool:
        found = pool.imap_unordered(
            partial(
                mutate,
                slow=options.slow,
                each=options.each,
                fast=options.fast,
                out=options.out,
                known=earlier(options.out, survivors=options.survivors),
            ),
            modules,
        )
        records = [record for records in found for record in records]
    print(report(records))
    real = [r for r in records if r["verdict"] != "equivalent"]
    return int(sum(r["verdict"] in DETECTED for r in real) < 0.9 * len(real))


def _import_what_all_need() -> None:
    """Import what every test needs, but for the rules, which a child imports changed."""
    # A child is forked, so no library may have started threads.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    for name in SHARED:
        importlib.import_module(name)
    assert "neurosim.rules" not in sys.modules


if __name__ == "__main__":
    sys.exit(main())
