"""Machine code: cache.py decides how it is kept, cpu/ holds the kernels by the same file names as ops/."""
