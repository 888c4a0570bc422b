"""What the stubs of Numba say that is not so: one line for each, by mypy's stubtest, module by module.

    python tests/typing_numba/compare.py [--spoilt]

The command `stubtest numba` cannot be used: it looks for every module of Numba, finds those that have a stub twice, and
stops. So the modules are named here, those of the folder. This runs in a process of its own, as it changes Numba.
"""

from __future__ import annotations

import functools
import gc
import inspect
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from mypy import nodes, stubtest
from mypy.options import Options

# What differs on purpose. A pattern that matches nothing any more is reported, too.
KNOWN = {
    r"numba\.[\w.]+ is inconsistent, metaclass differs": "it shows nowhere in the use of a class",
    r"numba\.cuda\.dispatcher\.(ForAll|_LaunchConfiguration)\.__call__ .* \*\*kwargs .*": "a ParamSpec has it",
    r"numba\.cuda\.(laneid|warpsize) variable differs from runtime type type": "in a kernel it is an int",
    r'numba\.cuda\.cg\.GridGroup\.sync .* does not have parameter "self"': "Numba forgot it",
}


def stub_modules(folder: Path) -> list[str]:
    paths = sorted(path.relative_to(folder).with_suffix("") for path in (folder / "numba").rglob("*.pyi"))
    return [".".join(path.parts).removesuffix(".__init__") for path in paths]


def function(name: str, parameters: str) -> Callable[..., None]:
    scope: dict[str, Any] = {}
    exec(f"def {name}({parameters}): ...", scope)
    made: Callable[..., None] = scope[name]
    return made


def as_used(name: str, value: Any) -> Any:
    """The same as a plain function, if it is one to those who write kernels and something else to Python."""
    from numba.core.extending import _Intrinsic
    from numba.cuda.stubs import Stub

    if isinstance(value, functools.partial):
        return function(name, str(inspect.signature(value))[1:-1])
    if isinstance(value, _Intrinsic):
        return function(name, ", ".join(list(inspect.signature(value).parameters)[1:]))
    if isinstance(value, type) and issubclass(value, Stub) and not any(map(callable, public(value).values())):
        # The documentation is all there is: its first words are the call; a fence takes nothing and says nothing.
        if call := re.match(r"\W*\w+\(([^)]*)\)", value.__doc__ or ""):
            return function(name, call[1])
        return function(name, "") if name.startswith("threadfence") else value
    return value


def public(owner: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(owner).items() if not name.startswith("_")}


def make_plain(modules: list[str]) -> None:
    """Put functions where Numba has stand-ins for them, once its own modules have used these."""
    for module in modules:
        import_module(module)
    from numba import cuda
    from numba.core import extending
    from numba.core.datamodel import registry
    from numba.cuda.stubs import _vector_type_stubs

    for owner in (cuda, extending, registry):
        for name, value in public(owner).items():
            setattr(owner, name, as_used(name, value))
    groups: list[Any] = [cuda.atomic, cuda.fp16, cuda.const, cuda.local, cuda.shared]
    for owner in groups:
        for name, value in public(owner).items():
            setattr(owner, name, staticmethod(as_used(name, value)))
    for vector in _vector_type_stubs:
        for name, value in public(vector).items():
            if isinstance(value, types.FunctionType):  # a method that stands for a field
                setattr(vector, name, property(value))


def only_numba_makes_it(error: stubtest.Error) -> bool:
    """Whether the stub says nothing of how an instance is made: then it is not for users to make one."""
    if error.object_path[-1] not in ("__init__", "__new__"):
        return False
    said = error.stub_object
    return isinstance(said, nodes.FuncBase) and said.info.fullname == "builtins.object"


