"""What functions check of an operand before they call one of its methods."""

from __future__ import annotations

from typing import Any

from .._core.errors import DTypeError
from ..tensor import AnyTensor, Tensor


def operand(name: str, x: Any) -> AnyTensor:
    """x itself; a NumPy array has many methods of the same names and would answer with an array.

    Raises:
        DTypeError: where x is no Tensor.
    """
    if type(x) is Tensor:
        return x
    kind = type(x)
    found = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    raise DTypeError(f"{name}: {found} is not a Tensor: convert it with st.tensor(...) or st.from_numpy(...)")
