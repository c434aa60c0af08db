"""Prometheus text for one server, gathered when asked."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from visavis.session.sessions import Sessions


class _SessionCollector(Collector):
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def collect(self) -> Iterator[GaugeMetricFamily]:
        sessions = self._sessions
        yield GaugeMetricFamily("visavis_sessions", "Live sessions.", sessions.active)
        if sessions.capacity is not None:
            yield GaugeMetricFamily("visavis_sessions_limit", "Sessions this machine holds.", sessions.capacity.limit)
        figures = {
            "visavis_fps": ("Frames a second handed to the transport.", "fps"),
            "visavis_frame_ms_p95": ("Time to draw a frame, 95th percentile.", "frame_ms_p95"),
            "visavis_gap_ms_p95": ("Time between frames, 95th percentile.", "gap_ms_p95"),
            "visavis_late_frames": ("Frames never drawn because their time had gone by.", "late_frames"),
            "visavis_stalled_ms": ("Silence inside utterances because the voice fell behind.", "stalled_ms"),
        }
        stats = {session.name: session.stats() for session in sessions.live()}
        for name, (help_text, field) in figures.items():
            family = GaugeMetricFamily(name, help_text, labels=["session"])
            for session, values in stats.items():
                family.add_metric([session[:6]], float(getattr(values, field)))
            yield family


def render_metrics(sessions: Sessions) -> tuple[bytes, str]:
    """Body and content type."""
    registry = CollectorRegistry()
    registry.register(_SessionCollector(sessions))
    return generate_latest(registry), CONTENT_TYPE_LATEST
