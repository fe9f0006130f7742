"""Equations and statements of the expanded form in Brian2's terms.

Brian2 forbids some names (units, functions, those ending in _pre, one that a projection and its population share) and
takes `xi_...` for noise, so a name of a population is n_name_n here and one of a projection s_name_s; t, dt and
t_in_timesteps are Brian2's own.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import brian2
import numpy as np
from brian2 import BrianObject, Equations, Function
from brian2.core.variables import ArrayVariable
from brian2.equations.codestrings import Expression
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION, SingleEquation
from brian2.groups.group import CodeRunner
from brian2.stateupdaters import exact
from brian2.stateupdaters.base import UnsupportedEquationsException

from neurosim.compiler.cache import remembered
from neurosim.compiler.equations.forms import Learning, PopulationEquations, ProjectionEquations
from neurosim.compiler.equations.names import ACTIVE, CLOCK, part_of
from neurosim.compiler.schedule.integration import UPDATERS as EXPLICIT
from neurosim.model.expressions import Rewriter, Statement, expression, is_condition, made
from neurosim.model.functions import FUNCTIONS, load
from neurosim.model.units import Dimension

Names = Mapping[str, str]
Updater = Callable[..., str]


def _remembering(method: str, updater: Updater) -> Updater:
    def solve(equations: Equations, variables: object = None, options: object = None) -> str:
        written = [(name, text.code) for name, text in equations.get_substituted_expressions()]
        return remembered("brian2", [method, written, brian2.__version__], lambda: updater(equations))

    return solve


UPDATERS: Mapping[str, Updater] = {
    method: _remembering(method, updater) for method, updater in {"exact": exact, **EXPLICIT}.items()
}
"""Brian2's state updaters: equations to the code of one step. The code is kept, since a closed form takes seconds."""


def population_names(population: PopulationEquations) -> dict[str, str]:
    """Return the Brian2 name of every name of a population."""
    names = {name: in_population(name) for name in population.dimensions if name not in CLOCK}
    if ACTIVE in names:
        names[ACTIVE] = "not_refractory"
    for name, ref in population.refs.items():
        if ref.end == "total":
            names[name] = part_of("total", ref.owner, ref.name)
    return names


def in_population(name: str) -> str:
    """Return the Brian2 name of a name of a population."""
    return f"n_{name}_n"


def in_event(event: str) -> str:
    """Return the Brian2 name of an event."""
    return f"event_{event}"


def projection_names(projection: ProjectionEquations) -> dict[str, str]:
    """Return the Brian2 name of every name that the texts of a projection may hold."""
    names = {name: f"s_{name}_s" for name in projection.dimensions if name not in CLOCK}
    for name, ref in projection.refs.items():
        if not ref.modulator and not ref.of_projection:
            names[name] = f"{in_population(ref.name)}_{ref.end}"
    for name, total in projection.totals.items():
        names[name] = f"{total_name(projection, name)}_{total.level}"
    return names


def total_name(projection: ProjectionEquations, name: str) -> str:
    """Return the Brian2 name of a total of a projection, which is a variable of one of the projection's ends there."""
    return part_of("total", projection.name, name)


def written(text: str, names: Names, whole: bool = False) -> str:
    """Return an expression in Brian2's names; whole numbers become floats, but `whole` for sympy."""
    found = expression(text).substituted(names)
    return made(_Functions().visit((found if whole else found.real).tree)).text


class _Functions(Rewriter):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return ast.BinOp(self.visit(_number(node.left)), node.op, self.visit(_number(node.right)))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        operand = node.operand if isinstance(node.op, ast.Not) else _number(node.operand)
        return ast.UnaryOp(node.op, self.visit(operand))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        own = (
            ast.Name(_own(name), ast.Load())
            if name in FUNCTIONS and not FUNCTIONS[name].in_brian2
            else node.func
        )
        return ast.Call(own, [self.visit(argument) for argument in node.args], [])


def _number(node: ast.expr) -> ast.expr:
    """Return an operand of arithmetic, a condition as 0 or 1: sympy, in Brian2, has no products of conditions."""
    return ast.Call(ast.Name("int", ast.Load()), [node], []) if is_condition(node) else node


def _own(name: str) -> str:
    return f"function_{name}"


