"""Arithmetic of dimensions in annotations: `Mul[B, T]` is what `L["B*T"]` says in words.

They are subclasses of int because a dimension's value is one, so that a type variable bounded by int takes them. Type
checkers substitute in them as in any generic class; nobody makes an instance.
"""

from __future__ import annotations

from typing import Generic, TypeVar, TypeVarTuple

Factors = TypeVarTuple("Factors")
Left = TypeVar("Left")
Right = TypeVar("Right")


class Mul(int, Generic[*Factors]):
    """A product of dimensions: `Mul[B, T]` is `L["B*T"]`.

    Example:
        >>> from typing import TypeVar
        >>> import shapetensor as st
        >>> B, T = TypeVar("B", bound=int), TypeVar("T", bound=int)
        >>> st.Tensor[st.F32, st.Mul[B, T]]
        Tensor[F32, B*T]
    """


class Add(int, Generic[*Factors]):
    """A sum of dimensions: `Add[T, L[1]]` is `L["T+1"]`.

    Example:
        >>> from typing import Literal as L, TypeVar
        >>> import shapetensor as st
        >>> T = TypeVar("T", bound=int)
        >>> st.Tensor[st.F32, st.Add[T, L[1]]]
        Tensor[F32, T+1]
    """


class Sub(int, Generic[Left, Right]):
    """A difference of dimensions: `Sub[T, L[1]]` is `L["T-1"]`.

    Example:
        >>> from typing import Literal as L, TypeVar
        >>> import shapetensor as st
        >>> T = TypeVar("T", bound=int)
        >>> st.Tensor[st.F32, st.Sub[T, L[1]]]
        Tensor[F32, T-1]
    """


class FloorDiv(int, Generic[Left, Right]):
    """A floor quotient of dimensions: `FloorDiv[D, H]` is `L["D//H"]`.

    Example:
        >>> from typing import TypeVar
        >>> import shapetensor as st
        >>> D, H = TypeVar("D", bound=int), TypeVar("H", bound=int)
        >>> st.Tensor[st.F32, H, st.FloorDiv[D, H]]
        Tensor[F32, H, D//H]
    """


for _kind in (Mul, Add, Sub, FloorDiv):
    _kind.__module__ = "shapetensor"
