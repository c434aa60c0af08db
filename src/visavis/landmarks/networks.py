"""The four MediaPipe networks, run by OpenCV: the one place where network files are opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from visavis import assets
from visavis.types import F32, U8

if TYPE_CHECKING:
    import cv2

DETECTOR_SIDE: Final = 128
MESH_SIDE: Final = 192
IRIS_SIDE: Final = 64
MASK_SIDE: Final = 256
LANDMARKS: Final = 468
LID_POINTS: Final = 71
IRIS_POINTS: Final = 5
_MESH_OUTPUTS: Final = frozenset({"conv2d_20", "conv2d_21", "conv2d_30", "conv2d_31"})


class Networks:
    """Detector, face mesh, iris and person mask. Each takes uint8 RGB of its own side. One thread at a time.

    Source: the models of MediaPipe 0.10.21 (Bazarevsky et al. 2019, BlazeFace; Kartynnik et al. 2019; Ablavatski et al. 2020).
    """

    def __init__(self, folder: Path) -> None:
        self._detector = _open(folder / "face_detection/face_detection_short_range.tflite")
        self._mesh = _open(folder / "face_landmark/face_landmark.tflite")
        self._iris = _open(folder / "iris_landmark/iris_landmark.tflite")
        self._mask = _open(folder / "selfie_segmentation/selfie_segmentation.tflite")
        self._mesh_outputs = [name for name in self._mesh.getLayerNames() if name in _MESH_OUTPUTS]

    def detect(self, crop: U8) -> tuple[F32, F32]:
        """Boxes with key points float32 [896, 16] in pixels relative to their anchors, and scores float32 [896], 0 to 1."""
        self._detector.setInput(_planes(crop, 1 / 127.5, -1.0))
        boxes, scores = _forward(self._detector, ["regressors", "classificators"])
        return boxes.reshape(-1, 16), _sigmoid(scores.ravel())

    def mesh(self, crop: U8) -> tuple[F32, float]:
        """Landmarks float32 [468, 3] in pixels of the crop, z towards the viewer negative, and how surely there is a face."""
        self._mesh.setInput(_planes(crop, 1 / 255, 0.0))
        outputs = _forward(self._mesh, self._mesh_outputs)
        points = next(out for out in outputs if out.size == LANDMARKS * 3)
        flag = next(out for out in outputs if out.size == 1)
        return points.reshape(LANDMARKS, 3).copy(), float(_sigmoid(flag.ravel())[0])

    def iris(self, crop: U8) -> tuple[F32, F32]:
        """Of a right eye: lid contour and brow float32 [71, 2], iris centre and rim float32 [5, 2], pixels of the crop."""
        self._iris.setInput(_planes(crop, 1 / 255, 0.0))
        outputs = _forward(self._iris, self._iris.getUnconnectedOutLayersNames())
        lids = next(out for out in outputs if out.size == LID_POINTS * 3)
        iris = next(out for out in outputs if out.size == IRIS_POINTS * 3)
        return lids.reshape(LID_POINTS, 3)[:, :2].copy(), iris.reshape(IRIS_POINTS, 3)[:, :2].copy()

    def mask(self, crop: U8) -> F32:
        """float32 [256, 256], 0 to 1: how surely a pixel is a person."""
        self._mask.setInput(_planes(crop, 1 / 255, 0.0))
        out = np.asarray(self._mask.forward(), np.float32).reshape(MASK_SIDE, MASK_SIDE)
        return out if out.min() >= 0 and out.max() <= 1 else _sigmoid(out)


def load_networks(cache: Path, progress: assets.Progress | None = None) -> Networks:
    """The networks, fetched on first use. Raises Unavailable where they cannot be had."""
    return Networks(assets.ensure("landmarks", cache, progress))


def _open(path: Path) -> cv2.dnn.Net:
    import cv2

    # OpenCV 5's new engine cannot hand out several outputs of these graphs by name
    engine = (cv2.dnn.ENGINE_CLASSIC,) if hasattr(cv2.dnn, "ENGINE_CLASSIC") else ()
    return cv2.dnn.readNetFromTFLite(str(path), *engine)


def _forward(network: cv2.dnn.Net, names: Sequence[str]) -> list[F32]:
    return [np.asarray(out, np.float32) for out in network.forward(names)]


def _planes(crop: U8, scale: float, offset: float) -> F32:
    return np.ascontiguousarray((crop.astype(np.float32) * np.float32(scale) + np.float32(offset)).transpose(2, 0, 1)[None])


def _sigmoid(x: npt.NDArray[np.float32]) -> F32:
    return (1 / (1 + np.exp(-np.clip(x, -80, 80)))).astype(np.float32)
