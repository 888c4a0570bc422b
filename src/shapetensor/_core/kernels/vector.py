"""Functions of one number as source without branches or calls of libm, which LLVM vectorises in the loop around it.

Errors are at most 2 units in the last place (benchmarks/ulps.py prints them) with fused multiply-add and without. All
of float32 and float64 is covered, gradual underflow and overflow included, but for sin and cos, which have a range;
outside it `sin_exactly` asks libm. Conventions of the text:

  `NAME` in capitals is a constant of the dtype, `horner(NAME, x)` the polynomial of these coefficients in x;
  comparisons are written so that nan takes the way to a result that is nan;
  adding ROUND, 1.5 times the power of two whose last bit counts units, rounds to an integer n, which the low bits then
  hold; with an exponent's bias in ROUND these bits, shifted into place, are a power of two. Nothing else rounds on all
  processors without a call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from ..dtypes import F32, F64, AnyDType

# From the constant upwards; tools/fit_polynomials.py finds them and says what they approximate on which interval.
_TABLES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    # (exp(r) - 1 - r) / r**2 up to |r| = log(2) / 2
    "EXP": (
        (0.500000008, 0.166665157, 0.0416662623, 0.00836918759, 0.00139465042),
        (
            *(0.50000000000000133, 0.16666666666666685, 0.041666666666511276, 0.0083333333333162606),
            *(0.0013888888947963199, 0.00019841269898062215, 2.480148905580456e-5, 2.7557233358041889e-6),
            *(2.7631572710973884e-7, 2.5112514740062201e-8),
        ),
    ),
    # (log((1 + s) / (1 - s)) / s - 2) / s**2 in powers of s**2, up to s = (sqrt(2) - 1) / (sqrt(2) + 1)
    "LOG": (
        (0.666666857, 0.399885441, 0.295902714),
        (
            *(0.66666666666666699, 0.39999999999893382, 0.28571428628709411, 0.22222210694398613),
            *(0.18182920842859332, 0.15330678127382196, 0.14629227366463792),
        ),
    ),
    # (tanh(x) / x - 1) / x**2 in powers of x**2, up to x = 0.6; for float64 alone
    "TANH": (
        (),
        (
            *(-0.33333333333333121, 0.13333333333299357, -0.053968253949212615, 0.021869488001513419),
            *(-0.0088632267714846642, 0.0035920373780628876, -0.0014552155477062144, 0.00058718953187058323),
            *(-0.00023040000621428819, 7.9318528506719512e-5, -1.7181395848794714e-5),
        ),
    ),
    # erf(x) / x - 1 in powers of x**2, up to x = 1
    "ERF": (
        (0.128379166, -0.376126269, 0.112835975, -0.0268543288, 0.00518931194, -0.000801885499, 7.88249711e-5),
        (
            *(0.12837916709551257, -0.37612638903183544, 0.1128379167094513, -0.026866170643256994),
            *(0.0052239776072699453, -0.00085483259825432251, 0.00012055295112667001, -1.4924740785377575e-5),
            *(1.6447471190594618e-6, -1.6208829856810201e-7, 1.3721520406351094e-8, -7.7985438505499469e-10),
        ),
    ),
    # log(erfc(x)) in powers of x - 1, from 1 to where 1 - erfc(x) is 1; the error counts in erfc(x)
    "ERFC": (
        (-1.84960552, -2.63896685, -0.843117845, -0.0415028337, 0.00989483264, -0.00182929069, 0.000186452091),
        (
            *(-1.8496055099332483, -2.6389675142347743, -0.84310725635948955, -0.041561098023502665),
            *(0.01003382516257993, -0.0019779011134406979, 0.00023731602801679838, 2.6297422332877335e-5),
            *(-2.7201043948025386e-5, 9.6741901167903122e-6, -2.1347202802790225e-6, 2.0682110147702509e-7),
            *(5.6954353786921053e-8, -3.2991894150110475e-8, 8.4135877286801902e-9, -1.3008124021597147e-9),
            *(1.1744319048360432e-10, -4.7783399773176747e-12),
        ),
    ),
    # log((a + 2) exp(a**2 / 2) Phi(-a)) + q in powers of q - 0.4375, q = a / (a + 2), up to where Phi(-a) is 0
    "GELU": (
        (
            *(0.100924399, 0.0566195813, -0.360371302, 0.203015963, 0.32644105, 0.0802648604, -0.231015169),
            *(-0.314858397, -0.074982449, 0.337179586, 0.430424697, -0.11623539, -0.396403069),
        ),
        (
            *(0.10092439872870248, 0.056619524232133019, -0.36037131486041896, 0.20302445947021503),
            *(0.3264418967881032, 0.079899968836120712, -0.23104337868672307, -0.30803281449255884),
            *(-0.07427971961595318, 0.27336557431228743, 0.41889804005838683, 0.18608734348795711),
            *(-0.29045393547561862, -0.63000099084157383, -0.48899135236937946, 0.14042585178855743),
            *(0.86818525442650067, 1.082311656097317, 0.27262785485357732, -0.95545793666520799),
            *(-0.71240957778926374, -0.7005463751018972, -4.6333685815477279, -1.0540413428557451),
            *(15.510161336388355, 7.31497626970792, -21.488019091105315, -7.3893586536705503),
            *(13.088661378317884,),
        ),
    ),
    # (sin(r) / r - 1) / r**2 in powers of r**2, up to a little over pi / 4
    "SIN": (
        (-0.166666532, 0.00833207004, -0.000195029152),
        (
            *(-0.16666666666666621, 0.0083333333333197883, -0.00019841269827697322, 2.755731295460512e-6),
            *(-2.5050641827514883e-8, 1.5890010012152493e-10),
        ),
    ),
    # (cos(r) - 1 + r**2 / 2) / r**4 in powers of r**2, up to a little over pi / 4
    "COS": (
        (0.0416666644, -0.00138882553, 2.4537804e-5),
        (
            *(0.041666666666666665, -0.0013888888888887072, 2.4801587298282941e-5, -2.7557317026283304e-7),
            *(2.0876096123072585e-9, -1.1379090628335083e-11),
        ),
    ),
}

_FLOATS: dict[str, tuple[float, float]] = {
    "LOG2E": (1.4426950408889634, 1.4426950408889634),
    # log(2) in two parts: n * LN2_HIGH is exact for all n that are exponents.
    "LN2_HIGH": (0.693145751953125, 0.693147180559663),
    "LN2_LOW": (1.4286068203094172e-6, 2.8235290563031577e-13),
    "TWO_OVER_PI": (0.6366197723675814, 0.6366197723675814),
    "TURNED": (131072.0, 1048576.0),  # beyond it multiples of pi / 2 are not subtracted exactly enough
    "INFINITE": (float("inf"), float("inf")),
    "UNDEFINED": (float("nan"), float("nan")),
    "NOTHING": (0.0, 0.0),
    "HALF": (0.5, 0.5),
    "ONE": (1.0, 1.0),
    "TWO": (2.0, 2.0),
    "QUARTER": (0.25, 0.25),
    "EXP_TOP": (89.0, 710.0),  # exp is infinite
    "EXP_LOWEST": (-104.0, -746.0),  # exp is 0
    "EXPM1_LOWEST": (-17.5, -37.5),  # exp(x) - 1 is -1
    "TINY": (2.0**-25, 2.0**-54),  # expm1(x) and log1p(x) are x
    "SIGMOID_TOP": (25.0, 40.0),  # 1 + exp(-x) is 1
    "SILU_LOWEST": (-110.0, -760.0),  # x * exp(x) is 0
    "TANH_TOP": (10.0, 20.0),  # 1 - tanh(x) is 0
    "TANH_NEAR": (0.5625, 0.5625),  # tanh is a polynomial up to here, and is above 0.5 beyond
    "ERF_TOP": (3.95, 5.95),  # 1 - erf(x) is 0
    "GELU_TOP": (14.875, 39.0),  # x * Phi(-x) is 0
    "GELU_MIDDLE": (0.4375, 0.4375),
    "NORMAL": (2.0**-126, 2.0**-1022),
}

# float64 for both dtypes: pi / 2 in parts of 33 bits, so that n * part is exact for n below 2**20.
_WIDE = {
    "RIGHT_1": 1.5707963267341256,
    "RIGHT_REST": 6.077100506506192e-11,
    "RIGHT_2": 6.077100506303966e-11,
    "RIGHT_3": 2.0222662487111665e-21,
    "RIGHT_4": 8.478427660368899e-32,
}


class Format(NamedTuple):
    """How the bits of a dtype are laid out."""

    name: str
    which: int  # of a pair
    mantissa: int  # bits
    sign: int  # its place
    bias: int  # of the exponent
    lift: int  # an exponent whose power of two makes all others normal in product or quotient
    root: int  # the bits of sqrt(1/2)


_FORMATS: dict[AnyDType, Format] = {
    F32: Format("float32", 0, 23, 31, 127, 64, 0x3F3504F3),
    F64: Format("float64", 1, 52, 63, 1023, 512, 0x3FE6A09E667F3BCD),
}
_LONG = 12  # terms: of such polynomials the processor holds too few to fill the time that Horner's rule waits
# LLVM would not inline the longer ones, and loops with calls are not vectorised.
_INLINED = '@njit(nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True)\n'
_TEXTS: dict[str, str] = {
    # exp(r) - 1 near 0.
    "_near": """
