# SPDX-License-Identifier: MIT
"""IEEE 754 arithmetic by exact fractions: slow, short, and nothing like src/cpu/fpu*.c.

A finite number is a sign and a Fraction; every operation computes the exact result and rounds it
once. Values are integers holding the encoding. Operations return (bits, flags).
"""
from fractions import Fraction
from math import isqrt

NX, UF, OF, DZ, NV = 1, 2, 4, 8, 16
RNE, RTZ, RDN, RUP, RMM = range(5)


class Format:
    def __init__(self, ebits, mbits):
        self.ebits, self.mbits = ebits, mbits
        self.bits = 1 + ebits + mbits
        self.emax = (1 << ebits) - 1
        self.bias = self.emax >> 1
        self.emin = 1 - self.bias
        self.sign = 1 << ebits + mbits
        self.inf = self.emax << mbits
        self.quiet = 1 << mbits - 1
        self.nan = self.inf | self.quiet
        self.one = self.bias << mbits
        self.max = self.inf - 1


H, S, D = Format(5, 10), Format(8, 23), Format(11, 52)


def is_nan(v, f):
    return v & ~f.sign & (1 << f.bits) - 1 > f.inf


def is_snan(v, f):
    return is_nan(v, f) and not v & f.quiet


def is_inf(v, f):
    return v & ~f.sign == f.inf


def is_zero(v, f):
    return v & ~f.sign == 0


def sign_of(v, f):
    return 1 if v & f.sign else 0


def value(v, f):
    """The exact value of a finite encoding."""
    exp, man = v >> f.mbits & f.emax, v & (1 << f.mbits) - 1
    if exp:
        man, exp = man | 1 << f.mbits, exp - 1
    mag = Fraction(man) * Fraction(2) ** (exp + f.emin - f.mbits)
    return -mag if v & f.sign else mag


def _round_int(n, rm, sign):
    """A non-negative fraction to an integer; returns (integer, inexact)."""
    low = n.numerator // n.denominator
    rest = n - low
    if rest == 0:
        return low, False
    half = Fraction(1, 2)
    up = {RNE: rest > half or (rest == half and low & 1), RTZ: False, RDN: bool(sign),
          RUP: not sign, RMM: rest >= half}[rm]
    return low + bool(up), True


def _exponent(q):
    """floor(log2(q)) for q > 0."""
    e = q.numerator.bit_length() - q.denominator.bit_length()
    return e if q >= Fraction(2) ** e else e - 1


def pack(exact, f, rm, zero_sign=0):
    """Rounds an exact value; a zero gets zero_sign."""
    if exact == 0:
        return zero_sign * f.sign, 0
    sign = 1 if exact < 0 else 0
    mag = abs(exact)
    e = _exponent(mag)
    ulp = Fraction(2) ** (max(e, f.emin) - f.mbits)
    n, inexact = _round_int(mag / ulp, rm, sign)
    flags = NX if inexact else 0
    if e < f.emin and inexact:
        # Tiny after rounding: would it still be below the normals with an unbounded exponent?
        wide, _ = _round_int(mag / (Fraction(2) ** (e - f.mbits)), rm, sign)
        if wide * Fraction(2) ** (e - f.mbits) < Fraction(2) ** f.emin:
            flags |= UF
    if n * ulp >= Fraction(2) ** (f.bias + 1):
        to_inf = rm in (RNE, RMM) or (rm == RUP and not sign) or (rm == RDN and sign)
        return sign * f.sign | (f.inf if to_inf else f.max), OF | NX
    # n counts ulps; for normals it contains the hidden bit, so adding carries into the exponent.
    exp = max(e, f.emin) - f.emin
    return sign * f.sign | ((exp << f.mbits) + n), flags


def _nan2(f, *ops):
    return f.nan, NV if any(is_snan(v, f) for v in ops) else 0