def instances() -> dict[str, object]:
    """One of each class whose attributes are made with the instance, by the name of the class."""
    from numba import cuda, guvectorize, njit, stencil, vectorize
    from numba.core import types as nt

    def f(x: Any) -> Any:
        return x[0]

    def g(x: Any, out: Any) -> None: ...

    kernel = cuda.jit(f)
    return {
        "numba.core.dispatcher.Dispatcher": njit(f),
        "numba.core.types.containers.DictType": nt.DictType(nt.int8, nt.int8),
        "numba.core.types.containers.List": nt.List(nt.int8),
        "numba.core.types.containers.ListType": nt.ListType(nt.int8),
        "numba.core.types.containers.Tuple": nt.Tuple((nt.int8, nt.int16)),
        "numba.core.types.containers.UniTuple": nt.UniTuple(nt.int8, 2),
        "numba.core.types.misc.CPointer": nt.CPointer(nt.int8),
        "numba.core.types.misc.Optional": nt.Optional(nt.int8),
        "numba.core.types.misc.SliceType": nt.slice2_type,
        "numba.core.typing.templates.Signature": nt.void(nt.int8),
        "numba.cuda.dispatcher.CUDADispatcher": kernel,
        "numba.cuda.dispatcher.ForAll": kernel.forall(1),
        "numba.cuda.dispatcher._LaunchConfiguration": kernel[1, 1],
        "numba.np.ufunc.dufunc.DUFunc": vectorize(f),
        "numba.np.ufunc.gufunc.GUFunc": guvectorize("(n)->()")(g),
        "numba.stencils.stencil.StencilFunc": stencil(f),
    }


def fields(path: str) -> list[str]:
    module, _, name = path.rpartition(".")
    stub = stubtest.get_stub(module)
    assert stub is not None
    said = stub.names[name].node
    assert isinstance(said, nodes.TypeInfo)
    if said.typeddict_type is not None:
        return list(said.typeddict_type.items)
    return [field for field, symbol in said.names.items() if isinstance(symbol.node, nodes.Var)]


def wrong_fields(made: dict[str, object]) -> Iterator[str]:
    """Where stubtest does not look: what a class has only in its instances, and what options there are."""
    from numba.core.cpu import CPUTargetOptions

    for path, value in made.items():
        yield from (
            f"{path}.{name} is no attribute of an instance" for name in fields(path) if not hasattr(value, name)
        )
    path = "numba.core.decorators._ModeOptions"  # the others are among them
    yield from (f"{path}.{name} is no option" for name in fields(path) if not hasattr(CPUTargetOptions, name))


def complaints(modules: list[str], made: dict[str, object]) -> Iterator[str]:
    found = []
    for module in modules:
        for error in stubtest.test_module(module):
            # A stub says a part of what there is.
            if not error.is_missing_stub() and not only_numba_makes_it(error):
                found.append(error.get_description(concise=True).strip())
    found += wrong_fields(made)
    yield from (line for line in found if not any(re.fullmatch(known, line) for known in KNOWN))
    yield from (f"not needed: {known}" for known in KNOWN if not any(re.fullmatch(known, line) for line in found))


def spoil(made: dict[str, object]) -> None:
    """Make Numba different, to see whether that is noticed: other stubs would have to be read first, for seconds."""
    from numba import cuda
    from numba.core import config, dispatcher, options
    from numba.core.typing import typeof

    changes: list[tuple[Any, str, Any]] = [
        (config, "COLOR_SCHEME", 1),
        (cuda, "syncthreads", function("syncthreads", "mask")),
        (cuda.atomic, "add", staticmethod(function("add", "ary, index, val"))),
        (dispatcher.Dispatcher, "get_overload", function("get_overload", "self, signature")),
        (dispatcher.Dispatcher, "parallel_diagnostics", function("parallel_diagnostics", "self, signature, level=1")),
        (typeof, "typeof", function("typeof", "val, /, purpose")),
    ]
    for owner, name, value in changes:
        setattr(owner, name, value)
    delattr(cuda, "popc")
    vars(made["numba.stencils.stencil.StencilFunc"]).pop("neighborhood")
    for target in options.TargetOptions.__subclasses__():
        for base in target.__mro__:
            if "nogil" in vars(base):
                delattr(base, "nogil")


def main(folder: Path) -> None:
    gc.disable()  # a third of the time would go into it
    warnings.simplefilter("ignore")  # some names are deprecated
    modules, made = stub_modules(folder), instances()
    make_plain(modules)
    options = Options()
    options.mypy_path = [str(folder)]
    options.incremental = False
    stubtest.build_stubs(modules, options, find_submodules=False)
    sys.stdout.writelines(f"{line}\n" for line in complaints(modules, made))
    if "--spoilt" in sys.argv:
        spoil(made)
        sys.stdout.writelines(f"spoilt: {line}\n" for line in complaints(modules, made))


if __name__ == "__main__":
    main(Path(__file__).resolve().parents[2] / "stubs")
