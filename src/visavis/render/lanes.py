# mypy: disable-error-code="no-untyped-call, import-untyped, no-any-return"
"""Sixteen-lane pieces of the kernels, written as LLVM vectors: numba's optimiser cannot vectorise these masked updates by itself.

A block is 2 x 2 units of the screen and holds 16 samples, stored side by side in one cache line. `SAMPLES_4` puts four samples
into each pixel (unit = pixel), `SAMPLES_1` one into the middle of each (unit = two pixels).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from visavis.types import F32

LANES: Final = 16
EDGE_SLACK: Final = 1e-3
"""Edges are widened by this much (in units times the edge's length), so that rounding leaves no crack between neighbours."""

_SAMPLE = np.arange(LANES)
SAMPLES_4: Final[F32] = np.stack(
    [((_SAMPLE >> 2) & 1) + 0.125 + 0.5 * (_SAMPLE & 1) + 0.25 * ((_SAMPLE >> 1) & 1),
     (_SAMPLE >> 3) + 0.25 + 0.5 * ((_SAMPLE >> 1) & 1)]).astype(np.float32)  # fmt: skip
"""float32 [2, 16] x, y in the block: lane = 8 * pixel row + 4 * pixel column + sample; the four samples are staggered."""
SAMPLES_1: Final[F32] = np.stack([((_SAMPLE & 3) + 0.5) / 2, ((_SAMPLE >> 2) + 0.5) / 2]).astype(np.float32)
"""float32 [2, 16] x, y in the block: lane = 4 * pixel row + pixel column."""

_FLOAT: Final = ir.FloatType()
_INT: Final = ir.IntType(32)
_FAST: Final = ("fast",)


def _splat(builder: Any, value: Any, width: int) -> Any:
    vector = ir.VectorType(value.type, width)
    single = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(_INT, 0))
    return builder.shuffle_vector(
        single, ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(_INT, width), [0] * width)
    )


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, offset: Any, target: Any) -> Any:
    """Address of element `offset` of a C-contiguous array, as a pointer to `target`."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [offset]), ir.PointerType(target))


def _make_cover(samples: F32) -> Callable[..., Any]:
    lanes = ir.VectorType(_FLOAT, LANES)
    xs, ys = (ir.Constant(lanes, [float(v) for v in row]) for row in samples)

    @intrinsic
    def cover(typing: Any, depth: Any, ids: Any, offset: Any, triangle: Any, planes: Any) -> Any:
        """depth, ids: flat arrays, updated at [offset, offset + 16) where the triangle is nearest.

        planes: 12 floats, value at the block's corner, slope in x, in y for three edges (inside >= 0) and for inverse depth.
        """
        signature = types.void(depth, ids, offset, triangle, planes)

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            at = context.cast(builder, args[2], sig.args[2], types.intp)
            number = context.cast(builder, args[3], sig.args[3], types.int32)
            p = [context.cast(builder, v, sig.args[4][i], types.float32)
                 for i, v in enumerate(cgutils.unpack_tuple(builder, args[4]))]  # fmt: skip
            values = []
            for k in range(4):
                slope = builder.fadd(builder.fmul(_splat(builder, p[3 * k + 1], LANES), xs, flags=_FAST),
                                     builder.fmul(_splat(builder, p[3 * k + 2], LANES), ys, flags=_FAST), flags=_FAST)  # fmt: skip
                values.append(builder.fadd(_splat(builder, p[3 * k], LANES), slope))
            zero = ir.Constant(lanes, [0.0] * LANES)
            z = values[3]
            at_z = _pointer(context, builder, sig.args[0], args[0], at, lanes)
            at_id = _pointer(context, builder, sig.args[1], args[1], at, ir.VectorType(_INT, LANES))
            old_z, old_id = builder.load(at_z, align=4), builder.load(at_id, align=4)
            mask = builder.fcmp_ordered(">=", values[0], zero)
            for k in (1, 2):
                mask = builder.and_(mask, builder.fcmp_ordered(">=", values[k], zero))
            z = builder.select(mask, z, zero)
            mask = builder.fcmp_ordered(">", z, old_z)
            nearer = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(lanes, [lanes, lanes]), "llvm.maxnum.v16f32"
            )
            builder.store(builder.call(nearer, [z, old_z], fastmath=_FAST), at_z, align=4)
            builder.store(builder.select(mask, _splat(builder, number, LANES), old_id), at_id, align=4)
            return context.get_dummy_value()

        return signature, codegen

    return cover


cover_4 = _make_cover(SAMPLES_4)
cover_1 = _make_cover(SAMPLES_1)


@intrinsic
def mix_fragment(typing: Any, planes: Any, triangle: Any, x: Any, y: Any, corners: Any, rows: Any, out: Any, at: Any) -> Any:
    """out[at : at + 8] = the perspective-correct mean of the three corners' rows at x, y; weights are kept inside the triangle.

    planes: C-contiguous float32 [t, 12], for three corners and a pad: value at the origin, slope in x, slope in y; corners: tuple of
    three rows of `rows`, C-contiguous float32 [v, 8]; out: flat float32.
    """
    signature = types.void(planes, triangle, x, y, corners, rows, out, at)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        quad, row = ir.VectorType(_FLOAT, 4), ir.VectorType(_FLOAT, 8)
        start = context.cast(builder, args[1], sig.args[1], types.intp)
        start = builder.mul(start, ir.Constant(start.type, 12))
        value, in_x, in_y = (builder.load(_pointer(context, builder, sig.args[0], args[0],
                                                   builder.add(start, ir.Constant(start.type, 4 * n)), quad), align=4)
                             for n in range(3))  # fmt: skip
        px, py = (_splat(builder, context.cast(builder, args[n], sig.args[n], types.float32), 4) for n in (2, 3))
        weights = builder.fadd(builder.fadd(value, builder.fmul(in_x, px, flags=_FAST), flags=_FAST),
                               builder.fmul(in_y, py, flags=_FAST), flags=_FAST)  # fmt: skip
        weights = builder.select(builder.fcmp_ordered(">", weights, ir.Constant(quad, [0.0] * 4)), weights,
                                 ir.Constant(quad, [0.0] * 4))  # fmt: skip
        shares = [builder.extract_element(weights, ir.Constant(_INT, n)) for n in range(3)]
        total = builder.fadd(builder.fadd(shares[0], shares[1], flags=_FAST), shares[2], flags=_FAST)
        scale = builder.fdiv(ir.Constant(_FLOAT, 1.0), builder.fadd(total, ir.Constant(_FLOAT, 1e-20)), flags=_FAST)
        mixed = None
        for n, corner in enumerate(cgutils.unpack_tuple(builder, args[4])):
            index = builder.mul(context.cast(builder, corner, sig.args[4][n], types.intp), ir.Constant(start.type, 8))
            values = builder.load(_pointer(context, builder, sig.args[5], args[5], index, row), align=4)
            term = builder.fmul(values, _splat(builder, shares[n], 8), flags=_FAST)
            mixed = term if mixed is None else builder.fadd(mixed, term, flags=_FAST)
        mixed = builder.fmul(mixed, _splat(builder, scale, 8), flags=_FAST)
        place = context.cast(builder, args[7], sig.args[7], types.intp)
        builder.store(mixed, _pointer(context, builder, sig.args[6], args[6], place, row), align=4)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def turn_chunk(typing: Any, values: Any, at: Any) -> Any:
    """values[at : at + 128], 16 rows of 8, become 8 columns of 16, in place; values: flat float32."""
    signature = types.void(values, at)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lanes = ir.VectorType(_FLOAT, LANES)
        first = context.cast(builder, args[1], sig.args[1], types.intp)
        places = [_pointer(context, builder, sig.args[0], args[0], builder.add(first, ir.Constant(first.type, LANES * n)), lanes)
                  for n in range(8)]  # fmt: skip
        vectors = [builder.load(place, align=4) for place in places]
        labels = [[(2 * n + lane // 8, lane % 8) for lane in range(LANES)] for n in range(8)]
        for bit in (1, 2, 4):  # each step brings together what has this bit of the column in common
            for n in [n for n in range(8) if not n & bit]:
                both = labels[n] + labels[n | bit]
                pair = []
                for want in (0, bit):
                    chosen = sorted(
                        (e for e in range(2 * LANES) if both[e][1] & bit == want), key=lambda e: (both[e][1], both[e][0])
                    )
                    mask = ir.Constant(ir.VectorType(_INT, LANES), chosen)
                    pair.append((builder.shuffle_vector(vectors[n], vectors[n | bit], mask), [both[e] for e in chosen]))
                (vectors[n], labels[n]), (vectors[n | bit], labels[n | bit]) = pair
        assert all(labels[q] == [(f, q) for f in range(LANES)] for q in range(8))
        for place, vector in zip(places, vectors, strict=True):
            builder.store(vector, place, align=4)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def block_masks(typing: Any, ids: Any, offset: Any) -> Any:
    """Two masks over a block's samples ids[offset : offset + 16].

    Bits 0 to 15: the sample is empty (< 0); bits 16 to 31: it equals the first sample of its pixel.
    """
    signature = types.int64(ids, offset)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        at = context.cast(builder, args[1], sig.args[1], types.intp)
        vector = ir.VectorType(_INT, LANES)
        values = builder.load(_pointer(context, builder, sig.args[0], args[0], at, vector), align=4)
        heads = builder.shuffle_vector(
            values, ir.Constant(vector, ir.Undefined), ir.Constant(vector, [lane & ~3 for lane in range(LANES)]))  # fmt: skip
        masks = [builder.icmp_signed("<", values, ir.Constant(vector, [0] * LANES)), builder.icmp_signed("==", values, heads)]
        low, high = (builder.zext(builder.bitcast(m, ir.IntType(16)), ir.IntType(64)) for m in masks)
        return builder.or_(low, builder.shl(high, ir.Constant(ir.IntType(64), 16)))

    return signature, codegen
