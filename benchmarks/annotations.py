"""What `@checked` adds to a call whose shapes it has seen before."""

from __future__ import annotations

from typing import TypeVar

import shapetensor as st
from shapetensor import F32, Tensor

B = TypeVar("B", bound=int)
D = TypeVar("D", bound=int)


@st.checked
def first(x: Tensor[F32, B, D], y: Tensor[F32, D]) -> Tensor[F32, B, D]:
    """Nothing but the check: two arguments and a result."""
    return x


class Scale(st.Module):
    """A method, for which the fields of `self` count."""

    factor: Tensor[F32, D]

    @st.checked
    def __call__(self, x: Tensor[F32, B, D]) -> Tensor[F32, B, D]:
        return x


class Checked:
    """Calls of a memoised check; the unchecked function is `first.__wrapped__`."""

    def setup(self) -> None:
        self.x, self.y = st.ones((8, 4)), st.ones(4)
        self.bare = first.__wrapped__
        self.scale = Scale(self.y)
        for name in dir(self):
            if name.startswith("time_"):
                getattr(self, name)()

    def time_bare(self) -> None:
        self.bare(self.x, self.y)

    def time_positional(self) -> None:
        first(self.x, self.y)

    def time_keywords(self) -> None:
        first(self.x, y=self.y)

    def time_method(self) -> None:
        self.scale(self.x)

    def time_new_shapes(self) -> None:
        st.checked(self.bare)(self.x, self.y)
