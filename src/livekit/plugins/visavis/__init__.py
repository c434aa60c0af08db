"""visavis for LiveKit Agents: a face for an agent, drawn on your own machines.

from livekit.plugins import visavis

avatar = visavis.AvatarSession(avatar="nova")
await avatar.start(agent_session, room=ctx.room)
await agent_session.start(agent=agent, room=ctx.room)
"""

from livekit.agents import Plugin

from visavis.errors import VisavisError as VisavisException
from visavis.voice.agent import FaceAgent
from visavis.voice.tags import INSTRUCTIONS as TAG_INSTRUCTIONS

from .avatar import AvatarSession
from .log import logger
from .version import __version__

__all__ = ["TAG_INSTRUCTIONS", "AvatarSession", "FaceAgent", "VisavisException", "__version__"]


class VisavisPlugin(Plugin):
    """Tells livekit-agents what is loaded."""

    def __init__(self) -> None:
        super().__init__(__name__, __version__, __package__ or __name__, logger)

    def download_files(self) -> None:
        """`python agent.py download-files`: what the default person needs, so that the first conversation does not wait."""
        from visavis.cli.setup import prepare
        from visavis.settings import load_settings

        settings = load_settings()
        prepare(settings, [settings.avatar])


Plugin.register_plugin(VisavisPlugin())
