"""Building Python's own syntax tree, node by node; text of a user never becomes code.

A constant that Python cannot write (a decimal, a date, a function of ours) is bound in the namespace of the compiled
function under a name that is made here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

_LOAD = ast.Load()
_STORE = ast.Store()
_IS, _IS_NOT = ast.Is(), ast.IsNot()
SIGNS: dict[str, ast.cmpop] = {
    "=": ast.Eq(), "!=": ast.NotEq(), "<": ast.Lt(), "<=": ast.LtE(), ">": ast.Gt(), ">=": ast.GtE(), "in": ast.In(),
}  # fmt: skip


def name(text: str) -> ast.Name:
    """A variable that is read."""
    return ast.Name(text, _LOAD, lineno=1, col_offset=0)


def constant(value: str | bool | int | None) -> ast.Constant:
    """A constant that Python can write."""
    return ast.Constant(value, lineno=1, col_offset=0)


def call(function: ast.expr, *arguments: ast.expr) -> ast.Call:
    """A call by position."""
    return ast.Call(function, list(arguments), [], lineno=1, col_offset=0)


def assigned(variable: str, value: ast.expr) -> ast.NamedExpr:
    """`(variable := value)`."""
    return ast.NamedExpr(ast.Name(variable, _STORE, lineno=1, col_offset=0), value, lineno=1, col_offset=0)


def if_else(condition: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.IfExp:
    """`then if condition else otherwise`."""
    return ast.IfExp(condition, then, otherwise, lineno=1, col_offset=0)


def is_(left: ast.expr, right: ast.expr) -> ast.Compare:
    """`left is right`."""
    return ast.Compare(left, [_IS], [right], lineno=1, col_offset=0)


def is_constant(left: ast.expr, value: bool | None) -> ast.expr:
    """`left is True` and its kin; a constant on the left is compared here, as Python would warn of it."""
    if isinstance(left, ast.Constant):
        return constant(left.value is value)
    return is_(left, constant(value))


def compared(left: ast.expr, *pairs: tuple[str, ast.expr]) -> ast.Compare:
    """`left < right`, also chained."""
    return ast.Compare(left, [SIGNS[sign] for sign, _ in pairs], [right for _, right in pairs], lineno=1, col_offset=0)


def any_of(terms: Sequence[ast.expr]) -> ast.expr:
    """Python's `or`."""
    return terms[0] if len(terms) == 1 else ast.BoolOp(ast.Or(), list(terms), lineno=1, col_offset=0)


def all_of(terms: Sequence[ast.expr]) -> ast.expr:
    """Python's `and`."""
    return terms[0] if len(terms) == 1 else ast.BoolOp(ast.And(), list(terms), lineno=1, col_offset=0)


def not_(term: ast.expr) -> ast.expr:
    """Python's `not`."""
    return ast.UnaryOp(ast.Not(), term, lineno=1, col_offset=0)


def attribute(value: ast.expr, attribute_name: str) -> ast.Attribute:
    """`value.attribute`."""
    return ast.Attribute(value, attribute_name, _LOAD, lineno=1, col_offset=0)


def item(value: ast.expr, key: ast.expr) -> ast.Subscript:
    """`value[key]`."""
    return ast.Subscript(value, key, _LOAD, lineno=1, col_offset=0)


def listed(items: Sequence[ast.expr]) -> ast.List:
    """`[a, b]`."""
    return ast.List(list(items), _LOAD, lineno=1, col_offset=0)


def mapped(pairs: Sequence[tuple[str, ast.expr]]) -> ast.Dict:
    """`{"a": x, "b": y}`, made from left to right."""
    keys: list[ast.expr | None] = [constant(key) for key, _ in pairs]
    return ast.Dict(keys, [value for _, value in pairs], lineno=1, col_offset=0)


def function(parameters: Sequence[str], body: ast.expr) -> ast.Lambda:
    """`lambda a, b: body`."""
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(parameter, lineno=1, col_offset=0) for parameter in parameters],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    return ast.Lambda(arguments, body, lineno=1, col_offset=0)


def built(parameters: Sequence[str], body: ast.expr, namespace: dict[str, object]) -> Callable[..., object]:
    """The function of one expression; every name in it is a parameter or in the namespace."""
    code = compile(ast.Expression(function(parameters, body)), "<feel>", "eval")
    made: Callable[..., object] = eval(code, {"__builtins__": {}, **namespace})
    return made