def _near(r):
    return horner(EXP, r) * (r * r) + r
""",
    # The power of two whose exponent, with its bias, is in the low bits.
    "_power": """
def _power(t):
    return from_bits(shift_left(bits(t), MANTISSA))
""",
    # exp(x) = (1 + _near(r)) * first * second. Two factors, as 2**n alone need not be a normal number; the sign of x
    # says in which direction. The nan of an x that is nan comes from r.
    "_exp_parts": """
def _exp_parts(x):
    x = EXP_TOP if EXP_TOP < x else x
    x = EXP_LOWEST if EXP_LOWEST > x else x
    t = x * LOG2E + LOWERED
    n = t - LOWERED
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    down = shift_right(both(bits(x), SIGN), 1)
    first = from_bits(plus(shift_left(bits(t), MANTISSA), down))
    return _near(r), first, from_bits(minus(LIFTED_BITS, down))
""",
    "exp": """
def exp(x):
    p, first, second = _exp_parts(x)
    return (p + ONE) * first * second
""",
    # exp(x) of x that is not above 0, as behind the subtraction of a maximum: a fifth less to do.
    "exp_of_negative": """
def exp_of_negative(x):
    x = EXP_LOWEST if EXP_LOWEST > x else x
    t = x * LOG2E + LIFTED
    n = t - LIFTED
    return (_near((x - n * LN2_HIGH) - n * LN2_LOW) + ONE) * _power(t) * DROP
