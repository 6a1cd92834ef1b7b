"""Aggregating functions: the constants that shape their buckets.

Source: dt_cg.c, dt_cg_agg_lquantize and dt_cg_agg_llquantize.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtrace.errtags import ErrTag
from dtrace.lang.nodes import AggRef, Assign, Call, IntLit
from dtrace.sema.check import check_key, check_tuple, check_value
from dtrace.sema.compat import is_positive_constant, value_type
from dtrace.sema.idents import AggFunc
from dtrace.types.convert import is_scalar

if TYPE_CHECKING:
    from dtrace.sema.context import Context
    from dtrace.sema.symbols import Aggregation

U16_MAX = (1 << 16) - 1
U64_MAX = (1 << 64) - 1


def check_aggregation(cx: Context, node: Assign) -> None:
    """Check `@name[keys] = function(args)`, and set the aggregation's parameters.

    Raises CompileError D_AGG_SCALAR, D_LQUANT_*, D_LLQUANT_*, D_PROTO_LEN, D_PROTO_ARG.
    """
    left, call = node.left, node.right
    assert isinstance(left, AggRef)
    assert isinstance(call, Call)
    agg = cx.aggregation(left)
    if call.args and not is_scalar(value_type(call.args[0])):
        message = f"{call.name}( ) argument #1 must be of scalar type"
        raise cx.error(ErrTag.D_AGG_SCALAR, message, call)
    check_tuple(cx, left.keys or [], left)
    for key in left.keys or []:
        check_key(cx, key)
    for arg in call.args:
        check_value(cx, arg)
    match agg.func:
        case AggFunc.QUANTIZE:
            _check_increment(cx, call, 1)
        case AggFunc.LQUANTIZE:
            _lquantize(cx, agg, left, call)
        case AggFunc.LLQUANTIZE:
            _llquantize(cx, agg, left, call)


def _check_increment(cx: Context, call: Call, fixed: int) -> None:
    # The optional argument after `fixed` ones.
    extra = call.args[fixed:]
    if not extra:
        return
    most = fixed + 1
    if not is_scalar(value_type(extra[0])):
        message = f"{call.name}( ) increment value (argument #{most}) must be of scalar type"
        raise cx.error(ErrTag.D_PROTO_ARG, message, call)
    if len(extra) > 1:
        message = (
            f"{call.name}( ) prototype mismatch: {len(call.args)} args passed, "
            f"at most {most} expected"
        )
        raise cx.error(ErrTag.D_PROTO_LEN, message, extra[0])


def _constant(cx: Context, call: Call, number: int, tag: ErrTag) -> int:
    """Argument #number, the value itself being #0; D_*TYPE if it is no integer constant."""
    node = call.args[number]
    if not isinstance(node, IntLit):
        message = f"{call.name}( ) argument #{number} must be an integer constant"
        raise cx.error(tag, message, node)
    return node.value


def _positive(cx: Context, call: Call, number: int, tag: ErrTag) -> int:
    node = call.args[number]
    if not is_positive_constant(node):
        message = f"{call.name}( ) argument #{number} must be a non-zero positive integer constant"
        raise cx.error(tag, message, node)
    assert isinstance(node, IntLit)
    return node.value


def _lquantize(cx: Context, agg: Aggregation, left: AggRef, call: Call) -> None:
    base = _constant(cx, call, 1, ErrTag.D_LQUANT_BASETYPE)
    _check_32_bits(cx, call, 1, base, ErrTag.D_LQUANT_BASEVAL)
    limit = _constant(cx, call, 2, ErrTag.D_LQUANT_LIMTYPE)
    _check_32_bits(cx, call, 2, limit, ErrTag.D_LQUANT_LIMVAL)
    if limit <= base:
        message = "lquantize( ) base (argument #1) must be less than limit (argument #2)"
        raise cx.error(ErrTag.D_LQUANT_MISMATCH, message, left)
    step = 1
    if len(call.args) > 3:
        step = _positive(cx, call, 3, ErrTag.D_LQUANT_STEPTYPE)
        if step > U16_MAX:
            message = "lquantize( ) argument #3 must be a 16-bit quantity"
            raise cx.error(ErrTag.D_LQUANT_STEPVAL, message, call.args[3])
    levels = (limit - base) // step
    if levels == 0:
        message = (
            "lquantize( ) step (argument #3) too large: must have at least one quantization level"
        )
        raise cx.error(ErrTag.D_LQUANT_STEPLARGE, message, left)
    if levels > U16_MAX:
        message = (
            "lquantize( ) step (argument #3) too small: number of quantization levels "
            "must be a 16-bit quantity"
        )
        raise cx.error(ErrTag.D_LQUANT_STEPSMALL, message, left)
    params = (base, base + levels * step, step)
    _check_match(cx, agg, left, params, _LQUANTIZE_PARAMS)
    _check_increment(cx, call, 4)


