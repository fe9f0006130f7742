"""Equation text as data: checked against a small grammar, parsed, renamed. Nothing here evaluates anything."""

from __future__ import annotations

import ast
import math
import operator
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurosim.errors import DescriptionError
from neurosim.model.functions import FUNCTIONS, load
from neurosim.model.units import unit_named
from neurosim.registry import suggest

MAX_LENGTH = 10_000
MAX_INLINED = 100_000
MAX_DEPTH = 64
MAX_INTEGER = 2**63
MAX_POWER = 4096
MAX_TERMS = 10_000
DRAWN = frozenset({"rand", "randn", "poisson", "binomial"})
"""Calls that draw a random number at every step."""
GROUPED = frozenset({"group_sum", "group_max", "batch_mean"})
"""Calls, in equations of neurons, of functions over groups of neurons, and over the trials of a batch."""
CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e, "inf": math.inf}

_ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.Name, ast.Load, ast.Constant,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.USub, ast.UAdd,
    ast.Not, ast.And, ast.Or, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq,
)  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """One assignment: `target op expression`, with op one of =, +=, -=, *=, /=."""

    target: str
    op: str
    expression: str

    def __str__(self) -> str:
        return f"{self.target} {self.op} {self.expression}"

    def renamed(self, names: Mapping[str, str]) -> Statement:
        """Return the statement with its names replaced."""
        return Statement(names.get(self.target, self.target), self.op, substitute(self.expression, names))


def check_length(text: str, where: str) -> None:
    """Reject equation text that is longer than that of any real model."""
    if len(text) > MAX_LENGTH:
        raise DescriptionError(
            f"{where}: the equation text has {len(text)} characters, more than {MAX_LENGTH}: shorten it"
        )


def check_expression(text: str, where: str, more: frozenset[str] = frozenset()) -> ast.expr:
    """Return the parsed expression, rejecting everything but arithmetic on names and known functions, also `more`."""
    tree = parse(text, where)
    for node in ast.walk(tree):
        check_node(node, where, more)
        operands = [node.left, node.right] if isinstance(node, ast.BinOp) else []
        for operand in operands:
            if isinstance(operand, ast.Compare | ast.BoolOp):
                condition = ast.unparse(operand)
                raise DescriptionError(
                    f"{where}: '{_short(condition)}' is true or false, not a number: write int({_short(condition)})"
                )
    return tree


def parse(text: str, where: str) -> ast.expr:
    """Return the parsed text of an expression, rejecting what is too long, too deep or not an expression."""
    check_length(text, where)
    try:
        tree = expression(text).tree
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise DescriptionError(
            f"{where}: '{_short(text)}' is not an expression ({error}): correct it"
        ) from None
    if _depth(tree) > MAX_DEPTH:
        raise DescriptionError(
            f"{where}: '{_short(text)}' is nested beyond {MAX_DEPTH} levels (each term of a sum is one): name its parts"
        )
    return tree


def is_condition(node: ast.expr) -> bool:
    """Return whether the value of a node of parsed text is true or false."""
    negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    truth = isinstance(node, ast.Constant) and isinstance(node.value, bool)
    return negated or truth or isinstance(node, ast.Compare | ast.BoolOp)