""",
    # exp(r) - 1 = r + rest near 0 with r = high + low; what rounding r lost is in the rest.
    "_near_sum": """
def _near_sum(high, low):
    r = high + low
    return r, horner(EXP, r) * (r * r) + ((high - r) + low)
""",
    # 2**n * (r + rest) + (2**n - 1), halved until the end, as 2**n may overflow where the result does not. The rest is
    # added last: where the sum of the others is small, it is exact.
    "expm1": """
def expm1(x):
    y = EXP_TOP if EXP_TOP < x else x
    y = EXPM1_LOWEST if EXPM1_LOWEST > y else y
    t = y * LOG2E + HALVED
    n = t - HALVED
    s = _power(t)
    r, rest = _near_sum(y - n * LN2_HIGH, -n * LN2_LOW)
    y = ((s * r + (s - HALF)) + s * rest) * TWO
    return x if fabs(x) < TINY else y
""",
    # n and f of x = 2**n * (1 + f), 1 + f between sqrt(1/2) and sqrt(2); the exponent's bits are shifted unsigned,
    # since many processors shift long signed integers one by one.
    "_exponent": """
def _exponent(x, rounder):
    moved = minus(bits(x), ROOT)
    n = from_bits(plus(shift_right(moved, MANTISSA), ROUND_BITS)) - rounder
    return n, from_bits(plus(both(moved, MANTISSA_BITS), ROOT_MANTISSA)) - ONE
""",
    # n * log(2) + log(1 + f) + low, as fdlibm has it: log(1 + f) = f - f**2 / 2 + s * (f**2 / 2 + R(s**2)) with
    # s = f / (2 + f).
    "_log_sum": """
def _log_sum(n, f, low):
    s = f / (f + TWO)
    z = s * s
    square = HALF * f * f
    rest = s * (square + z * horner(LOG, z)) + (n * LN2_LOW + low)
    return n * LN2_HIGH - ((square - rest) - f)
""",
    # y, the logarithm of x, but for x that has none.
    "_log_ends": """
def _log_ends(x, y):
    return y if x > NOTHING else (-INFINITE if x == NOTHING else UNDEFINED)
