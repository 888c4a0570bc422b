"""Correct users of numba.cuda: mypy --strict reports nothing here, and it runs, with NUMBA_ENABLE_CUDASIM=1 as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type

import numpy as np
from numba import cuda, float32, types
from numba.cuda.random import create_xoroshiro128p_states, xoroshiro128p_uniform_float32
from numpy.typing import NDArray

if TYPE_CHECKING:  # the simulator has another class for it
    from numba.cuda.dispatcher import CUDADispatcher

Vector = NDArray[np.float32]
BLOCK = 32


@cuda.jit(device=True)
def device(x: float) -> float:
    return 2 * x


@cuda.jit(device=True, inline=True)
def device_none(x: Vector, i: int) -> None:
    x[i] += 1


@cuda.jit
def device_unsaid(x: float) -> float:
    return device(x)  # the simulator wants it said


@cuda.jit
def scale(x: Vector, by: float) -> None:
    i = cuda.grid(1)
    if i < x.shape[0]:
        x[i] = device(x[i]) * by
        device_none(x, i)


@cuda.jit(fastmath=True, cache=False)
def total(x: Vector, out: Vector) -> None:
    part = cuda.shared.array(BLOCK, float32)
    scratch = cuda.local.array((2, 2), dtype=np.float32)
    scratch[0, 0] = 0
    i, step = cuda.threadIdx.x, cuda.gridsize(1)
    part[i] = 0
    for j in range(cuda.grid(1), x.size, step):
        part[i] += x[j]
    cuda.syncthreads()
    if i == 0:
        value = float32(0)
        for j in range(cuda.blockDim.x):
            value += part[j]
        cuda.atomic.add(out, 0, value)


@cuda.jit("void(float32[:], int64)")
def with_signature(x: Vector, n: int) -> None:
    cuda.syncwarp()


@cuda.jit
def of_the_warp(x: Vector, states: Any) -> None:
    """Not run: what is in it needs a GPU, and random states one to make them."""
    i, j = cuda.grid(2)
    v = cuda.shfl_down_sync(0xFFFFFFFF, device_unsaid(x[i]), 16)
    v = cuda.fma(v, 2.0, 1.0) + xoroshiro128p_uniform_float32(states, i)
    mask = cuda.ballot_sync(cuda.activemask(), j > 0)
    x[i] = cuda.selp(cuda.popc(mask) > 1, v, 0.0) + cuda.laneid % cuda.warpsize
    corner = cuda.float4(1.0, 2.0, 3.0, 4.0)
    x[j] = corner.x + corner.w + cuda.fp16.hadd(x[i], x[j])
    cuda.cg.this_grid().sync()


def arrays() -> None:
    host: Vector = np.ones(100, np.float32)
    there = cuda.to_device(host)
    scale[4, BLOCK](there, 0.5)
    scale[(4, 1), (BLOCK, 1, 1)](there, 0.5)
    stream = cuda.stream()
    scale[4, BLOCK, stream](there, 1.0)
    scale[4, BLOCK, stream, 0](host, 1.0)
    scale.forall(there.size, stream=0)(there, 1.0)
    stream.synchronize()
    assert_type(there.copy_to_host(), NDArray[Any])
    assert there.copy_to_host()[0] == 15.0
    assert host[0] == 3.0
    out = cuda.device_array(1, np.float32)
    out.copy_to_device(np.zeros(1, np.float32))
    total[2, BLOCK](there, out)
    assert out.copy_to_host()[0] == 1500.0
    with cuda.pinned(host):
        cuda.to_device(host, stream=stream).copy_to_host(host, stream=stream)


def contexts() -> None:
    assert_type(cuda.is_available(), bool)
    assert_type(cuda.current_context().get_memory_info().free, int)
    start, end = cuda.event(), cuda.event()
    start.record()
    end.record()
    end.synchronize()
    cuda.synchronize()
    with cuda.defer_cleanup(), cuda.gpus[0]:
        assert len(cuda.gpus) == len(cuda.list_devices())
    cuda.close()


def compilation(kernel: CUDADispatcher[..., None]) -> None:
    """Not run: the simulator compiles nothing."""
    text, result = cuda.compile_ptx(device.py_func, (types.float32,), device=True, cc=(9, 0))
    assert_type(text, str)
    assert_type(result, types.Type)
    assert_type(kernel.inspect_asm(kernel.signatures[0]), str)
    states = create_xoroshiro128p_states(BLOCK, seed=1)
    of_the_warp[1, BLOCK](cuda.device_array_like(states), states)
    with_signature[1, BLOCK](np.ones(1, np.float32), 1)
    cuda.as_cuda_array(states).ravel()
    assert_type(cuda.get_current_device().compute_capability, tuple[int, int])
    cuda.event(timing=False).record(cuda.external_stream(0))


if __name__ == "__main__":
    arrays()
    contexts()
