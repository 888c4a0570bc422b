"""What kernels compute, whatever they run on: expressions and tables by the same file names as ops/."""
