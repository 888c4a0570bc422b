"""Schedules against formulas, torch 2.13's values, and in compiled steps."""

import math
from typing import Any

import pytest

import shapetensor as st
from shapetensor import ShapeError, optim
from shapetensor.optim import schedules
from shapetensor.tensor import AnyTensor

# torch.optim.lr_scheduler.CosineAnnealingLR(T_max=10, eta_min=0.01) from 0.1
COSINE = [0.1, 0.09779754323328192, 0.09140576474687263, 0.08145033635316129, 0.06890576474687264, 0.05500000000000001]
COSINE += [0.04109423525312737, 0.028549663646838717, 0.01859423525312737, 0.012202456766718092, 0.01]


def values(schedule: Any, count: int) -> list[float]:
    found = [schedule(st.tensor(i)) for i in range(count)]
    assert all((x.shape, x.dtype) == ((), st.F32) for x in found)
    assert [x.item() for x in found] == [schedule(i).item() for i in range(count)]
    return [x.item() for x in found]


def test_constant() -> None:
    assert values(schedules.constant(0.5), 3) == [0.5] * 3


def test_linear_warmup() -> None:
    st.testing.assert_close(
        st.tensor(values(schedules.linear_warmup(0.1, 4), 7)), [0.0, 0.025, 0.05, 0.075, 0.1, 0.1, 0.1]
    )
    assert values(schedules.linear_warmup(0.5, 0), 2) == [0.5, 0.5]


def test_cosine_is_torchs() -> None:
    st.testing.assert_close(st.tensor(values(schedules.cosine(0.1, 10, final=0.01), 13)), [*COSINE, 0.01, 0.01])


def test_cosine_with_warmup() -> None:
    """As get_cosine_schedule_with_warmup of transformers, which falls to 0."""

    def expected(step: int) -> float:
        if step < 5:
            return step / 5
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * min(1.0, (step - 5) / 15))))

    st.testing.assert_close(
        st.tensor(values(schedules.cosine(1.0, 20, warmup=5), 25)), [expected(i) for i in range(25)], atol=1e-7
    )
    assert values(schedules.cosine(1.0, 3, warmup=3), 5)[3:] == [0.0, 0.0]


def test_late_steps_are_counted() -> None:
    """F32 counts to 2**24 only."""
    schedule = schedules.linear_warmup(1.0, 2**26)
    st.testing.assert_close(schedule(2**25 + 3), 0.5 + 3 / 2**26, rtol=1e-7)


@pytest.mark.parametrize(
    "schedule", [schedules.constant(0.1), schedules.linear_warmup(0.1, 5), schedules.cosine(0.1, 15, warmup=5)]
)
def test_one_program_serves_all_steps(schedule: Any) -> None:
    opt = optim.AdamW()

    def step(x: AnyTensor, state: Any) -> Any:
        return opt.update(x, x * 2.0, state, lr=schedule(state.step))

    compiled = st.compile(step)
    x, y = st.ones(3), st.ones(3)
    state, other = opt.init(x), opt.init(y)
    for _ in range(20):
        x, state = compiled(x, state)
        y, other = step(y, other)
    assert x.tolist() == y.tolist() != [1.0] * 3
    assert len(compiled.programs) == 1


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match=r"^cosine: warmup=11 should be at most steps=10$"):
        schedules.cosine(0.1, 10, warmup=11)
    with pytest.raises(ValueError, match=r"^linear_warmup: lr=-0.1 should be at least 0$"):
        schedules.linear_warmup(-0.1, 10)
    with pytest.raises(ShapeError, match=r"^a schedule takes one step, of shape \(\), not \(2,\)$"):
        schedules.constant(0.1)(st.ones(2))
