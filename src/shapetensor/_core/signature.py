"""Whether every name in the annotations of a function means something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NoReturn, TypeVar, get_args

from .binding import RESULT, lone_atom
from .dims import Dim, Poly
from .hints import TensorHint, parameter_names
from .places import Reader


def check_names(subject: str, hints: Mapping[str, Any], plain: Mapping[str, Any], owned: set[str]) -> None:
    """Check the names of dimensions in a signature.

    Each is a type variable or, in lower case, an axis, and stands alone once, where a tensor says what it is.

    Args:
        subject: the name of the function.
        hints: the annotations by parameter, as they are written.
        plain: the same with aliases spelled out.
        owned: the names that a method has from its class.

    Raises:
        ValueError: for a name that does not.
    """
    tensors = [(where, tensor) for where, hint in plain.items() for tensor in tensor_hints(hint)]
    variables = {name for hint in hints.values() for name in _variables(hint)} | owned
    alone = variables | {atom.name for _, tensor in tensors for atom in tensor.declared.bare()}
    variables |= {name for _, tensor in tensors for name in tensor.parameters}
    for where, tensor in tensors:
        for dim, name in _names(tensor):
            place = RESULT if where == "return" else where
            if name not in variables and not name.islower():
                _unknown(f"{subject}: {name!r} in the annotation of {place}", name, variables)
            if name not in alone:
                raise ValueError(
                    f"{subject}: {name} occurs only in {dim}, in the annotation of {place}, so nothing says what it "
                    f"is: some axis of an argument has to be {name} alone"
                )


def _unknown(what: str, name: str, variables: set[str]) -> NoReturn:
    known = sorted(variable for variable in variables if not variable.startswith("*"))
    close = get_close_matches(name, known, 1, 0.3)
    hint = (
        f": did you mean {close[0]!r}?"
        if close
        else ": a variable stands alone in some argument, other axes are in lower case"
    )
    raise ValueError(f"{what} is no type variable of the signature, which has {', '.join(known) or 'none'}{hint}")


def owned_names(reader: Reader, cls: type) -> set[str]:
    """Names that methods of a class need not say anything of: its variables, and what its fields bind."""
    found = {name for klass in cls.__mro__ for name in parameter_names(getattr(klass, "__parameters__", ()))}
    for _, hint, _ in reader.fields(cls):
        found |= {atom.name for tensor in tensor_hints(hint) for atom in tensor.declared.bare()}
        found |= set(_variables(hint))
    return found


def tensor_hints(hint: Any) -> Iterator[TensorHint]:
    """The hints of tensors in a hint."""
    if isinstance(hint, TensorHint):
        yield hint
    for part in get_args(hint):
        yield from tensor_hints(part)


def _variables(hint: Any) -> Iterator[str]:
    """The type variables in a hint, but for those in hints of tensors."""
    if isinstance(hint, TypeVar):
        yield hint.__name__
    for part in get_args(hint):
        yield from _variables(part)


def _names(tensor: TensorHint) -> Iterator[tuple[Dim, str]]:
    """The names in the dimensions, those that stand alone first."""
    dims = [dim for dim in tensor.declared.dims if isinstance(dim, Poly)]
    for dim in sorted(dims, key=lambda dim: lone_atom(dim) is None):
        yield from ((dim, name) for name in sorted(atom.name for atom in dim.atoms()))
