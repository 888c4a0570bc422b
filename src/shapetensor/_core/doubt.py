"""Who decides a comparison of symbols that could come out either way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class Undecidable(Exception):
    """What comes out depends on a value which nobody knows, or there are too many ways to try."""


class Doubt(threading.local):
    """What this thread does about a comparison that symbols leave open: `ask(sign, difference, usual)` decides it.

    Nobody is asked outside `paths.explore`: there `==` means "written the same", and an open `<` is a TypeError.
    """

    ask: Callable[[str, Any, bool], bool] | None = None


doubt = Doubt()


class asking:
    """`with asking(ask):` lets `ask` decide open comparisons; `with asking(None):` nobody, as in shape rules."""

    def __init__(self, ask: Callable[[str, Any, bool], bool] | None) -> None:
        self._ask = ask

    def __enter__(self) -> None:
        self._before, doubt.ask = doubt.ask, self._ask

    def __exit__(self, *_: object) -> None:
        doubt.ask = self._before
