"""Derivatives and batching of functions: they take functions of trees of tensors and return such functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, Protocol, TypeVar, TypeVarTuple, overload

from ._core.apply import apply, tensors_make
from ._core.batching import Batch, Examples, batch_of
from ._core.device import activate, current
from ._core.dims import normalise_axis
from ._core.errors import DTypeError, ShapeError
from ._core.gradients import gradients, on_new_tape
from ._core.ops.creation import full
from ._core.ops.movement import permute_dims
from ._core.pytree import flatten, is_tensor, leaves_of, parameter_mask, tree_map, unflatten
from ._core.spec import make_spec
from ._core.tape import Tangents, Tape, next_level

if TYPE_CHECKING:
    from .tensor import Tensor

Aux = TypeVar("Aux")
P = ParamSpec("P")
Result = TypeVar("Result")
Tree = TypeVar("Tree")
Value = TypeVar("Value", bound="Tensor[Any]")
X = TypeVar("X", bound=Any)  # without the bound pyright takes the parameter of a lambda for an object
Xs = TypeVarTuple("Xs")
Returned = TypeVar("Returned", covariant=True)


class Derivative(Protocol[P, Returned]):
    """The type of what `grad` and `value_and_grad` return; to mypy a Callable made of a lambda would be untyped."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Returned: ...


def traced(tree: Tree) -> Tree:
    """The same tree at the start of a new tape, which all its parameters share.

    Parameters are the floating tensors that are not buffers of modules. `loss.backward(wrt=tree)` walks the tape.

    Raises:
        ValueError: if the tree has no parameters.

    Example:
        >>> import shapetensor as st
        >>> w = st.traced({"a": st.tensor([1.0, 2.0]), "b": st.tensor(3.0)})
        >>> gradients = (w["a"] * w["b"]).sum().backward(wrt=w)
        >>> gradients.of(w)
        {'a': Tensor[F32, 2]([3., 3.]), 'b': Tensor[F32](3.)}
    """
    leaves, definition = flatten(tree)
    return unflatten(definition, _trace("traced", leaves, parameter_mask(tree))[0])  # type: ignore[no-any-return]


def _trace(name: str, leaves: Sequence[Any], mask: Sequence[bool]) -> tuple[list[Any], list[Any], Tape]:
    """All leaves with the parameters on a new tape, the parameters alone, and the tape."""
    parameters = on_new_tape([x for x, wanted in zip(leaves, mask, strict=True) if wanted])
    if not parameters:
        raise ValueError(f"{name}: there is no floating tensor to differentiate with respect to")
    fresh = iter(parameters)
    marked = [next(fresh) if wanted else x for x, wanted in zip(leaves, mask, strict=True)]
    return marked, parameters, parameters[0]._marks[-1][0]


@overload
def value_and_grad(
    f: Callable[Concatenate[X, P], tuple[Value, Aux]], argnums: Literal[0] = 0, *, has_aux: Literal[True]
) -> Derivative[Concatenate[X, P], tuple[tuple[Value, Aux], X]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[X, P], Value], argnums: Literal[0] = 0, *, has_aux: Literal[False] = False
) -> Derivative[Concatenate[X, P], tuple[Value, X]]: ...
@overload
def value_and_grad(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, *, has_aux: bool = False
) -> Callable[..., Any]: ...
def value_and_grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, *, has_aux: bool = False) -> Any:
    """A function that returns f's scalar value and its gradient with respect to some arguments.

    The gradient has the structure and type of the argument: a module for a module, whose static fields are untouched.
    Tensors that are no parameters (integers, buffers) have a gradient of zeros.

    Args:
        f: returns a scalar tensor, or `(scalar, aux)` with `has_aux`.
        argnums: which arguments; a tuple gives a tuple of gradients.
        has_aux: the returned function gives `((value, aux), gradient)`.

    Raises:
        ShapeError: (when called) if the value is not a scalar.

    Example:
        >>> import shapetensor as st
        >>> value, gradient = st.value_and_grad(lambda w, x: (w * x).sum())(st.ones(2), st.tensor([3.0, 4.0]))
        >>> value, gradient
        (Tensor[F32](7.), Tensor[F32, 2]([3., 4.]))
    """
    places = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @wraps(f)
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        wanted = tuple(args[i] for i in places)
        leaves, definition = flatten(wanted)
        marked, parameters, tape = _trace("grad", leaves, parameter_mask(wanted))
        inside = list(args)
        for i, tree in zip(places, unflatten(definition, marked), strict=True):
            inside[i] = tree
        result = f(*inside, **kwargs)
        loss = _scalar(result[0] if has_aux else result)
        one = apply(full, (1.0,), ((), loss.dtype, loss.device))
        found = gradients(tape, [loss], [one], parameters)
        by_leaf = [_gradient_of(x, tape, found) for x in marked]
        trees = unflatten(definition, by_leaf)
        value = _off(result, tape.level)
        return value, trees[0] if isinstance(argnums, int) else trees

    return value_and_gradient


