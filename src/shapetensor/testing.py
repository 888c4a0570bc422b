"""Assertions for tests of numerical code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ._core.dtypes import BF16, F16, F32, F64, AnyDType
from ._core.pytree import flatten, is_tensor, parameter_mask, paths, unflatten
from .autodiff import jvp, vjp
from .functions.creation import tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .tensor import AnyTensor

__all__ = ["assert_close", "check_grads"]

# (rtol, atol) as in torch.testing.assert_close; integers and booleans are equal or not.
_TOLERANCES: dict[AnyDType, tuple[float, float]] = {
    F16: (1e-3, 1e-5),
    BF16: (1.6e-2, 1e-5),
    F32: (1.3e-6, 1e-5),
    F64: (1e-7, 1e-7),
}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
) -> None:
    """Raise AssertionError unless `|actual - expected| <= atol + rtol * |expected|` for every element.

    Args:
        actual: a tensor, or a tree of tensors.
        expected: of the same shape and dtype, or the same structure; in place of a tensor also a NumPy array, nested
            lists or a number, whose dtype does not matter.
        rtol: relative tolerance; by default by dtype, the coarser of the two: 1.3e-6 for F32, 1e-7 for F64, 0 for
            integers.
        atol: absolute tolerance; by default 1e-5 for F32, 1e-7 for F64, 0 for integers.
        equal_nan: whether NaN equals NaN.

    Raises:
        AssertionError: says how many elements differ, how much, and where most.

    Example:
        >>> import shapetensor as st
        >>> st.testing.assert_close(st.tensor([1.0, 2.0]), [1.0, 2.0])
        >>> st.testing.assert_close(st.tensor([1.0, 2.0]), [1.0, 3.0])
        Traceback (most recent call last):
        AssertionError: 1 of 2 elements differ (rtol=1.3e-06, atol=1e-05): most at (1,): 2.0, expected 3.0
    """
    if is_tensor(actual):
        _assert_tensor_close("", actual, expected, rtol, atol, equal_nan)
        return
    if flatten(actual)[1] != flatten(expected)[1]:
        raise AssertionError(f"the trees differ in structure:\n{actual!r}\n{expected!r}")
    for (name, a), (_, b) in zip(paths(actual), paths(expected), strict=True):
        _assert_tensor_close(f"{name}: ", a, b, rtol, atol, equal_nan)


def _assert_tensor_close(
    where: str, actual: AnyTensor, expected: Any, rtol: float | None, atol: float | None, equal_nan: bool
) -> None:
    import numpy as np

    dtypes = [actual.dtype]
    if is_tensor(expected):
        dtypes.append(expected.dtype)
        if expected.dtype is not actual.dtype:
            raise AssertionError(f"{where}dtype {actual.dtype.__name__}, expected {expected.dtype.__name__}")
    a, b = _array(actual), _array(expected)
    if a.shape != b.shape:
        raise AssertionError(f"{where}shape {a.shape}, expected {b.shape}")
    defaults = [max(_TOLERANCES.get(d, (0.0, 0.0))[i] for d in dtypes) for i in range(2)]
    rtol, atol = (given if given is not None else d for given, d in zip((rtol, atol), defaults, strict=True))
    wrong = ~np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if wrong.any():
        raise AssertionError(where + _difference(a, b, wrong, rtol, atol))


def _difference(a: NDArray[Any], b: NDArray[Any], wrong: NDArray[Any], rtol: float, atol: float) -> str:
    import numpy as np

    with np.errstate(all="ignore"):
        distance = np.abs(a.astype(np.float64) - b.astype(np.float64))
    worst = np.unravel_index(np.where(wrong, np.nan_to_num(distance, nan=np.inf), -1.0).argmax(), a.shape)
    place = tuple(int(i) for i in worst)
    return (
        f"{int(wrong.sum())} of {a.size} elements differ (rtol={rtol}, atol={atol}): "
        f"most at {place}: {a[place].item()}, expected {b[place].item()}"
    )


def _array(x: Any) -> NDArray[Any]:
    import numpy as np

    return np.asarray(x._shown(BF16) if is_tensor(x) else x)


def check_grads(
    f: Callable[..., Any],
    *args: Any,
    order: int = 2,
    modes: Sequence[str] = ("forward", "reverse"),
    rtol: float = 1e-5,
    atol: float = 1e-7,
    eps: float = 1e-5,
) -> None:
    """Raise AssertionError unless the derivatives of a function agree with central differences.

    Arguments are taken in F64, whatever they are. Derivatives are compared in one random direction, the same one in
    every run; those of higher order are checked as derivatives of `jvp` and `vjp`.

    Args:
        f: a function of tensors or trees; smooth near the arguments.
        args: where to check; integers and buffers are held fixed.
        order: how many times to differentiate.
        modes: "forward" checks `jvp`, "reverse" checks `vjp`; both alternate in higher orders.
        rtol: relative tolerance.
        atol: absolute tolerance.
        eps: how far from the arguments f is called.

    Raises:
        AssertionError: names the order by the modes that lead there, such as "reverse of forward".
        ValueError: for an unknown mode, or if there is nothing to differentiate.

    Example:
        >>> import shapetensor as st
        >>> st.testing.check_grads(lambda x, w: (x @ w).tanh(), st.ones((2, 3)), st.ones((3, 2)))
    """
    for mode in modes:
        if mode not in _DERIVATIVES:
            raise ValueError(f"check_grads: mode {mode!r} is not 'forward' or 'reverse'")
    function, primals = _of_leaves(f, args)
    if not primals:
        raise ValueError("check_grads: there is no floating tensor to differentiate with respect to")
    _check(function, primals, order, tuple(modes), (rtol, atol, eps), "")


def _of_leaves(f: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Callable[..., list[Any]], list[Any]]:
    """f as a function of F64 parameters that returns the list of its floating results; and those parameters."""
    leaves, definition = flatten(args)
    mask = parameter_mask(args)
    wide = [x.astype(F64) if x._spec.differentiable else x for x in leaves]

    def function(*parameters: Any) -> list[Any]:
        given = iter(parameters)
        merged = [next(given) if wanted else x for x, wanted in zip(wide, mask, strict=True)]
        result = f(*unflatten(definition, merged))
        return [x for x in flatten(result)[0] if x._spec.differentiable]

    return function, [x for x, wanted in zip(wide, mask, strict=True) if wanted]


def _check(
    f: Callable[..., list[Any]],
    primals: list[Any],
    order: int,
    modes: tuple[str, ...],
    tolerances: tuple[float, float, float],
    path: str,
) -> None:
    """Check the first order in each mode, then the derivatives themselves as functions."""
    if order < 1:
        return
    rtol, atol, eps = tolerances
    directions = _random_like(primals, order)
    slope = _central_difference(f, primals, directions, eps)
    weights = _random_like(slope, order)
    derivatives = {f"{m} of {path}" if path else m: _DERIVATIVES[m](f, directions, weights) for m in modes}
    for name, derivative in derivatives.items():
        found = derivative(*primals)
        if name.startswith("forward"):
            _compare(name, found, slope, rtol, atol)
        else:
            _compare(name, [_inner(found, directions)], [_inner(weights, slope)], rtol, atol)
    for name, derivative in derivatives.items():
        _check(derivative, primals, order - 1, modes, tolerances, name)


def _forward(f: Callable[..., list[Any]], directions: list[Any], weights: list[Any]) -> Callable[..., list[Any]]:
    return lambda *xs: list(jvp(f, xs, tuple(directions))[1])


def _reverse(f: Callable[..., list[Any]], directions: list[Any], weights: list[Any]) -> Callable[..., list[Any]]:
    return lambda *xs: list(vjp(f, *xs)[1](weights))


_DERIVATIVES = {"forward": _forward, "reverse": _reverse}


def _random_like(xs: Sequence[Any], seed: int) -> list[Any]:
    import numpy as np

    generator = np.random.default_rng(seed)
    signed = (generator.uniform(0.5, 1.5, x.shape) * generator.choice([-1.0, 1.0], x.shape) for x in xs)
    return [tensor(values, dtype=F64) for values in signed]


def _central_difference(
    f: Callable[..., list[Any]], primals: list[Any], directions: list[Any], eps: float
) -> list[Any]:
    ahead, behind = (f(*(x + step * d for x, d in zip(primals, directions, strict=True))) for step in (eps, -eps))
    return [(a - b) / (2.0 * eps) for a, b in zip(ahead, behind, strict=True)]


def _inner(xs: Sequence[Any], ys: Sequence[Any]) -> Any:
    return sum((x * y).sum() for x, y in zip(xs, ys, strict=True))


def _compare(name: str, found: Sequence[Any], expected: Sequence[Any], rtol: float, atol: float) -> None:
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        try:
            assert_close(a, b, rtol=rtol, atol=atol)
        except AssertionError as error:
            raise AssertionError(f"{name}, result {i}: {error}") from None
