"""The part of llvmlite that this project uses; the package itself ships no types."""

from . import binding as binding
from . import ir as ir

__version__: str
