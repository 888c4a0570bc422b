"""Functions of rows: softmax, cross-entropy and normalisation, forward and backward."""

from __future__ import annotations

from collections.abc import Callable

from ..generate.rows import ELEMENT, LABEL, NUMBER, PLACE, ROW, Rows

_X = {"x": ELEMENT}
_GRADIENT = {"grad": ELEMENT, "y": ELEMENT}
_OUT = {"out": ELEMENT}
ROWS = {
    "softmax": Rows(
        _X,
        _OUT,
        """
top = max(x)
out = exp_of_negative(x - top)
out = out * (1 / sum(out))
""",
    ),
    "log_softmax": Rows(
        _X,
        _OUT,
        """
top = max(x)
shift = log(sum(exp_of_negative(x - top)))
out = (x - top) - shift
""",
    ),
    "softmax_backward": Rows(_GRADIENT, _OUT, "inner = sum(grad * y)\nout = y * (grad - inner)"),
    "log_softmax_backward": Rows(_GRADIENT, _OUT, "total = sum(grad)\nout = grad - exp(y) * total"),
    "cross_entropy": Rows(
        {"x": ELEMENT, "label": LABEL},
        {"loss": ROW, "p": ELEMENT, "picked": ROW},
        """
top = max(x)
p = exp_of_negative(x - top)
loss = sum(p)
picked = x[label] - top
p = p * (1 / loss)
""",
        finish="loss = log(loss) - picked",
    ),
    "cross_entropy_backward": Rows(
        {"weight": ROW, "p": ELEMENT, "label": LABEL},
        _OUT,
        """
out = p * weight
out[label] = (p[label] - 1) * weight
""",
    ),
    "cross_entropy_backward_in_place": Rows(
        {"weight": ROW, "p": ELEMENT, "label": LABEL},
        {"p": ELEMENT},
        """
picked = (p[label] - 1) * weight
p = p * weight
p[label] = picked
""",
    ),
    "standardize": Rows(
        {"x": ELEMENT, "eps": NUMBER},
        _OUT,
        """
centred = x - mean(x)
out = centred * (1 / math.sqrt(mean(centred * centred) + eps))
""",
    ),
    "layer_norm": Rows(
        {"x": ELEMENT, "w": PLACE, "b": PLACE, "eps": NUMBER},
        _OUT,
        """
centred = x - mean(x)
r = 1 / math.sqrt(mean(centred * centred) + eps)
out = centred * r * w + b
""",
    ),
    "standardize_backward": Rows(
        {"grad": ELEMENT, "x": ELEMENT, "eps": NUMBER},
        _OUT,
        """
middle = mean(grad)
centred = x - mean(x)
r = 1 / math.sqrt(mean(centred * centred) + eps)
along = mean(grad * centred) * (r * r)
out = (grad - middle - centred * along) * r
""",
    ),
}


def bad_label(classes: int) -> Callable[[int, int], Exception]:
    """The error for a label that is no class, of its row and its value."""

    def error(position: int, label: int) -> Exception:
        leave_out = f"; to leave such rows out, give ignore_index={label}" if label < 0 else ""
        return IndexError(
            f"cross_entropy: label {label} of row {position} is no class of 0 to {classes - 1}{leave_out}"
        )

    return error
