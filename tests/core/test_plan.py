"""The arena planner: nothing alive at once overlaps, and the arena is small."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapetensor._core.plan import ALIGNMENT, Lifetime, _Block, _tightest_gap, busiest, plan, rounded


@st.composite
def lifetimes(draw: st.DrawFn) -> Lifetime:
    first = draw(st.integers(0, 30))
    size = draw(st.one_of(st.integers(0, 300), st.integers(0, 40).map(lambda n: n * ALIGNMENT), st.just(1 << 20)))
    return Lifetime(first, first + draw(st.integers(0, 12)), size)


def alive_together(a: Lifetime, b: Lifetime) -> bool:
    return a.first <= b.last and b.first <= a.last


@given(st.lists(lifetimes(), max_size=40))
def test_buffers_alive_at_once_never_overlap(buffers: list[Lifetime]) -> None:
    offsets, total = plan(buffers)
    assert len(offsets) == len(buffers)
    for offset, b in zip(offsets, buffers, strict=True):
        assert offset >= 0
        assert offset % ALIGNMENT == 0
        assert offset + b.nbytes <= total
    for (x, a), (y, b) in itertools.combinations(zip(offsets, buffers, strict=True), 2):
        if alive_together(a, b) and a.nbytes and b.nbytes:
            assert x + a.nbytes <= y or y + b.nbytes <= x


@given(st.lists(lifetimes(), max_size=40))
def test_arena_lies_between_the_busiest_step_and_no_planning(buffers: list[Lifetime]) -> None:
    _, total = plan(buffers)
    assert busiest(buffers) <= total <= sum(rounded(b.nbytes) for b in buffers)


@given(st.lists(lifetimes(), max_size=20))
def test_busiest_is_the_maximum_over_steps(buffers: list[Lifetime]) -> None:
    steps = range(50)
    assert busiest(buffers) == max(
        sum(rounded(b.nbytes) for b in buffers if b.first <= step <= b.last) for step in steps
    )


@given(st.lists(lifetimes(), max_size=20))
def test_plan_is_deterministic(buffers: list[Lifetime]) -> None:
    assert plan(buffers) == plan(list(buffers))


def test_nothing_to_plan() -> None:
    assert plan([]) == ([], 0)
    assert plan([Lifetime(0, 3, 0)]) == ([0], 0)


@pytest.mark.parametrize("length", [2, 3, 10, 101])
def test_a_chain_needs_two_buffers(length: int) -> None:
    chain = [Lifetime(i, i + 1, 4096) for i in range(length)]
    assert plan(chain)[1] == 2 * 4096


def test_a_buffer_goes_into_the_tightest_gap() -> None:
    placed = [_Block(256, 320, 0, 9), _Block(448, 512, 0, 9), _Block(576, 640, 0, 9), _Block(64, 640, 10, 19)]
    assert [_tightest_gap(Lifetime(5, 5, size), placed) for size in (1, 64, 65, 128, 129, 256, 257)] == [
        512,  # of 64 bytes, between the second and the third
        512,
        320,  # of 128 bytes
        320,
        0,  # of 256 bytes
        0,
        640,  # none is large enough
    ]
    assert _tightest_gap(Lifetime(10, 12, 64), placed) == 0
    assert _tightest_gap(Lifetime(20, 20, 640), placed) == 0


def test_forward_and_backward_of_a_deep_net_share_memory() -> None:
    """Activations live until their gradient is computed, which itself lives for one step."""
    layers = 20
    forward = [Lifetime(i, 2 * layers - i, 1000) for i in range(layers)]
    backward = [Lifetime(layers + i, layers + i + 1, 1000) for i in range(layers)]
    _, total = plan([*forward, *backward])
    assert total == busiest([*forward, *backward])
    assert total < sum(rounded(b.nbytes) for b in [*forward, *backward]) * 0.6