def check_operands(tree: ast.expr, where: str) -> None:
    """Reject conditions in the place of numbers and numbers in that of conditions, which Brian2 reads by chance.

    tree, an equation of a neuron model, where the names of constants stand for them.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.Call):
            _check_finite(node, where, frozenset(CONSTANTS))
        for operand in filter(is_condition, _numbers(node)):
            text = _short(ast.unparse(operand))
            raise DescriptionError(
                f"{where}: '{text}' is a condition where a number is needed: write int({text})"
            )
        for operand in _conditions(node):
            if not (is_condition(operand) or isinstance(operand, ast.Name)):
                text = _short(ast.unparse(operand))
                raise DescriptionError(
                    f"{where}: '{text}' is a number where a condition is needed: write {text} != 0"
                )


def _numbers(node: ast.AST) -> list[ast.expr]:
    """Return the parts of a node that are numbers."""
    match node:
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return [operand]
        case ast.Compare(left=left, comparators=others):
            return [left, *others]
        case ast.Call(func=ast.Name(id=name), args=arguments) if name != "int":
            return arguments
    return []


def _conditions(node: ast.AST) -> list[ast.expr]:
    """Return the parts of a node that are true or false."""
    match node:
        case ast.BoolOp(values=values):
            return values
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return [operand]
    return []


def _depth(tree: ast.expr) -> int:
    level, depth = [tree], 0
    while level:
        level = [
            child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
        ]
        depth += 1
    return depth


def check_node(node: ast.AST, where: str, more: frozenset[str] = frozenset()) -> None:
    """Reject a node of parsed text that is not part of the grammar; `more` are further functions that may be called."""
    if not isinstance(node, _ALLOWED):
        raise DescriptionError(
            f"{where}: {type(node).__name__} is not allowed in an equation: "
            + (
                "a power is x**2"
                if isinstance(node, ast.BitXor)
                else "use names, numbers, operators, functions"
            )
        )
    if isinstance(node, ast.Constant):
        _check_constant(node.value, where)
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise DescriptionError(f"{where}: only plain calls of known functions are allowed: write f(x)")
        _check_call(node.func.id, len(node.args), where, more)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        _check_power(node, where)
    if isinstance(node, ast.BinOp) and isinstance(node.op, _DIVISIONS) and constant_value(node.right) == 0:
        raise DescriptionError(f"{where}: '{_short(ast.unparse(node))}' divides by 0: correct it")
    if isinstance(node, ast.BinOp | ast.Call):
        _check_finite(node, where)


def _check_call(name: str, arguments: int, where: str, more: frozenset[str]) -> None:
    known = FUNCTIONS.keys() | FORMULAS.keys() | DRAWN | more
    if name not in known:
        raise DescriptionError(f"{where}: unknown function '{name}': {suggest(name, known)}")
    if name in FUNCTIONS and arguments != len(FUNCTIONS[name].arguments):
        raise DescriptionError(
            f"{where}: {name} is called with {arguments} arguments: write {FUNCTIONS[name].call}"
        )


def constant_value(node: ast.expr) -> float | None:
    """Return the value of an expression of numbers alone, or None for any other."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            return CONSTANTS.get(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            opposite = constant_value(operand)
            return None if opposite is None else -opposite
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return constant_value(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return _folded(_FOLDED[type(op)], left, right) if type(op) in _FOLDED else None
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in FUNCTIONS:
            expected = len(arguments) == len(FUNCTIONS[name].arguments)
            return _folded(load(FUNCTIONS[name].numpy), *arguments) if expected else None
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _folded(_FOLDED[type(op)], left, right)
        case ast.BoolOp(op=op, values=values):
            return _folded(_FOLDED[type(op)], *values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _folded(operator.not_, operand)
    return None


_DIVISIONS = ast.Div | ast.FloorDiv | ast.Mod
_FOLDED: Mapping[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: np.true_divide,
    ast.Pow: operator.pow, ast.FloorDiv: np.floor_divide, ast.Mod: np.mod,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.And: lambda *values: all(values), ast.Or: lambda *values: any(values),
}  # fmt: skip


def _folded(function: Callable[..., Any], *operands: ast.expr) -> float | None:
    """Return the value of a function of numbers, NaN and infinity included, or None if its operands are no numbers."""
    values = [constant_value(operand) for operand in operands]
    if None in values:
        return None
    with np.errstate(all="ignore"):
        return float(function(*map(np.float64, values)))


def _check_finite(node: ast.expr, where: str, named: frozenset[str] = frozenset()) -> None:
    # Sympy would make a complex number of it, or an integer of more digits than there is memory. A rule may have
    # variables of its own that are called as constants are, which are then not `named`.
    value = constant_value(node)
    if value is None or math.isfinite(value):
        return
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - FUNCTIONS.keys()
    if names <= named | {"inf"} and (math.isnan(value) or "inf" not in names):
        raise DescriptionError(f"{where}: '{_short(ast.unparse(node))}' is not a finite number: correct it")


def _check_constant(value: object, where: str) -> None:
    if not isinstance(value, int | float):
        raise DescriptionError(f"{where}: the constant {str(value)[:60]!r} is not a number: write a number")
    if not abs(value) < (MAX_INTEGER if isinstance(value, int) else math.inf):
        raise DescriptionError(f"{where}: a constant is too large: write it with an exponent, as 1e20")


def _check_power(power: ast.BinOp, where: str) -> None:
    # A tower of powers, a huge power, or a high power of a long sum would keep the symbolic layer busy for ever.
    if any(isinstance(node, ast.Pow) for node in ast.walk(power.right)):
        raise DescriptionError(
            f"{where}: a power inside an exponent is not allowed: write it with exp and log"
        )
    base, exponent = constant_value(power.left), constant_value(power.right)
    if base == 0 and exponent is not None and exponent < 0:
        raise DescriptionError(f"{where}: '{_short(ast.unparse(power))}' divides by 0: correct it")
    growth, names = _growth(power), sum(isinstance(node, ast.Name) for node in ast.walk(power.left))
    constant = not any(isinstance(node, ast.Name) for node in ast.walk(power.right))
    if growth > MAX_POWER or (
        constant and names and math.comb(int(growth) + names - 1, names - 1) > MAX_TERMS
    ):
        raise DescriptionError(
            f"{where}: '{_short(ast.unparse(power))}' is too high a power: write it with exp and log"
        )


def _growth(node: ast.AST) -> float:
    """Return a bound on the factor by which powers multiply the number of digits of an integer."""
    below = max((_growth(child) for child in ast.iter_child_nodes(node)), default=1.0)
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)):
        return below
    constants = [abs(n.value) for n in ast.walk(node.right) if isinstance(n, ast.Constant)]  # type: ignore[arg-type]
    return below * math.prod(max(c, 1.0) for c in constants)


