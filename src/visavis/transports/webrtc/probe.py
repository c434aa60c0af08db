"""What WebRTC can do on this machine, tried out: candidates gathered, codecs that encode. For `visavis doctor`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import aioice.ice
import av
import numpy as np
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection
from aiortc.codecs import get_encoder
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from visavis.errors import BadSettings, Unavailable
from visavis.transports.webrtc.addresses import LOOPBACK, ice_addresses
from visavis.transports.webrtc.peer import IceSettings

_CANDIDATE: Final = re.compile(
    r"^a=candidate:\S+ \d+ (?P<protocol>\S+) \d+ (?P<address>\S+) \d+ typ (?P<kind>\S+)", re.MULTILINE
)
CODECS: Final = {"VP8": ("video/VP8", 90_000), "H.264": ("video/H264", 90_000), "Opus": ("audio/opus", 48_000)}
_SIDE: Final = 128
_FRAMES: Final = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    protocol: str
    address: str
    kind: str
    """host, srflx (as a STUN server saw it) or relay (lent by a TURN server)."""


def host_addresses() -> list[str]:
    """Every address of this machine but loopback."""
    return list(aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True))


async def candidates(ice: IceSettings) -> list[Candidate]:
    """What a session with these settings would offer. Asks the named servers, and waits for them, up to aioice's 5 s.

    Raises BadSettings for a server's URL that is none.
    """
    try:
        servers = [RTCIceServer(url, username=ice.username, credential=ice.credential) for url in ice.servers]
        connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        connection.createDataChannel("probe")
    except ValueError as error:
        raise BadSettings(f"{', '.join(ice.servers)} is no ICE server: {error}.", mend="As in stun:host:port.") from None
    try:
        with ice_addresses(LOOPBACK if ice.loopback else None):
            await connection.setLocalDescription(await connection.createOffer())
        sdp = connection.localDescription.sdp
    except OSError as error:
        raise BadSettings(f"{', '.join(ice.servers)} cannot be reached: {error}.") from None
    finally:
        await connection.close()
    return [Candidate(m["protocol"], m["address"], m["kind"]) for m in _CANDIDATE.finditer(sdp)]


def encoded_bytes(codec: str) -> int:
    """How many bytes a few frames become in one of `CODECS`, encoded as a session would. Raises Unavailable."""
    mime, rate_hz = CODECS[codec]
    try:
        encoder = get_encoder(RTCRtpCodecParameters(mimeType=mime, clockRate=rate_hz, payloadType=96))
        frames = _sounds() if mime.startswith("audio") else _pictures()
        return sum(len(payload) for frame in frames for payload in encoder.encode(frame)[0])
    except (av.FFmpegError, ValueError, LookupError) as error:
        raise Unavailable(f"{codec} cannot be encoded: {error}.", mend="Reinstall the av package.") from None


def _pictures() -> list[Any]:
    rng = np.random.default_rng(0)
    out = []
    for index in range(_FRAMES):
        picture = av.VideoFrame.from_ndarray(rng.integers(0, 255, (_SIDE * 3 // 2, _SIDE), np.uint8), format="yuv420p")
        picture.pts, picture.time_base = index * 3_000, Fraction(1, 90_000)
        out.append(picture)
    return out


def _sounds() -> list[Any]:
    out = []
    for index in range(_FRAMES):
        tone = (np.sin(np.arange(960) * 0.05) * 8_000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, index * 960, Fraction(1, 48_000)
        out.append(frame)
    return out
