"""Makes src/visavis/engines/portrait/topology.npz: which faces of the canonical cage can be seen as skin, and which line the mouth.

The average head is drawn with open and closed eyes and lips, straight and turned; what never shows (the back of a lid, the inside of a
nostril, the back of the head) must not be drawn with a picture's colours.

    python scripts/map_portrait.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from visavis.head.canonical import load_head
from visavis.head.eyes import fit_eyes
from visavis.head.identity import identity_basis
from visavis.head.subdivision import triangles_of
from visavis.render.prepare import rotation
from visavis.render.spans import SpanBuffers, draw_spans
from visavis.settings import load_settings

SIDE, FOCAL = 1000, 3600.0
SHARE_SEEN = 0.5
"""A face counts as seen where at least this share of it shows in one of the drawings."""
EXPRESSIONS = (
    {}, {"eyeBlinkLeft": 1, "eyeBlinkRight": 1}, {"mouthFunnel": 1}, {"jawOpen": 0.25},
    {"mouthPucker": 1}, {"mouthUpperUpLeft": 1, "mouthUpperUpRight": 1, "mouthLowerDownLeft": 1, "mouthLowerDownRight": 1},
)  # fmt: skip
TURNS = ((0, 0), (0.35, 0), (-0.35, 0), (0, 0.25), (0, -0.25), (0.7, 0), (-0.7, 0))


def main() -> None:
    head = load_head(load_settings().cache)
    base = identity_basis(head).base
    used, quads = np.unique(head.cage_quads, return_inverse=True)
    quads = quads.reshape(head.cage_quads.shape)
    triangles = triangles_of(quads).astype(np.int32)
    seen = np.zeros(len(triangles), bool)
    for expression in EXPRESSIONS:
        cage = base + sum((w * head.shapes.field(n) for n, w in expression.items()), np.zeros_like(base))
        skin = np.asarray(head.skin @ cage)[: len(used)]
        eyes = fit_eyes(head, base)
        balls, ball_triangles = globes(eyes.centres, eyes.radii * 0.985, len(skin))
        points = np.concatenate([skin, balls])
        drawn = np.concatenate([triangles, ball_triangles]).astype(np.int32)
        for yaw, pitch in TURNS:
            posed = points @ rotation(yaw, pitch, 0).T.astype(float)
            screen = np.c_[SIDE / 2 + FOCAL * posed[:, 0], SIDE / 2 - FOCAL * posed[:, 1] - 120].astype(np.float32)
            at = SpanBuffers(SIDE, SIDE, 1)
            a, b, c = (screen[drawn[:, i]] for i in range(3))
            front = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) < (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
            depth = posed[:, 2].astype(np.float32)
            draw_spans(screen, depth, drawn[front], np.zeros((len(points), 1), np.float32), at.box, at.out, at.nearest, at.ids)
            pixels = np.bincount(at.ids[at.ids >= 0], minlength=int(front.sum()))
            areas = 0.5 * np.abs(np.linalg.det(np.stack([(b - a)[front], (c - a)[front]], 1)))
            mostly = pixels > SHARE_SEEN * np.maximum(areas, 1)
            shown = np.flatnonzero(front)[mostly]
            seen[shown[shown < len(triangles)]] = True
    inside = head.masks["inside-mouth"][: len(used)][triangles].mean(1) > 0.5
    corners = np.asarray(head.skin @ base)[: len(used)][triangles]
    near = (np.abs(corners[..., 0]).max(1) < 0.045) & (corners[..., 1].max(1) < -0.030) & (corners[..., 1].min(1) > -0.11)
    lining = inside & near
    quad_count = len(quads)
    faces = np.concatenate([seen & ~lining]).reshape(2, quad_count).any(0)
    path = Path(__file__).parents[1] / "src/visavis/engines/portrait/topology.npz"
    np.savez_compressed(path, skin=faces, lining=lining.reshape(2, quad_count).all(0))
    print(path, "skin", int(faces.sum()), "lining", int(lining.sum()) // 2, "of", quad_count)


def globes(centres, radii, first):
    i, j = np.meshgrid(np.arange(15), np.arange(32), indexing="ij")
    polar, turn = np.linspace(0.01, 2.0, 16)[:, None], np.arange(32) * 2 * np.pi / 32
    ball = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar) + 0 * turn], -1).reshape(-1, 3)
    a, b = (i * 32 + j).ravel(), (i * 32 + (j + 1) % 32).ravel()
    faces = np.concatenate([np.stack([a, a + 32, b + 32], 1), np.stack([a, b + 32, b], 1)])
    return np.concatenate([c + r * ball for c, r in zip(centres, radii, strict=False)]), np.concatenate(
        [faces + first, faces + first + len(ball)]
    )


if __name__ == "__main__":
    main()
