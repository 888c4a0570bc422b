"""The module protocol: frozen trees, dataclasses or hand-written `__init__`, buffers, state dicts, reprs."""

import copy
from dataclasses import field
from typing import Any, Generic, Self, TypeVar

import numpy as np
import pytest

import shapetensor as st
from shapetensor import DTypeError, ShapeError, Tensor, nn
from shapetensor._core.pytree import flatten, leaves_of, parameter_mask, tree_map, unflatten
from shapetensor.tensor import AnyTensor

N = TypeVar("N", bound=int)
KEY = st.random.key(0)


class Scale(st.Module):
    factor: AnyTensor
    power: int = 1

    def __call__(self, x: AnyTensor) -> AnyTensor:
        return x * self.factor


class Counter(st.Module):
    shift: AnyTensor
    seen: AnyTensor = nn.buffer()
    count: AnyTensor = nn.buffer(default_factory=lambda: st.tensor(0))


class Net(st.Module):
    """A hand-written `__init__` over containers of modules."""

    blocks: list[nn.Linear[Any, Any]]
    heads: dict[str, Scale]
    table: tuple[AnyTensor, ...]
    width: int
    name: str = "net"

    def __init__(self, width: int) -> None:
        keys = st.random.split(KEY, 2)
        self.blocks = [nn.Linear(width, width, key=k) for k in keys]
        self.heads = {"a": Scale(st.tensor(1.0)), "b": Scale(st.tensor(2.0))}
        self.table = (st.ones(2), st.zeros(2))
        self.width = width


def test_annotations_make_a_dataclass() -> None:
    scale = Scale(st.tensor(3.0), power=2)
    assert scale.power == 2
    assert scale(st.ones(2)).tolist() == [3.0, 3.0]
    with pytest.raises(TypeError, match="factor"):
        Scale()  # type: ignore[call-arg]


def test_modules_are_equal_only_to_themselves() -> None:
    one, same = Scale(st.tensor(3.0)), Scale(st.tensor(3.0))
    assert one != same
    assert len({one, same, one}) == 2


def test_frozen_after_init() -> None:
    net = Net(2)
    with pytest.raises(AttributeError, match=r"^Net is frozen: model\.replace\(width=\.\.\.\) makes a changed copy$"):
        net.width = 3
    with pytest.raises(AttributeError, match="Net is frozen: 'width' cannot be deleted"):
        del net.width
    with pytest.raises(AttributeError, match="Net is frozen: make a new one"):
        net.__init__(3)  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen"):
        net.blocks[0].bias = None


def test_frozen_only_after_the_outermost_init() -> None:
    class Wide(Net):
        extra: int = 0

        def __init__(self) -> None:
            super().__init__(2)
            self.extra = 5  # the inner __init__ has returned, this one has not

    wide = Wide()
    assert (wide.width, wide.extra) == (2, 5)
    with pytest.raises(AttributeError, match="Wide is frozen"):
        wide.extra = 6


def test_a_subclass_inherits_a_hand_written_init() -> None:
    class Renamed(Net):
        def greeting(self) -> str:
            return self.name

    renamed = Renamed(2)  # type: ignore[arg-type,call-arg]  # type checkers make an __init__ of the annotations
    assert renamed.greeting() == "net"
    with pytest.raises(AttributeError, match="Renamed is frozen"):
        renamed.name = "other"


def test_an_init_that_fails_leaves_nothing_open() -> None:
    class Broken(st.Module):
        size: int

        def __init__(self) -> None:
            self.size = 1
            raise RuntimeError("no")

    broken = Broken.__new__(Broken)
    with pytest.raises(RuntimeError, match="no"):
        broken.__init__()  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen"):
        broken.size = 2


def test_a_forgotten_field_is_named() -> None:
    class Forgetful(st.Module):
        weight: AnyTensor
        bias: AnyTensor

        def __init__(self) -> None:
            self.weight = st.ones(2)

    with pytest.raises(TypeError, match=r"^Forgetful\.__init__ did not assign the field 'bias'$"):
        Forgetful()


def test_defaults_of_fields_that_an_init_leaves_out() -> None:
    class Lazy(st.Module):
        weights: list[AnyTensor] = field(default_factory=lambda: [st.ones(1)])
        rate: float = 0.5

        def __init__(self) -> None:
            pass

    lazy = Lazy()
    assert lazy.rate == 0.5
    assert list(lazy.state_dict()) == ["weights.0"]


