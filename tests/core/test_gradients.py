"""Gradients kept apart from tensors: `traced`, `backward` and `Gradients`."""

from __future__ import annotations

import pytest

import shapetensor as st
from shapetensor import nn


def test_a_model_with_buffers_goes_through_traced_and_backward() -> None:
    model = st.traced(nn.Sequential(nn.Linear(4, 3, key=st.random.key(0)), nn.BatchNorm1d(3)))
    gradients = model(st.ones((2, 4))).sum().backward(wrt=model)
    found = gradients.of(model).state_dict()
    assert list(found) == list(model.state_dict())
    assert len(gradients) == 4
    assert found["1.bias"].tolist() == [2.0, 2.0, 2.0]
    assert found["1.running_var"].tolist() == [0.0, 0.0, 0.0]
    assert found["1.num_batches_tracked"].dtype is st.I64


def test_backward_and_grad_agree_on_a_model() -> None:
    model = nn.Sequential(nn.Linear(4, 3, key=st.random.key(0)), nn.BatchNorm1d(3))

    def loss_of(model: nn.Sequential[nn.Linear[int, int], nn.BatchNorm1d[int]]) -> st.Tensor[st.F32]:
        return model(st.ones((2, 4))).tanh().sum()

    traced = st.traced(model)
    by_tape = loss_of(traced).backward(wrt=traced).of(traced).state_dict()
    by_function = st.grad(loss_of)(model).state_dict()
    for name, gradient in by_function.items():
        assert by_tape[name].tolist() == gradient.tolist(), name


def test_wrt_without_a_floating_tensor_is_an_error() -> None:
    x = st.ones(2).traced()
    with pytest.raises(ValueError, match=r"^backward: wrt holds no floating tensor$"):
        x.sum().backward(wrt=st.zeros(2, dtype=st.I64))
