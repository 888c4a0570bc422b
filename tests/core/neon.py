"""Assemble row kernels for ARM and print the instructions on vectors of four floats; run by test_targets.py.

Numba compiles for this machine. Told not to optimise, it leaves LLVM's code as it is for any processor; what makes
vectors of it is then run with ARM as the target.
"""

from __future__ import annotations

import re

from llvmlite import binding

from shapetensor._core.dtypes import F32
from shapetensor._core.kernels import cache
from shapetensor._core.kernels.cpu.fused import ROWS
from shapetensor._core.kernels.generate import rows

TRIPLE = "aarch64-unknown-linux-gnu"
KERNELS = {
    "softmax": "(float32[::1], int64, int64, float32[::1])",
    "standardize": "(float32[::1], float64, int64, int64, float32[::1])",
}


def code(name: str, signature: str) -> str:
    """LLVM's code of a kernel before any optimisation."""
    kernel = getattr(cache.load(name, rows.text(name, ROWS[name], F32)), name)
    kernel.compile(signature)
    text: str = kernel.overloads[kernel.signatures[0]].library.get_llvm_str()
    return text


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
    for name, signature in KERNELS.items():
        found = set(re.findall(r"\b(f\w+)\s+v\d+\.4s", assembled(code(name, signature))))
        print(name, *sorted(found))


if __name__ == "__main__":
    main()
