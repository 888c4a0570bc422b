"""Assemble kernels for ARM and print the instructions on vectors of floats, and calls of fma(); run by test_targets.py.

Numba compiles for this machine. Told not to optimise, it leaves LLVM's code as it is for any processor; what makes
vectors of it is then run with ARM as the target.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unittest import mock

from llvmlite import binding

from shapetensor._core.dtypes import F32, F64
from shapetensor._core.kernels import cache, tile
from shapetensor._core.kernels.formulas.fused import ROWS
from shapetensor._core.kernels.generate import product, rows

TRIPLE = "aarch64-unknown-linux-gnu"
KERNELS = {
    "softmax": "(float32[::1], int64, int64, float32[::1])",
    "standardize": "(float32[::1], float64, int64, int64, float32[::1])",
}


REGISTERS = 32


def code(name: str, text: str, signature: str) -> str:
    """LLVM's code of a kernel before any optimisation."""
    kernel = getattr(cache.load(name, text), name)
    kernel.compile(signature)
    found: str = kernel.overloads[kernel.signatures[0]].library.get_llvm_str()
    return found


def products() -> Iterator[tuple[str, str]]:
    """The code of each kind for vectors of four floats, or of two."""
    for dtype, lanes, suffix in ((F32, 4, "4s"), (F64, 2, "2d")):
        array = f"{dtype.name}[::1]"
        for kind in (product.DIRECT, product.COPIED, product.TRANSPOSED, product.DOTS):
            tiles = (product.inner_tiles if kind == product.DOTS else product.tiles)(100, lanes, REGISTERS)
            panel = [array] if kind in (product.COPIED, product.TRANSPOSED) else []
            name = f"product_{kind}_{suffix}"
            signature = f"({', '.join([array, array, 'int64[::1]', *panel, array])})"
            yield name, code(name, product.text(name, kind, tiles, dtype), signature)


def assembled(text: str) -> str:
    machine = binding.Target.from_triple(TRIPLE).create_target_machine(cpu="cortex-a76", features="+neon", opt=3)
    text = re.sub(r'target triple = ".*"', f'target triple = "{TRIPLE}"', text)
    text = re.sub(r'target datalayout = ".*"', f'target datalayout = "{machine.target_data}"', text)
    module = binding.parse_assembly(re.sub(r'"target-(cpu|features)"="[^"]*"', "", text))
    options = binding.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = True
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return machine.emit_assembly(module)


def main() -> None:
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    with mock.patch.object(tile, "fuses", return_value=True):  # as it is on ARM
        kernels = {name: code(name, rows.text(name, ROWS[name], F32), kinds) for name, kinds in KERNELS.items()}
        kernels |= dict(products())
    for name, text in kernels.items():
        assembly = assembled(text)
        found = {f"{word}.{kind}" for word, kind in re.findall(r"\b(f\w+)\s+v\d+\.(4s|2d)", assembly)}
        print(name, *sorted(found | set(re.findall(r"\bfmaf?\b", assembly))))


if __name__ == "__main__":
    main()