class Rewriter(ast.NodeTransformer):
    """A transformer that makes a new tree and leaves the given one unchanged."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Return a copy of a node with its parts visited; the name of a called function is not a variable."""
        if isinstance(node, ast.Call):
            return ast.Call(node.func, [self.visit(argument) for argument in node.args], [])
        parts = {name: [*v] if isinstance(v, list) else v for name, v in ast.iter_fields(node)}
        return super().generic_visit(type(node)(**parts))


class Expression:
    """An expression: its text, its tree, which is never changed, the names that it reads and the functions it calls.

    `symbols` also includes the names of constants such as `e`, which a rule may give to variables of its own. Each text
    is parsed once however often it is used, and nothing that is derived from parsed text is parsed again.
    """

    __slots__ = ("_real", "calls", "names", "symbols", "text", "tree")

    def __init__(self, text: str, tree: ast.expr) -> None:
        self.text, self.tree = text, tree
        self._real: Expression | None = None
        functions = {id(n.func): n.func for n in ast.walk(tree) if isinstance(n, ast.Call)}
        self.calls = frozenset(f.id for f in functions.values() if isinstance(f, ast.Name))
        names = (n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in functions)
        self.symbols = frozenset(name.id for name in names)
        self.names = self.symbols - CONSTANTS.keys()

    def substituted(self, expressions: Mapping[str, str]) -> Expression:
        """Return the expression with names replaced by expressions, each kept as one operand."""
        trees = {name: expression(expressions[name]).tree for name in self.symbols & expressions.keys()}
        return made(_Substitution(trees).visit(self.tree)) if trees else self

    @property
    def real(self) -> Expression:
        """The expression with whole numbers written as floats, except whole exponents, which remain a few products.

        Whole numbers are exact symbols for sympy; in arithmetic they would divide and overflow as integers do.
        """
        if self._real is None:
            self._real = made(_Real().visit(self.tree))
        return self._real


class _Real(Rewriter):
    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return ast.Constant(float(node.value)) if isinstance(node.value, int) else node

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        whole = isinstance(node.op, ast.Pow) and _is_whole(node.right)
        return ast.BinOp(self.visit(node.left), node.op, node.right if whole else self.visit(node.right))


