"""Sparse named displacements."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.errors import BadInput
from visavis.head.deltas import Deltas
from visavis.head.shapes import RECIPES, refine


def test_packing_keeps_what_moves() -> None:
    rng = np.random.default_rng(0)
    dense = [rng.normal(0, 1e-3, (50, 3)) * (rng.random((50, 1)) < 0.3) for _ in range(4)]
    packed = Deltas.pack(("a", "b", "c", "d"), dense, 50, 1e-6)
    for name, field in zip(packed.names, dense, strict=True):
        np.testing.assert_allclose(packed.field(name), field, atol=1e-6)
    np.testing.assert_allclose(packed.blend({"a": 0.5, "c": -2}), 0.5 * dense[0] - 2 * dense[2], atol=4e-6)
    assert len(packed.values) < 4 * 50


def test_unknown_names_are_refused() -> None:
    with pytest.raises(BadInput, match="no target called 'x'"):
        Deltas.pack(("a",), [np.zeros((3, 3))], 3, 0).field("x")


def test_recipes_leave_other_shapes_alone() -> None:
    units = {name: np.full((2, 3), i + 1.0) for i, name in enumerate(["jawOpen", *{p for r in RECIPES.values() for p in r}])}
    shapes = refine(units)
    assert set(shapes) == set(units)
    np.testing.assert_array_equal(shapes["jawOpen"], units["jawOpen"])
    expected = sum(weight * units[part] for part, weight in RECIPES["mouthFunnel"].items())
    np.testing.assert_allclose(shapes["mouthFunnel"], expected)
