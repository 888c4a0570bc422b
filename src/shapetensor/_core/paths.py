"""Running ordinary code on symbols: both ways wherever a comparison is open.

`explore(f)` runs f once for each way in which comparisons of unknown dimensions could come out. Code that says
`if x.shape != y.shape: raise ...` is thereby judged without being written for symbols: it fails only where every way
through it fails.
"""

from __future__ import annotations

import dis
from collections.abc import Callable
from typing import Any

from .dims import UNKNOWN, Poly
from .doubt import Undecidable, asking
from .errors import CompileError, DeviceError, DTypeError, ShapeError

__all__ = ["Undecidable", "explore"]

_MAX_PATHS = 64
_MAX_QUESTIONS = 64
_RAISE = dis.opmap["RAISE_VARARGS"]
_PACKAGE = __name__.partition(".")[0]


class _Answers:
    """The answers of one way: those that are prescribed, then what is usual.

    So the first way passes the guards of correct calls, and its error is not one of a guess.
    """

    def __init__(self, prescribed: tuple[bool, ...]) -> None:
        self.given = list(prescribed)
        self._known: dict[tuple[str, Poly], bool] = {}
        self._asked = 0

    def __call__(self, sign: str, difference: Poly, usual: bool) -> bool:
        if difference is UNKNOWN:  # one unknown is not the next: each question stands for itself
            return self._next(usual)
        with asking(None):  # looking a question up compares polynomials
            known = self._follows(sign, difference)
            if known is None:
                known = self._known[sign, difference] = self._next(usual)
            return known

    def _follows(self, sign: str, difference: Poly) -> bool | None:
        """The answer that earlier ones leave: of `a < b`, `a == b` and `b < a` one is so."""
        less, more = (self._known.get(("<", d)) for d in (difference, -difference))
        zero = self._known.get(("==", difference), self._known.get(("==", -difference)))
        own, *others = (less, more, zero) if sign == "<" else (zero, less, more)
        if own is not None:
            return own
        return False if True in others else True if others == [False, False] else None

    def _next(self, usual: bool) -> bool:
        if self._asked == _MAX_QUESTIONS:
            raise Undecidable
        if self._asked == len(self.given):
            self.given.append(usual)
        self._asked += 1
        return self.given[self._asked - 1]


def explore(function: Callable[[], Any]) -> list[Any]:
    """What the function returns on each way that does not raise.

    Raises:
        Undecidable: for more ways than can be tried, and for one on which something else went wrong than what the
            library says itself.
        Exception: what the first way raised, where all of them raise.
    """
    found: list[Any] = []
    errors: list[Exception] = []
    pending: list[tuple[bool, ...]] = [()]
    while pending:
        if len(found) + len(errors) == _MAX_PATHS:
            raise Undecidable
        prescribed = pending.pop()
        answers = _Answers(prescribed)
        try:
            with asking(answers):
                found.append(function())
        except Exception as error:
            if not _is_ours(error):
                raise Undecidable from error
            errors.append(error)
        given = answers.given
        pending += [(*given[:i], not given[i]) for i in range(len(prescribed), len(given))]
    if not found:
        raise errors[0]
    return found


def _is_ours(error: Exception) -> bool:
    """Whether the library says so, in a `raise` of its own, and not the interpreter because a symbol was in its way."""
    if isinstance(error, (ShapeError, DTypeError, CompileError, DeviceError)):
        return True
    if not isinstance(error, (ValueError, IndexError, OverflowError)) or error.__traceback__ is None:
        return False
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    name = last.tb_frame.f_globals.get("__name__", "")
    code: bytes = last.tb_frame.f_code.co_code
    return bool(name.partition(".")[0] == _PACKAGE and code[last.tb_lasti] == _RAISE)
