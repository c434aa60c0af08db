"""Sessions whose viewer is a LiveKit room: the same stages as everywhere, the room as the transport."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from visavis.session.capacity import Capacity, Cost
from visavis.session.faces import Faces
from visavis.session.live import LiveSession, Talker, Viewer
from visavis.session.sessions import SWITCH_INTERVAL_S, Sessions
from visavis.settings import Settings
from visavis.types import SpeechSink

if TYPE_CHECKING:
    from visavis.transports.livekit.participant import Join

UNMEASURED = Cost(0.0, 0.0)
"""One session in a process of its own: whoever started it has decided that there is room for it."""

MakeViewer = Callable[[LiveSession, int, int], "RoomViewer"]
"""The session's viewer, given the picture's width and height."""


class RoomViewer(Viewer, Protocol):
    """A viewer that is joined from here, not answered."""

    async def join(self) -> None:
        """Returns when it is seen and heard. Raises Unavailable."""
        ...


class RoomSessions(Sessions):
    """Sessions that join rooms. `costs` are known where somebody measured them; admission is that somebody's."""

    def __init__(self, settings: Settings, *, faces: Faces | None = None, costs: Sequence[Cost] = ()) -> None:
        super().__init__(settings, faces=faces)
        self.capacity = Capacity(costs or [UNMEASURED], fps=settings.fps)

    async def join(
        self, *, avatar: str | None, engine: str | None, make_viewer: MakeViewer,
        make_talker: Callable[[SpeechSink, LiveSession], Talker],
    ) -> LiveSession:  # fmt: skip
        """A session in its room. Raises NotFound, BadInput, Unavailable; nothing is left of it then."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._opening["server"] += 1
        session: LiveSession | None = None
        try:
            session = await self._new_session(avatar or self.settings.avatar, engine, "server")
            assert session.face.engine is not None
            viewer = make_viewer(session, session.face.engine.width, session.face.engine.height)
            session.join(viewer, make_talker)
            await viewer.join()
        except BaseException:
            if session is not None:
                await asyncio.shield(session.aclose())
            raise
        else:
            self._live[session.name] = session
        finally:
            self._opening["server"] -= 1
        return session


def room_viewer(
    session: LiveSession, join: Join, *, agent: str, width: int, height: int, fps: int, **options: Any
) -> RoomViewer:
    """The avatar as a participant of a room, on behalf of `agent`."""
    from visavis.transports.livekit.participant import RoomAvatar, RoomOptions

    alone_s = options.pop("alone_s", None)
    return RoomAvatar(session.clock, session, RoomOptions(agent, width, height, fps, alone_s), join, **options)
