"""Sequential and Residual: layers in order, torch's names, keys and new modules in training."""

import pytest

import shapetensor as st
from shapetensor import ShapeError, nn
from shapetensor._core.pytree import flatten, leaves_of, tree_map, unflatten
from shapetensor.tensor import AnyTensor

KEY = st.random.key(0)


def model() -> "nn.Sequential[nn.Linear[int, int], nn.BatchNorm1d[int], nn.ReLU, nn.Dropout, nn.Linear[int, int]]":
    first, last = st.random.split(KEY)
    return nn.Sequential(
        nn.Linear(4, 5, key=first), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3, key=last)
    )


def test_layers_in_order() -> None:
    net, x = model(), st.random.normal(KEY, (6, 4))
    expected: AnyTensor = x
    for layer in net:
        expected = layer(expected)
    assert net(x).tolist() == expected.tolist()


def test_names_are_torchs() -> None:
    names = ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked"]
    assert list(model().state_dict()) == [*names, "4.weight", "4.bias"]


def test_nested_names() -> None:
    assert list(nn.Sequential(nn.ReLU(), nn.Sequential(nn.Linear(1, 1, key=KEY))).state_dict()) == [
        "1.0.weight",
        "1.0.bias",
    ]


def test_indexing() -> None:
    net = model()
    assert len(net) == 5
    assert isinstance(net[2], nn.ReLU)
    assert net[-1] is list(net)[4]
    assert isinstance(net[1:3], nn.Sequential)
    assert [type(layer).__name__ for layer in net[1:3]] == ["BatchNorm1d", "ReLU"]
    with pytest.raises(IndexError):
        net[5]


def test_trees() -> None:
    net = model()
    leaves, definition = flatten(net)
    again = unflatten(definition, leaves)
    assert flatten(again)[1] == definition
    assert list(again.state_dict()) == list(net.state_dict())
    assert repr(again) == repr(net)
    assert all(x is y for x, y in zip(leaves, leaves_of(again), strict=True))
    assert type(tree_map(lambda x: x, net)) is nn.Sequential


def test_a_subclass_with_a_field() -> None:
    class Scaled(nn.Sequential[nn.Linear[int, int]]):
        scale: AnyTensor

        def __init__(self) -> None:
            super().__init__(nn.Linear(2, 2, key=KEY))
            self.scale = st.tensor(2.0)

    net = Scaled()
    assert list(net.state_dict()) == ["0.weight", "0.bias", "scale"]
    new = net.load_state_dict({n: x + 1.0 for n, x in net.state_dict().items()})
    assert new.scale.item() == 3.0
    assert new[0].weight.tolist() == (net[0].weight + 1.0).tolist()


def test_training_threads_keys_and_modules() -> None:
    net, x = model(), st.random.normal(KEY, (6, 4))
    y, after = net.training(x, key=KEY)
    assert y.shape == (6, 3)
    assert type(after) is nn.Sequential
    assert after[1].num_batches_tracked.item() == 1
    assert net[1].num_batches_tracked.item() == 0
    assert after[0] is net[0]
    same, other = (net.training(x, key=k)[0].tolist() for k in (KEY, st.random.key(1)))
    assert y.tolist() == same != other


def test_each_layer_has_a_key_of_its_own() -> None:
    y, _ = nn.Sequential(nn.Dropout(0.5), nn.Dropout(0.5)).training(st.ones(1000), key=KEY)
    assert 150 < int((y.numpy() != 0.0).sum()) < 350  # a quarter stays; half would, were the keys the same


def test_functions_are_layers() -> None:
    net = nn.Sequential(nn.Linear(2, 2, key=KEY), st.relu)
    assert net(st.ones((1, 2))).tolist() == net.training(st.ones((1, 2)), key=KEY)[0].tolist()
    assert list(net.state_dict()) == ["0.weight", "0.bias"]
    assert flatten(net)[1] == flatten(net.replace())[1]


def test_empty() -> None:
    net, x = nn.Sequential(), st.ones(2)
    assert net(x) is x
    assert net.training(x, key=KEY)[0] is x
    assert repr(net) == "Sequential()"
    assert flatten(net)[1] == flatten(tree_map(lambda x: x, net))[1]


def test_what_cannot_be_called_is_no_layer() -> None:
    with pytest.raises(TypeError, match=r"^Sequential: layer 1 is list, which cannot be called$"):
        nn.Sequential(nn.ReLU(), [nn.ReLU()])


def test_repr_is_torchs() -> None:
    expected = """\
Sequential(
  (0): Sequential(
    (0): Linear(in_features=2, out_features=3, bias=True)
  )
  (1): ReLU()
)"""
    assert repr(nn.Sequential(nn.Sequential(nn.Linear(2, 3, key=KEY)), nn.ReLU())) == expected


def block() -> "nn.Residual[nn.Sequential[nn.Linear[int, int], nn.BatchNorm1d[int], nn.Dropout]]":
    return nn.Residual(nn.Sequential(nn.Linear(4, 4, key=KEY), nn.BatchNorm1d(4), nn.Dropout(0.5)))


def test_residual_adds_its_input() -> None:
    net, x = block(), st.random.normal(KEY, (6, 4))
    assert net(x).tolist() == (x + net.inner(x)).tolist()
    y, after = net.training(x, key=KEY)
    inner, changed = net.inner.training(x, key=KEY)
    assert y.tolist() == (x + inner).tolist()
    assert type(after) is nn.Residual
    assert after.inner[1].running_mean.tolist() == changed[1].running_mean.tolist() != [0.0] * 4
    assert nn.Residual(st.relu)(st.ones(2)).tolist() == [2.0, 2.0]
    assert nn.Residual(st.relu).training(st.ones(2), key=KEY)[0].tolist() == [2.0, 2.0]


def test_residual_in_other_modules() -> None:
    net = nn.Sequential(block(), nn.Linear(4, 1, key=KEY))
    assert list(net.state_dict())[:2] == ["0.inner.0.weight", "0.inner.0.bias"]
    y, after = net.training(st.ones((3, 4)), key=KEY)
    assert y.shape == (3, 1)
    assert after[0].inner[1].num_batches_tracked.item() == 1
    assert flatten(after)[1] == flatten(net)[1]


def test_residual_errors() -> None:
    with pytest.raises(ShapeError, match=r"^Residual: inner makes \(2, 3\) of \(2, 1\): the shapes of a sum"):
        nn.Residual(nn.Linear(1, 3, key=KEY))(st.ones((2, 1)))
    with pytest.raises(TypeError, match=r"^Residual: inner is int, which cannot be called$"):
        nn.Residual(3)
