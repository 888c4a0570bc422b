"""How many threads large calls share."""

from __future__ import annotations


def set_num_threads(number: int) -> None:
    """Let calls that are large enough use at most so many threads, in the whole process.

    By default all processors that this process may use; NUMBA_NUM_THREADS, set before the first large call, is
    another limit. Results are the same bits with any number of threads.

    Args:
        number: at least 1.

    Raises:
        TypeError: if it is no integer.
        ValueError: if it is less than 1.

    Example:
        >>> import shapetensor as st
        >>> st.set_num_threads(1)
        >>> st.get_num_threads()
        1
        >>> st.set_num_threads(64)  # all there are
    """
    from ._core.kernels import threads

    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError(f"set_num_threads: number should be an int, not {type(number).__name__}")
    if number < 1:
        raise ValueError(f"set_num_threads: number={number} should be at least 1")
    threads.limit(number)


def get_num_threads() -> int:
    """How many threads a large call uses: 1 where there is no fast way to share work, see `shapetensor doctor`.

    Example:
        >>> import shapetensor as st
        >>> st.get_num_threads() >= 1
        True
    """
    from ._core.kernels import threads

    return threads.count()
