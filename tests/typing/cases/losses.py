"""Losses."""

from __future__ import annotations

from typing import Any, TypeVar, reveal_type
from typing import Literal as L

import shapetensor as st
from shapetensor import F32, F64, I64, Tensor, losses

B = TypeVar("B", bound=int)
T = TypeVar("T", bound=int)
C = TypeVar("C", bound=int)


def cross_entropy(logits: Tensor[F32, B, C], labels: Tensor[I64, B], bad: Tensor[I64, T]) -> None:
    reveal_type(losses.cross_entropy(logits, labels))  # R: Tensor[F32]
    losses.cross_entropy(logits, bad)
    # E: cross_entropy: logits (B, C) and labels (T,) differ: axis 0: B and T are not known to be equal


def cross_entropy_numbers(logits: Tensor[F32, L[8], L[10]], labels: Tensor[I64, L[8]]) -> None:
    reveal_type(losses.cross_entropy(logits, labels, label_smoothing=0.1, ignore_index=-100))  # R: Tensor[F32]
    losses.cross_entropy(logits, labels[1:])
    # E: cross_entropy: logits (8, 10) and labels (7,) differ: axis 0: 8 != 7
    losses.cross_entropy(logits.mT, labels)
    # E: cross_entropy: logits (10, 8) and labels (8,) differ: axis 0: 10 != 8


def cross_entropy_of_sequences(logits: Tensor[F32, B, T, C], labels: Tensor[I64, B, T], bad: Tensor[I64, T, B]) -> None:
    reveal_type(losses.cross_entropy(logits, labels, reduction="none"))  # R: Tensor[F32, B, T]
    reveal_type(losses.cross_entropy(logits, labels, reduction="sum"))  # R: Tensor[F32]
    losses.cross_entropy(logits, bad)
    # E: cross_entropy: logits (B, T, C) and labels (T, B) differ: axis 0: B and T are not known to be equal


def labels_that_are_floats(logits: Tensor[F32, B, C], labels: Tensor[I64, B], bad: Tensor[F32, B]) -> None:
    reveal_type(losses.cross_entropy(logits, labels))  # R: Tensor[F32]
    losses.cross_entropy(logits, bad)
    # E: cross_entropy: labels are class indices, integers, not F32


def mse(x: Tensor[F32, B, C], y: Tensor[F32, B, C], row: Tensor[F32, C]) -> None:
    reveal_type(losses.mse_loss(x, y))  # R: Tensor[F32]
    reveal_type(losses.mse_loss(x, y, reduction="none"))  # R: Tensor[F32, B, C]
    losses.mse_loss(x, row)
    # E: mse_loss: input (B, C) and target (C,) have different shapes


def column_of_predictions(x: Tensor[F32, B, L[1]], y: Tensor[F32, B]) -> None:
    reveal_type(losses.l1_loss(x[:, 0], y))  # R: Tensor[F32]
    losses.l1_loss(x, y)
    # E: l1_loss: input (B, 1) and target (B,) have different shapes


def binary(x: Tensor[F32, B], y: Tensor[F32, B], weight: Tensor[F32], bad: Tensor[F32, T]) -> None:
    reveal_type(losses.binary_cross_entropy_with_logits(x, y))  # R: Tensor[F32]
    reveal_type(losses.binary_cross_entropy_with_logits(x, y, pos_weight=weight, reduction="none"))  # R: Tensor[F32, B]
    reveal_type(losses.binary_cross_entropy(st.sigmoid(x), y))  # R: Tensor[F32]
    losses.binary_cross_entropy_with_logits(x, bad)
    # E: binary_cross_entropy_with_logits: input (B,) and target (T,) have different shapes
    losses.binary_cross_entropy(x, bad)
    # E: binary_cross_entropy: input (B,) and target (T,) have different shapes


def doubles(x: Tensor[F64, B, C], labels: Tensor[I64, B]) -> None:
    reveal_type(losses.cross_entropy(x, labels))  # R: Tensor[F64]
    reveal_type(losses.mse_loss(x, x))  # R: Tensor[F64]


def unknown(x: Tensor[F32, int, Any], y: Tensor[F32, *tuple[Any, ...]], labels: Tensor[I64, int]) -> None:
    reveal_type(losses.cross_entropy(x, labels))  # R: Tensor[F32]
    reveal_type(losses.mse_loss(x, y))  # R: Tensor[F32]
    losses.cross_entropy(x, x.argmax())
    # E: cross_entropy: logits (?, ?) want labels of shape (?,), not ()


def reduction_in_a_variable(x: Tensor[F32, B], how: L["mean", "sum"], any_how: L["mean", "none"]) -> None:
    reveal_type(losses.mse_loss(x, x, reduction=how))  # R: Tensor[F32]
    reveal_type(losses.mse_loss(x, x, reduction="sum"))  # R: Tensor[F32]
    losses.mse_loss(x, x[1:], reduction=how)
    # E: mse_loss: input (B,) and target (B-1,) have different shapes
