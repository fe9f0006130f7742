"""From expressions of lowered blocks to Python text that numba compiles, invariant parts moved out of the loops."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from neurosim.model.expressions import CONSTANTS, Rewriter
from neurosim.model.expressions import expression as parsed
from neurosim.model.functions import FUNCTIONS

_CALLS = {name: function.numba.partition(":")[2] for name, function in FUNCTIONS.items()}
CONSTANT_TEXTS = {"pi": "np.pi", "e": "np.e", "inf": "np.inf"}
_OPERATORS = {ast.FloorDiv: "floor_divide", ast.Mod: "remainder"}


def function_imports() -> list[str]:
    """Return the lines by which a generated program imports the functions of equations."""
    homes: dict[str, set[str]] = {}
    for function in FUNCTIONS.values():
        module, _, name = function.numba.partition(":")
        homes.setdefault(module, set()).add(name)
    homes.pop("builtins")
    return [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(homes.items())]


class Hoist:
    """Invariant subexpressions and the names that hold them, assigned once before the loop over steps."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def name(self, text: str, name: str = "") -> str:
        """Return the name that holds an invariant expression, one that is made up unless it is given."""
        return self.names.setdefault(text, name or f"h{len(self.names)}")

    def lines(self) -> list[str]:
        """Return the assignments."""
        return [f"{name} = {text}" for text, name in self.names.items()]


class Render(ast.NodeTransformer):
    """Renders expressions; `resolve` gives the text of a name and whether it is the same for the whole run.

    real, the type that numbers in the text are given ('np.float32'), since an untyped one would widen the arithmetic.
    """

    def __init__(self, resolve: Callable[[str], tuple[str, bool]], hoist: Hoist, real: str = "") -> None:
        self.resolve = resolve
        self.hoist = hoist
        self.real = real

    def text(self, expression: str) -> str:
        """Return the rendered expression."""
        # A copy, since this changes the tree.
        tree = copied.visit(parsed(expression).tree)
        return ast.unparse(self._hoisted(tree))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Render both sides."""
        # A whole exponent stays as it is written, so that a power is a few products.
        whole = isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant)
        node.left = self.visit(node.left)
        node.right = node.right if whole else self.visit(node.right)
        return node

    def _hoisted(self, node: ast.expr) -> ast.expr:
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Pow)
            and isinstance(node.right, ast.Constant)
            and not self._invariant(node)
        ):
            return ast.BinOp(self._hoisted(node.left), node.op, node.right)
        if isinstance(node, ast.BinOp | ast.Call | ast.UnaryOp) and self._invariant(node):
            return _name(self.hoist.name(ast.unparse(self.visit(node))))
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, field, value if field == "func" else self._hoisted(value))
            elif isinstance(value, list):
                setattr(node, field, [self._hoisted(v) if isinstance(v, ast.expr) else v for v in value])
        return self._plain(node)

    def _invariant(self, node: ast.expr) -> bool:
        called = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
        names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and id(n) not in called]
        return bool(names) and all(n in CONSTANTS or self.resolve(n)[1] for n in names)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Render the parts of a node, then the node; the name of a called function is no variable."""
        if isinstance(node, ast.Call):
            node.args = [self.visit(a) for a in node.args]
            return self._plain(node)
        super().generic_visit(node)
        return self._plain(node)

    def _plain(self, node: Any) -> Any:
        match node:
            case ast.Constant(value=value) if self.real:
                return _name(self.hoist.name(f"{self.real}({value!r})"))
            case ast.Name(id=name):
                text = CONSTANT_TEXTS[name] if name in CONSTANTS else self.resolve(name)[0]
                return copied.visit(parsed(text).tree)
            case ast.BinOp(left=left, op=ast.FloorDiv() | ast.Mod() as op, right=right):
                return ast.Call(_name(_OPERATORS[type(op)]), [left, right], [])
            case ast.BoolOp(op=op, values=values):
                # & and | on booleans: the short circuit of `and` would put a branch into the loop.
                symbol: ast.operator = ast.BitAnd() if isinstance(op, ast.And) else ast.BitOr()
                joined: ast.expr = values[0]
                for term in values[1:]:
                    joined = ast.BinOp(joined, symbol, term)
                return joined
            case ast.Call(func=ast.Name(id="select"), args=[condition, yes, no]):
                return ast.IfExp(condition, yes, no)
            case ast.Call(func=ast.Name(id="int"), args=[argument]):
                return _integer(argument, *(self.visit(ast.Constant(x)) for x in (1.0, 0.0)))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return ast.Call(_name(_CALLS.get(name, name)), arguments, [])
        return node


def _integer(argument: ast.expr, one: ast.expr, zero: ast.expr) -> ast.expr:
    boolean = isinstance(argument, ast.Compare | ast.IfExp) or (
        isinstance(argument, ast.Name) and argument.id == "active"
    )
    boolean = boolean or (isinstance(argument, ast.UnaryOp) and isinstance(argument.op, ast.Not))
    boolean = boolean or (isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.BitAnd | ast.BitOr))
    if boolean:
        return ast.IfExp(argument, one, zero)
    return ast.Call(_name("trunc"), [argument], [])


copied = Rewriter()


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())