""",
    "log": """
def log(x):
    small = x < NORMAL
    n, f = _exponent(x * RAISE if small else x, UNIT_RAISED if small else UNIT)
    y = _log_ends(x, _log_sum(n, f, NOTHING))
    return y if x < INFINITE else x
""",
    # n is added last, so that powers of two are exact.
    "log2": """
def log2(x):
    small = x < NORMAL
    n, f = _exponent(x * RAISE if small else x, UNIT_RAISED if small else UNIT)
    y = _log_ends(x, _log_sum(NOTHING, f, NOTHING) * LOG2E + n)
    return y if x < INFINITE else x
""",
    # log(u + c), c below the last place of u. c is scaled in two steps, as 2**-n need not be normal. What is left of it
    # after adding it to f, for n = 0 nothing, is so small that it can be added to the logarithm.
    "_log_of": """
def _log_of(u, c):
    n, f = _exponent(u, UNIT)
    c = c * QUARTER * from_bits(minus(QUADRUPLE_BITS, both(minus(bits(u), ROOT), EXPONENT_BITS)))
    g = f + c
    return _log_sum(n, g, c - (g - f))
""",
    "log1p": """
def log1p(x):
    u = x + ONE
    y = _log_ends(u, _log_of(u, x - (u - ONE)))
    y = y if x < INFINITE else x
    return x if fabs(x) < TINY else y
""",
    # max(x, 0) + log(1 + e), e = exp(-|x|) with what rounding e lost.
    "softplus": """
def softplus(x):
    p, first, second = _exp_parts(-fabs(x))
    one = p + ONE
    e = one * first * second
    u = e + ONE
    y = _log_of(u, (e - (u - ONE)) + (p - (one - ONE)) * first * second)
    y = e if e < TINY else y
    return x + y if x > NOTHING else y
""",
    # exp(-x) = exp(r) / s: the power of two, divided out, and 1 - exp(r) leave one sum and one quotient to round.
    # s is lifted, as it need not be a normal number.
    "_sigmoid_parts": """
def _sigmoid_parts(x):
    t = x * LOG2E + LIFTED
    n = t - LIFTED
    s = _power(t)
    p = _near((n * LN2_HIGH - x) + n * LN2_LOW)
    part = s * DROP
    whole = part + ONE
    return s, whole + (p + (part - (whole - ONE)))
""",
    "sigmoid": """
def sigmoid(x):
    x = SIGMOID_TOP if SIGMOID_TOP < x else x
    x = EXP_LOWEST if EXP_LOWEST > x else x
    s, whole = _sigmoid_parts(x)
    return s / whole * DROP
""",
    "silu": """
def silu(x):
    y = SIGMOID_TOP if SIGMOID_TOP < x else x
    y = SILU_LOWEST if SILU_LOWEST > y else y
    s, whole = _sigmoid_parts(y)
    y = y * s / whole * DROP
    return x if x > SIGMOID_TOP else y
""",
    # A polynomial up to 1, and 1 - erfc(|x|) beyond.
    "erf": """
def erf(x):
    a = fabs(x)
    a = ERF_TOP if ERF_TOP < a else a
    w = a - ONE
    y = horner(ERFC, w)
    t = y * LOG2E + UNIT
    n = t - UNIT
    s = _power(t)
    p = _near((y - n * LN2_HIGH) - n * LN2_LOW)
    far = ONE - (s + s * p)
    z = a * a
    near = a + a * horner(ERF, z)
    return copysign(near if a < ONE else far, x)
""",
    # With a = |x|, q = a / (a + 2): a * Phi(-a) = q * exp(g - q - a**2 / 2), g a polynomial in q, and small. The
    # square is exact for the upper half of the bits of a; it, what is left of it and what rounding a + 2 lost all go
    # into the exponent, so that little but q and the last sum is rounded. Phi(a) = 1 - Phi(-a).
    "gelu": """
def gelu(x):
    a = fabs(x)
    a = GELU_TOP if GELU_TOP < a else a
    b = a + TWO
    q = a / b
    lost = a - (b - TWO)
    upper = from_bits(both(bits(a), UPPER_BITS))
    high, low = HALF * upper * upper, HALF * (a - upper) * (a + upper)
    w = q - GELU_MIDDLE
    g = horner(GELU, w)
    t = (g - (high + low + q)) * LOG2E + LIFTED
    n = t - LIFTED
    small = g - ((n * LN2_LOW + low) + lost * (HALF - HALF * q))
    r, rest = _near_sum((-n * LN2_HIGH - high) - q, small)
    y = (q + q * (r + rest)) * _power(t) * DROP
    return copysign((x if x > NOTHING else NOTHING) - y, x)
