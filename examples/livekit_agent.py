"""An agent with a face in a LiveKit room, on your own server, with the embedded voice: no account and no key but LiveKit's own.

    export LIVEKIT_URL=ws://127.0.0.1:7880 LIVEKIT_API_KEY=devkey LIVEKIT_API_SECRET=secret    # livekit-server --dev
    python examples/livekit_agent.py start

Any livekit-agents STT, LLM and TTS take the embedded ones' place. Another face is one word: `provider="tavus"`, or a list of
fallbacks, `provider=["tavus", "rig"]`.
"""

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import visavis

from visavis.settings import load_settings
from visavis.voice.parts import build_parts
from visavis.voice.persona import Persona

server = AgentServer()


@server.rtc_session()
async def entrypoint(ctx: JobContext) -> None:
    voice = await build_parts(load_settings(), Persona("nova"))
    session: AgentSession[None] = AgentSession(**voice.session_options())
    avatar = visavis.AvatarSession(avatar="nova", engine="rig")
    await avatar.start(session, room=ctx.room)
    await session.start(agent=Agent(instructions=f"You are Nova. {visavis.TAG_INSTRUCTIONS}"), room=ctx.room)
    await session.say("[smile] Hello, I'm Nova. It is good to see you.")


if __name__ == "__main__":
    cli.run_app(server)
