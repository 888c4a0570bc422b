"""The exceptions of shapetensor: one class per kind of mistake.

Each says `__module__ = "shapetensor"`, so that a traceback prints the name under which it can be caught.
"""


class ShapeError(ValueError):
    """Shapes, axes or sizes do not fit together."""

    __module__ = "shapetensor"


class DTypeError(TypeError):
    """An operation is not defined for these element types."""

    __module__ = "shapetensor"


class DeviceError(RuntimeError):
    """A device is missing, or cannot run what it was asked to."""

    __module__ = "shapetensor"


class CompileError(RuntimeError):
    """A function cannot be compiled as written."""

    __module__ = "shapetensor"


class ShapetensorWarning(UserWarning):
    """Something works, but probably not as meant."""

    __module__ = "shapetensor"