""",
    # cos(r) and sin(r) up to a little over pi / 4.
    "_cos_near": """
def _cos_near(r):
    z = r * r
    return ONE - (HALF * z - z * (z * horner(COS, z)))
""",
    "_sin_near": """
def _sin_near(r):
    z = r * r
    return r + r * (z * horner(SIN, z))
""",
    # sin(x + quarters * pi / 2). The number of right angles in x chooses the function and the sign.
    "_turned": """
def _turned(x, quarters):
    t = x * TWO_OVER_PI + ROUND
    r = _angle(x, t - ROUND)
    q = plus(bits(t), quarters)
    y = _cos_near(r) if is_odd(q) else _sin_near(r)
    return from_bits(differing(bits(y), shift_left(both(q, 2), SIGN_PLACE)))
""",
    "sin": """
def sin(x):
    y = _turned(x, 0)
    return y if x != NOTHING else x
""",
    "cos": """
def cos(x):
    return _turned(x, 1)
""",
    "rsqrt": """
def rsqrt(x):
    return ONE / sqrt(x)
""",
}
for _name in ("sin", "cos"):
    _TEXTS[f"{_name}_outside"] = f"""
def {_name}_outside(x):
    return fabs(x) > TURNED
"""
    _TEXTS[f"{_name}_exactly"] = f"""
def {_name}_exactly(x):
    return math.{_name}(x) if {_name}_outside(x) else {_name}(x)
"""

# x - n * pi / 2. For float32 in float64, where it is exact enough at once; for float64 part by part, with what each
# difference lost.
_ANGLES = (
    """
def _angle(x, n):
    n = np.float64(n)
    return np.float32((np.float64(x) - n * RIGHT_1) - n * RIGHT_REST)
""",
    """
def _angle(x, n):
    x = x - n * RIGHT_1
    y = x - n * RIGHT_2
    lost = (x - y) - n * RIGHT_2
    z = y - n * RIGHT_3
    lost += (y - z) - n * RIGHT_3
    return z - (n * RIGHT_4 - lost)
""",
)
_TANHS = (
    # (1 - e) / (1 + e) with e = exp(-2 |x|) = s + s * p; s is a power of two, and 1 - s exact.
    """
def tanh(x):
    a = fabs(x)
    a = TANH_TOP if TANH_TOP < a else a
    y = a + a
    t = UNIT - y * LOG2E
    n = t - UNIT
    s = _power(t)
    e = s * _near((-n * LN2_HIGH - y) - n * LN2_LOW)
    return copysign(((ONE - s) - e) / ((ONE + s) + e), x)
""",
    # Where this is 2.05 units off: a polynomial near 0, and 1 - 2 / (1 + exp(2 |x|)) beyond.
    """
def tanh(x):
    a = fabs(x)
    a = TANH_TOP if TANH_TOP < a else a
    y = a + a
    t = UNIT - y * LOG2E
    n = t - UNIT
    s = _power(t)
    p = _near((n * LN2_HIGH + y) + n * LN2_LOW)
    far = ONE - (s + s) / ((s + ONE) + p)
    z = a * a
    near = a + a * (z * horner(TANH, z))
    return copysign(near if a < TANH_NEAR else far, x)
