"""The part of llvmlite that this project uses; the package itself ships no types."""

from . import binding as binding

__version__: str
