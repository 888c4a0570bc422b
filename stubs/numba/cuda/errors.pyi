from numba.core.errors import LoweringError

class KernelRuntimeError(RuntimeError):
    tid: tuple[int, int, int] | None
    ctaid: tuple[int, int, int] | None
    msg: str
    def __init__(
        self, msg: str, tid: tuple[int, int, int] | None = ..., ctaid: tuple[int, int, int] | None = ...
    ) -> None: ...

class CudaLoweringError(LoweringError): ...
