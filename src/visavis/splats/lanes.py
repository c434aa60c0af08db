# mypy: disable-error-code="no-untyped-call, import-untyped, no-any-return"
"""A tile's row of sixteen pixels of a splat at once, written as LLVM vectors: what blending spends nearly all its time on.

Narrower runs, fitted to the splat, are slower: branches that cannot be foretold cost more than the pixels they save.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from visavis.splats.constants import AREA, LEAST_ALPHA, MOST_ALPHA

LANES: Final = 16
_FLOAT: Final = ir.FloatType()
_INT: Final = ir.IntType(32)
_VECTOR: Final = ir.VectorType(_FLOAT, LANES)
_FAST: Final = ("fast",)
_TAYLOR: Final = (1 / 120, 1 / 24, 1 / 6, 0.5, 1.0, 1.0)
"""Of the exponential, highest power first; taken at an eighth of the exponent and squared three times."""


def _all(value: float) -> Any:
    return ir.Constant(_VECTOR, [value] * LANES)


def _spread(builder: Any, value: Any) -> Any:
    single = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(_INT, 0))
    return builder.shuffle_vector(single, ir.Constant(_VECTOR, ir.Undefined),
                                  ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES))  # fmt: skip


def _make_blend(planes: int) -> Callable[..., Any]:
    @intrinsic
    def blend_lanes(typing: Any, room: Any, at: Any, splat: Any, values: Any) -> Any:
        """Pixels [at, at + 16) of `room` (transmittance, then one plane of 256 for each value) gain a splat.

        splat: tuple of floats: x of the first pixel from the splat's middle, then a, b dy, c dy^2 of its exponent (a dx + b dy) dx + c
        dy^2, and its opacity; values: what is blended, as many as the room has planes.
        """
        signature = types.void(room, at, splat, values)

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            data = context.make_array(sig.args[0])(context, builder, args[0]).data
            start = context.cast(builder, args[1], sig.args[1], types.intp)

            def plane(n: int) -> Any:
                place = builder.add(start, ir.Constant(start.type, n * AREA))
                return builder.bitcast(builder.gep(data, [place]), ir.PointerType(_VECTOR))

            def float_of(value: Any, kind: Any) -> Any:
                return _spread(builder, context.cast(builder, value, kind, types.float32))

            def times(a: Any, b: Any) -> Any:
                return builder.fmul(a, b, flags=_FAST)

            def plus(a: Any, b: Any) -> Any:
                return builder.fadd(a, b, flags=_FAST)

            def call(name: str, a: Any, b: Any) -> Any:
                kind = ir.FunctionType(_VECTOR, [_VECTOR, _VECTOR])
                return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [a, b], fastmath=_FAST)

            first, a, slope, level, opacity = (
                float_of(v, sig.args[2][i]) for i, v in enumerate(cgutils.unpack_tuple(builder, args[2]))
            )
            across = plus(first, ir.Constant(_VECTOR, [float(lane) for lane in range(LANES)]))
            power = plus(times(plus(times(a, across), slope), across), level)
            part = times(call("llvm.maxnum.v16f32", power, _all(-8.0)), _all(0.125))
            grown = _all(_TAYLOR[0])
            for factor in _TAYLOR[1:]:
                grown = plus(times(grown, part), _all(factor))
            for _ in range(3):
                grown = times(grown, grown)
            alpha = call("llvm.minnum.v16f32", times(opacity, grown), _all(float(MOST_ALPHA)))
            alpha = builder.select(builder.fcmp_ordered(">=", alpha, _all(float(LEAST_ALPHA))), alpha, _all(0.0))
            through = builder.load(plane(0), align=4)
            weight = times(alpha, through)
            builder.store(builder.fsub(through, weight, flags=_FAST), plane(0), align=4)
            for n, value in enumerate(cgutils.unpack_tuple(builder, args[3])):
                held = builder.load(plane(n + 1), align=4)
                builder.store(plus(held, times(weight, float_of(value, sig.args[3][n]))), plane(n + 1), align=4)
            return context.get_dummy_value()

        assert len(values) == planes, values
        return signature, codegen

    return blend_lanes


blend_three = _make_blend(3)
blend_four = _make_blend(4)
