"""What an error of the library becomes in mypy's output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mypy.errorcodes import ErrorCode

from .._core.doubt import Undecidable

SHAPE = ErrorCode("shape", "Check the shapes and dtypes of tensors, and the options of calls", "shapetensor")
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
        raise Undecidable from error
