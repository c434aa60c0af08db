"""A capture on the disk: pictures of one head from several cameras in many expressions, in the layout of NeRSemble and VHAP exports.

`transforms_train.json`, `transforms_val.json` (cameras kept apart) and `transforms_test.json` (moments kept apart) list frames with
`timestep_index`, `camera_id`, `w`, `h`, `fl_x`, `fl_y`, `cx`, `cy`, `transform_matrix` (camera to world, OpenGL axes, which are ours) and
`file_path`. Where VHAP keeps FLAME parameters, ours has two files of its own: `faces.json`, the 52 weights, head and gaze of each moment,
and `head.npz`, the tracked surface that they move (`driver.Driver`).
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from visavis.archives import check_name
from visavis.arkit import COUNT
from visavis.errors import BadInput, NotFound, TooLarge
from visavis.render.camera import Camera
from visavis.splats.driver import Driver
from visavis.types import U8, FaceFrame

SPLITS: Final = ("train", "val", "test")
MAX_FRAMES: Final = 20_000
MAX_TIMESTEPS: Final = 2_000
MAX_JSON_BYTES: Final = 64 << 20
MAX_HEAD_BYTES: Final = 64 << 20
MAX_SIDE: Final = 2_048
FACES: Final = "faces.json"
HEAD: Final = "head.npz"
Number = Annotated[float, Field(allow_inf_nan=False)]
Row = Annotated[list[Number], Field(min_length=4, max_length=4)]


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ViewRecord(_Lenient):
    """One picture in a `transforms_*.json`."""

    timestep_index: int = Field(ge=0, lt=MAX_TIMESTEPS)
    camera_id: str = Field(min_length=1, max_length=64)
    file_path: str
    transform_matrix: Annotated[list[Row], Field(min_length=4, max_length=4)]
    w: int = Field(ge=16, le=MAX_SIDE)
    h: int = Field(ge=16, le=MAX_SIDE)
    fl_x: float = Field(gt=0, allow_inf_nan=False)
    fl_y: float = Field(gt=0, allow_inf_nan=False)
    cx: Number
    cy: Number

    def camera(self) -> Camera:
        pose = np.array(self.transform_matrix, np.float32)
        return Camera(
            self.w, self.h, self.fl_x, self.fl_y, self.cx, self.cy, np.ascontiguousarray(pose[:3, :3].T), pose[:3, 3].copy()
        )


class _Transforms(_Lenient):
    frames: Annotated[list[ViewRecord], Field(max_length=MAX_FRAMES)]


class _Face(_Lenient):
    weights: Annotated[list[Number], Field(min_length=COUNT, max_length=COUNT)]
    head_rotation: Annotated[list[Number], Field(min_length=3, max_length=3)]
    head_translation: Annotated[list[Number], Field(min_length=3, max_length=3)]
    gaze: Annotated[list[Annotated[list[Number], Field(min_length=2, max_length=2)]], Field(min_length=2, max_length=2)]

    def frame(self, index: int) -> FaceFrame:
        weights, turn, shift, gaze = (
            np.array(v, np.float32) for v in (self.weights, self.head_rotation, self.head_translation, self.gaze)
        )
        return FaceFrame(index, weights, turn, shift, gaze)


class _Faces(_Lenient):
    faces: Annotated[list[_Face], Field(min_length=1, max_length=MAX_TIMESTEPS)]


@dataclass(frozen=True, slots=True)
class View:
    """A picture of a capture: which moment, from where, which file."""

    timestep: int
    camera_id: str
    camera: Camera
    path: Path

    def load(self) -> U8:
        """uint8 [h, w, 4] RGB with straight alpha. Raises BadInput for a picture that is none or has another size."""
        import cv2

        data = np.fromfile(self.path, np.uint8) if self.path.is_file() else np.zeros(0, np.uint8)
        found: Any = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if len(data) else None
        size = (self.camera.height, self.camera.width)
        if found is None or found.dtype != np.uint8 or found.ndim != 3 or found.shape[:2] != size:
            raise BadInput(f"{self.path.name} is no picture of {size[1]} x {size[0]}.")
        if found.shape[2] == 3:
            found = np.concatenate([found, np.full((*size, 1), 255, np.uint8)], 2)
        return np.ascontiguousarray(found[..., [2, 1, 0, 3]])


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """A capture that has been read. `views` by split; a camera and a moment of `val` and `test` never occur in `train`."""

    folder: Path
    views: dict[str, list[View]]
    faces: list[FaceFrame]
    driver: Driver


def read_capture(folder: Path) -> Capture:
    """Raises NotFound or BadInput in one line for what is missing or wrong."""
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.")
    faces = _parsed(folder / FACES, _Faces)
    assert isinstance(faces, _Faces)
    moments = [face.frame(i) for i, face in enumerate(faces.faces)]
    views: dict[str, list[View]] = {}
    for split in SPLITS:
        listed = _parsed(folder / f"transforms_{split}.json", _Transforms)
        assert isinstance(listed, _Transforms)
        views[split] = [_view(folder, record, len(moments)) for record in listed.frames]
    if not views["train"]:
        raise BadInput(f"{folder.name} has no pictures to train on.")
    return Capture(folder, views, moments, load_driver(folder / HEAD))


def _view(folder: Path, record: ViewRecord, moments: int) -> View:
    if record.timestep_index >= moments:
        raise BadInput(f"{record.file_path[:80]} is of moment {record.timestep_index}; {FACES} has {moments}.")
    camera = record.camera()
    if not np.allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-2):
        raise BadInput(f"{record.file_path[:80]} has a transform_matrix that is no rotation.")
    return View(record.timestep_index, record.camera_id, camera, folder / check_name(record.file_path))


def _parsed(path: Path, kind: type[BaseModel]) -> BaseModel:
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise TooLarge(f"{path.name} is larger than {MAX_JSON_BYTES >> 20} MiB.")
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        mend = "`visavis capture` writes one; captures with FLAME parameters alone are not read." if path.name == FACES else ""
        raise BadInput(f"The capture has no {path.name}.", mend=mend) from None
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "it"
        raise BadInput(f"{path.name}: {where}: {fault['msg']}.") from None


def record_of(camera: Camera, timestep: int, camera_id: str, file_path: str) -> dict[str, Any]:
    """A view as `transforms_*.json` lists it."""
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = camera.rotation.T, camera.position
    return {"timestep_index": timestep, "camera_id": camera_id, "file_path": file_path, "w": camera.width, "h": camera.height,
            "fl_x": camera.fx, "fl_y": camera.fy, "cx": camera.cx, "cy": camera.cy, "transform_matrix": pose.tolist()}  # fmt: skip


def write_faces(folder: Path, faces: list[FaceFrame]) -> None:
    listed = [{"weights": f.weights.tolist(), "head_rotation": f.head_rotation.tolist(),
               "head_translation": f.head_translation.tolist(), "gaze": f.gaze.tolist()} for f in faces]  # fmt: skip
    (folder / FACES).write_text(json.dumps({"faces": listed}), encoding="utf-8")


def save_driver(driver: Driver, path: Path) -> None:
    np.savez_compressed(path, **{f.name: getattr(driver, f.name) for f in fields(Driver)})


def load_driver(path: Path) -> Driver:
    """What `save_driver` wrote. Raises BadInput or TooLarge for anything else; never unpickles."""
    wanted: dict[str, type] = {"points": np.float32, "triangles": np.int32, "tetrahedra": np.int32, "shape_offsets": np.int64,
                               "shape_indices": np.int32, "shape_deltas": np.float32, "eye_ranges": np.int32,
                               "eye_centres": np.float32, "follow": np.float32, "pivot": np.float32}  # fmt: skip
    arrays = read_arrays(path, wanted, MAX_HEAD_BYTES)
    for name, width in (("triangles", 3), ("tetrahedra", 4)):
        if arrays[name].ndim != 2 or arrays[name].shape[1] != width:
            raise BadInput(f"{path.name}: {name} is {arrays[name].shape}.")
    driver = Driver(**arrays)
    driver.validate()
    return driver


def read_arrays(path: Path, wanted: Mapping[str, Any], most_bytes: int) -> dict[str, npt.NDArray[Any]]:
    """Arrays by name from an .npz: exactly these, of these types. Raises BadInput or TooLarge; never unpickles."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if set(infos) != set(wanted) or len(archive.infolist()) != len(wanted):
                raise BadInput(f"{path.name} holds other arrays than it should.")
            if sum(info.file_size for info in infos.values()) > most_bytes:
                raise TooLarge(f"{path.name} unpacks to more than {most_bytes >> 20} MiB.")
            found = {name: _array(archive.read(info)) for name, info in infos.items()}
    except FileNotFoundError:
        raise BadInput(f"There is no {path.name}.") from None
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError, KeyError) as error:
        raise BadInput(f"{path.name} cannot be read: {error}.") from None
    for name, kind in wanted.items():
        if found[name].dtype != kind:
            raise BadInput(f"{path.name}: {name} is {found[name].dtype}, not {np.dtype(kind).name}.")
    return found


def _array(data: bytes) -> npt.NDArray[Any]:
    array: npt.NDArray[Any] = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    return array
