"""The common clock of sound and picture at a viewer, as a browser finds it: from RTCP sender reports.

A report says which RTP time belonged to which wall time at the sender. A line through the last `REPORTS` of them, as far as
they have come by then, maps any RTP time (libwebrtc's estimator does the same). aiortc reports the last packet sent and when.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import numpy as np

REPORTS: Final = 20
ENOUGH_REPORTS: Final = 4
_WRAP: Final = 1 << 32
_NTP_UNIT_S: Final = 1.0 / _WRAP


class SenderClock:
    """One stream's map from RTP time (`pts`, from the viewer's first packet on) to the sender's wall time in seconds."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._reports: deque[tuple[int, float]] = deque(maxlen=REPORTS)

    def add(self, pts: int, wall_s: float) -> None:
        if not self._reports or self._reports[-1][0] != pts:
            self._reports.append((pts, wall_s))

    @property
    def ready(self) -> bool:
        return len(self._reports) >= ENOUGH_REPORTS

    def wall_s(self, pts: int) -> float:
        """Least squares through the reports. At least `ENOUGH_REPORTS` must have come."""
        assert self.ready, len(self._reports)
        at = np.array([report[0] for report in self._reports], np.float64)
        wall = np.array([report[1] for report in self._reports], np.float64)
        x = (at - at[-1]) / self.rate_hz
        y = wall - wall[-1]
        rate, level = np.polyfit(x, y, 1)
        return float(wall[-1] + level + rate * (pts - at[-1]) / self.rate_hz)


def follow_reports(receiver: Any, clock: SenderClock) -> None:
    """Let `clock` hear every sender report that an aiortc receiver gets from now on."""
    from aiortc.rtp import RtcpSrPacket

    handle = receiver._handle_rtcp_packet
    mapper = receiver._RTCRtpReceiver__timestamp_mapper

    async def listen(packet: Any) -> None:
        if isinstance(packet, RtcpSrPacket) and mapper._origin is not None and packet.sender_info.rtp_timestamp:
            pts = (packet.sender_info.rtp_timestamp - mapper._origin + _WRAP // 2) % _WRAP - _WRAP // 2
            clock.add(pts, packet.sender_info.ntp_timestamp * _NTP_UNIT_S)
        await handle(packet)

    receiver._handle_rtcp_packet = listen
