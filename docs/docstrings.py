"""An extension of Griffe, which reads the sources for the API pages: our headings, and signatures that we leave out."""

from __future__ import annotations

import re
from typing import Any

import griffe

_LINES = re.compile(r"^(Shape|Dtypes|Reference): ", re.MULTILINE)
_EXAMPLE = re.compile(r"^Example:$", re.MULTILINE)
_NAME = re.compile(r"`(shapetensor(?:\.\w+)+)`")
_FROM_FIELDS = {"Module", "NamedTuple"}  # bases of classes that are called with their fields


class Docstrings(griffe.Extension):
    """Changes objects before their docstrings are parsed."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is not None:
            text = _EXAMPLE.sub("Examples:", obj.docstring.value)  # a section that Griffe knows
            text = _LINES.sub(r"**\1:** ", text)
            obj.docstring.value = _NAME.sub(r"[`\1`][\1]", text)  # a link, which a strict build checks
        if isinstance(obj, griffe.Class) and "__init__" not in obj.members and _is_from_fields(obj):
            obj.set_member("__init__", _initialiser(obj))


def _is_from_fields(cls: griffe.Class) -> bool:
    return bool(_FROM_FIELDS & {str(base).rpartition(".")[2].partition("[")[0] for base in cls.bases})


def _initialiser(cls: griffe.Class) -> griffe.Function:
    """What a dataclass would have."""
    kind = griffe.ParameterKind.positional_or_keyword
    parameters = [
        griffe.Parameter(name, annotation=field.annotation, kind=kind, default=field.value)
        for name, field in cls.attributes.items()
        if "instance-attribute" in field.labels  # griffe's word for what is no ClassVar
    ]
    receiver = griffe.Parameter("self", annotation=None, kind=kind, default=None)
    return griffe.Function("__init__", parameters=griffe.Parameters(receiver, *parameters), parent=cls)
