"""OpenTelemetry spans of one utterance, from its text to its frame, across the agent's process and the avatar's.

visavis.reply      in the agent, from the first piece of text to the end of playback; events `first audio`
visavis.utterance  where the face is drawn, its child; events `first sample out`, `first frame out`; attributes
                   `visavis.position_s`, `visavis.interrupted`

Nothing is recorded unless the process has a tracer provider: `configure` gives it one where OTEL_EXPORTER_OTLP_ENDPOINT is set.
"""

from __future__ import annotations

import os
from collections import deque
from typing import Final

from opentelemetry import propagate, trace
from opentelemetry.trace import Span

TRACER: Final = trace.get_tracer("visavis")
MAX_OPEN: Final = 32


def configure(service: str) -> None:
    """Spans go to OTEL_EXPORTER_OTLP_ENDPOINT, as OpenTelemetry names it; without one nothing is recorded."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def begin_reply() -> Span:
    """When the first text of a reply comes; a child of whatever span is current."""
    return TRACER.start_span("visavis.reply")


def trace_parent(span: Span | None) -> str:
    """For the wire, as W3C writes it; "" where nothing is traced."""
    if span is None:
        return ""
    carrier: dict[str, str] = {}
    propagate.inject(carrier, trace.set_span_in_context(span))
    return carrier.get("traceparent", "")


class SpeechSpans:
    """The utterances of one avatar, in the order in which they are spoken."""

    def __init__(self) -> None:
        self._open: deque[Span] = deque(maxlen=MAX_OPEN)
        self._unseen: Span | None = None

    def begin(self, parent: str = "") -> None:
        """An utterance has come; `parent` is its reply's, from the wire."""
        context = propagate.extract({"traceparent": parent[:128]}) if parent else None
        self._open.append(TRACER.start_span("visavis.utterance", context))

    def sounded(self) -> None:
        """Its first sample was handed to the room."""
        if self._open:
            self._unseen = self._open[0]
            self._unseen.add_event("first sample out")

    def seen(self) -> None:
        """A frame was handed to the room: the first since its first sample."""
        if self._unseen is not None:
            self._unseen.add_event("first frame out")
            self._unseen = None

    def end(self, position_s: float, *, interrupted: bool) -> None:
        if not self._open:
            return
        span = self._open.popleft()
        if span is self._unseen:
            self._unseen = None
        span.set_attribute("visavis.position_s", position_s)
        span.set_attribute("visavis.interrupted", interrupted)
        span.end()
