"""A file's source with the inferred type beside each assignment."""

from __future__ import annotations

import json
import os
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mypy import build
from mypy.errors import CompileError
from mypy.modulefinder import BuildSource
from mypy.nodes import (
    AssignmentStmt,
    Block,
    CallExpr,
    Expression,
    ForStmt,
    FuncDef,
    ListExpr,
    NameExpr,
    Node,
    OperatorAssignmentStmt,
    StarExpr,
    Statement,
    TempNode,
    TupleExpr,
    Var,
    WithStmt,
)
from mypy.types import CallableType, NoneType, PartialType, Type, get_proper_type

from .run import Setup, configured
from .sizes import Sizes
from .spelling import short

_INSIDE = ("defs", "body", "else_body", "bodies", "handlers", "finally_body", "func", "items")
_WIDEST = 60  # column from which a comment may stand further right than those of the other lines


def reveal(path: str, flags: Sequence[str]) -> int:
    """See `shapetensor.typecheck.reveal`."""
    setup = configured([path], flags)
    with tokenize.open(path) as file:
        text = file.read()
    comments, errors, blocked = _inferred(setup, text)
    lines = text.splitlines()
    here = [error for error in errors if error["file"] and error["line"] > 0 and _is_same(error["file"], path)]
    beneath: dict[int, list[str]] = defaultdict(list)
    for error in here:
        beneath[min(error["line"], len(lines))] += _beneath(error)  # a file that ends too early: behind its last line
    if here or not blocked:
        print(*_listing(lines, comments, beneath), sep="\n")
    for error in errors:
        if error not in here:
            print(_apart(error), file=sys.stderr if blocked else sys.stdout)
    return 2 if blocked else int(any(error["severity"] == "error" for error in errors))


def _is_same(file: str, path: str) -> bool:
    # mypy shortens names of files in the current directory.
    return os.path.abspath(file) == os.path.abspath(path)


def _inferred(setup: Setup, text: str) -> tuple[dict[int, str], list[dict[str, Any]], bool]:
    """Comments by line, mypy's errors, and whether these kept it from checking."""
    sources, options, files = setup
    options.output, options.pretty, options.show_error_context = "json", False, False
    # mypy takes the types of a text that it is given from no cache, as it does those of all that is imported.
    given = BuildSource(sources[0].path, sources[0].module, text, sources[0].base_dir)
    try:
        # Where it is to keep types, mypy infers the bodies of libraries too, unless they come from the cache: fill it.
        build.build(sources, options, fscache=files).manager.metastore.close()
        options.export_types = options.preserve_asts = True
        result = build.build([given], options, fscache=files)
    except CompileError as error:
        return {}, [*_decoded(error.messages)], True
    result.manager.metastore.close()
    comments: dict[int, list[str]] = defaultdict(list)
    for line, comment in _comments(result.files[given.module].defs, result.types, Sizes(result, given.module)):
        comments[line].append(comment)
    return {line: "; ".join(found) for line, found in comments.items()}, [*_decoded(result.errors)], False


def _decoded(messages: Iterable[str]) -> Iterator[dict[str, Any]]:
    """mypy's messages as it gives them in JSON; a few it cannot give so."""
    for message in messages:
        try:
            yield json.loads(message)
        except ValueError:
            yield {"file": None, "message": message, "severity": "error"}


def _statements(nodes: Iterable[Any], function: FuncDef | None = None) -> Iterator[tuple[Node, FuncDef | None]]:
    """The statements in and below these, in the order of the source, and the outermost function that each is in."""
    for node in nodes:
        if isinstance(node, Block) and node.is_unreachable:
            continue
        if isinstance(node, Statement):
            yield node, function
            for name in _INSIDE:
                inside = getattr(node, name, None)
                outermost = node if function is None and isinstance(node, FuncDef) else function
                yield from _statements(inside if isinstance(inside, list) else [inside], outermost)


