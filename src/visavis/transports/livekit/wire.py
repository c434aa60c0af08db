"""Names on the wire between an agent and its avatar, as livekit-agents' avatar contract has them, and ours beside them."""

from __future__ import annotations

from typing import Final

AUDIO_TOPIC: Final = "lk.audio_stream"
"""Byte stream, agent to avatar: 16-bit little-endian PCM, one stream an utterance; `sample_rate`, `num_channels` in its head."""
CLEAR_BUFFER: Final = "lk.clear_buffer"
"""RPC, agent to avatar: be silent now. Answered "ok"."""
PLAYBACK_STARTED: Final = "lk.playback_started"
"""RPC, avatar to agent: the first sample of an utterance went out."""
PLAYBACK_FINISHED: Final = "lk.playback_finished"
"""RPC, avatar to agent: JSON with `playback_position` in seconds and `interrupted`."""
AGENT_STATE: Final = "lk.agent.state"
"""Attribute of the agent: initializing, idle, listening, thinking, speaking."""
AUDIO_TRACK: Final = "avatar_audio"
VIDEO_TRACK: Final = "avatar_video"
CONTROL_RPC: Final = "visavis.control"
"""The same messages as on the data topic; the caller learns whether it was taken."""
WORKER_AGENT_NAME: Final = "visavis"
"""What `visavis worker` registers as; rooms get an avatar only where one is asked for."""
PHONES_KNOWN: Final = "phones_known"
"""Attribute of a cue stream, "1" where the voice told its phones: the avatar need not listen for them."""
TRACE_PARENT: Final = "traceparent"
"""Attribute of a cue stream: the W3C trace context of the text that is spoken."""
