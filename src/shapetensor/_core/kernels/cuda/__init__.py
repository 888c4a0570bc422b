"""Kernels for CUDA devices, imported only when one is asked for: the same file names as ops/ and kernels/cpu/."""