def _is_whole(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        node = node.operand
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


class _Substitution(Rewriter):
    def __init__(self, trees: Mapping[str, ast.expr]) -> None:
        self.trees = trees

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.trees.get(node.id, node)


_KNOWN: dict[str, Expression] = {}
_MOST = 10_000


def _kept(found: Expression) -> Expression:
    if len(_KNOWN) >= _MOST:
        _KNOWN.clear()
    return _KNOWN.setdefault(found.text, found)


def expression(text: str) -> Expression:
    """Return text that has been checked as an expression, with calls of users' functions written out."""
    text = text.strip()
    found = _KNOWN.get(text)
    if found is None:
        tree = ast.parse(text, mode="eval").body
        calls = {
            n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        if calls & FORMULAS.keys():
            return _KNOWN.setdefault(text, made(_WrittenOut().visit(tree)))
        found = _kept(Expression(text, tree))
    return found


class _WrittenOut(Rewriter):
    def visit_Call(self, node: ast.Call) -> Any:
        arguments = [self.visit(argument) for argument in node.args]
        formula = FORMULAS.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if formula is None or node.keywords:
            return ast.Call(node.func, arguments, node.keywords)
        if len(arguments) != len(formula.arguments):
            raise DescriptionError(
                f"{formula.name} is called with {len(arguments)} arguments: write {formula.call}"
            )
        values = dict(zip(formula.arguments, arguments, strict=True))
        return _Substitution(values).visit(expression(formula.text).tree)


@dataclass(frozen=True)
class Formula:
    """A function defined by a user: its name, its arguments, the expression of its value, and the module it is of."""

    name: str
    arguments: tuple[str, ...]
    text: str
    module: str = field(default="", compare=False)

    @property
    def call(self) -> str:
        """How a call of it is written."""
        return f"{self.name}({', '.join(self.arguments)})"


FORMULAS: dict[str, Formula] = {}
_CALLED = re.compile(r"([A-Za-z]\w*)\s*\(")
_CALL = re.compile(r"\s*([A-Za-z]\w*)\s*\(\s*([A-Za-z]\w*(?:\s*,\s*[A-Za-z]\w*)*)\s*\)\s*")


def equation_function(call: str, text: str) -> Formula:
    """Let equations of this process call a function of your own, on every engine and with gradients.

    Arguments:
        call: its name with the names of its arguments, such as `hill(x, n)`.
        text: the expression of its value in these arguments, such as `x**n / (1 + x**n)`.

    Returns the function. The module that defined it may define it again, as a cell of a notebook does.
    Raises DescriptionError if the name is that of another function, a unit or a constant, if two arguments have one
    name, or if the text is not an expression or reads anything but the arguments.
    """
    if not isinstance(call, str) or not isinstance(text, str):
        raise DescriptionError(
            f"function {call!r}, {text!r}: write both as text, as in equation_function('square(x)', 'x**2')"
        )
    match = _CALL.fullmatch(call)
    if match is None:
        raise DescriptionError(f"function '{_short(call)}': write its name and arguments, as hill(x, n)")
    name, arguments = match[1], tuple(part.strip() for part in match[2].split(","))
    module = str(sys._getframe(1).f_globals.get("__name__"))
    formula, where = Formula(name, arguments, text.strip(), module), f"function '{name}'"
    _check_names(name, arguments, where)
    held = FORMULAS.get(name)
    if held == formula:
        return held
    if name in FUNCTIONS.keys() | DRAWN | GROUPED or (held is not None and held.module != module):
        raise DescriptionError(f"{where} already exists: choose another name")
    check_expression(text, where)
    for other in sorted(names_in(text) - {*arguments}):
        raise DescriptionError(f"{where}: '{other}' is not an argument: {suggest(other, arguments)}")
    FORMULAS[name] = formula
    _KNOWN.clear()
    return formula


def functions_in(texts: Iterable[str]) -> dict[str, str]:
    """Return the users' functions that texts call, also through each other: the expression by call, in order."""
    found: dict[str, str] = {}
    left = [*texts]
    while left:
        called = _CALLED.findall(left.pop())
        for formula in (FORMULAS[name] for name in called if name in FORMULAS):
            if formula.call not in found:
                found[formula.call] = formula.text
                left.append(formula.text)
    return dict(sorted(found.items()))


def _check_names(name: str, arguments: tuple[str, ...], where: str) -> None:
    for given in (name, *arguments):
        if "__" in given:
            raise DescriptionError(
                f"{where}: '{given}' contains two underscores in a row: choose another name"
            )
        if given in CONSTANTS or (given == name and unit_named(name) is not None):
            raise DescriptionError(f"{where}: '{given}' is a unit or a constant: choose another name")
    if len({*arguments}) < len(arguments):
        raise DescriptionError(f"{where}: two arguments have one name: give each its own")


def made(tree: ast.expr) -> Expression:
    """Return a tree as an expression."""
    text = ast.unparse(tree)
    return _KNOWN.get(text) or _kept(Expression(text, tree))


def names_in(text: str) -> frozenset[str]:
    """Return the names that an expression reads, functions and constants left out."""
    return expression(text).names


def substitute(text: str, expressions: Mapping[str, str]) -> str:
    """Return the expression with names replaced by expressions (each kept as one operand)."""
    return expression(text).substituted(expressions).text


def substitute_all(text: str, expressions: Mapping[str, str]) -> str:
    """Substitute until no name of `expressions` is left (their definitions must not be circular)."""
    for _ in range(len(expressions) + 1):
        if not names_in(text) & expressions.keys():
            return text.strip()
        text = substitute(text, expressions)
        if len(text) > MAX_INLINED:
            raise DescriptionError(
                f"'{_short(text)}': with its definitions written out it is too long: simplify it"
            )
    raise DescriptionError(f"'{_short(text)}': its definitions refer to each other in a loop: break the loop")


_ASSIGNMENT = re.compile(r"^\s*([A-Za-z_]\w*)\s*(\+=|-=|\*=|/=|=(?!=))\s*(.+)$", re.DOTALL)


def parse_statements(text: str, where: str, more: frozenset[str] = frozenset()) -> tuple[Statement, ...]:
    """Return the statements of 'a += b; c = d' (separated by ; or lines), each expression checked.

    Arguments: text; where, for messages; more, functions that may be called beside those of all equations.
    """
    check_length(text, where)
    parsed = []
    for line in re.split(r"[;\n]", text):
        line = line.split("#")[0].strip()
        if not line:
            continue
        match = _ASSIGNMENT.match(line)
        if match is None:
            raise DescriptionError(
                f"{where}: '{_short(line)}' is not an assignment: write 'name = expression'"
            )
        target, op, expression = match.groups()
        check_expression(expression, where, more)
        parsed.append(Statement(target, op, expression.strip()))
    return tuple(parsed)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else flat[:57] + "..."