def add(a, b, f, rm):
    if is_nan(a, f) or is_nan(b, f):
        return _nan2(f, a, b)
    if is_inf(a, f) or is_inf(b, f):
        if is_inf(a, f) and is_inf(b, f) and a != b:
            return f.nan, NV
        return (a if is_inf(a, f) else b), 0
    exact = value(a, f) + value(b, f)
    if is_zero(a, f) and is_zero(b, f) and a == b:
        return a, 0
    return pack(exact, f, rm, 1 if rm == RDN else 0)


def sub(a, b, f, rm):
    return add(a, b if is_nan(b, f) else b ^ f.sign, f, rm)


def mul(a, b, f, rm):
    if is_nan(a, f) or is_nan(b, f):
        return _nan2(f, a, b)
    sign = (a ^ b) & f.sign
    if is_inf(a, f) or is_inf(b, f):
        if is_zero(a, f) or is_zero(b, f):
            return f.nan, NV
        return sign | f.inf, 0
    return pack(value(a, f) * value(b, f), f, rm, 1 if sign else 0)


def div(a, b, f, rm):
    if is_nan(a, f) or is_nan(b, f):
        return _nan2(f, a, b)
    sign = (a ^ b) & f.sign
    if is_inf(a, f):
        return (f.nan, NV) if is_inf(b, f) else (sign | f.inf, 0)
    if is_inf(b, f):
        return sign, 0
    if is_zero(b, f):
        return (f.nan, NV) if is_zero(a, f) else (sign | f.inf, DZ)
    return pack(value(a, f) / value(b, f), f, rm, 1 if sign else 0)


