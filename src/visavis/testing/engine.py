"""A drawn mouth and nothing else: an engine for tests of time, transport and sessions, a microsecond a frame."""

from __future__ import annotations

import numpy as np

from visavis.arkit import INDEX
from visavis.types import U8, FaceFrame, VideoFrame

BACKGROUND_LUMA = 60
MOUTH_LUMA = 220


class PlainEngine:
    """A grey picture with a bright bar whose height is jawOpen: what a test can read back from pixels."""

    def __init__(self, width: int = 128, height: int = 128) -> None:
        self.width, self.height = width, height
        self.drawn_share = 1.0
        self.drawn = 0
        self.closed = False

    def draw(self, face: FaceFrame) -> VideoFrame:
        picture: U8 = np.full((self.height * 3 // 2, self.width), 128, np.uint8)
        picture[: self.height] = BACKGROUND_LUMA
        rows = round(float(face.weights[INDEX["jawOpen"]]) * self.height / 2)
        picture[self.height // 2 : self.height // 2 + rows, self.width // 4 : self.width * 3 // 4] = MOUTH_LUMA
        self.drawn += 1
        return VideoFrame(face.t_ticks, picture, face.generation)

    def close(self) -> None:
        self.closed = True


def mouth_rows(luma: U8) -> int:
    """How many rows of a decoded luma plane [height, width] show the bar."""
    middle = luma[:, luma.shape[1] // 2].astype(int)
    return int((middle > (BACKGROUND_LUMA + MOUTH_LUMA) // 2).sum())