def _comments(nodes: Iterable[Node], types: Mapping[Expression, Type], sizes: Sizes) -> Iterator[tuple[int, str]]:
    """What stands beside which line."""
    for node, function in _statements(nodes):
        if isinstance(node, FuncDef):
            yield from _result(node)
        for target in _assigned(node):
            known = sizes.assigned(node, function) if isinstance(node, AssignmentStmt) else []
            text = _spelled(target, types, known)
            if text:
                yield node.line, text


def _result(function: FuncDef) -> Iterator[tuple[int, str]]:
    """What a function gives, if anything; what mypy wrote itself, as the __init__ of a dataclass, ends in no line."""
    annotated = function.type
    if function.end_line is None or not isinstance(annotated, CallableType):
        return
    if not isinstance(get_proper_type(annotated.ret_type), NoneType):
        yield function.line, f"-> {short(annotated.ret_type)}"


def _assigned(node: Node) -> list[Expression]:
    """What the statement gives a value to."""
    if isinstance(node, AssignmentStmt):
        defines = node.is_alias_def or (isinstance(node.rvalue, CallExpr) and node.rvalue.analyzed is not None)
        # A TypeVar or NamedTuple has no type worth a comment; an annotation alone gives no value.
        return [] if defines or isinstance(node.rvalue, TempNode) else node.lvalues[-1:]
    if isinstance(node, OperatorAssignmentStmt):
        return [node.lvalue]
    if isinstance(node, ForStmt):
        return [node.index]
    return [target for target in node.target if target is not None] if isinstance(node, WithStmt) else []


def _spelled(target: Expression, types: Mapping[Expression, Type], sizes: Sequence[str | None] = ()) -> str:
    """The type of a target, or those of several; of an int that is a size which one."""
    if isinstance(target, (TupleExpr, ListExpr)):
        several = sizes if len(sizes) == len(target.items) else [None] * len(target.items)
        return ", ".join(_spelled(item, types, [n]) for item, n in zip(target.items, several, strict=True))
    if isinstance(target, StarExpr):
        return _spelled(target.expr, types)
    if len(sizes) == 1 and sizes[0] is not None:
        return sizes[0]
    found = types.get(target)
    unfinished = found is None or isinstance(found, PartialType)  # `x = []`, before anything is appended
    if unfinished and isinstance(target, NameExpr) and isinstance(target.node, Var):
        found = target.node.type
    return "" if found is None else short(found)


def _beneath(error: Mapping[str, Any]) -> list[str]:
    """Carets under what an error is about, and its text behind them."""
    column = max(error["column"], 0)
    width = error["end_column"] - column if error["end_line"] == error["line"] else 1
    return [f"{' ' * column}{line}" for line in _worded(error, "^" * max(width, 1) + " ")]


def _apart(error: Mapping[str, Any]) -> str:
    """The same as mypy prints it, for what is in no line of the file."""
    if error["file"] is None:
        return str(error["message"])
    return "\n".join(_worded(error, f"{error['file']}:{error['line']}:{error['column'] + 1}: "))


def _worded(error: Mapping[str, Any], start: str) -> list[str]:
    """An error and its hints."""
    code = f"  [{error['code']}]" if error["code"] and error["severity"] == "error" else ""
    hints = (error["hint"] or "").splitlines()
    return [f"{start}{error['severity']}: {error['message']}{code}", *(f"note: {hint}" for hint in hints)]


def _listing(lines: Sequence[str], comments: Mapping[int, str], beneath: Mapping[int, Sequence[str]]) -> Iterator[str]:
    """The lines of the source, with comments in one column and errors under their lines."""
    lines = [line.rstrip() for line in lines]
    column = max((len(lines[n - 1]) for n in comments if len(lines[n - 1]) <= _WIDEST), default=0)
    for number, line in enumerate(lines, 1):
        yield f"{line:<{column}}  # {comments[number]}" if number in comments else line
        yield from beneath.get(number, [])
