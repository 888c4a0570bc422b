"""Source text of kernels, made from a few words: expressions of elements, reductions, and functions of rows."""
