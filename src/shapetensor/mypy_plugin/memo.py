"""Results of the library by the types of the arguments, whatever the variables in these are called."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from mypy.types import Type, TypeAliasType, TypeTranslator, TypeVarId, TypeVarTupleType, TypeVarType, get_proper_type

Variable = TypeVarType | TypeVarTupleType

_MOST = 4096
_FIRST = -(10**6)  # ids that mypy gives to no variable


class _Renamed(TypeTranslator):
    """Variables replaced by others, each always by the same one."""

    def __init__(self, by_id: dict[TypeVarId, Variable] | None = None) -> None:
        super().__init__()
        self.by_id = {} if by_id is None else by_id
        self.met: dict[TypeVarId, Variable] = {}

    def visit_type_var(self, t: TypeVarType, /) -> Type:
        if t.id not in self.by_id:
            place, self.met[t.id] = len(self.by_id), t
            kind = (t.values, t.upper_bound, t.default, t.variance)
            self.by_id[t.id] = TypeVarType(f"v{place}", f"v{place}", TypeVarId(_FIRST + place), *kind)
        return self.by_id[t.id]

    def visit_type_var_tuple(self, t: TypeVarTupleType, /) -> Type:
        if t.id not in self.by_id:
            place, self.met[t.id] = len(self.by_id), t
            kind = (t.upper_bound, t.tuple_fallback, t.default)
            self.by_id[t.id] = TypeVarTupleType(f"v{place}", f"v{place}", TypeVarId(_FIRST + place), *kind)
        return self.by_id[t.id]

    def visit_type_alias_type(self, t: TypeAliasType, /) -> Type:
        return t if t.is_recursive else get_proper_type(t).accept(self)


class Call:
    """One call: its key, and the way from its variables to those of the memory and back."""

    def __init__(self, call: Any, default: Type) -> None:
        self._to: _Renamed = _Renamed()
        self._parts: list[Any] = [call]
        self.add("", default)

    def add(self, place: Hashable, part: Any) -> None:
        """A type, or a value, that the result depends on."""
        self._parts += [place, part.accept(self._to) if isinstance(part, Type) else part]

    def key(self) -> Hashable:
        return tuple(self._parts)

    def there(self, found: Type) -> Type:
        """The result as it is remembered."""
        return found.accept(self._to)

    def back(self, remembered: Type) -> Type:
        """The result as it is here."""
        return remembered.accept(_Renamed({new.id: self._to.met[old] for old, new in self._to.by_id.items()}))


class Memo:
    """The results of the last calls."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Type] = OrderedDict()

    def get(self, call: Call) -> Type | None:
        key = call.key()
        if key not in self._known:
            return None
        self._known.move_to_end(key)
        return call.back(self._known[key])

    def put(self, call: Call, found: Type) -> None:
        self._known[call.key()] = call.there(found)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
