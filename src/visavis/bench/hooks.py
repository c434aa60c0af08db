"""Several witnesses at one viewer: each sees every frame and hears every sound, and none of it is kept."""

from __future__ import annotations

from collections.abc import Callable

from visavis.testing.viewer import HeardFrame, SeenFrame, Viewer


def on_every_frame(viewer: Viewer, look: Callable[[SeenFrame], None]) -> None:
    """Call `look` with each decoded frame, after whoever looked before; the viewer keeps no frames from now on."""
    before = viewer.on_frame

    def saw(frame: SeenFrame) -> None:
        if before is not None:
            before(frame)
        look(frame)
        viewer.frames.clear()

    viewer.on_frame = saw


def on_every_sound(viewer: Viewer, listen: Callable[[HeardFrame], None]) -> None:
    """The same for sound."""
    before = viewer.on_sound

    def heard(frame: HeardFrame) -> None:
        if before is not None:
            before(frame)
        listen(frame)
        viewer.sound.clear()

    viewer.on_sound = heard
