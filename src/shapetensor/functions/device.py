"""Moving tensors between devices."""

from __future__ import annotations

from typing import Any, TypeVar

from .._core.pytree import tree_map

Tree = TypeVar("Tree")


def to_device(tree: Tree, device: Any, /) -> Tree:
    """All tensors of a tree on a device: of a module, the state of an optimizer, a batch, tuples and dicts of them.

    Shape: `(...) -> (...)`.

    Dtypes: any; kept.

    Args:
        tree: what is not a tensor stays as it is.
        device: "cpu", "cuda", "cuda:1", ..., or `x.device`.

    Raises:
        DeviceError: for a device that this version or this machine does not have.
        CompileError: in a function that is compiled or mapped, for another device than its own.

    Example:
        >>> import shapetensor as st
        >>> model = st.nn.Linear(2, 3, key=st.random.key(0))
        >>> st.to_device((model, st.ones(2)), "cpu")[1]
        Tensor[F32, 2]([1., 1.])
    """
    found: Tree = tree_map(lambda x: x.to(device), tree)
    return found