def test_post_init_may_assign() -> None:
    class Doubled(st.Module):
        size: int

        def __post_init__(self) -> None:
            self.size = 2 * self.size

    assert Doubled(3).size == 6


def test_static_fields_are_hashable() -> None:
    class Holder(st.Module):
        values: Any

    with pytest.raises(TypeError, match=r"^Holder\.values is static, so it must be hashable, which ndarray is not"):
        Holder(np.ones(2))
    with pytest.raises(TypeError, match="which set is not"):
        Holder(()).replace(values={1})
    assert hash(flatten(Holder("text"))[1]) == hash(flatten(Holder("text"))[1])


def test_a_class_is_a_static_value() -> None:
    class Made(st.Module):
        kind: type

    assert flatten(Made(Scale))[0] == []
    assert flatten(Made(Scale))[1] == flatten(Made(Scale))[1]


def test_generic_modules() -> None:
    class Vector(st.Module, Generic[N]):
        value: Tensor[st.F32, N]

    vector = Vector[Any](st.ones(3))
    assert vector.value.shape == (3,)
    with pytest.raises(AttributeError, match="frozen"):
        vector.value = st.ones(2)


def test_trees() -> None:
    net = Net(2)
    leaves, definition = flatten(net)
    again = unflatten(definition, leaves)
    assert type(again) is Net
    assert (again.width, again.name) == (2, "net")
    assert all(a is b for a, b in zip(leaves, leaves_of(again), strict=True))
    assert flatten(again)[1] == definition
    assert flatten(Net(2))[1] == definition
    assert flatten(net.replace(width=3))[1] != definition
    assert tree_map(lambda x: x + 1.0, net).heads["b"].factor.item() == 3.0


def test_gradients_have_the_type_of_the_model() -> None:
    scale = Scale(st.tensor([1.0, 2.0]), power=7)
    gradient = st.grad(lambda m: m(st.tensor([3.0, 4.0])).sum())(scale)
    assert type(gradient) is Scale
    assert gradient.power == 7
    assert gradient.factor.tolist() == [3.0, 4.0]


def test_buffers_are_no_parameters() -> None:
    counter = Counter(st.ones(2), st.zeros(3))
    assert parameter_mask(counter) == [True, False, False]
    assert parameter_mask([counter, {"x": st.ones(1)}, st.tensor(1)]) == [True, False, False, True, False]
    assert [name for name, _ in counter.named_parameters()] == ["shift"]
    assert [x.shape for x in counter.parameters()] == [(2,)]
    assert list(counter.state_dict()) == ["shift", "seen", "count"]


def test_buffers_are_inherited() -> None:
    class More(Counter):
        weight: AnyTensor = field(default_factory=lambda: st.ones(1))

    assert parameter_mask(More(st.ones(1), st.ones(1))) == [True, False, False, True]


def test_replace() -> None:
    scale = Scale(st.tensor(1.0))
    changed = scale.replace(power=3)
    assert (scale.power, changed.power) == (1, 3)
    assert changed.factor is scale.factor
    with pytest.raises(TypeError, match=r"^Scale has no field 'facto': did you mean 'factor'\?$"):
        scale.replace(facto=1)
    with pytest.raises(TypeError, match=r"^Scale has no field 'xyz': it has factor, power$"):
        scale.replace(xyz=1)
    with pytest.raises(AttributeError, match="frozen"):
        changed.power = 1


def test_copies_are_frozen_too() -> None:
    net = Net(2)
    for other in (copy.copy(net), copy.deepcopy(net)):
        assert list(other.state_dict()) == list(net.state_dict())
        with pytest.raises(AttributeError, match="frozen"):
            other.width = 1


def test_state_dict_names() -> None:
    names = ["blocks.0.weight", "blocks.0.bias", "blocks.1.weight", "blocks.1.bias"]
    assert list(Net(2).state_dict()) == [*names, "heads.a.factor", "heads.b.factor", "table.0", "table.1"]


def test_load_state_dict_gives_a_new_module() -> None:
    net = Net(2)
    new = net.load_state_dict({n: x + 1.0 for n, x in net.state_dict().items()})
    assert new.heads["a"].factor.item() == 2.0
    assert net.heads["a"].factor.item() == 1.0
    assert flatten(new)[1] == flatten(net)[1]


