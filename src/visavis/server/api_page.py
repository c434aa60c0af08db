"""`/docs`: the HTTP surface and the control messages as one plain page, made from the OpenAPI document; nothing is loaded."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from visavis import protocol

STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "code{font:14px ui-monospace,monospace}dt{margin-top:1.1rem}dd{margin:.2rem 0 0 1.5rem}b{display:inline-block;min-width:4.5rem}"
)


def render_api_page(openapi: dict[str, Any]) -> str:
    """HTML."""
    calls = [
        _call(verb.upper(), path, call)
        for path, verbs in openapi["paths"].items()
        for verb, call in verbs.items()
    ]  # fmt: skip
    definitions = protocol.schema()["$defs"]
    wire = [_message(name, body) for name, body in definitions.items() if "type" in body.get("properties", {})]
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>visavis {escape(openapi['info']['version'])}</title>"
        f"<style>{STYLE}</style><h1>visavis {escape(openapi['info']['version'])}</h1>"
        "<p>As a document: <a href=/openapi.json>/openapi.json</a>. Errors are JSON objects with <code>code</code> and "
        "<code>message</code>.</p>"
        f"<h2>HTTP</h2><dl>{''.join(calls)}</dl>"
        "<p><b>WS</b> <code>/api/sessions/{name}/control</code>: control messages in, events out, as on the data channel.</p>"
        f"<h2>Messages and events</h2><dl>{''.join(wire)}</dl></html>"
    )


def _call(verb: str, path: str, call: dict[str, Any]) -> str:
    queries = ", ".join(p["name"] for p in call.get("parameters", []) if p["in"] == "query")
    said = escape(call.get("description", call.get("summary", "")))
    return f"<dt><b>{verb}</b> <code>{escape(path)}{escape(f'?{queries}') if queries else ''}</code><dd>{said}"


def _message(name: str, body: dict[str, Any]) -> str:
    fields = ", ".join(field for field in body["properties"] if field not in {"type", "id"})
    kind = body["properties"]["type"].get("const", name)
    said = escape(body.get("description", "").replace("\n", " "))
    return f"<dt><code>{{&quot;type&quot;: &quot;{escape(kind)}&quot;, {escape(fields)}}}</code><dd>{said}"
