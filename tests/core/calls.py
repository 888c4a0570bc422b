"""Calls of every public function, by its name, for test_abstract.py.

`"B T; I64 D"` declares the operands: letters are sizes (SIZES says which), numbers are themselves, and a dtype may
stand in front. The function gets the sizes as `n`, then the operands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import shapetensor

st: Any = shapetensor  # calls are of symbols, and some are wrong: nothing for a type checker
losses, nn, random, init = st.losses, st.nn, st.random, st.nn.init
SIZES = {"B": 2, "T": 6, "D": 4, "C": 3, "H": 5}
KEY = "U32 4"


@dataclass(frozen=True)
class Case:
    """A call that must work."""

    operands: str
    call: Callable[..., Any]
    coarse: bool = False  # with symbols some sizes may come out as unknown
    open: bool = False  # with an unknown size nothing can be said


@dataclass(frozen=True)
class Wrong:
    """A call that must fail, with one text whoever runs it."""

    operands: str
    call: Callable[..., Any]


def case(operands: str, call: Callable[..., Any], **options: bool) -> Case:
    return Case(operands, call, **options)


def each(names: str, *cases: Callable[[Any], Case]) -> dict[str, list[Case]]:
    """Cases for functions that are called alike; the lambdas take the function."""
    return {name: [make(found(name)) for make in cases] for name in names.split()}


def found(name: str) -> Any:
    """What is public under this name."""
    value: Any = st
    for part in name.split("."):
        value = getattr(value, part)
    return value


CASES: dict[str, list[Case]] = {}

# --- elementwise ------------------------------------------------------------------------------------------------------
CASES |= each(
    "exp log sqrt tanh relu negative sigmoid silu gelu rsqrt sin cos log1p log2 expm1 erf abs sign floor ceil round"
    " square isnan isinf isfinite",
    lambda f: case("B T", lambda n, x: f(x)),
    lambda f: case("F64", lambda n, x: f(x)),
)
CASES |= each("logical_not", lambda f: case("Bool B T", lambda n, x: f(x)))
CASES |= each(
    "add subtract multiply divide equal not_equal less less_equal greater greater_equal maximum minimum pow"
    " floor_divide remainder Tensor.__add__ Tensor.__sub__ Tensor.__mul__ Tensor.__truediv__ Tensor.__floordiv__"
    " Tensor.__mod__ Tensor.__pow__ Tensor.__lt__ Tensor.__le__ Tensor.__gt__ Tensor.__ge__ Tensor.__eq__ Tensor.__ne__"
    " Tensor.maximum Tensor.minimum Tensor.pow",
    lambda f: case("B T; T", lambda n, x, y: f(x, y)),
    lambda f: case("B 1 D; I64 T 1", lambda n, x, y: f(x, y)),
    lambda f: case("B T", lambda n, x: f(x, 2.5)),
    lambda f: case("I64 B T", lambda n, x: f(x, n.B)),
)
CASES |= each(
    "logical_and logical_or logical_xor Tensor.__and__ Tensor.__or__ Tensor.__xor__",
    lambda f: case("Bool B T; Bool T", lambda n, x, y: f(x, y)),
    lambda f: case("Bool B T", lambda n, x: f(x, True)),
)
CASES |= each(
    "Tensor.__radd__ Tensor.__rsub__ Tensor.__rmul__ Tensor.__rtruediv__ Tensor.__rfloordiv__ Tensor.__rmod__"
    " Tensor.__rpow__",
    lambda f: case("B T", lambda n, x: f(x, 2.5)),
    lambda f: case("I64 B T", lambda n, x: f(x, n.B)),
)
CASES |= each("Tensor.__rand__ Tensor.__ror__ Tensor.__rxor__", lambda f: case("Bool B", lambda n, x: f(x, True)))
CASES |= each(
    "Tensor.exp Tensor.log Tensor.sqrt Tensor.tanh Tensor.relu Tensor.__neg__ Tensor.sigmoid Tensor.rsqrt Tensor.sin"
    " Tensor.cos Tensor.log1p Tensor.log2 Tensor.expm1 Tensor.erf Tensor.abs Tensor.__abs__ Tensor.sign Tensor.floor"
    " Tensor.ceil Tensor.round Tensor.__round__ Tensor.isnan Tensor.traced Tensor.__copy__",
    lambda f: case("B T", lambda n, x: f(x)),
)
CASES |= each("Tensor.__invert__", lambda f: case("Bool B T", lambda n, x: f(x)))
CASES |= each(
    "clip Tensor.clip Tensor.clamp",
    lambda f: case("B T", lambda n, x: f(x, 0.0, 1.0)),
    lambda f: case("B T; T", lambda n, x, low: f(x, low)),
    lambda f: case("I64 B T", lambda n, x: f(x, max=n.T)),
)
CASES |= each(
    "where",
    lambda f: case("Bool B T; T; B 1", lambda n, c, x, y: f(c, x, y)),
    lambda f: case("Bool B T", lambda n, c: f(c, 1.0, 0)),
)
CASES |= each("Tensor.masked_fill", lambda f: case("B T; Bool T", lambda n, x, mask: f(x, mask, 0.0)))
CASES |= each("astype Tensor.astype", lambda f: case("B T", lambda n, x: f(x, st.F16)))

# --- reductions -------------------------------------------------------------------------------------------------------
CASES |= each(
    "sum max min prod any all logsumexp mean var std argmax argmin Tensor.sum Tensor.max Tensor.min Tensor.prod"
    " Tensor.any Tensor.all Tensor.logsumexp Tensor.mean Tensor.var Tensor.std Tensor.argmax Tensor.argmin",
    lambda f: case("B T D", lambda n, x: f(x)),
    lambda f: case("B T D", lambda n, x: f(x, keepdims=True)),
    lambda f: case("B T D", lambda n, x: f(x, axis=1)),
    lambda f: case("B T D", lambda n, x: f(x, axis=-1, keepdims=True)),
)
for _name, _found in each(
    "sum max min prod any all logsumexp mean var std Tensor.any Tensor.all",
    lambda f: case("B T D", lambda n, x: f(x, axis=(0, -1))),
).items():
    CASES[_name] += _found
for _name, _found in each("var std Tensor.var", lambda f: case("B T D", lambda n, x: f(x, correction=1))).items():
    CASES[_name] += _found
CASES |= each(
    "cumulative_sum Tensor.cumulative_sum",
    lambda f: case("B T", lambda n, x: f(x, axis=1)),
    lambda f: case("I64 T", lambda n, x: f(x)),
)
CASES |= each("Tensor.cumsum", lambda f: case("B T", lambda n, x: f(x, 0)))
CASES |= each(
    "softmax log_softmax sort argsort",
    lambda f: case("B T D", lambda n, x: f(x)),
    lambda f: case("B T D", lambda n, x: f(x, axis=0)),
)
CASES["sort"].append(case("B T D", lambda n, x: st.sort(x, axis=1, descending=True)))
CASES["argsort"].append(case("B T D", lambda n, x: st.argsort(x, axis=1, descending=True)))

# --- linear algebra ---------------------------------------------------------------------------------------------------
CASES |= each(
    "matmul Tensor.__matmul__",
    lambda f: case("B T; T D", lambda n, x, w: f(x, w)),
    lambda f: case("H 1 B T; C T D", lambda n, x, w: f(x, w)),
    lambda f: case("T; T D", lambda n, x, w: f(x, w)),
    lambda f: case("B T; T", lambda n, x, w: f(x, w)),
    lambda f: case("C B T; T", lambda n, x, w: f(x, w)),
    lambda f: case("T; C T D", lambda n, x, w: f(x, w)),
    lambda f: case("T; T", lambda n, x, w: f(x, w)),
)
CASES |= each(
    "linear",
    lambda f: case("B T; D T; D", lambda n, x, w, b: f(x, w, b)),
    lambda f: case("C B T; 8 T; F64 8", lambda n, x, w, b: f(x, w, b)),
    lambda f: case("T; D T; I64 D", lambda n, x, w, b: f(x, w, b)),
    lambda f: case("C B T; D T", lambda n, x, w: f(x, w)),
    lambda f: case("T; D T", lambda n, x, w: f(x, w, None)),
)
CASES |= each("outer", lambda f: case("B; T", lambda n, x, y: f(x, y)))
CASES |= each(
    "tensordot",
    lambda f: case("B T D; T D C", lambda n, x, y: f(x, y)),
    lambda f: case("B T; D C", lambda n, x, y: f(x, y, axes=0)),
    lambda f: case("B T D; D B", lambda n, x, y: f(x, y, axes=((-1, 0), (0, 1)))),
)
CASES |= each(
    "matrix_transpose",
    lambda f: case("B T D", lambda n, x: f(x)),
)
CASES["Tensor.mT"] = [case("B T D", lambda n, x: x.mT)]
CASES["Tensor.T"] = [case("B T", lambda n, x: x.T)]

# --- movement ---------------------------------------------------------------------------------------------------------
CASES |= each(
    "reshape Tensor.reshape",
    lambda f: case("B T D", lambda n, x: f(x, (n.B * n.T, n.D))),
    lambda f: case("B T D", lambda n, x: f(x, (-1, n.D))),
    lambda f: case("B T D", lambda n, x: f(x, (n.D, -1, n.B))),
    lambda f: case("B T D", lambda n, x: f(x, -1)),
    lambda f: case("B 8", lambda n, x: f(x, (n.B, 2, 4))),
    lambda f: case("B T", lambda n, x: f(x, (n.B, n.T // n.C, n.C))),
)
CASES["Tensor.reshape"].append(case("B T D", lambda n, x: x.reshape(n.B, n.T * n.D)))
CASES["to_device"] = [case("B T", lambda n, x: st.to_device(x, "cpu"))]
CASES |= each(
    "expand_dims Tensor.expand_dims Tensor.unsqueeze",
    lambda f: case("B T", lambda n, x: f(x, 0)),
    lambda f: case("B T", lambda n, x: f(x, -1)),
)
CASES |= each(
    "squeeze Tensor.squeeze",
    lambda f: case("B 1 T", lambda n, x: f(x, 1)),
    lambda f: case("1 B 1 T", lambda n, x: f(x, (0, -2))),
)
CASES |= each(
    "broadcast_to Tensor.broadcast_to",
    lambda f: case("T 1", lambda n, x: f(x, (n.B, n.T, n.D))),
    lambda f: case("T", lambda n, x: f(x, (3, n.T))),
)
CASES |= each("permute_dims Tensor.permute_dims Tensor.permute", lambda f: case("B T D", lambda n, x: f(x, (2, 0, -2))))
CASES["Tensor.permute_dims"].append(case("B T", lambda n, x: x.permute_dims(1, 0)))
CASES |= each(
    "Tensor.flatten",
    lambda f: case("B T D", lambda n, x: f(x)),
    lambda f: case("B T D", lambda n, x: f(x, 1)),
    lambda f: case("B T D C", lambda n, x: f(x, 1, -2)),
    lambda f: case("F32", lambda n, x: f(x)),
)
CASES |= each(
    "moveaxis Tensor.moveaxis",
    lambda f: case("B T D", lambda n, x: f(x, 0, -1)),
    lambda f: case("B T D", lambda n, x: f(x, (0, 1), (2, 0))),
)
CASES |= each(
    "flip Tensor.flip",
    lambda f: case("B T", lambda n, x: f(x)),
    lambda f: case("B T", lambda n, x: f(x, axis=-1)),
)
CASES |= each(
    "roll Tensor.roll",
    lambda f: case("B T", lambda n, x: f(x, 1)),
    lambda f: case("B T", lambda n, x: f(x, -2, axis=1)),
    lambda f: case("B T", lambda n, x: f(x, 15, axis=1)),
    lambda f: case("B T", lambda n, x: f(x, (1, 2), axis=(0, 1))),
    lambda f: case("B T", lambda n, x: f(x, n.T // 2, axis=1)),
    lambda f: case("B 7", lambda n, x: f(x, -n.T, axis=1)),
)
CASES |= each("unstack Tensor.unstack", lambda f: case("B 3 D", lambda n, x: f(x, axis=1), open=True))
CASES["Tensor.__iter__"] = [case("2 D", lambda n, x: [row * 1.0 for row in x], open=True)]
CASES["Tensor.__len__"] = [case("2 D", lambda n, x: len(x), open=True)]
CASES |= each(
    "concat",
    lambda f: case("B T; D T", lambda n, x, y: f([x, y])),
    lambda f: case("B T; B D; I64 B 3", lambda n, x, y, z: f([x, y, z], axis=-1)),
    lambda f: case("B T; D", lambda n, x, y: f([x, y], axis=None)),
)
CASES |= each(
    "stack",
    lambda f: case("B T; B T; B T", lambda n, x, y, z: f([x, y, z])),
    lambda f: case("B T; B T", lambda n, x, y: f((x, y), axis=-1)),
)
CASES |= each(
    "split",
    lambda f: case("T D", lambda n, x: f(x, 2)),
    lambda f: case("B T", lambda n, x: f(x, 3, axis=1)),
    lambda f: case("6 B", lambda n, x: f(x, 3), open=True),
    lambda f: case("6 B", lambda n, x: f(x, [1, 4])),
    lambda f: case("T B", lambda n, x: f(x, [n.C])),
    lambda f: case("T B", lambda n, x: f(x, [1, 4]), coarse=True),
)
CASES |= each(
    "pad",
    lambda f: case("B T", lambda n, x: f(x, 1)),
    lambda f: case("B T", lambda n, x: f(x, (0, 2))),
    lambda f: case("B T", lambda n, x: f(x, ((0, 0), (n.C, 1)))),
    lambda f: case("B T", lambda n, x: f(x, ((1, 2), (n.C, 0)), value=1.0)),
    lambda f: case("B T", lambda n, x: f(x[:, 1:], n.D)),
)
CASES |= each(
    "tile",
    lambda f: case("B T", lambda n, x: f(x, (2, n.C))),
    lambda f: case("B T", lambda n, x: f(x, 3)),
    lambda f: case("T", lambda n, x: f(x, (n.B, 1))),
)
CASES |= each(
    "repeat",
    lambda f: case("B T", lambda n, x: f(x, 3, axis=1)),
    lambda f: case("B T", lambda n, x: f(x, n.C, axis=0)),
    lambda f: case("B T", lambda n, x: f(x, 2)),
)

# --- subscripts -------------------------------------------------------------------------------------------------------
_SUBSCRIPTS: list[tuple[str, Callable[..., Any]]] = [
    ("B T D", lambda n: 0),
    ("B T D", lambda n: -1),
    ("B T D", lambda n: (slice(None), 1)),
    ("B T D", lambda n: (slice(None), -2, 3)),
    ("B T D", lambda n: (Ellipsis, 0)),
    ("B T D", lambda n: (slice(None), n.C)),
    ("B T D", lambda n: None),
    ("B T D", lambda n: (slice(None), None, 0, None)),
    ("B T D", lambda n: slice(1, None)),
    ("B T D", lambda n: (slice(None), slice(1, -1))),
    ("B T D", lambda n: (slice(None), slice(None, None, 2))),
    ("B T D", lambda n: (Ellipsis, slice(None, None, -1))),
    ("B T D", lambda n: (slice(None), slice(None, n.C))),
    ("B T D", lambda n: (slice(None), slice(n.C, None))),
    ("B T D", lambda n: (slice(None), slice(-n.C, None))),
    ("B T D", lambda n: (slice(None), slice(None, -n.C))),
    ("B T D", lambda n: (slice(None), slice(None, n.T // 2))),
    ("B T D", lambda n: (slice(None), slice(n.T // 2, None))),
    ("B T D", lambda n: (slice(None), slice(n.T - 3, None))),
    ("B T D", lambda n: (slice(None), slice(n.T - n.C, n.T - 1))),
    ("B T D", lambda n: (slice(None), slice(n.C, n.D))),
    ("B 9 D", lambda n: (slice(None), slice(n.C, None))),
    ("B 9 D", lambda n: (slice(None), slice(1, n.C, 2))),
    ("B 9 D", lambda n: (slice(None), slice(n.C, -2))),
    ("9 D", lambda n: (2, slice(None))),
    ("9 D", lambda n: (slice(2, 5), slice(None))),
    ("", lambda n: Ellipsis),
]
CASES["Tensor.__getitem__"] = [case(x or "F32", lambda n, x, key=key: x[key(n)]) for x, key in _SUBSCRIPTS]
CASES["Tensor.__getitem__"] += [
    case("B T; I64 H", lambda n, x, i: x[i]),
    case("B T; I64 H C", lambda n, x, i: x[:, i]),
    case("B T D; I64 H", lambda n, x, i: x[:, i, 1:]),
    case("B T D; I64 H; I64 H", lambda n, x, i, j: x[i, j]),
    case("B T D; I64 H 1; I64 C", lambda n, x, i, j: x[:, i, j]),
    case("B T D; I64 H", lambda n, x, i: x[i, 0]),
    case("B T", lambda n, x: x[:, :3], coarse=True),
    case("B T", lambda n, x: x[:, -2:], coarse=True),
    case("B T", lambda n, x: x[:, 3::-1], coarse=True),
]
CASES["Tensor.at"] = [case(x or "F32", lambda n, x, key=key: x.at[key(n)].set(0.0)) for x, key in _SUBSCRIPTS]
CASES["Tensor.at"] += [case(x or "F32", lambda n, x, key=key: x.at[key(n)].add(1)) for x, key in _SUBSCRIPTS]
CASES["Tensor.at"] += [
    case("B T; T", lambda n, x, v: x.at[0].set(v)),
    case("B T; B", lambda n, x, v: x.at[:, 1].add(v)),
    case("B T; B C", lambda n, x, v: x.at[:, : n.C].set(v)),
    case("B T; I64 H; H T", lambda n, x, i, v: x.at[i].set(v)),
    case("B T; I64 H; T", lambda n, x, i, v: x.at[i].add(v)),
    case("F16 B T", lambda n, x: x.at[1:].set(2)),
]
CASES |= each(
    "take Tensor.take",
    lambda f: case("B T; I64 H C", lambda n, x, i: f(x, i, axis=1)),
    lambda f: case("B T; I64", lambda n, x, i: f(x, i, axis=-1)),
)
CASES["take"].append(case("T; I64 B", lambda n, x, i: st.take(x, i)))
CASES |= each(
    "take_along_axis",
    lambda f: case("B T; I64 B H", lambda n, x, i: f(x, i)),
    lambda f: case("B T; I64 H T", lambda n, x, i: f(x, i, axis=0)),
)
CASES |= each(
    "scatter_add",
    lambda f: case("H T; I64 H", lambda n, x, i: f(x, i, axis=0, size=n.B)),
    lambda f: case("B H C; I64 H C", lambda n, x, i: f(x, i, axis=1, size=7)),
)
CASES |= each(
    "scatter_add_along_axis",
    lambda f: case("B H; I64 B H", lambda n, x, i: f(x, i, size=n.T)),
    lambda f: case("B H; I64 B H", lambda n, x, i: f(x, i, axis=0, size=7)),
)
CASES |= each(
    "one_hot",
    lambda f: case("I64 B T", lambda n, x: f(x, n.C)),
    lambda f: case("I32 B", lambda n, x: f(x, 10, dtype=st.I64)),
)

# --- creation ---------------------------------------------------------------------------------------------------------
CASES |= each(
    "zeros ones",
    lambda f: case("", lambda n: f((n.B, n.T + 1))),
    lambda f: case("", lambda n: f(n.T, dtype=st.Bool)),
    lambda f: case("", lambda n: f((), dtype="float64", device="cpu")),
)
CASES |= each("full", lambda f: case("", lambda n: f((n.B, 2), n.T, dtype=st.I64)))
CASES |= each("zeros_like ones_like", lambda f: case("I64 B T", lambda n, x: f(x)))
CASES["ones_like"].append(case("I64 B T", lambda n, x: st.ones_like(x, dtype=st.F16)))
CASES |= each("full_like", lambda f: case("B T", lambda n, x: f(x, 7)))
CASES |= each(
    "arange",
    lambda f: case("", lambda n: f(n.T)),
    lambda f: case("", lambda n: f(1, n.T)),
    lambda f: case("", lambda n: f(n.C, n.T)),
    lambda f: case("", lambda n: f(0, n.T, 2)),
    lambda f: case("", lambda n: f(n.T, 0, -1)),
    lambda f: case("", lambda n: f(n.T, dtype=st.F32)),
    lambda f: case("", lambda n: f(n.T, n.T + 3)),
    lambda f: case("", lambda n: f(2, 9, 3)),
    lambda f: case("", lambda n: f(0.0, 1.0, 0.25)),
    lambda f: case("", lambda n: f(0.0, n.T), coarse=True),
    lambda f: case("", lambda n: f(0, n.T, n.C), coarse=True),
)
CASES |= each(
    "linspace",
    lambda f: case("", lambda n: f(0.0, 1.0, n.T)),
    lambda f: case("", lambda n: f(0, n.B, n.T, endpoint=False, dtype=st.F64)),
)
CASES |= each(
    "eye",
    lambda f: case("", lambda n: f(n.T)),
    lambda f: case("", lambda n: f(n.T, n.D, k=1, dtype=st.I64)),
)
CASES |= each(
    "tril triu",
    lambda f: case("T T", lambda n, x: f(x)),
    lambda f: case("Bool B T D", lambda n, x: f(x, k=-1)),
)

# --- attributes -------------------------------------------------------------------------------------------------------
CASES["Tensor.shape"] = [case("B T 3", lambda n, x: x.shape)]
CASES["Tensor.size"] = [case("B T 3", lambda n, x: x.size), case("0 T", lambda n, x: x.size)]
CASES["Tensor.nbytes"] = [case("B T 3", lambda n, x: x.nbytes)]
CASES["Tensor.ndim"] = [case("B T 3", lambda n, x: x.ndim)]
CASES["Tensor.dtype"] = [case("I64 B", lambda n, x: x.dtype)]
CASES["Tensor.device"] = [case("B T", lambda n, x: st.zeros(3, device=x.device))]
CASES["Tensor.to"] = [case("B T", lambda n, x: x.to("cpu"))]

# --- derivatives ------------------------------------------------------------------------------------------------------


def _loss(w: Any, x: Any) -> Any:
    y = st.softmax((x @ w).relu()[:, 1:], axis=-1) + w.mean()
    return (y * y).sum()


CASES |= each(
    "grad",
    lambda f: case("T D; B T", lambda n, w, x: f(_loss)(w, x)),
    lambda f: case("T D; B T", lambda n, w, x: f(_loss, argnums=(0, 1))(w, x)),
)
CASES["value_and_grad"] = [case("T D; B T", lambda n, w, x: st.value_and_grad(_loss)(w, x))]
CASES["vjp"] = [case("B T; B", lambda n, x, g: st.vjp(lambda v: v.sum(axis=1), x)[1](g))]
CASES["jvp"] = [case("B T; B T", lambda n, x, d: st.jvp(lambda v: (v * v).mean(axis=0), (x,), (d,)))]
CASES["vmap"] = [case("B T; T", lambda n, x, y: st.vmap(lambda v: (v * y).sum())(x))]
CASES["vmap"] += [case("T B", lambda n, x: st.vmap(lambda v: v.exp(), in_axes=1, out_axes=1)(x))]
CASES["traced"] = [case("B T; T", lambda n, x, y: st.traced((x, y)))]
CASES["Tensor.backward"] = [
    case("B T", lambda n, x: (lambda v: (v * v).sum().backward(wrt=v)[v])(x.traced())),
]

# --- random numbers ---------------------------------------------------------------------------------------------------
CASES["random.key"] = [case("", lambda n: random.key(7)), case("", lambda n: random.uniform(random.key(7), n.T))]
CASES["random.split"] = [case(KEY, lambda n, k: random.split(k)), case(KEY, lambda n, k: random.split(k, n.T))]
CASES["random.fold_in"] = [case(KEY, lambda n, k: random.fold_in(k, 3)), case(KEY, lambda n, k: random.fold_in(k, n.T))]
CASES |= each(
    "random.uniform random.normal",
    lambda f: case(KEY, lambda n, k: f(k, (n.B, 2 * n.T))),
    lambda f: case(KEY, lambda n, k: f(k, n.T, dtype=st.F64)),
    lambda f: case(KEY, lambda n, k: f(k)),
)
CASES["random.uniform"].append(case(KEY, lambda n, k: random.uniform(k, (n.T,), low=-1 / n.T, high=float(n.T))))
CASES["random.bernoulli"] = [
    case(KEY, lambda n, k: random.bernoulli(k, 0.5, (n.B, n.T))),
    case(f"{KEY}; T", lambda n, k, p: random.bernoulli(k, p, (n.B, n.T))),
]
CASES["random.permutation"] = [case(KEY, lambda n, k: random.permutation(k, n.T))]

# --- losses -----------------------------------------------------------------------------------------------------------
CASES |= each(
    "losses.mse_loss losses.l1_loss losses.binary_cross_entropy losses.binary_cross_entropy_with_logits",
    lambda f: case("B T; B T", lambda n, x, y: f(x, y)),
    lambda f: case("B T; B T", lambda n, x, y: f(x, y, reduction="none")),
)
CASES["losses.binary_cross_entropy_with_logits"].append(
    case("B T; B T; T", lambda n, x, y, w: losses.binary_cross_entropy_with_logits(x, y, pos_weight=w))
)
CASES |= each(
    "losses.cross_entropy",
    lambda f: case("B C; I64 B", lambda n, x, y: f(x, y)),
    lambda f: case("B T C; I64 B T", lambda n, x, y: f(x, y, reduction="none", label_smoothing=0.1)),
    lambda f: case("B T C; I64 B T", lambda n, x, y: f(x, y, ignore_index=0)),
)

# --- layers -----------------------------------------------------------------------------------------------------------


def _trained(make: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """The value, the value in training and the module behind it, of a layer that is made of sizes and a key."""

    def call(n: Any, k: Any, x: Any) -> Any:
        layer = make(n, k)
        return layer(x), layer, layer.training(x, key=k)

    return call


def _layer(operands: str, make: Callable[[Any, Any], Any]) -> Case:
    return case(f"{KEY}; {operands}", _trained(make))


CASES |= each(
    "nn.ReLU nn.Tanh nn.Sigmoid nn.SiLU nn.GELU nn.Identity",
    lambda kind: _layer("B T", lambda n, k: kind()),
)
CASES["nn.GELU"].append(_layer("B T", lambda n, k: nn.GELU("tanh")))
CASES["nn.Dropout"] = [_layer("B T", lambda n, k: nn.Dropout(0.5)), _layer("B T", lambda n, k: nn.Dropout(0.0))]
CASES["nn.Linear"] = [
    _layer("B T", lambda n, k: nn.Linear(n.T, n.D, key=k)),
    _layer("B 8", lambda n, k: nn.Linear(8, 3, key=k, bias=False)),
    _layer("B C T", lambda n, k: nn.Linear(n.T, n.D, key=k)),
    _layer("T", lambda n, k: nn.Linear(n.T, 3, key=k)),
]
CASES["nn.BatchNorm1d"] = [
    _layer("B T", lambda n, k: nn.BatchNorm1d(n.T)),
    _layer("B T D", lambda n, k: nn.BatchNorm1d(n.T, affine=False)),
    _layer("B 8", lambda n, k: nn.BatchNorm1d(8, momentum=None)),
]
CASES["nn.LayerNorm"] = [
    _layer("B T", lambda n, k: nn.LayerNorm(n.T)),
    _layer("B T 8", lambda n, k: nn.LayerNorm((n.T, 8), bias=False)),
    _layer("B T 8", lambda n, k: nn.LayerNorm(8, elementwise_affine=False)),
]
CASES["nn.Embedding"] = [
    _layer("I64 B T", lambda n, k: nn.Embedding(n.D, n.C, key=k)),
    _layer("I64 B", lambda n, k: nn.Embedding(100, 8, key=k)),
]
CASES["nn.Flatten"] = [_layer("B T D", lambda n, k: nn.Flatten()), _layer("B T D C", lambda n, k: nn.Flatten(1, -2))]
CASES["nn.Residual"] = [
    _layer("B T", lambda n, k: nn.Residual(nn.Linear(n.T, n.T, key=k))),
    _layer("B T", lambda n, k: nn.Residual(st.tanh)),
]
CASES["nn.Sequential"] = [
    _layer(
        "B 8",
        lambda n, k: nn.Sequential(
            nn.Linear(8, n.H, key=k),
            nn.BatchNorm1d(n.H),
            nn.ReLU(),
            nn.Residual(nn.Sequential(nn.LayerNorm(n.H), nn.Dropout(0.1))),
            st.exp,
            nn.Linear(n.H, 3, key=k),
        ),
    ),
    _layer("B T", lambda n, k: nn.Sequential()),
]
CASES |= each(
    "nn.init.normal nn.init.uniform nn.init.ones nn.init.zeros",
    lambda f: case(KEY, lambda n, k: f(k, (n.D, n.T))),
)
CASES |= each(
    "nn.init.kaiming_uniform nn.init.kaiming_normal nn.init.xavier_uniform nn.init.xavier_normal",
    lambda f: case(KEY, lambda n, k: f(k, (n.D, n.T))),
    lambda f: case(KEY, lambda n, k: f(k, (n.D, 8, n.C), dtype=st.F64)),
)
CASES["nn.init.constant"] = [case(KEY, lambda n, k: init.constant(k, (n.T,), value=0.5))]

# --- what nobody can run without elements -----------------------------------------------------------------------------
DATA = "reads or brings elements"
EXCEPTIONS = {
    name: reason
    for names, reason in (
        ("tensor asarray from_numpy from_dlpack Tensor.numpy Tensor.item Tensor.tolist", DATA),
        ("Tensor.__array__ Tensor.__dlpack__ Tensor.__dlpack_device__ Tensor.__reduce__", DATA),
        ("Tensor.__bool__ Tensor.__int__ Tensor.__float__ Tensor.__index__ Tensor.__format__", DATA),
        ("Tensor.__repr__ Tensor.__dir__ Tensor.__del__ Tensor.__deepcopy__", "no new tensor comes out"),
        ("Tensor.__contains__ Tensor.__setitem__ Tensor.__delitem__ Tensor.__new__", "never works"),
    )
    for name in names.split()
} | {
    "Tensor.__rmatmul__": "never called: tensors have __matmul__, and nothing else fits",
    "Tensor.__cuda_array_interface__": "describes memory",
    "compile": "makes a program of its own, for the CPU",
    "clear_caches": "has no arguments and no result",
    "get_num_threads": "has no arguments",
    "set_num_threads": "has no result",
    "checked": "makes a function of a function",
    "typechecker": "makes a function of a function",
    "nn.Module": "has no shapes of its own",
    "nn.buffer": "declares a field",
}

# --- mistakes ---------------------------------------------------------------------------------------------------------
WRONG = [
    Wrong("B T; D", lambda n, x, y: x + y),
    Wrong("B T; B D", lambda n, x, y: st.where(x > 0, x, y)),
    Wrong("B T; B D", lambda n, x, w: x @ w),
    Wrong("B T; D T", lambda n, x, w: x @ w),
    Wrong("T; D C", lambda n, x, w: x @ w),
    Wrong("F32; D C", lambda n, x, w: x @ w),
    Wrong("B T; T D; D", lambda n, x, w, b: st.linear(x, w, b)),
    Wrong("B T; T D", lambda n, x, w: st.linear(x, w)),
    Wrong("B T; D T; H", lambda n, x, w, b: st.linear(x, w, b)),
    Wrong("B T; D T; 1 D", lambda n, x, w, b: st.linear(x, w, b)),
    Wrong("B T; T", lambda n, x, w: st.linear(x, w)),
    Wrong("Bool B T; Bool D T; D", lambda n, x, w, b: st.linear(x, w, b)),
    Wrong("Bool B T; Bool D T", lambda n, x, w: st.linear(x, w)),
    Wrong("B T; F16 D T", lambda n, x, w: st.linear(x, w)),
    Wrong("B T", lambda n, x: x.reshape((n.B, n.D))),
    Wrong("B T", lambda n, x: x.reshape((-1, n.H))),
    Wrong("B T", lambda n, x: x.reshape((-1, -1))),
    Wrong("B T", lambda n, x: x.reshape((2.5, 3))),
    Wrong("B T", lambda n, x: x.squeeze(0)),
    Wrong("B T", lambda n, x: x.sum(axis=2)),
    Wrong("B T", lambda n, x: x.sum(axis=(0, 0))),
    Wrong("B 0", lambda n, x: x.max(axis=1)),
    Wrong("I64 B T", lambda n, x: x.mean()),
    Wrong("B T", lambda n, x: x.permute_dims(0, 0)),
    Wrong("B T D", lambda n, x: x.T),
    Wrong("B T", lambda n, x: x.broadcast_to((n.T, n.B))),
    Wrong("B T; D", lambda n, x, y: st.concat([x, y])),
    Wrong("B T; D T; D C", lambda n, x, y, z: st.concat([x, y, z])),
    Wrong("B T; B D", lambda n, x, y: st.stack([x, y])),
    Wrong("B T", lambda n, x: st.stack([])),
    Wrong("T B", lambda n, x: st.split(x, 4)),
    Wrong("B T", lambda n, x: st.pad(x, (1, 2, 3))),
    Wrong("B T", lambda n, x: st.pad(x, -1)),
    Wrong("B T", lambda n, x: st.tile(x, (-1, 2))),
    Wrong("B T", lambda n, x: st.repeat(x, -1)),
    Wrong("B T", lambda n, x: x.roll((1, 2), axis=0)),
    Wrong("B T", lambda n, x: x[n.B]),
    Wrong("B T", lambda n, x: x[0, -7]),
    Wrong("B T", lambda n, x: x[0, 0, 0]),
    Wrong("B T", lambda n, x: x[..., ...]),
    Wrong("B T", lambda n, x: x["a"]),
    Wrong("B T", lambda n, x: x[::0]),
    Wrong("B T; Bool B", lambda n, x, m: x[m]),
    Wrong("B T; I64 H; I64 C", lambda n, x, i, j: x[i, j]),
    Wrong("B T D; I64 H", lambda n, x, i: x[i, :, 0]),
    Wrong("B T; B", lambda n, x, v: x.at[0].set(v)),
    Wrong("I64 B T", lambda n, x: x.at[0].set(0.5)),
    Wrong("B T; F32 B", lambda n, x, i: x.take(i, axis=0)),
    Wrong("B T; I64 D D", lambda n, x, i: st.take_along_axis(x, i)),
    Wrong("B T; I64 D", lambda n, x, i: st.scatter_add(x, i, axis=0, size=3)),
    Wrong("B T", lambda n, x: st.one_hot(x, 3)),
    Wrong("", lambda n: st.zeros((n.B, -1))),
    Wrong("", lambda n: st.eye(-1)),
    Wrong("", lambda n: st.arange(0, 3, 0)),
    Wrong("", lambda n: st.arange(0, 300, dtype=st.U8)),
    Wrong("", lambda n: st.arange(0.0, float("inf"))),
    Wrong("", lambda n: st.linspace(0, 1, n.T, dtype=st.I64)),
    Wrong("T", lambda n, x: st.tril(x)),
    Wrong("B T; T", lambda n, x, y: st.outer(x, y)),
    Wrong("B T; B T", lambda n, x, y: st.tensordot(x, y, axes=1)),
    Wrong("F16 B T", lambda n, x: x.exp()),
    Wrong("B", lambda n, x: x & x),
    Wrong("B T", lambda n, x: st.add(x, "a")),
    Wrong("B T", lambda n, x: st.add(1, 2)),
    Wrong("B T", lambda n, x: st.mean([x])),
    Wrong("B T", lambda n, x: x.astype("complex64")),
    Wrong("I64 B", lambda n, x: x**-1),
    Wrong("B T", lambda n, x: st.grad(lambda v: v)(x)),
    Wrong("I64 B", lambda n, x: x.traced()),
    Wrong("B 4", lambda n, k: random.uniform(k, 3)),
    Wrong("F32 4", lambda n, k: random.split(k)),
    Wrong("U32 5", lambda n, k: random.normal(k, 3)),
    Wrong(KEY, lambda n, k: random.split(k, -1)),
    Wrong(KEY, lambda n, k: random.uniform(k, (n.B, -1))),
    Wrong(KEY, lambda n, k: random.normal(k, 3, dtype=st.I64)),
    Wrong(KEY, lambda n, k: random.bernoulli(k, 1.5)),
    Wrong(f"{KEY}; I64 B", lambda n, k, x: random.fold_in(k, x)),
    Wrong("B T; B D", lambda n, x, y: losses.mse_loss(x, y)),
    Wrong("B T; B T", lambda n, x, y: losses.mse_loss(x, y, reduction="max")),
    Wrong("B C; I64 T", lambda n, x, y: losses.cross_entropy(x, y)),
    Wrong("B C T; I64 B T", lambda n, x, y: losses.cross_entropy(x, y)),
    Wrong("B C; F32 B", lambda n, x, y: losses.cross_entropy(x, y)),
    Wrong("B C; I64 B", lambda n, x, y: losses.cross_entropy(x, y, label_smoothing=2.0)),
    Wrong(f"{KEY}; B T", lambda n, k, x: nn.Linear(n.D, 3, key=k)(x)),
    Wrong(KEY, lambda n, k: nn.Linear(-1, 3, key=k)),
    Wrong("B T", lambda n, x: nn.BatchNorm1d(n.D)(x)),
    Wrong(f"{KEY}; 1 T", lambda n, k, x: nn.BatchNorm1d(n.T).training(x, key=k)),
    Wrong("B T", lambda n, x: nn.LayerNorm(n.D)(x)),
    Wrong("B T", lambda n, x: nn.LayerNorm(())),
    Wrong(f"{KEY}; B T", lambda n, k, x: nn.Embedding(3, 4, key=k)(x)),
    Wrong("B", lambda n, x: nn.Flatten()(x)),
    Wrong("B T D", lambda n, x: nn.Flatten(2, 1)(x)),
    Wrong("B T", lambda n, x: nn.Dropout(1.5)),
    Wrong(f"{KEY}; B T", lambda n, k, x: nn.Residual(nn.Linear(n.T, n.D, key=k))(x)),
    Wrong(f"{KEY}; B T", lambda n, k, x: nn.Sequential(nn.Tanh(), nn.Linear(n.D, 3, key=k))(x)),
    Wrong(KEY, lambda n, k: init.kaiming_normal(k, (n.T,))),
    Wrong(KEY, lambda n, k: init.kaiming_normal(k, (n.T, 2), nonlinearity="step")),
]