def sqrt(a, f, rm):
    if is_nan(a, f):
        return _nan2(f, a)
    if is_zero(a, f) or (is_inf(a, f) and not a & f.sign):
        return a, 0
    if a & f.sign:
        return f.nan, NV
    # Enough bits that the sticky one at the end decides every rounding.
    q = value(a, f)
    shift = 2 * (f.mbits + 8 + max(0, -_exponent(q)))
    n = q * (1 << shift)
    root = isqrt(n.numerator // n.denominator)
    exact = Fraction(root, 1 << shift // 2)
    if exact * exact != q:
        exact += Fraction(1, 1 << shift // 2 + 1)
    return pack(exact, f, rm)


def fma(a, b, c, f, rm):
    if (is_inf(a, f) and is_zero(b, f)) or (is_zero(a, f) and is_inf(b, f)):
        return f.nan, NV
    if is_nan(a, f) or is_nan(b, f) or is_nan(c, f):
        return _nan2(f, a, b, c)
    sign = (a ^ b) & f.sign
    if is_inf(a, f) or is_inf(b, f):
        if is_inf(c, f) and c & f.sign != sign:
            return f.nan, NV
        return sign | f.inf, 0
    if is_inf(c, f):
        return c, 0
    product_zero = is_zero(a, f) or is_zero(b, f)
    if product_zero and is_zero(c, f) and sign == c & f.sign:
        return sign, 0
    return pack(value(a, f) * value(b, f) + value(c, f), f, rm, 1 if rm == RDN else 0)


def neg(v, f):
    return v ^ f.sign


def less(a, b, f, equal):
    """a < b, or a <= b; both numbers."""
    x = (-1 if a & f.sign else 1) * Fraction(2) ** 2000 if is_inf(a, f) else value(a, f)
    y = (-1 if b & f.sign else 1) * Fraction(2) ** 2000 if is_inf(b, f) else value(b, f)
    return x <= y if equal else x < y


def compare(a, b, f, op, quiet):
    """op: eq, lt or le; quiet: only a signalling NaN raises the flag."""
    if is_nan(a, f) or is_nan(b, f):
        return 0, NV if not quiet or is_snan(a, f) or is_snan(b, f) else 0
    if op == 'eq':
        return int(less(a, b, f, True) and less(b, a, f, True)), 0
    return int(less(a, b, f, op == 'le')), 0


def minmax(a, b, f, largest, propagate):
    """minimumNumber/maximumNumber, or with propagate IEEE's minimum/maximum (Zfa)."""
    flags = NV if is_snan(a, f) or is_snan(b, f) else 0
    nan_a, nan_b = is_nan(a, f), is_nan(b, f)
    if (nan_a and nan_b) or (propagate and (nan_a or nan_b)):
        return f.nan, flags
    if nan_a or nan_b:
        return (b if nan_a else a), flags
    if is_zero(a, f) and is_zero(b, f):
        first = sign_of(a, f) != largest
        return (a if first else b), flags
    a_less = less(a, b, f, False)
    return (a if a_less != largest else b), flags


def classify(v, f):
    neg_ = sign_of(v, f)
    if is_nan(v, f):
        return 1 << (8 if is_snan(v, f) else 9)
    if is_inf(v, f):
        return 1 if neg_ else 1 << 7
    if is_zero(v, f):
        return 1 << (3 if neg_ else 4)
    if not v >> f.mbits & f.emax:
        return 1 << (2 if neg_ else 5)
    return 1 << (1 if neg_ else 6)


def convert(v, src, dst, rm):
    if is_nan(v, src):
        return _nan2(dst, 0)[0], NV if is_snan(v, src) else 0
    sign = sign_of(v, src) * dst.sign
    if is_inf(v, src):
        return sign | dst.inf, 0
    return pack(value(v, src), dst, rm, sign_of(v, src))


def to_int(v, f, bits, signed, rm):
    """Returns (integer, flags); out of range saturates."""
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if is_nan(v, f):
        return high, NV
    if is_inf(v, f):
        return (low if v & f.sign else high), NV
    exact = value(v, f)
    n, inexact = _round_int(abs(exact), rm, exact < 0)
    n = -n if exact < 0 else n
    if n < low or n > high:
        return (low if n < low else high), NV
    return n, NX if inexact else 0


def from_int(n, f, rm):
    return pack(Fraction(n), f, rm)


def round_to_int(v, f, rm, exact):
    """fround (flag NX never) and froundnx (exact: NX when changed)."""
    if is_nan(v, f):
        return f.nan, NV if is_snan(v, f) else 0
    if is_inf(v, f) or is_zero(v, f):
        return v, 0
    q = value(v, f)
    n, inexact = _round_int(abs(q), rm, q < 0)
    bits, _ = pack(Fraction(-n if q < 0 else n), f, RNE, sign_of(v, f))
    return bits, NX if inexact and exact else 0


def to_int_modular(v):
    """fcvtmod.w.d: truncates, keeps the low 32 bits, flags as fcvt.w.d with RTZ."""
    if is_nan(v, D) or is_inf(v, D):
        return 0, NV
    q = value(v, D)
    n = int(q)
    low = n & 0xffffffff
    if not -(1 << 31) <= n < 1 << 31:
        return low, NV
    return low, NX if q != n else 0


# fli: the 32 constants of Zfa, table "Immediate values loaded by the FLI instructions".
_FLI = [Fraction(-1), 'min', Fraction(1, 1 << 16), Fraction(1, 1 << 15), Fraction(1, 256),
        Fraction(1, 128), Fraction(1, 16), Fraction(1, 8), Fraction(1, 4), Fraction(5, 16),
        Fraction(3, 8), Fraction(7, 16), Fraction(1, 2), Fraction(5, 8), Fraction(3, 4),
        Fraction(7, 8), Fraction(1), Fraction(5, 4), Fraction(3, 2), Fraction(7, 4), Fraction(2),
        Fraction(5, 2), Fraction(3), Fraction(4), Fraction(8), Fraction(16), Fraction(128),
        Fraction(256), Fraction(1 << 15), Fraction(1 << 16), 'inf', 'nan']


def fli(index, f):
    v = _FLI[index]
    if v == 'min':
        return 1 << f.mbits
    if v == 'inf':
        return f.inf
    if v == 'nan':
        return f.nan
    return pack(v, f, RNE)[0]
