"""The definitions of all operations; importing this package fills `OPS`."""

from . import creation, elementwise, fused, host, index, linalg, movement, random, reduce, special, update

__all__ = [
    "creation",
    "elementwise",
    "fused",
    "host",
    "index",
    "linalg",
    "movement",
    "random",
    "reduce",
    "special",
    "update",
]