NAMESPACE = {
    _own(name): Function(load(row.numpy), arg_units=[None] * len(row.arguments), return_unit=1)
    for name, row in FUNCTIONS.items()
    if not row.in_brian2
}
"""The functions of equations that Brian2 lacks or that have other values there, by their names here."""


def parameter(name: str, dim: Dimension, *flags: str) -> SingleEquation:
    """Return `name : dim`, a variable that equations only read."""
    return SingleEquation(PARAMETER, name, dim, flags=flags)


def derivative(name: str, text: str, dim: Dimension, *flags: str) -> SingleEquation:
    """Return `dname/dt = text`, with name of dimension dim."""
    return SingleEquation(DIFFERENTIAL_EQUATION, name, dim, expr=Expression(text), flags=flags)


def definition(name: str, text: str, dim: Dimension, *flags: str) -> SingleEquation:
    """Return `name = text : dim`."""
    return SingleEquation(SUBEXPRESSION, name, dim, expr=Expression(text), flags=flags)


def system(derivatives: Mapping[str, str], dimensions: Mapping[str, Dimension], names: Names) -> Equations:
    """Return derivatives by state as Brian2 equations in Brian2's names."""
    return Equations(
        [
            derivative(names[n], written(text, names, whole=True), dimensions[n])
            for n, text in derivatives.items()
        ]
    )


def code(statements: Iterable[Statement], names: Names) -> str:
    """Return statements as Brian2 code in Brian2's names."""
    # What statements define for themselves has no other name.
    return "\n".join(
        f"{names.get(s.target, s.target)} {s.op} {written(s.expression, names)}" for s in statements
    )


def step_code(equations: Equations, *methods: str) -> str:
    """Return the code of one step by the first of the methods that takes the equations."""
    *others, last = methods
    for method in others:
        try:
            return UPDATERS[method](equations)
        except UnsupportedEquationsException:
            continue
    return UPDATERS[last](equations)


def learning_code(learning: Learning, dimensions: Mapping[str, Dimension], names: Names) -> str:
    """Return the code of one step of what rules change, each method from the values at the start of the step."""
    steps = (step_code(system(c, dimensions, names), method) for method, c in learning.systems.items())
    lines = [line for step in steps for line in step.splitlines()]
    states = tuple(f"{names[name]} = " for name in learning.changes)
    return "\n".join(sorted(lines, key=lambda line: line.startswith(states)))


Order = Iterator[int]
"""Gives each object of the schedule a place of its own: within a slot the order is that of creation, never of names."""


def run_code(
    group: Any, text: str, when: str, order: Order, kind: type[CodeRunner] = CodeRunner
) -> CodeRunner:
    """Let a group run code once per step; units are checked already, and a state updater's code may not show them."""
    number = len(group.contained_objects)
    runner = kind(
        group,
        "stateupdate",
        code=text,
        clock=group.clock,
        when=when,
        order=next(order),
        name=f"{group.name}_code{number}",
        check_units=False,
    )
    group.contained_objects.append(runner)
    return runner


class RegularRunner(CodeRunner):  # type: ignore[misc]
    """Code that is run in the steps first, first + every, and so on; Brian2 would have a clock for it."""

    first: int
    every: int
    rest: str | None = None
    """Brian2's name of the refractory period, if there is one, of which the group takes note after this code only."""

    def run(self) -> None:
        """Run the code if it is due."""
        step = int(self.group.clock.variables["timestep"].get_value()[0])
        if step >= self.first and (step - self.first) % self.every == 0:
            if self.rest is not None:
                last, rest = (self.group.variables[name].get_value() for name in ("lastspike", self.rest))
                dt = float(self.group.clock.dt_)
                free = step - np.rint(last / dt) >= np.rint(rest / dt)
                self.group.variables["not_refractory"].get_value()[:] = free
            super().run()


def memory(group: Any) -> dict[str, np.ndarray]:
    """Return the arrays that hold the variables of a group, by Brian2's names; they are changed in place."""
    variables = group.variables.items()
    own = {
        n: v
        for n, v in variables
        if isinstance(v, ArrayVariable) and v.owner.name == group.name and not v.read_only
    }
    return {name: variable.get_value() for name, variable in own.items()}


def place(item: BrianObject, when: str, order: Order) -> None:
    """Give one of Brian2's own objects its place in the schedule."""
    item.when, item.order = when, next(order)
