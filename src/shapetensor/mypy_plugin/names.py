"""Where names get their values: what a size was is read off the expression that it was made by.

To mypy a size is an int, so that `n = x.shape[0]` and `n += 1` are what they are anywhere else. A name that is assigned
once in its function is the expression that was assigned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mypy.nodes import (
    AssertStmt,
    AssignmentExpr,
    AssignmentStmt,
    AwaitExpr,
    Block,
    CallExpr,
    ClassDef,
    ComparisonExpr,
    ConditionalExpr,
    Decorator,
    DelStmt,
    DictionaryComprehension,
    Expression,
    ExpressionStmt,
    ForStmt,
    FuncDef,
    GeneratorExpr,
    IfStmt,
    ImportBase,
    IndexExpr,
    ListComprehension,
    ListExpr,
    MatchStmt,
    MemberExpr,
    NameExpr,
    Node,
    OperatorAssignmentStmt,
    OpExpr,
    OverloadedFuncDef,
    ReturnStmt,
    SetComprehension,
    SetExpr,
    SliceExpr,
    StarExpr,
    Statement,
    TryStmt,
    TupleExpr,
    UnaryExpr,
    Var,
    WhileStmt,
    WithStmt,
)
from mypy.patterns import AsPattern, ClassPattern, MappingPattern, OrPattern, SequencePattern, StarredPattern

# The expression, and the place in it of a name that is one of several: `b, t = x.shape`.
Definition = tuple[Expression, int | None, int]

# Where expressions and patterns are in a node. mypy's own visitors cannot be subclassed: they are compiled.
_INSIDE: dict[type[Node], tuple[str, ...]] = {
    AssignmentStmt: ("rvalue",),
    ExpressionStmt: ("expr",),
    ReturnStmt: ("expr",),
    OperatorAssignmentStmt: ("rvalue",),
    IfStmt: ("expr",),
    WhileStmt: ("expr",),
    ForStmt: ("expr",),
    WithStmt: ("expr",),
    AssertStmt: ("expr",),
    MatchStmt: ("subject", "patterns", "guards"),
    AssignmentExpr: ("target", "value"),
    OpExpr: ("left", "right"),
    ComparisonExpr: ("operands",),
    UnaryExpr: ("expr",),
    CallExpr: ("callee", "args"),
    MemberExpr: ("expr",),
    IndexExpr: ("base", "index"),
    ConditionalExpr: ("cond", "if_expr", "else_expr"),
    TupleExpr: ("items",),
    ListExpr: ("items",),
    SetExpr: ("items",),
    StarExpr: ("expr",),
    SliceExpr: ("begin_index", "end_index", "stride"),
    AwaitExpr: ("expr",),
    ListComprehension: ("generator",),
    SetComprehension: ("generator",),
    GeneratorExpr: ("left_expr", "sequences", "condlists"),
    DictionaryComprehension: ("key", "value", "sequences", "condlists"),
    AsPattern: ("pattern", "name"),
    OrPattern: ("patterns",),
    SequencePattern: ("patterns",),
    StarredPattern: ("capture",),
    MappingPattern: ("values", "rest"),
    ClassPattern: ("positionals", "keyword_values"),
}
_NAMES = frozenset({"target", "name", "capture", "rest"})


class Names:
    """The definitions in the function, or the module, that is being checked."""

    def __init__(self) -> None:
        self._body: Any = None
        self._found: dict[Var, Definition | None] = {}
        self._compared: set[Expression] = set()

    def is_compared(self, e: Expression, api: Any) -> bool:
        """Whether an expression stands beside a comparison sign in a test: `if x.ndim == 2`."""
        self._enter(api)
        return e in self._compared

    def definition(self, name: NameExpr, api: Any) -> Definition | None:
        """What a name is, if it is assigned once."""
        self._enter(api)
        return self._found.get(name.node) if isinstance(name.node, Var) else None

    def _enter(self, api: Any) -> None:
        scope = api.scope.top_level_function() or api.tree
        body = scope.body if isinstance(scope, FuncDef) else scope.defs
        if body is self._body:
            return
        self._body, self._found = body, {}  # of a function that was edited, mypy's daemon keeps all but the body
        for var, definition in _definitions(scope):
            self._found[var] = None if var in self._found else definition
        self._compared = {operand for statement in _statements(scope) for operand in _compared(_test(statement))}


def _test(statement: Any) -> list[Expression | None]:
    """The expressions of a statement that may be or hold a test."""
    if isinstance(statement, IfStmt):
        return list(statement.expr)
    if isinstance(statement, AssignmentStmt):
        return [statement.rvalue]
    return [getattr(statement, "expr", None)]


def _compared(tests: list[Expression | None]) -> Iterator[Expression]:
    for test in tests:
        if isinstance(test, ComparisonExpr):
            yield from test.operands
        elif isinstance(test, ConditionalExpr):
            yield from _compared([test.cond, test.if_expr, test.else_expr])
        elif isinstance(test, OpExpr) and test.op in ("and", "or"):
            yield from _compared([test.left, test.right])
        elif isinstance(test, UnaryExpr):
            yield from _compared([test.expr])


def _definitions(scope: Node) -> Iterator[tuple[Var, Definition | None]]:
    for statement in (scope, *_statements(scope)):
        if isinstance(statement, FuncDef):
            yield from ((argument.variable, None) for argument in statement.arguments)
        elif isinstance(statement, AssignmentStmt):
            for target in statement.lvalues:
                yield from _targets(target, statement.rvalue)
        elif isinstance(statement, OperatorAssignmentStmt):
            yield from _targets(statement.lvalue, None)
        elif isinstance(statement, ForStmt):
            yield from _targets(statement.index, None)
        elif isinstance(statement, WithStmt):
            for context in statement.target:
                yield from _targets(context, None)
        elif isinstance(statement, TryStmt):
            for caught in statement.vars:
                yield from _targets(caught, None)
        elif isinstance(statement, DelStmt):
            yield from _targets(statement.expr, None)
        elif isinstance(statement, ImportBase):
            for replaced in statement.assignments:  # names that were something else before
                yield from _targets(replaced.lvalues[0], None)
        yield from _named_inside(statement)


def _named_inside(node: Any) -> Iterator[tuple[Var, None]]:
    """Names that get a value inside expressions, by `:=`, and by the patterns of a match statement."""
    for attribute in _INSIDE.get(type(node), ()):
        found = getattr(node, attribute)
        for child in found if isinstance(found, list) else [found]:
            if isinstance(child, NameExpr):
                if attribute in _NAMES and isinstance(child.node, Var):
                    yield child.node, None
            elif isinstance(child, list):
                for part in child:
                    yield from _named_inside(part)
            elif child is not None:
                yield from _named_inside(child)


def _targets(target: Expression | None, value: Expression | None) -> Iterator[tuple[Var, Definition | None]]:
    """The names in the target of an assignment; those of a nested or starred one have no value that is known."""
    if isinstance(target, NameExpr) and isinstance(target.node, Var):
        yield target.node, None if value is None else (value, None, 0)
    elif isinstance(target, StarExpr):
        yield from _targets(target.expr, None)
    elif isinstance(target, (TupleExpr, ListExpr)):
        starred = any(isinstance(item, StarExpr) for item in target.items)
        for i, item in enumerate(target.items):
            if isinstance(item, NameExpr) and isinstance(item.node, Var) and value is not None and not starred:
                yield item.node, (value, i, len(target.items))
            else:
                yield from _targets(item, None)


def _statements(node: Any) -> Iterator[Statement]:
    """The statements in a function, class or module, those in blocks and inner functions too."""
    for child in _children(node):
        yield child
        yield from _statements(child)


def _children(node: Any) -> list[Any]:
    if isinstance(node, FuncDef):
        return list(node.body.body)
    if isinstance(node, Decorator):
        return [node.func]
    if isinstance(node, OverloadedFuncDef):
        return list(node.items)
    if isinstance(node, ClassDef):
        return list(node.defs.body)
    if isinstance(node, IfStmt):
        return _of_blocks(*node.body, node.else_body)
    if isinstance(node, (ForStmt, WhileStmt)):
        return _of_blocks(node.body, node.else_body)
    if isinstance(node, TryStmt):
        return _of_blocks(node.body, *node.handlers, node.else_body, node.finally_body)
    if isinstance(node, WithStmt):
        return list(node.body.body)
    if isinstance(node, Block):
        return list(node.body)
    blocks = getattr(node, "bodies", None)  # of a match statement
    return _of_blocks(*blocks) if blocks else list(getattr(node, "defs", []))


def _of_blocks(*blocks: Block | None) -> list[Any]:
    return [statement for block in blocks if block is not None for statement in block.body]
