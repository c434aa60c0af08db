"""The trace that an utterance belongs to, as W3C writes it."""

from __future__ import annotations

from opentelemetry import propagate


def trace_parent() -> str:
    """The current span's context; "" where nothing is traced."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent", "")
