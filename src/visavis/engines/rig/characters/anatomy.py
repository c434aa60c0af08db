"""Where a character's face is: found from what its shapes move and from its bones, in its own units, upright and looking along +Z."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.characters.expressions import JAW_BONE, Mapping52, Sources
from visavis.engines.rig.characters.gather import Gathered
from visavis.engines.rig.characters.nodes import Nodes
from visavis.engines.rig.characters.skeleton import Bones
from visavis.errors import BadInput

F64 = npt.NDArray[np.float64]

NECK: Final = 0.12
"""Of the head's height: what reaches so far below the chin is a neck."""
STILL: Final = 0.30
"""What lies further below the chin than this, of the head's height, does not turn with it where no bones say so."""
STRONG: Final = 0.5
"""What moves at least this share of a shape's largest way is what the shape is about."""
_EYES: Final = ("eyeBlinkLeft", "eyeBlinkRight", "eyeWideLeft", "eyeWideRight", "eyeSquintLeft", "eyeSquintRight")
_MOUTH: Final = ("mouthPucker", "mouthFunnel", "mouthSmileLeft", "mouthSmileRight", "jawOpen")


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """Points [3] and heights, all in the character's units.

    eyes [2, 3] left (+X) and right · mouth · chin_y and top_y of the head, hair and hats included · bottom_y of all that there is
    pivot: what the head turns about · follow [v] how far each vertex follows the head
    """

    eyes: F64
    mouth: F64
    chin_y: float
    top_y: float
    bottom_y: float
    half_width: float
    pivot: F64
    follow: F64

    @property
    def middle_x(self) -> float:
        return float(self.eyes[:, 0].mean())

    @property
    def head_height(self) -> float:
        return self.top_y - self.chin_y

    @property
    def has_neck(self) -> bool:
        """Whether there is anything of a neck under the head that could stand still."""
        return self.bottom_y < self.chin_y - NECK * self.head_height

    @property
    def eyes_apart(self) -> float:
        return float(self.eyes[0, 0] - self.eyes[1, 0])


def find_anatomy(
    gathered: Gathered, sources: Sources, mapping: Mapping52, nodes: Nodes, bones: Bones, follow: F64, name: str
) -> Anatomy:
    """Raises BadInput where no face can be found: neither shapes nor bones say where it is."""
    points = gathered.positions
    on_head = (gathered.weights * follow[gathered.joints]).sum(1) if bones.of("head") >= 0 else np.ones(len(points))
    head = on_head > 0.9
    used = np.unique(gathered.triangles)
    head_used = used[head[used]]
    if len(head_used) < 8:
        raise BadInput(f"{name}: no head was found.", mend="It needs a head bone with a mesh, or morph targets of a face.")
    box = points[head_used].min(0), points[head_used].max(0)
    eyes = _eyes(gathered, sources, mapping, nodes, bones)
    moved_mouth = _about(gathered, sources, mapping, _MOUTH)
    if eyes is None and len(moved_mouth) == 0:
        raise BadInput(
            f"{name}: nothing moves its face: no morph target or expression has a known name.",
            mend="docs/characters.md lists the spellings; mapping.toml can name others.",
        )
    height = float(box[1][1] - box[0][1])
    if eyes is None:
        middle, y = points[head_used, 0].mean(), box[0][1] + 0.5 * height
        eyes = np.array([[middle + 0.13 * height, y, box[1][2]], [middle - 0.13 * height, y, box[1][2]]])
    eye = eyes.mean(0)
    mouth = np.array([eye[0], eye[1] - 0.9 * (eyes[0, 0] - eyes[1, 0]), eye[2]])
    if len(moved_mouth):
        mouth = points[moved_mouth].mean(0)
    mouth[1] = min(mouth[1], eye[1] - 0.05 * height)
    chin_y = _chin(gathered, sources, mapping, mouth, eye, head_used.astype(np.int64))
    bottom = float(points[used, 1].min())
    top, half_width = float(box[1][1]), float(np.abs(points[head_used, 0] - eye[0]).max())
    if bones.of("head") >= 0:
        pivot = nodes.place(bones.of("head"))
        return Anatomy(eyes, mouth, chin_y, top, bottom, half_width, pivot, on_head)
    tall = top - chin_y
    middle_z = float(np.median(points[used[points[used, 1] > chin_y], 2]))
    pivot = np.array([eye[0], chin_y + 0.10 * tall, middle_z - 0.1 * tall])
    still_y, free_y = max(bottom, chin_y - STILL * tall), chin_y - 0.04 * tall
    fade = np.clip((points[:, 1] - still_y) / max(free_y - still_y, 1e-9), 0, 1)
    still = bottom < chin_y - NECK * tall
    return Anatomy(
        eyes, mouth, chin_y, top, bottom, half_width, pivot, fade * fade * (3 - 2 * fade) if still else np.ones(len(points))
    )


