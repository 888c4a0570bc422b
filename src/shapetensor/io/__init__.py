"""Saving and loading."""

from __future__ import annotations

from .safetensors import load_file, load_metadata, save_file

__all__ = ["load_file", "load_metadata", "save_file"]


def __dir__() -> list[str]:
    return __all__
