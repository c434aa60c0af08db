"""An OpenAI-compatible chat server on loopback that streams what it is told to: no network, no key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

Answer = Callable[[dict[str, Any]], Sequence[str] | int]
"""From a request's body: the tokens to stream, or an HTTP status to fail with. A token `tool:NAME:JSON` calls a tool."""


class OpenAIServer:
    """`async with OpenAIServer(answer) as server`: requests land in `server.requests`, headers in `server.headers`."""

    def __init__(self, answer: Answer, *, token_delay_s: float = 0.0) -> None:
        self._answer = answer
        self._token_delay_s = token_delay_s
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def __aenter__(self) -> OpenAIServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._respond(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the caller hung up, as an interrupted one does
        finally:
            writer.close()

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        headers = {name.lower(): value for name, value in headers.items()}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = json.loads(body) if body else {}
        if "/chat/completions" not in head.split("\r\n", maxsplit=1)[0]:
            writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
            return
        self.requests.append(request)
        self.headers.append(headers)
        answer = self._answer(request)
        if isinstance(answer, int):
            text = b'{"error": {"message": "no"}}'
            writer.write(f"HTTP/1.1 {answer} No\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n".encode())
            writer.write(b"connection: close\r\n\r\n" + text)
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        for token in answer:
            writer.write(b"data: " + json.dumps(_chunk(request, token)).encode() + b"\n\n")
            await writer.drain()
            await asyncio.sleep(self._token_delay_s)
        done = "tool_calls" if any(token.startswith("tool:") for token in answer) else "stop"
        writer.write(b"data: " + json.dumps(_chunk(request, "", done)).encode() + b"\n\ndata: [DONE]\n\n")
        await writer.drain()


def _chunk(request: dict[str, Any], token: str, finish_reason: str | None = None) -> dict[str, Any]:
    delta: dict[str, Any] = {"role": "assistant", "content": token}
    if token.startswith("tool:"):
        _, name, arguments = token.split(":", 2)
        call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
        delta = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": request.get("model", ""), "choices": [choice]}
