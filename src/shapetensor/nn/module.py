"""Module: a model is a frozen tree of tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

from .._core.device import beside
from .._core.dtypes import F32
from .._core.errors import DTypeError, ShapeError
from .._core.pytree import flatten, is_tensor, parameter_mask, paths, tree_map, unflatten
from ..methods.hints import MODULE_REASONS, explain

if TYPE_CHECKING:
    from .._core.dtypes import AnyDType
    from ..random import Key
    from ..tensor import AnyTensor
    from .summary import Summary

_INITIALISING = "_initialising"  # in the instance's __dict__ until its outermost __init__ has returned
_BUFFER = "shapetensor_buffer"


def buffer(**options: Any) -> Any:
    """A field that holds state and no parameter: it is saved, but neither differentiated nor optimised.

    Takes the options of `dataclasses.field`, such as `default`.

    Example:
        >>> import shapetensor as st
        >>> from shapetensor import nn
        >>> class Centre(st.Module):
        ...     shift: st.Tensor
        ...     seen: st.Tensor = nn.buffer()
        >>> centre = Centre(st.zeros(2), st.ones(2))
        >>> [name for name, _ in centre.named_parameters()], list(centre.state_dict())
        (['shift'], ['shift', 'seen'])
    """
    return field(metadata={_BUFFER: True}, **options)


@dataclass_transform(eq_default=False, field_specifiers=(field, buffer))
class Module:
    """A model or a part of one: a tree of tensors that never changes; `replace` makes a changed copy.

    A subclass is a dataclass of its annotations, or has an `__init__` that assigns them; once the outermost `__init__`
    has returned, the module is frozen. One that inherits such an `__init__` says so to type checkers, which would take
    it for a dataclass: `class Head(nn.Linear[L[64], L[10]], init=False)`. Fields are tensors, modules, or tuples, lists
    and dicts of them; everything else is static: part of the structure, and hashable. A tensor at two places is two
    parameters.

    `model(x)` is inference. `model.training(x, key=key)` is the form for training: it returns the result and the
    module with new buffers.

    Example:
        >>> import shapetensor as st
        >>> class Scale(st.Module):
        ...     factor: st.Tensor
        ...     def __call__(self, x):
        ...         return self.factor * x
        >>> scale = Scale(st.tensor(3.0))
        >>> scale(st.ones(2))
        Tensor[F32, 2]([3., 3.])
        >>> scale.factor = st.tensor(4.0)
        Traceback (most recent call last):
        AttributeError: Scale is frozen: model.replace(factor=...) makes a changed copy
        >>> st.grad(lambda m: m(st.ones(2)).sum())(scale)
        Scale(factor=Tensor[F32])
    """

    _buffer_names: ClassVar[frozenset[str]] = frozenset()
    _own_init: ClassVar[bool] = False  # whether the __init__ was written by hand

    def __init_subclass__(cls, *, init: bool = True, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._own_init = cls._own_init or not init or "__init__" in cls.__dict__
        dataclass(cls, eq=False, repr=False, init=not cls._own_init)
        if "__init__" in cls.__dict__:
            cls.__init__ = _freezing(cls.__init__)  # type: ignore[method-assign]
        cls._buffer_names = frozenset(f.name for f in _fields(cls) if f.metadata.get(_BUFFER))

    def __setattr__(self, name: str, value: object) -> None:
        if _INITIALISING not in self.__dict__:
            raise AttributeError(f"{_name(self)} is frozen: model.replace({name}=...) makes a changed copy")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if _INITIALISING not in self.__dict__:
            raise AttributeError(f"{_name(self)} is frozen: {name!r} cannot be deleted")
        object.__delattr__(self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The value of the module at an input; inference, without randomness or new buffers."""
        raise NotImplementedError(f"{_name(self)} has no __call__: write `def __call__(self, x)` in the class")

    def training(self, x: Any, *, key: Key) -> tuple[Any, Self]:
        """The value while training, and the module with new buffers.

        This default is for modules without anything that behaves otherwise in training: `(self(x), self)`.

        Args:
            x: the input.
            key: a random key, for dropout and the like.

        Raises:
            TypeError: if a part of the module behaves otherwise in training, so that the class must say how it goes.
        """
        part = special_in_training(self)
        if part is not None:
            raise TypeError(
                f"{_name(self)} holds {_name(part)}, which behaves otherwise in training: "
                f"write `def training(self, x, *, key)` in {_name(self)}, which returns (y, self.replace(...))"
            )
        return self(x), self

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed.

        Raises:
            TypeError: if there is no such field.

        Example:
            >>> import shapetensor as st
            >>> from shapetensor import nn
            >>> nn.Dropout(0.5).replace(p=0.1)
            Dropout(p=0.1)
        """
        for name in changes:
            if name not in self.__dict__:
                close = get_close_matches(name, self.__dict__, 1)
                hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(self.__dict__) or 'none'}"
                raise TypeError(f"{_name(self)} has no field {name!r}: {hint}")
        changed = object.__new__(type(self))
        changed.__dict__.update(self.__dict__, **changes)
        _check_static(changed)
        return changed

    def named_parameters(self) -> Iterator[tuple[str, AnyTensor]]:
        """Names and tensors of what is trained: floating tensors that are no buffers."""
        for named, wanted in zip(paths(self), parameter_mask(self), strict=True):
            if wanted:
                yield named

    def parameters(self) -> Iterator[AnyTensor]:
        """The tensors that are trained."""
        return (x for _, x in self.named_parameters())

    def to(self, device: Any) -> Self:
        """The module with its tensors on a device, "cpu", "cuda:0" or an object.

        Raises:
            DeviceError: for a device that this version or this machine does not have.

        Example:
            >>> import shapetensor as st
            >>> model = st.nn.Linear(2, 3, key=st.random.key(0))
            >>> model.to("cpu").weight.device
            cpu
        """
        return tree_map(lambda x: x.to(device), self)  # type: ignore[no-any-return]

    def state_dict(self) -> dict[str, AnyTensor]:
        """All tensors by name, buffers included; the names are those of torch, such as `encoder.0.weight`.

        Example:
            >>> import shapetensor as st
            >>> from shapetensor import nn
            >>> model = nn.Sequential(nn.Linear(4, 3, key=st.random.key(0)), nn.ReLU())
            >>> {name: x.shape for name, x in model.state_dict().items()}
            {'0.weight': (3, 4), '0.bias': (3,)}
        """
        return dict(paths(self))

    def load_state_dict(self, tensors: Mapping[str, AnyTensor], *, strict: bool = True) -> Self:
        """The module with these tensors in place of its own, on the devices of these.

        Args:
            tensors: by name, as `state_dict` returns them.
            strict: whether every name must be there, and no other.

        Raises:
            ValueError: if names are missing or unexpected.
            ShapeError: if an entry has another shape than the module's tensor.
            DTypeError: if an entry has another dtype, or is no tensor.

        Example:
            >>> import shapetensor as st
            >>> from shapetensor import nn
            >>> layer = nn.Linear(2, 1, key=st.random.key(0))
            >>> layer = layer.load_state_dict({"weight": st.ones((1, 2)), "bias": st.zeros(1)})
            >>> layer(st.tensor([[2.0, 3.0]]))
            Tensor[F32, 1, 1]([[5.]])
        """
        own = self.state_dict()
        what = f"load_state_dict of {_name(self)}"
        if strict:
            check_names(what, own, tensors, " (strict=False ignores them)")
        check_entries(what, own, tensors, "the module")
        leaves = [beside(tensors[name], x) if name in tensors else x for name, x in own.items()]
        return unflatten(flatten(self)[1], leaves)  # type: ignore[no-any-return]

    def summary(self, *inputs: tuple[int, ...] | AnyTensor, dtype: AnyDType = F32) -> Summary:
        """A table of the parts of the model: name, type, shape of the output, parameters and floating point operations.

        The model is called once, for inference, on tensors that have a shape but no elements; no kernel runs. What
        stands in a row includes the parts below it.

        Args:
            inputs: the shapes of its arguments, or tensors for them, of which only shape and dtype are used; none: the
                table has no shapes and no FLOPs.
            dtype: of inputs that are given as shapes.

        Raises:
            ShapeError: (or what else the model raises) if it does not take such inputs.

        Example:
            >>> import shapetensor as st
            >>> from shapetensor import nn
            >>> layer = nn.Linear(64, 32, key=st.random.key(0))
            >>> model = nn.Sequential(layer, nn.ReLU(), nn.BatchNorm1d(32))
            >>> model.summary((16, 64))
            layer  type         output shape  parameters   FLOPs
            ----------------------------------------------------
                   Sequential   (16, 32)           2,144  68,192
            0      Linear       (16, 32)           2,080  66,048
            1      ReLU         (16, 32)               0     512
            2      BatchNorm1d  (16, 32)              64   1,632
            ----------------------------------------------------
            2,144 parameters, 65 in buffers, 8,840 bytes, 68,192 FLOPs
        """
        from .summary import summarise

        return summarise(self, inputs, dtype)

    def extra_repr(self) -> str:
        """What stands between the parentheses of the repr: static fields, and the types of tensors."""
        shown = {n: v for n, v in self.__dict__.items() if next(_modules(v, n), None) is None}
        return ", ".join(f"{name}={_shown(value)}" for name, value in shown.items())

    def __repr__(self) -> str:
        names, values, _ = self._flatten()
        lines = []
        for name, value in zip(names, values, strict=True):
            for path, part in _modules(value, str(name)):
                lines += f"({path}): {part!r}".splitlines()
        extra = self.extra_repr()
        if not lines:
            return f"{_name(self)}({extra})"
        return "\n".join([f"{_name(self)}(", *(f"  {line}" for line in ([extra] if extra else []) + lines), ")"])

    def _flatten(self) -> tuple[tuple[Any, ...], tuple[Any, ...], Any]:
        """Names and values of the fields that hold tensors, and the static fields."""
        children = {n: v for n, v in self.__dict__.items() if _is_child(v)}
        static = tuple((n, v) for n, v in self.__dict__.items() if n not in children)
        return tuple(children), tuple(children.values()), static

    @classmethod
    def _unflatten(cls, names: tuple[Any, ...], values: list[Any], rest: Any) -> Self:
        self = object.__new__(cls)
        self.__dict__.update(zip(names, values, strict=True))
        self.__dict__.update(rest)
        return self


explain(Module, MODULE_REASONS)


def _freezing(init: Callable[..., None]) -> Callable[..., None]:
    """An `__init__` after which the module is frozen, unless another `__init__` called it."""

    @functools.wraps(init)
    def __init__(self: Module, *args: Any, **kwargs: Any) -> None:
        if _INITIALISING in self.__dict__:
            init(self, *args, **kwargs)
            return
        if self.__dict__:
            raise AttributeError(f"{_name(self)} is frozen: make a new one, or a changed copy with model.replace(...)")
        self.__dict__[_INITIALISING] = True
        try:
            init(self, *args, **kwargs)
        finally:
            del self.__dict__[_INITIALISING]
        _complete(self)
        _check_static(self)

    return __init__


def _complete(module: Module) -> None:
    """Give fields that a hand-written `__init__` left out their defaults."""
    for f in _fields(module):
        if f.name in module.__dict__:
            continue
        if f.default is MISSING and f.default_factory is MISSING:
            raise TypeError(f"{_name(module)}.__init__ did not assign the field {f.name!r}")
        module.__dict__[f.name] = f.default if f.default_factory is MISSING else f.default_factory()


def _check_static(module: Module) -> None:
    for name, value in module.__dict__.items():
        try:
            _is_child(value) or hash(value)
        except TypeError:
            raise TypeError(
                f"{_name(module)}.{name} is static, so it must be hashable, which {type(value).__name__} is not: "
                "make it a tensor (st.tensor, st.from_numpy), a tuple or a frozenset"
            ) from None


def _fields(module: Any) -> tuple[Any, ...]:
    return fields(module)


def _name(module: Module) -> str:
    return type(module).__name__


def _type_of(x: AnyTensor) -> str:
    return f"Tensor[{', '.join([x.dtype.__name__, *map(str, x.shape)])}]"


def _shown(value: Any) -> str:
    """A field in a repr: tensors by their types, not their elements."""
    if is_tensor(value):
        return _type_of(value)
    count = len(flatten(value)[0])
    return f"{type(value).__name__} of {count} tensors" if count else repr(value)


def _is_child(value: Any) -> bool:
    """Whether a field can hold tensors; a class has `_flatten` too, but is static."""
    return is_tensor(value) or isinstance(value, (tuple, list, dict)) or hasattr(type(value), "_flatten")


def _modules(tree: Any, path: str) -> Iterator[tuple[str, Module]]:
    """The outermost modules of a tree, and where they are."""
    if isinstance(tree, Module):
        yield path, tree
    elif isinstance(tree, (tuple, list, dict)):
        for name, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from _modules(value, f"{path}.{name}")


def special_in_training(module: Module) -> Module | None:
    """The first part of a module that behaves otherwise in training, if any."""
    for value in module._flatten()[1]:
        for _, part in _modules(value, ""):
            if type(part).training is not Module.training and not getattr(part, "_threads_training", False):
                return part
            found = special_in_training(part)
            if found is not None:
                return found
    return None


def check_names(what: str, own: Mapping[str, Any], given: Mapping[str, Any], hint: str = "") -> None:
    """Check that both have the same names.

    Raises:
        ValueError: that lists the others.
    """
    missing = [n for n in own if n not in given]
    unexpected = [n for n in given if n not in own]
    if missing or unexpected:
        found = [
            f"{len(names)} {kind}: {', '.join(names)}"
            for kind, names in (("missing", missing), ("unexpected", unexpected))
            if names
        ]
        raise ValueError(f"{what}: {'; '.join(found)}{hint}")


def check_entries(what: str, own: Mapping[str, Any], given: Mapping[str, Any], owner: str) -> None:
    """Check that tensors of the same name have the same shape and dtype.

    Raises:
        ShapeError: that lists the others with both shapes and dtypes.
        DTypeError: likewise, if only dtypes differ.
    """
    shared = {n: (given[n], x) for n, x in own.items() if n in given}
    for name, (entry, _) in shared.items():
        if not is_tensor(entry):
            raise DTypeError(f"{what}: {name!r} is {type(entry).__name__}, not a Tensor")
    wrong = {n: (a, b) for n, (a, b) in shared.items() if (a.shape, a.dtype) != (b.shape, b.dtype)}
    if not wrong:
        return
    listed = "; ".join(f"{n!r} is {_type_of(a)}, {owner} has {_type_of(b)}" for n, (a, b) in wrong.items())
    error = ShapeError if any(a.shape != b.shape for a, b in wrong.values()) else DTypeError
    raise error(f"{what}: {listed}")