def test_load_state_dict_lists_names() -> None:
    scale = Scale(st.tensor(1.0))
    text = r"^load_state_dict of Scale: 1 missing: factor; 2 unexpected: fcator, x \(strict=False ignores them\)$"
    with pytest.raises(ValueError, match=text):
        scale.load_state_dict({"fcator": st.tensor(1.0), "x": st.ones(1)})
    assert scale.load_state_dict({"x": st.ones(1)}, strict=False).factor is scale.factor
    assert scale.load_state_dict({"factor": st.tensor(5.0), "x": st.ones(1)}, strict=False).factor.item() == 5.0


def test_load_state_dict_names_entries_with_both_types() -> None:
    scale = Scale(st.ones((2, 3)))
    text = r"^load_state_dict of Scale: 'factor' is Tensor\[F32, 3\], the module has Tensor\[F32, 2, 3\]$"
    with pytest.raises(ShapeError, match=text):
        scale.load_state_dict({"factor": st.ones(3)})
    with pytest.raises(DTypeError, match=r"'factor' is Tensor\[F64, 2, 3\], the module has Tensor\[F32, 2, 3\]$"):
        scale.load_state_dict({"factor": st.ones((2, 3), dtype=st.F64)}, strict=False)
    with pytest.raises(DTypeError, match="'factor' is ndarray, not a Tensor"):
        scale.load_state_dict({"factor": np.ones((2, 3))})  # type: ignore[dict-item]


def test_repr_is_a_tree() -> None:
    expected = """\
Net(
  table=tuple of 2 tensors, width=2, name='net'
  (blocks.0): Linear(in_features=2, out_features=2, bias=True)
  (blocks.1): Linear(in_features=2, out_features=2, bias=True)
  (heads.a): Scale(factor=Tensor[F32], power=1)
  (heads.b): Scale(factor=Tensor[F32], power=1)
)"""
    assert repr(Net(2)) == expected


def test_a_module_without_call_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Counter has no __call__"):
        Counter(st.ones(1), st.ones(1))(st.ones(1))


def test_training_is_inference_by_default() -> None:
    scale = Scale(st.tensor(2.0))
    y, after = scale.training(st.ones(2), key=KEY)
    assert y.tolist() == [2.0, 2.0]
    assert after is scale


class Dropping(st.Module):
    """Forgets the training form of a part of its own."""

    inner: Any

    def __call__(self, x: AnyTensor) -> AnyTensor:
        return self.inner(x)  # type: ignore[no-any-return]


@pytest.mark.parametrize("inner", [nn.Dropout(0.5), nn.Sequential(nn.ReLU(), nn.Dropout(0.5))])
def test_the_default_training_does_not_skip_dropout(inner: Any) -> None:
    with pytest.raises(TypeError, match="Dropping holds Dropout, which behaves otherwise in training"):
        Dropping(inner).training(st.ones(2), key=KEY)
    with pytest.raises(TypeError, match="Dropping holds Dropout"):
        nn.Sequential(Dropping(inner)).training(st.ones(2), key=KEY)


def test_the_default_training_takes_parts_that_are_always_the_same() -> None:
    y, _ = Dropping(nn.Sequential(nn.ReLU(), Scale(st.tensor(2.0)))).training(st.ones(2), key=KEY)
    assert y.tolist() == [2.0, 2.0]


def test_a_class_that_says_how_training_goes() -> None:
    class Careful(Dropping):
        def training(self, x: AnyTensor, *, key: AnyTensor) -> tuple[AnyTensor, Self]:
            y, inner = self.inner.training(x, key=key)
            return y, self.replace(inner=inner)

    y, after = Careful(nn.Dropout(1.0)).training(st.ones(2), key=KEY)
    assert y.tolist() == [0.0, 0.0]
    assert type(after) is Careful


def test_modules_are_arguments_and_results_of_compiled_functions() -> None:
    @st.compile
    def double(net: Net) -> Net:
        return tree_map(lambda x: x * 2.0, net)  # type: ignore[no-any-return]

    net = double(double(Net(2)))
    assert type(net) is Net
    assert net.heads["b"].factor.item() == 8.0
    assert len(double.programs) == 1