def _scalar(loss: Any) -> Any:
    if not is_tensor(loss):
        raise TypeError(f"grad: the function returned {type(loss).__name__}, not a tensor (aux wants has_aux=True)")
    if loss.shape != ():
        raise ShapeError(f"grad: the loss has shape {loss.shape}, not (): take .sum() or .mean() of it")
    if not loss._spec.differentiable:
        raise DTypeError(f"grad: the loss is {loss.dtype.__name__}, which has no gradient")
    return loss


def _gradient_of(x: Any, tape: Tape, found: dict[int, Any]) -> Any:
    for mark, node in x._marks:
        if mark is tape:
            return found[node]
    return x._zeros(x._spec)


def _off(tree: Any, level: int) -> Any:
    """The tree without the marks of this level and those begun inside it."""
    return tree_map(lambda x: x._below(level), tree)


@overload
def grad(
    f: Callable[Concatenate[X, P], tuple[Value, Aux]], argnums: Literal[0] = 0, *, has_aux: Literal[True]
) -> Derivative[Concatenate[X, P], tuple[X, Aux]]: ...
@overload
def grad(
    f: Callable[Concatenate[X, P], Value], argnums: Literal[0] = 0, *, has_aux: Literal[False] = False
) -> Derivative[Concatenate[X, P], X]: ...
@overload
def grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, *, has_aux: bool = False) -> Callable[..., Any]: ...
def grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, *, has_aux: bool = False) -> Any:
    """A function that returns the gradient of f's scalar value; see `value_and_grad`.

    With `has_aux` it returns `(gradient, aux)`. Gradients are made of ops, so `grad` can be applied again.

    Example:
        >>> import shapetensor as st
        >>> cube = lambda x: x * x * x
        >>> st.grad(cube)(st.tensor(2.0)), st.grad(st.grad(cube))(st.tensor(2.0))
        (Tensor[F32](12.), Tensor[F32](12.))
    """
    both = value_and_grad(f, argnums, has_aux=has_aux)

    @wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


@overload
def vjp(f: Callable[[*Xs], Result], *primals: *Xs) -> tuple[Result, Callable[[Result], tuple[*Xs]]]: ...
@overload
def vjp(f: Callable[..., Any], *primals: *Xs) -> tuple[Any, Callable[[Any], tuple[*Xs]]]: ...
def vjp(f: Callable[..., Any], *primals: *Xs) -> tuple[Any, Callable[[Any], tuple[*Xs]]]:
    """The value of f, and a function from a cotangent of the value to the gradients of the arguments.

    The function can be called once: it walks the tape.

    Example:
        >>> import shapetensor as st
        >>> value, pull = st.vjp(lambda x: x * 3.0, st.ones(2))
        >>> pull(st.tensor([1.0, 10.0]))
        (Tensor[F32, 2]([ 3., 30.]),)
    """
    leaves, definition = flatten(primals)
    marked, parameters, tape = _trace("vjp", leaves, parameter_mask(primals))
    result = f(*unflatten(definition, marked))
    outputs, structure = flatten(result)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        given, found = flatten(cotangent)
        if found != structure:
            raise ValueError("vjp: the cotangent has another structure than the value")
        for out, g in zip(outputs, given, strict=True):
            _check_beside("vjp", "cotangent", out, g)
        by_node = gradients(tape, outputs, given, parameters)
        return tuple(unflatten(definition, [_gradient_of(x, tape, by_node) for x in marked]))

    return _off(result, tape.level), pull


def _check_beside(name: str, what: str, x: Any, beside: Any) -> None:
    if x.shape != beside.shape:
        raise ShapeError(f"{name}: a {what} has shape {beside.shape} beside a tensor of shape {x.shape}")
    if x._spec.differentiable and x.dtype is not beside.dtype:
        raise DTypeError(f"{name}: a {what} is {beside.dtype.__name__} beside a tensor of {x.dtype.__name__}")


