"""mypy plugin: `plugins = ["shapetensor.mypy_plugin"]`.

Calls of the library are run on what mypy knows of their arguments (library.py); calls of users' functions are matched
with their annotations (users.py); annotations are read by annotations.py. This file says which hook does what.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from mypy.nodes import CallExpr, Expression, IndexExpr, MemberExpr
from mypy.options import Options
from mypy.plugin import (
    AnalyzeTypeContext,
    AttributeContext,
    FunctionContext,
    FunctionSigContext,
    MethodContext,
    MethodSigContext,
    Plugin,
    ReportConfigContext,
)
from mypy.typeops import make_simplified_union
from mypy.types import FunctionLike, Instance, Type, flatten_nested_unions, get_proper_type

from .._core.doubt import Undecidable
from .._core.errors import CompileError, DeviceError
from . import rules, transforms
from .annotations import Annotations
from .calls import Argument, arguments_of
from .containers import PUTS, is_inferred_attribute, put
from .definitions import Callee, Definitions
from .layers import Caller, layer, layer_method
from .library import MISTAKES, Library, attribute, function, method
from .lift import Lift
from .mistakes import RAISES, SHAPE, split
from .names import Names
from .returns import Returns
from .signatures import opened
from .types import TENSOR, Types, is_tensor, mentions_shapes
from .users import Users
from .worlds import World

SignatureHook = Callable[[FunctionSigContext | MethodSigContext], FunctionLike]
CallContext = FunctionContext | MethodContext

_FOREIGN = ("builtins.", "typing.", "collections.", "numpy.", "torch.")  # no shape of ours is ever there
_ITERATION = f"{TENSOR}.__iter__"
_PLACES = frozenset({"shapetensor.methods.at.Place.set", "shapetensor.methods.at.Place.add"})


class ShapePlugin(Plugin):
    """Runs the library where a program calls it; see the module."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.types = Types(self.lookup_fully_qualified)
        self.library = Library(self.types)
        self.annotations = Annotations(self.types)
        self.names = Names()
        self.definitions = Definitions(self.types)
        self.users = Users(self.types)
        self.returns = Returns(self.types)
        rules.load(options.config_file, options.mypy_path)
        self._digest = rules.digest()

    def report_config_data(self, ctx: ReportConfigContext) -> str:
        """What mypy keeps with the results of a module: it checks again when this changes."""
        return self._digest

    def get_type_analyze_hook(self, fullname: str) -> Callable[[AnalyzeTypeContext], Type] | None:
        return self.annotations.analyze if self.annotations.wants(fullname) else None

    # --- before mypy infers -------------------------------------------------------------------------------------------

    def get_function_signature_hook(self, fullname: str) -> SignatureHook | None:
        if function(fullname) is not None or rules.user_function(fullname) is not None:
            return self._opened
        if fullname in transforms.GRADIENTS:
            return lambda ctx: transforms.unbounded(self.types, ctx.default_signature)
        return None if layer(fullname) is not None else self._solved(fullname)

    def get_method_signature_hook(self, fullname: str) -> SignatureHook | None:
        if method(fullname) is not None or layer_method(fullname) is not None:
            return self._opened
        if fullname in PUTS:
            return lambda ctx: put(self.types, ctx)
        return self._solved_behind if fullname in transforms.CALLS else self._solved(fullname)

    def _opened(self, ctx: FunctionSigContext | MethodSigContext) -> FunctionLike:
        return opened(self.types, ctx.default_signature)

    def _solved(self, fullname: str) -> SignatureHook | None:
        callee = None if fullname.startswith(_FOREIGN) else self.definitions.callee(fullname)
        if callee is None:
            return None
        return lambda ctx: self._matched(ctx, callee, self._caller(ctx, arguments_known=False))

    def _solved_behind(self, ctx: FunctionSigContext | MethodSigContext) -> FunctionLike:
        """A call of what `st.grad` or `st.compile` made of a function."""
        caller = self._caller(ctx, arguments_known=False)
        return self._matched(ctx, transforms.behind(ctx.context, caller), caller)

    def _matched(self, ctx: FunctionSigContext | MethodSigContext, callee: Callee, caller: Caller) -> FunctionLike:
        try:
            return self.users.solved(ctx, callee, caller)
        except Exception:  # a signature that nobody has thought of
            if RAISES:
                raise
            return ctx.default_signature

    # --- afterwards ---------------------------------------------------------------------------------------------------

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        run = function(fullname) or rules.user_function(fullname)
        if run is not None:
            return lambda ctx: self._run(run, ctx)
        kind = layer(fullname)
        if kind is not None:
            return lambda ctx: self._make(kind, ctx)
        if fullname in transforms.GRADIENTS:
            return self._differentiate
        return None if fullname.startswith(_FOREIGN) else self._returned

    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        run = method(fullname) or layer_method(fullname)
        if run is not None:
            return lambda ctx: self._run(run, ctx)
        if fullname == _ITERATION:
            return self._iterate
        if fullname in _PLACES:
            return lambda ctx: self._change(fullname, ctx)
        return None if fullname.startswith(_FOREIGN) else self._returned

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        name = attribute(fullname)
        if name is not None:
            return lambda ctx: self._read(name, ctx)
        return None if fullname.startswith(_FOREIGN) else self._field

    def _run(self, call: Any, ctx: CallContext) -> Type:
        """A call of the library."""
        default = ctx.default_return_type
        caller, arguments = self._caller(ctx), arguments_of(call, ctx)
        if arguments is None:
            return default
        found = self._judged(lambda: self.library.run(call, arguments, caller, default), call, arguments, ctx, default)
        return self.returns.checked(found, ctx)

    def _make(self, kind: Any, ctx: FunctionContext) -> Type:
        """A layer: its constructor runs, and says what the type variables of the class are."""
        default = get_proper_type(ctx.default_return_type)
        if not isinstance(default, Instance):
            return default
        info, caller, arguments = default.type, self._caller(ctx), arguments_of(kind, ctx)
        if arguments is None:
            return default
        return self._judged(lambda: self.library.make(kind, info, arguments, caller), kind, arguments, ctx, default)

    def _caller(self, ctx: Any, *, arguments_known: bool = True) -> Caller:
        return Caller(ctx.api, ctx.context, self.names, arguments_known=arguments_known)

    def _differentiate(self, ctx: FunctionContext) -> Type:
        """`st.grad(f)`: the library looks at what f returns, and the gradient has the type of an argument."""
        from .. import autodiff

        default, caller = ctx.default_return_type, self._caller(ctx)
        value = transforms.loss(ctx, caller)
        if value is not None:
            check, own = autodiff._scalar, [value]
            self._judged(lambda: self.library.run(check, own, caller, default), check, own, ctx, default)
        places = next((a for a in arguments_of(autodiff.grad, ctx) or () if a.name == "argnums"), None)
        if places is None:
            return default
        try:
            found = Lift(self.types, World({}), caller).value(places.type, places.expression, "argnums", "")
        except Undecidable:
            return default
        return transforms.differentiated(self.types, ctx, caller, found) or default

    def _change(self, fullname: str, ctx: MethodContext) -> Type:
        """`x.at[key].set(values)`: x and the key are read off the expression."""
        from ..methods.at import Place

        default, caller = ctx.default_return_type, self._caller(ctx)
        called = ctx.context.callee if isinstance(ctx.context, CallExpr) else None
        place = called.expr if isinstance(called, MemberExpr) else None
        at = place.base if isinstance(place, IndexExpr) else None
        values = arguments_of(Place.set, ctx)
        if not isinstance(place, IndexExpr) or not isinstance(at, MemberExpr) or values is None:
            return default
        x = Argument("x", False, caller.type_of(at.expr), None, "")
        key = Argument("index", False, caller.type_of(place.index), place.index, "")
        change = _changer(fullname.rpartition(".")[2])
        own = [x, key, *values[1:]]
        return self._judged(lambda: self.library.run(change, own, caller, default), change, own, ctx, default)

    def _iterate(self, ctx: MethodContext) -> Type:
        """`for row in x`: the rows are those of `x[0]`, if there are any."""
        own = [Argument("self", False, ctx.type, None, "")]
        try:
            row = self.library.run(_first, own, self._caller(ctx), ctx.default_return_type)
        except Exception:  # no rows, or no axis to go along: mypy says what is declared
            return ctx.default_return_type
        return self.types.instance("typing.Iterator", row)

    def _read(self, name: str, ctx: AttributeContext) -> Type:
        """A property of a tensor."""
        tensors = [t for t in map(get_proper_type, flatten_nested_unions([ctx.type])) if is_tensor(t)]
        if name == "shape":
            shapes = [self.types.shape(self.types.sizes(list(t.args[1:]))) for t in tensors if isinstance(t, Instance)]
            return make_simplified_union(shapes)
        default, caller = ctx.default_attr_type, self._caller(ctx)
        own, read = [Argument("self", False, ctx.type, None, "")], _reader(name)
        found = self._judged(lambda: self.library.run(read, own, caller, default), read, own, ctx, default)
        if name == "ndim" and (not isinstance(ctx.context, MemberExpr) or self.names.is_compared(ctx.context, ctx.api)):
            return _exact(found)
        return self.returns.checked(found, ctx)

    def _judged(
        self, judge: Callable[[], Type | None], call: Any, arguments: list[Argument], ctx: Any, default: Type
    ) -> Type:
        """The type of a result; mistakes are reported, and what cannot be followed is as declared."""
        try:
            return judge() or default
        except MISTAKES as error:
            where = self.library.culprit(call, arguments, self._caller(ctx))
            self._report(str(error), where, ctx)
            return self.types.any_tensor() if is_tensor(default) else default
        except (Undecidable, CompileError, DeviceError):
            return default
        except Exception:
            if RAISES:
                raise
            return default

    def _report(self, text: str, where: Expression | None, ctx: Any) -> None:
        sentence, advice = split(text)
        ctx.api.fail(sentence, where or ctx.context, code=SHAPE)
        if advice:
            ctx.api.msg.note(advice, where or ctx.context, code=SHAPE)

    def _returned(self, ctx: CallContext) -> Type:
        """What a user's function returns, with the arithmetic of its dimensions worked out."""
        return self._worked_out(ctx.default_return_type, ctx)

    def _field(self, ctx: AttributeContext) -> Type:
        assigned = ctx.context.name if ctx.is_lvalue and isinstance(ctx.context, MemberExpr) else None
        if assigned is not None and is_tensor(ctx.default_attr_type) and is_inferred_attribute(ctx.type, assigned):
            return self.types.any_tensor()
        return self._worked_out(ctx.default_attr_type, ctx)

    def _worked_out(self, t: Type, ctx: Any) -> Type:
        try:
            return self.returns.checked(self.types.normalise(t), ctx) if mentions_shapes(t) else t
        except Exception:  # a type that nobody has thought of
            if RAISES:
                raise
            return t


# One function for each name, so that what it gave is found again.


def _first(x: Any) -> Any:
    return x[0]


@cache
def _reader(name: str) -> Callable[[Any], Any]:
    return attrgetter(name)


@cache
def _changer(name: str) -> Callable[[Any, Any, Any], Any]:
    return lambda x, key, new: getattr(x.at[key], name)(new)


def _exact(t: Type) -> Type:
    """Literals, and not only ints whose value is known: by those mypy narrows a Union of tensors."""
    items = map(get_proper_type, flatten_nested_unions([t]))
    return make_simplified_union([(isinstance(p, Instance) and p.last_known_value) or p for p in items])


def __getattr__(name: str) -> str:
    """`__version__` is what mypy's daemon compares to find that a plugin has changed."""
    if name == "__version__":
        return rules.digest()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def plugin(version: str) -> type[Plugin]:
    """What mypy calls: the plugin's class."""
    return ShapePlugin
