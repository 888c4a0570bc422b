"""How the docstrings of shapetensor become Markdown: the headings that Griffe's Google style does not know."""

from __future__ import annotations

import re
from typing import Any

import griffe

_NOTES = re.compile(r"^(Shape|Dtypes|Reference): ", re.MULTILINE)
_EXAMPLE = re.compile(r"^Example:$", re.MULTILINE)
_REFERENCE = re.compile(r"`(shapetensor(?:\.\w+)+)`")
_NAME = re.compile(r"(?<=[Ss]ee )`(\w+)`")


class Headings(griffe.Extension):
    """Rewrites every docstring before it is parsed."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """`Shape:` and the like become bold words, `Example:` a section, and `shapetensor.exp` a link."""
        if obj.docstring is None:
            return
        text = _EXAMPLE.sub("Examples:", obj.docstring.value)
        text = _NOTES.sub(r"**\1:** ", text)
        obj.docstring.value = _REFERENCE.sub(r"[`\1`][\1]", text)