""",
)

FUNCTIONS = frozenset(
    [
        "exp",
        "exp_of_negative",
        "log",
        "log2",
        "log1p",
        "expm1",
        "tanh",
        "sigmoid",
        "erf",
        "gelu",
        "sin",
        "cos",
        "rsqrt",
        "softplus",
        "silu",
    ]
)


def has_fallback(name: str) -> bool:
    """Whether there are `{name}_outside(x)` and `{name}_exactly(x)` besides."""
    return f"{name}_outside" in _TEXTS


def source(name: str, dtype: AnyDType) -> str:
    """Text of the function `name` of one number behind that of all it needs, for `cache.load`."""
    return sources([name], dtype)


def sources(names: Iterable[str], dtype: AnyDType) -> str:
    """Text of several functions, each helper once; only texts of one dtype fit into one file."""
    found: dict[str, str] = {}
    for name in names:
        if name not in FUNCTIONS:
            raise ValueError(f"{name!r} is none of {sorted(FUNCTIONS)}")
        texts = _texts(_FORMATS[dtype])
        if has_fallback(name):
            _collect(f"{name}_exactly", texts, found)
        _collect(name, texts, found)
    constants = "".join(text for name, text in found.items() if name.isupper())
    return "\n\n".join([constants, *(text for name, text in found.items() if not name.isupper()), ""]).lstrip()


def _collect(name: str, texts: dict[str, str], found: dict[str, str]) -> None:
    """Add a function or constant behind all that its text names."""
    if name not in found:
        for word in re.findall(r"\w+", texts[name]):
            if word != name and word in texts:
                _collect(word, texts, found)
        found[name] = texts[name]


@cache
def _texts(form: Format) -> dict[str, str]:
    """All functions and constants as they are for a dtype."""
    functions = _TEXTS | {"_angle": _ANGLES[form.which], "tanh": _TANHS[form.which]}
    texts = {name: _INLINED + _expand(text, form).lstrip() for name, text in functions.items()}
    numbers = {name: pair[form.which] for name, pair in _FLOATS.items()} | _rounders(form)
    texts |= {name: f"{name} = {_literal(value, form.name)}\n" for name, value in numbers.items()}
    for name, tables in _TABLES.items():
        texts[name] = f"{name} = ({', '.join(_literal(value, form.name) for value in tables[form.which])})\n"
    texts |= {name: f"{name} = {_literal(value, 'float64')}\n" for name, value in _WIDE.items()}
    return texts | {name: f"{name} = {value}\n" for name, value in _patterns(form).items()}


def _literal(value: float, dtype: str) -> str:
    return f'np.{dtype}("{value!r}")'


def _expand(text: str, form: Format) -> str:
    """Write the polynomials out."""

    def written(match: re.Match[str]) -> str:
        table, x = match.groups()
        terms = [f"{table}[{i}]" for i in range(len(_TABLES[table][form.which]))]
        return _horner(terms, x) if len(terms) < _LONG else _estrin(terms, x)

    return re.sub(r"horner\((\w+), (\w+)\)", written, text)


def _horner(terms: list[str], x: str) -> str:
    """The rule with the fewest operations, each of which waits for the one before."""
    result = terms[-1]
    for term in terms[-2::-1]:
        result = f"({result} * {x} + {term})"
    return result


def _estrin(terms: list[str], x: str) -> str:
    """The rule with the fewest operations one behind the other: terms in pairs, then pairs of pairs in x**2."""
    if len(terms) == 1:
        return terms[0]
    pairs = [f"({high} * {x} + {low})" for low, high in zip(terms[::2], terms[1::2], strict=False)]
    return _estrin(pairs + terms[len(pairs) * 2 :], f"({x} * {x})")


def _rounders(form: Format) -> dict[str, float]:
    """What rounds when it is added and taken away again, and what takes the lift away."""
    unit = 1.5 * 2**form.mantissa
    return {
        "ROUND": unit,
        "UNIT": unit + form.bias,
        "HALVED": unit + form.bias - 1,
        "LIFTED": unit + form.bias + form.lift,
        "LOWERED": unit + form.bias - form.lift,
        "UNIT_RAISED": unit + form.bias + form.mantissa + 1,
        "RAISE": 2.0 ** (form.mantissa + 1),
        "DROP": 2.0**-form.lift,
    }


def _patterns(form: Format) -> dict[str, int]:
    """Integers of the dtype's width, signed."""
    mantissa, sign = form.mantissa, form.sign
    return {
        "MANTISSA": mantissa,
        "MANTISSA_BITS": (1 << mantissa) - 1,
        "EXPONENT_BITS": (1 << sign) - (1 << mantissa),
        "UPPER_BITS": -(1 << (mantissa + 2) // 2),
        "SIGN": -(1 << sign),
        "SIGN_PLACE": sign - 1,
        "LIFTED_BITS": form.bias + form.lift << mantissa,
        "ROUND_BITS": (form.bias + mantissa << mantissa) + (1 << mantissa - 1),
        "ROOT": form.root - (form.bias << mantissa),
        "ROOT_MANTISSA": form.root,
        "QUADRUPLE_BITS": -(1 << sign),  # the bits of 4 and the bias once more; it wraps
    }
