"""`visavis capture`: a drawn person photographed from all sides in many expressions, for training and for measuring training."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from visavis.arkit import COUNT, INDEX
from visavis.avatars import Avatar
from visavis.errors import BadInput, Unavailable
from visavis.types import TICKS_HZ, U8, Emotion, FaceFrame

if TYPE_CHECKING:
    from visavis.render.mesh import RenderMesh

Progress = Callable[[str, float], None]
YAW_RAD: Final = 1.25
"""Cameras stand up to this far round the person, to either side."""
HEIGHTS_M: Final = (0.0, 0.16, -0.12)
HELD_CAMERAS: Final = 8
"""One camera in so many is kept apart, and one moment in `HELD_MOMENTS`."""
HELD_MOMENTS: Final = 5
TURN_RAD: Final = (0.45, 0.22, 0.14)
SHIFT_M: Final = 0.008
GAZE_RAD: Final = (0.4, 0.25)
MAX_CAMERAS: Final = 64
MAX_MOMENTS: Final = 600


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """How many cameras and moments, the pictures' side in pixels, and the seed of the expressions."""

    cameras: int = 16
    moments: int = 60
    size: int = 512
    seed: int = 1


def capture_person(avatar: Avatar, folder: Path, plan: CapturePlan, cache: Path, progress: Progress) -> None:
    """Write a capture (`splats.capture`) of a drawn person. Slow: minutes.

    Raises BadInput for a plan that cannot be, or where `folder` is there already; nothing half-written stays.
    """
    if not (
        2 <= plan.cameras <= MAX_CAMERAS and 2 <= plan.moments <= MAX_MOMENTS and 64 <= plan.size <= 2048 and plan.size % 2 == 0
    ):
        raise BadInput(f"{plan.cameras} cameras, {plan.moments} moments of {plan.size} pixels cannot be captured.",
                       mend=f"At most {MAX_CAMERAS} cameras and {MAX_MOMENTS} moments; an even size from 64 to 2048.")  # fmt: skip
    if folder.exists():
        raise BadInput(f"{folder} is there already.", mend="Name a folder that is not.")
    partial = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        (partial / "images").mkdir(parents=True)
        _write(avatar, partial, plan, cache, progress)
        partial.replace(folder)
    except OSError as error:
        raise Unavailable(f"The capture cannot be written to {folder}: {error}.") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write(avatar: Avatar, folder: Path, plan: CapturePlan, cache: Path, progress: Progress) -> None:
    from visavis.engines.rig.engine import RigEngine
    from visavis.engines.rig.store import load_mesh
    from visavis.engines.rig.views import camera_of
    from visavis.render.prepare import prepare
    from visavis.splats.capture import record_of, save_driver, write_faces
    from visavis.splats.driver import driver_of

    tracked = load_mesh(avatar, cache, progress)
    save_driver(driver_of(tracked), folder / "head.npz")
    person = prepare(_all_round(avatar, tracked, cache, progress))
    faces = expressions(plan)
    write_faces(folder, faces)
    listed: dict[str, list[dict[str, object]]] = {"train": [], "val": [], "test": []}
    with ThreadPoolExecutor(1) as writer:
        for c, view in enumerate(views(plan)):
            engine = RigEngine(person, width=plan.size, height=plan.size, view=view)
            camera = camera_of(person.mesh, plan.size, view)
            for m, face in enumerate(faces):
                progress("Photographing", (c * len(faces) + m) / (plan.cameras * len(faces)))
                name = f"images/{m:05d}_{c:02d}.png"
                writer.submit(_save, folder / name, engine.draw_rgb(face, transparent=True))
                listed[split_of(c, m)].append(record_of(camera, m, f"{c:02d}", name))
            engine.close()
    for split, records in listed.items():
        (folder / f"transforms_{split}.json").write_text(json.dumps({"frames": records}), encoding="utf-8")
    missing = sum(not (folder / str(r["file_path"])).is_file() for records in listed.values() for r in records)
    if missing:
        raise Unavailable(f"{missing} pictures could not be written.")
    progress("Photographing", 1.0)


def _all_round(avatar: Avatar, mesh: RenderMesh, cache: Path, progress: Progress) -> RenderMesh:
    """The mesh with what only views from the side and from behind show; characters are kept whole anyway."""
    from visavis.engines.rig.characters.store import is_character
    from visavis.engines.rig.people.build import build_person
    from visavis.engines.rig.people.spec import read_spec
    from visavis.head.canonical import load_head

    if is_character(avatar.asset("rig")):
        return mesh
    return build_person(load_head(cache, progress), read_spec(avatar.asset("rig")), progress, all_round=True)


def _save(path: Path, rgba: U8) -> None:
    import cv2

    cv2.imwrite(str(path), rgba[..., [2, 1, 0, 3]], [cv2.IMWRITE_PNG_COMPRESSION, 1])


def split_of(camera: int, moment: int) -> str:
    """Cameras and moments that are kept apart are kept apart from training altogether."""
    if moment % HELD_MOMENTS == HELD_MOMENTS - 1:
        return "test"
    return "val" if camera % HELD_CAMERAS == HELD_CAMERAS // 2 else "train"


def views(plan: CapturePlan) -> list[tuple[float, float]]:
    """Where the cameras stand: radians round the person, metres up."""
    yaws = np.linspace(-YAW_RAD, YAW_RAD, plan.cameras)
    return [(float(yaw), HEIGHTS_M[c % len(HEIGHTS_M)]) for c, yaw in enumerate(yaws)]


def expressions(plan: CapturePlan) -> list[FaceFrame]:
    """The moments: neutral first, then mouth shapes of speech mixed with emotions, blinks, brows and single shapes, heads turned."""
    from visavis.motion.emotions import expression
    from visavis.motion.visemes import NAMES, viseme_weights

    rng = np.random.default_rng(plan.seed)
    faces = []
    emotions = list(Emotion)
    turns = rng.permutation(COUNT)
    for m in range(plan.moments):
        weights = np.zeros(COUNT, np.float32)
        if m:
            weights += viseme_weights(NAMES[m % len(NAMES)]) * rng.uniform(0.3, 1.0)
            weights += expression(emotions[m % len(emotions)]) * rng.uniform(0.0, 1.0)
            for n in (2 * m, 2 * m + 1):  # every shape has its turn, so that none is held back later
                weights[turns[n % COUNT]] += rng.uniform(0.5, 1.0)
            weights[INDEX["jawOpen"]] += rng.choice([0, 0, 0.3, 0.7]) * rng.uniform(0.3, 1)
            blink = rng.choice([0, 0, 0.4, 1.0]) * rng.uniform(0.6, 1)
            weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] += blink
        sign = rng.uniform(-1, 1, 10) * (m > 0)
        gaze = np.tile(sign[6:8] * GAZE_RAD, (2, 1))
        faces.append(FaceFrame(m * 10 * TICKS_HZ, np.clip(weights, 0, 1).astype(np.float32), (sign[:3] * TURN_RAD).astype(np.float32),
                               (sign[3:6] * SHIFT_M).astype(np.float32), gaze.astype(np.float32)))  # fmt: skip
    return faces
