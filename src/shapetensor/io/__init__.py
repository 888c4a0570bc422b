"""Saving and loading."""

from __future__ import annotations

from .checkpoint import load_checkpoint, save_checkpoint
from .safetensors import load_file, load_metadata, save_file

__all__ = ["load_checkpoint", "load_file", "load_metadata", "save_checkpoint", "save_file"]


def __dir__() -> list[str]:
    return __all__
