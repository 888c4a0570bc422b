"""What one eager call costs on tensors so small that the arithmetic is nothing."""

from __future__ import annotations

import shapetensor as st


class Dispatch:
    """Sizes are those that torch's own overhead is usually quoted for."""

    def setup(self) -> None:
        self.x, self.w = st.ones((8, 8)), st.ones((8, 8))
        self.rows, self.bias = st.ones((32, 100)), st.ones(100)
        self.call_each_once()

    def call_each_once(self) -> None:
        """Kernels are loaded from disk at their first call, which is not what is measured here."""
        for name in dir(self):
            if name.startswith("time_"):
                getattr(self, name)()

    def time_add(self) -> None:
        self.x + self.w

    def time_add_scalar(self) -> None:
        self.x + 1.5

    def time_matmul(self) -> None:
        self.x @ self.w

    def time_matmul_transposed(self) -> None:
        self.x @ self.w.mT

    def time_bias_add(self) -> None:
        self.rows + self.bias

    def time_sum(self) -> None:
        self.x.sum()


class DispatchOnTape(Dispatch):
    """The same with a live tape. It grows with each call, as it does in a forward pass."""

    number = 500  # calls before the tape is begun anew, so that memory stays bounded

    def setup(self) -> None:
        super().setup()
        self.x, self.rows = self.x.traced(), self.rows.traced()
        self.call_each_once()