@overload
def jvp(f: Callable[[*Xs], Result], primals: tuple[*Xs], tangents: tuple[*Xs]) -> tuple[Result, Result]: ...
@overload
def jvp(f: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]: ...
def jvp(f: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
    """The value of f and its derivative in the direction of the tangents, in one pass forward.

    Args:
        f: a function of tensors or trees.
        primals: its arguments.
        tangents: as many, of the same structure, shapes and dtypes.

    Raises:
        ShapeError: if a tangent has another shape than its primal.

    Example:
        >>> import shapetensor as st
        >>> st.jvp(lambda x: x * x, (st.tensor(3.0),), (st.tensor(1.0),))
        (Tensor[F32](9.), Tensor[F32](6.))
    """
    leaves, definition = flatten(tuple(primals))
    directions, structure = flatten(tuple(tangents))
    if structure != definition:
        raise ValueError("jvp: the tangents have another structure than the primals")
    level = Tangents()
    for x, d in zip(leaves, directions, strict=True):
        _check_beside("jvp", "tangent", x, d)
    marked = [
        x._marked((*x._marks, (level, d))) if x._spec.differentiable else x
        for x, d in zip(leaves, directions, strict=True)
    ]
    result = f(*unflatten(definition, marked))
    return _off(result, level.level), tree_map(lambda out: _tangent_of(out, level), result)


def _tangent_of(x: Any, level: Tangents) -> Any:
    for mark, tangent in x._marks:
        if mark is level:
            return tangent
    return x._zeros(x._spec)


def vmap(f: Callable[..., Any], in_axes: Any = 0, out_axes: int = 0) -> Callable[..., Any]:
    """A function that maps f over an axis of its arguments, all examples at once.

    Args:
        f: a function of one example; every op has a batching rule or is called once for each example.
        in_axes: the axis of all tensor arguments, or a tuple with one for each argument; None: not mapped.
        out_axes: where the mapped axis is in the results.

    Raises:
        ShapeError: (when called) if the mapped axes have different sizes.

    Example:
        >>> import shapetensor as st
        >>> st.vmap(lambda x: (x * x).sum())(st.tensor([[1.0, 2.0], [3.0, 4.0]]))
        Tensor[F32, 2]([ 5., 25.])
    """

    @wraps(f)
    def mapped(*args: Any) -> Any:
        axes = tuple(in_axes) if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args)
        if len(axes) != len(args):
            raise ValueError(f"vmap: in_axes has {len(axes)} entries for {len(args)} arguments")
        physical = [
            tree_map(lambda x, a=axis: x if a is None else _to_front(x, a), arg)
            for arg, axis in zip(args, axes, strict=True)
        ]
        size, device = _batch_of(physical, axes)
        level = next_level()
        inside = [
            arg if axis is None else tree_map(lambda x: _example(x, device, level), arg)
            for arg, axis in zip(physical, axes, strict=True)
        ]
        with activate(device, level):
            result = f(*inside)
        return tree_map(lambda x: _all_examples(x, device, size, out_axes), result)

    return mapped


def _to_front(x: Any, axis: int) -> Any:
    """The axis moved to place 0."""
    place = normalise_axis(axis, x.ndim, "vmap: in_axes")
    return x if place == 0 else apply(permute_dims, (x,), ((place, *(i for i in range(x.ndim) if i != place)),))


def _batch_of(args: Sequence[Any], axes: Sequence[int | None]) -> tuple[int, Batch]:
    leaves = [x for arg, axis in zip(args, axes, strict=True) if axis is not None for x in leaves_of(arg)]
    sizes = {x.shape[0] for x in leaves}
    if len(sizes) != 1:
        raise ShapeError(f"vmap: the mapped axes have sizes {sorted(sizes)}; they must be one size")
    # The current device as well: what is mapped may be constants inside another vmap or a recording.
    inner = max((*(x.device for x in leaves), current()), key=lambda d: d.depth)
    return sizes.pop(), batch_of(inner)


def _example(x: Any, device: Batch, level: int) -> Any:
    """One example, standing for all."""
    return tensors_make()(Examples(x, True, level), make_spec(x.shape[1:], x.dtype, device), ())


def _all_examples(x: Any, device: Batch, size: int, axis: int) -> Any:
    """The tensor behind a result, its mapped axis where it is wanted."""
    inner, batched = (x._buffer.tensor, x._buffer.batched) if x.device is device else (x, False)
    if not batched:
        inner = inner.broadcast_to((size, *inner.shape))
    place = normalise_axis(axis, inner.ndim, "vmap: out_axes")
    if place == 0:
        return inner
    order = [*range(1, inner.ndim)]
    order.insert(place, 0)
    return apply(permute_dims, (inner,), (tuple(order),))