def strong_rows(gathered: Gathered, sources: Sources, source: str, share: float = STRONG) -> npt.NDArray[np.int64]:
    """The vertices that a source moves most."""
    rows = []
    for key, _ in sources.targets[source]:
        field = gathered.fields[key]
        way = np.linalg.norm(field.deltas, axis=1)
        rows.append((field.rows, way))
    if not rows:
        return np.zeros(0, np.int64)
    most = max(float(way.max(initial=0)) for _, way in rows)
    found: npt.NDArray[np.int64] = np.unique(np.concatenate([r[way > share * most] for r, way in rows]))
    return found


def _about(gathered: Gathered, sources: Sources, mapping: Mapping52, shapes: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """What the first of the shapes that there is moves most."""
    for shape in shapes:
        for term in mapping.get(shape, ()):
            if term.source != JAW_BONE and term.weight > 0 and term.part in {None, "mouth"}:
                rows = strong_rows(gathered, sources, term.source)
                if len(rows):
                    return rows
    return np.zeros(0, np.int64)


def _eyes(gathered: Gathered, sources: Sources, mapping: Mapping52, nodes: Nodes, bones: Bones) -> F64 | None:
    if bones.of("leftEye") >= 0 and bones.of("rightEye") >= 0:
        places = np.array([nodes.place(bones.of("leftEye")), nodes.place(bones.of("rightEye"))])
        return np.asarray(places[np.argsort(-places[:, 0])])
    rows = [strong_rows(gathered, sources, t.source) for shape in _EYES[:2] for t in mapping.get(shape, ()) if not t.part]
    rows = [r for r in rows if len(r)] or [
        strong_rows(gathered, sources, t.source)
        for shape in _EYES[2:]
        for t in mapping.get(shape, ())
        if t.part in {None, "eyes"}
    ]
    if not rows:
        return None
    moved = gathered.positions[np.unique(np.concatenate(rows))]
    middle = (moved[:, 0].min() + moved[:, 0].max()) / 2
    left, right = moved[moved[:, 0] > middle], moved[moved[:, 0] <= middle]
    if not (len(left) and len(right)):
        return None
    return np.array([left.mean(0), right.mean(0)])


def _chin(gathered: Gathered, sources: Sources, mapping: Mapping52, mouth: F64, eye: F64, head: npt.NDArray[np.int64]) -> float:
    """The chin's height: the lowest of the head in front, between the mouth and three times as far below the eyes."""
    points = gathered.positions[head]
    drop = float(eye[1] - mouth[1])
    side = np.abs(points[:, 0] - eye[0]) < 0.5 * drop
    ahead = points[:, 2] > mouth[2] - 0.55 * drop
    low = points[side & ahead & (points[:, 1] < mouth[1]) & (points[:, 1] > mouth[1] - 1.0 * drop)]
    guess = float(mouth[1] - 0.75 * drop)
    jaw = [t for t in mapping.get("jawOpen", ()) if t.source != JAW_BONE]
    if jaw:
        moved = gathered.positions[strong_rows(gathered, sources, jaw[0].source, 0.6)]
        if len(moved):
            guess = min(float(moved[:, 1].min()), guess)
    return max(guess, float(low[:, 1].min())) if len(low) else guess


def facing_turn_deg(gathered: Gathered, sources: Sources, mapping: Mapping52) -> float:
    """Quarter turns, in degrees about +Y, that make a character look along +Z: 0 where it does or where nobody can tell."""
    face = np.unique(np.concatenate([
        np.zeros(0, np.int64), *(strong_rows(gathered, sources, t.source) for s in _EYES[:2] for t in mapping.get(s, ()) if not t.part),
    ]))  # fmt: skip
    if len(face) == 0:
        return 0.0
    points = gathered.positions
    eye = points[face].mean(0)
    reach = 2.5 * max(float(np.ptp(points[face], axis=0).max()), 1e-9)
    near = points[np.abs(points - eye).max(1) < reach]
    way = eye - (near.min(0) + near.max(0)) / 2
    if np.hypot(way[0], way[2]) < 0.02 * reach:
        return 0.0
    return -90.0 * round(float(np.degrees(np.arctan2(way[0], way[2]))) / 90)
