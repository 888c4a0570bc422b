"""Runs mypy with the plugin, and compares what it says with the comments in a file.

A comment `# E: text` expects an error in its line, `# E:12: text` one in column 12, `# N: text` a note, `# R: type`
what `reveal_type` says, with types spelled as in `short`. A comment that has its line to itself speaks of the code
above it. An error without a code is one of `[shape]`.
"""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mypy import api

CONFIG = """[mypy]
plugins = shapetensor.mypy_plugin
strict = True
show_column_numbers = True
explicit_package_bases = True
enable_error_code = truthy-bool
"""
_SAID = re.compile(r"(?P<file>.*?):(?P<line>\d+):(?:(?P<column>\d+):)? (?P<kind>error|note): (?P<text>.*)")
_MARKER = re.compile(r"#\s*([ENR]):(?:(\d+):)? ?(.*?)\s*(?=#\s*[ENR]:|$)")
_CASE = re.compile(r"(?:async )?def (\w+)|class (\w+)")
_REVEALED = re.compile(r'Revealed type is "(.*)"')
_ARITHMETIC = re.compile(r"\b(Mul|Add|Sub|FloorDiv)\[([^\[\]]*)\]")


class Output(NamedTuple):
    """What one run of mypy printed."""

    stdout: str
    stderr: str
    status: int


class Said(NamedTuple):
    """One message: of which kind (E, N or R), in which column (None: any), and its text."""

    kind: str
    column: int | None
    text: str

    def __str__(self) -> str:
        return f"{self.kind}{'' if self.column is None else f':{self.column}'}: {self.text}"


def run_mypy(*arguments: str) -> Output:
    """mypy in this process, which it leaves as it was."""
    limit, threshold = sys.getrecursionlimit(), gc.get_threshold()
    try:
        return Output(*api.run(list(arguments)))
    finally:
        sys.setrecursionlimit(limit)
        gc.set_threshold(*threshold)


def short(text: str) -> str:
    """A type as one would say it: no modules, no `Literal`, arithmetic in infix, `...` for any number of axes."""
    text = re.sub(r"Literal\['([^']*)'\]\??|Literal\[(-?\w+)\]\??", lambda found: found[1] or found[2], text)
    text = re.sub(r"\b(?:[^\W\d]\w*\.)+(?=\w)", "", text)
    text = text.replace("*tuple[Any, ...]", "...")
    while (infix := _ARITHMETIC.sub(_infix, text)) != text:
        text = infix
    return text


def _infix(found: re.Match[str]) -> str:
    kind, items = found[1], found[2].split(", ")
    if kind == "Add":
        return "+".join(items).replace("+-", "-")
    if kind == "Sub":
        return f"{items[0]}-{_bracketed(items[1], '+-')}"
    if kind == "FloorDiv":
        return "//".join(_bracketed(item, "+-*/") for item in items)
    factors = [_bracketed(item, "+/") for item in items if item != "-1"]
    return "-" * (len(items) - len(factors)) + "*".join(factors)


def _bracketed(item: str, signs: str) -> str:
    return f"({item})" if set(signs) & set(item) else item


def said(stdout: str) -> dict[str, dict[int, list[Said]]]:
    """The messages by file name and line."""
    found: dict[str, dict[int, list[Said]]] = {}
    for line in stdout.splitlines():
        match = _SAID.fullmatch(line)
        if match is None:
            continue
        lines = found.setdefault(Path(match["file"]).name, {})
        lines.setdefault(int(match["line"]), []).append(_read(match))
    return found


def _read(match: re.Match[str]) -> Said:
    column = int(match["column"]) if match["column"] else None
    revealed = _REVEALED.fullmatch(match["text"])
    if revealed is not None:
        return Said("R", column, short(revealed[1]))
    return Said("E" if match["kind"] == "error" else "N", column, match["text"])


def expected(source: str) -> dict[int, list[Said]]:
    """What the comments of a file expect, by line."""
    found: dict[int, list[Said]] = {}
    code = 0
    for number, line in enumerate(source.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            code = number
        for kind, column, text in _MARKER.findall(line):
            if kind == "E" and re.search(r"  \[[a-z-]+\]$", text) is None:
                text += "  [shape]"
            found.setdefault(code, []).append(Said(kind, int(column) if column else None, text))
    return found


def cases(source: str) -> dict[str, list[int]]:
    """The lines of each function and class of a file; what is between them is called `module`."""
    found: dict[str, list[int]] = {}
    name, decorators = "module", list[int]()
    for number, line in enumerate(source.splitlines(), 1):
        if line[:1] == "@":
            decorators.append(number)
            continue
        if line[:1] not in ("", " ", "#", ")", "]", "}"):
            match = _CASE.match(line)
            name = match[1] or match[2] if match is not None else "module"
        found.setdefault(name, []).extend((*decorators, number))
        decorators = []
    return found


def differences(wanted: list[Said], actual: list[Said]) -> Iterator[str]:
    """What was not said, and what was said though nobody expected it."""
    rest = list(actual)
    for want in wanted:
        same = [s for s in rest if (s.kind, s.text) == (want.kind, want.text) and want.column in (None, s.column)]
        if same:
            rest.remove(same[0])
        else:
            yield f"expected  {want}"
    for item in rest:
        yield f"mypy says {item}"
