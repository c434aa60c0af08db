"""Makes src/visavis/head/landmark_map.npz: where MediaPipe's 468 landmarks lie on the canonical head.

The head is drawn in many identities and small turns, and the landmark network looks at the drawings: what it takes for the corner of
an eye on a drawing is what it takes for one on a photograph, so that its own bias cancels. Inner lips come from a slightly open mouth.

    python scripts/map_landmarks.py [--look drawings.png]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visavis.head.canonical import CanonicalHead, load_head
from visavis.head.eyes import fit_eyes
from visavis.head.fit import INNER_LIPS, identity_basis
from visavis.head.subdivision import triangles_of
from visavis.landmarks.faces import Landmarker
from visavis.landmarks.networks import load_networks
from visavis.render.prepare import rotation
from visavis.render.spans import SpanBuffers, draw_spans
from visavis.settings import load_settings

DRAWINGS, SEED, SIDE, FOCAL, DISTANCE_M = 40, 1, 512, 1900.0, 0.9
REACH_PX = 14.0
F64 = NDArray[np.float64]


class Drawing:
    """One head as a picture uint8 [SIDE, SIDE, 3], and which skin triangle and which point of the average head each pixel shows."""

    def __init__(self, head: CanonicalHead, base: F64, cage: F64, turn: F64) -> None:
        skin, triangles = head.skin @ cage, triangles_of(head.skin_quads)
        self.average = head.skin @ base
        vertices, faces, kind, colour = (
            [skin],
            [triangles],
            [head.masks["inside-mouth"].astype(float)],
            [self._skin_colour(head)],
        )
        eyes = fit_eyes(head, cage)
        for centre, radius in zip(eyes.centres, eyes.radii, strict=False):
            ball, ball_faces = sphere(32, 48)
            r = np.degrees(np.arccos(np.clip(ball[:, 2], -1, 1)))
            shade = np.where(r[:, None] < 10, 12.0, np.where(r[:, None] < 22, [85, 60, 40], [232, 228, 226]))
            faces.append(ball_faces + sum(map(len, vertices)))
            vertices.append(centre + radius * ball)
            kind.append(np.ones(len(ball)))
            colour.append(shade)
        points, tri = np.concatenate(vertices), np.concatenate(faces).astype(np.int32)
        posed = points @ turn.T
        scale = FOCAL / (DISTANCE_M - posed[:, 2]) * DISTANCE_M
        screen = np.c_[SIDE / 2 + posed[:, 0] * scale, SIDE * 0.46 - posed[:, 1] * scale]
        across = np.cross(posed[tri[:, 1]] - posed[tri[:, 0]], posed[tri[:, 2]] - posed[tri[:, 0]])
        normal = np.zeros_like(posed)
        for corner in range(3):
            np.add.at(normal, tri[:, corner], across)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
        light = np.array([0.25, 0.45, 0.86])
        shade = 0.38 + 0.62 * np.clip(normal @ light, 0, 1)
        origin = np.concatenate([self.average, np.zeros((len(points) - len(skin), 3))])
        rows = np.c_[np.concatenate(colour) * shade[:, None], origin, np.concatenate(kind)].astype(np.float32)
        facing = across[:, 2] > 0
        at = SpanBuffers(SIDE, SIDE, rows.shape[1])
        draw_spans(
            screen.astype(np.float32), posed[:, 2].astype(np.float32), tri[facing], rows, at.box, at.out, at.nearest, at.ids
        )
        seen = at.ids >= 0
        self.rgb = np.where(seen[..., None], at.out[..., :3], 120).clip(0, 255).astype(np.uint8)
        self.rows, self.columns = np.nonzero(seen & (at.out[..., 6] < 0.3))
        self.points = at.out[self.rows, self.columns, 3:6].astype(float)

    def _skin_colour(self, head: CanonicalHead) -> F64:
        lips = head.masks["lips"][:, None].astype(float)
        colour = np.array([214, 168, 144]) * (1 - lips) + np.array([178, 88, 86]) * lips
        x, y, z = self.average.T / 0.094
        ax = np.abs(x)
        arch = 0.235 + 0.05 * np.sin((ax - 0.12) / 0.5 * np.pi)
        brow = np.exp(-(((y - arch) / 0.028) ** 2)) * ((ax > 0.11) & (ax < 0.55) & (z > -0.2))
        inside = head.masks["inside-mouth"][:, None]
        colour = colour * (1 - 0.72 * brow[:, None])
        return colour * (1 - 0.75 * inside)

    def point_under(self, at: F64) -> F64 | None:
        away = (self.columns - at[0]) ** 2 + (self.rows - at[1]) ** 2
        nearest = int(away.argmin())
        return self.points[nearest] if away[nearest] < REACH_PX**2 else None


def sphere(rings: int, sides: int) -> tuple[F64, NDArray[np.int64]]:
    polar = np.linspace(0.01, np.pi / 2, rings)[:, None]
    turn = np.arange(sides) * 2 * np.pi / sides
    points = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar) + 0 * turn], -1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(rings - 1), np.arange(sides), indexing="ij")
    a, b = (i * sides + j).ravel(), (i * sides + (j + 1) % sides).ravel()
    return points, np.concatenate([np.stack([a, a + sides, b + sides], 1), np.stack([a, b + sides, b], 1)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--look", type=Path)
    options = parser.parse_args()
    cache = load_settings().cache
    head, landmarker = load_head(cache), Landmarker(load_networks(cache))
    basis = identity_basis(head)
    rng = np.random.default_rng(SEED)
    found: list[list[F64]] = [[] for _ in range(468)]
    looks = []
    for number in range(DRAWINGS):
        weights = rng.normal(0, 0.16, len(basis.names)) * (number > 0)
        opened = number % 2 == 1
        cage = basis.base + np.tensordot(weights, basis.directions, 1) + 0.18 * opened * head.shapes.field("jawOpen")
        turn = rotation(float(rng.normal(0, 0.10)), float(rng.normal(0, 0.06)), 0.0).astype(float)
        drawing = Drawing(head, basis.base, cage, turn)
        faces = landmarker.find(drawing.rgb, crops=5)
        if not faces:
            continue
        for i, at in enumerate(faces[0].points[:, :2]):
            if (i in INNER_LIPS and not opened) or (i in OUTER_LIPS and opened):
                continue
            point = drawing.point_under(at)
            if point is not None:
                found[i].append(point)
        if number < 6:
            looks.append(marked(drawing.rgb, faces[0].points))
    save(head, basis.base, found)
    if options.look:
        import cv2

        cv2.imwrite(str(options.look), np.vstack([np.hstack(looks[:3]), np.hstack(looks[3:])])[..., ::-1])


OUTER_LIPS = frozenset({61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146})


def save(head: CanonicalHead, base: F64, found: list[list[F64]]) -> None:
    skin, triangles = head.skin @ base, triangles_of(head.skin_quads)
    centre = skin[triangles].mean(1)
    across = np.cross(skin[triangles[:, 1]] - skin[triangles[:, 0]], skin[triangles[:, 2]] - skin[triangles[:, 0]])
    front = np.flatnonzero(across[:, 2] > -0.2 * np.linalg.norm(across, axis=1))
    corners, shares, spread = np.zeros((468, 3), np.int32), np.zeros((468, 3), np.float32), np.zeros(468, np.float32)
    for i, points in enumerate(found):
        middle = np.median(points, axis=0)
        spread[i] = np.median(np.linalg.norm(np.array(points) - middle, axis=1))
        best = np.inf
        for t in front[np.argsort(((centre[front] - middle) ** 2).sum(1))[:16]]:
            a, b, c = skin[triangles[t]]
            w = np.linalg.lstsq(np.c_[b - a, c - a], middle - a, rcond=None)[0]
            w = np.clip([1 - w.sum(), *w], 0, 1)
            w /= w.sum()
            gap = np.linalg.norm(w @ skin[triangles[t]] - middle)
            if gap < best:
                best, corners[i], shares[i] = gap, triangles[t], w
    path = Path(__file__).parents[1] / "src/visavis/head/landmark_map.npz"
    np.savez_compressed(path, vertices=corners, shares=shares, spread_m=spread)
    print(
        f"{path}: spread mm median {1e3 * np.median(spread):.2f}, 95 % {1e3 * np.percentile(spread, 95):.2f}, worst",
        np.argsort(-spread)[:10].tolist(),
        (1e3 * np.sort(-spread)[:5]).round(1).tolist(),
    )


def marked(rgb: NDArray[np.uint8], points: F64) -> NDArray[np.uint8]:
    import cv2

    out = rgb.copy()
    for x, y in points[:, :2]:
        cv2.circle(out, (round(float(x)), round(float(y))), 1, (0, 255, 0), -1)
    return out


if __name__ == "__main__":
    main()
