"""What an error of the library becomes in mypy's output."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mypy.errorcodes import ErrorCode

from .._core.doubt import Undecidable

SHAPE = ErrorCode("shape", "Check the shapes and dtypes of tensors, and the options of calls", "shapetensor")
# What the plugin does not get over must not end mypy's run; its own tests want to see it.
RAISES = os.environ.get("SHAPETENSOR_PLUGIN_RAISES") == "1"
_ADVICE = ("did you mean", "use ", "write ")


def split(text: str) -> tuple[str, str]:
    """What is wrong, and what to write instead, where the text ends with that."""
    sentence, _, advice = text.rpartition("; ")
    return (sentence, advice) if sentence and advice.startswith(_ADVICE) else (text, "")


@contextmanager
def following() -> Iterator[None]:
    """What goes wrong in here is no mistake of the user's: the plugin could not follow the code."""
    try:
        yield
    except Undecidable:
        raise
    except Exception as error:
        if RAISES:
            raise RuntimeError("the plugin itself failed") from error
        raise Undecidable from error