def _check_32_bits(cx: Context, call: Call, number: int, value: int, tag: ErrTag) -> None:
    if not -(1 << 31) <= value < 1 << 31:
        message = f"{call.name}( ) argument #{number} must be a 32-bit quantity"
        raise cx.error(tag, message, call.args[number])


# Tag and name of each parameter, for the error that it is not what it was before.
_LQUANTIZE_PARAMS = (
    (ErrTag.D_LQUANT_MATCHBASE, "lquantize( ) base (argument #1)"),
    (ErrTag.D_LQUANT_MATCHLIM, "lquantize( ) limit (argument #2)"),
    (ErrTag.D_LQUANT_MATCHSTEP, "lquantize( ) step (argument #3)"),
)
_LLQUANTIZE_PARAMS = (
    (ErrTag.D_LLQUANT_MATCHFACTOR, "llquantize() factor (argument #1)"),
    (ErrTag.D_LLQUANT_MATCHLMAG, "llquantize() lmag (argument #2)"),
    (ErrTag.D_LLQUANT_MATCHHMAG, "llquantize() hmag (argument #3)"),
    (ErrTag.D_LLQUANT_MATCHSTEPS, "llquantize() steps (argument #4)"),
)


def _check_match(
    cx: Context,
    agg: Aggregation,
    left: AggRef,
    params: tuple[int, ...],
    texts: tuple[tuple[ErrTag, str], ...],
) -> None:
    """Set the parameters of a new aggregation; those of an old one must be the same."""
    agg.params = agg.params or params
    for old, new, (tag, what) in zip(agg.params, params, texts, strict=True):
        if old != new:
            message = f"{what} doesn't match previous declaration: expected {old}, found {new}"
            raise cx.error(tag, message, left)


def _llquantize(cx: Context, agg: Aggregation, left: AggRef, call: Call) -> None:
    factor = _constant(cx, call, 1, ErrTag.D_LLQUANT_FACTORTYPE)
    if not 2 <= factor <= U16_MAX:
        message = (
            "llquantize( ) argument #1 must be an unsigned 16-bit quantity "
            "greater than or equal to 2"
        )
        raise cx.error(ErrTag.D_LLQUANT_FACTORVAL, message, call.args[1])
    low = _constant(cx, call, 2, ErrTag.D_LLQUANT_LMAGTYPE)
    _check_16_bits(cx, call, 2, low, ErrTag.D_LLQUANT_LMAGVAL)
    high = _constant(cx, call, 3, ErrTag.D_LLQUANT_HMAGTYPE)
    _check_16_bits(cx, call, 3, high, ErrTag.D_LLQUANT_HMAGVAL)
    if high < low:
        _bad_high(cx, call, "must be at least argument #2 (low magnitude)")
    if high >= 64 or factor ** (high + 1) > U64_MAX:
        _bad_high(cx, call, "will cause overflow of 64 bits")
    steps = _positive(cx, call, 4, ErrTag.D_LLQUANT_STEPTYPE)
    _check_16_bits(cx, call, 4, steps, ErrTag.D_LLQUANT_STEPVAL)
    _check_steps(cx, call, factor, low, steps)
    _check_match(cx, agg, left, (factor, low, high, steps), _LLQUANTIZE_PARAMS)
    _check_increment(cx, call, 5)


def _check_16_bits(cx: Context, call: Call, number: int, value: int, tag: ErrTag) -> None:
    if not 0 <= value <= U16_MAX:
        message = f"{call.name}( ) argument #{number} must be an unsigned 16-bit quantity"
        raise cx.error(tag, message, call.args[number])


def _bad_high(cx: Context, call: Call, why: str) -> None:
    message = f"llquantize( ) argument #3 (high magnitude) {why}"
    raise cx.error(ErrTag.D_LLQUANT_HMAGVAL, message, call.args[3])


def _check_steps(cx: Context, call: Call, factor: int, low: int, steps: int) -> None:
    """The steps must divide a magnitude into equal parts, so that every bucket has whole bounds."""
    divides = ""
    if steps < factor and factor % steps:
        divides = "evenly divide argument #1 (factor) when steps<factor"
    elif steps > factor and steps % factor:
        divides = "be a multiple of argument #1 (factor) when steps>factor"
    elif steps > factor and low == 0 and factor**2 % steps:
        divides = "evenly divide the square of argument #1 (factor) when steps>factor and lmag==0"
    elif steps > factor and low > 0 and factor ** (low + 1) % steps:
        divides = (
            "evenly divide pow(argument #1 (factor), lmag (argument #2) + 1) "
            "when steps>factor and lmag>0"
        )
    if divides:
        message = f"llquantize() argument #4 (steps) must {divides}"
        raise cx.error(ErrTag.D_LLQUANT_STEPVAL, message, call.args[1])
