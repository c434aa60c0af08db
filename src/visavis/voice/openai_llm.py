"""A language model behind any OpenAI-compatible server: OpenAI itself, Ollama, vLLM, llama.cpp.

livekit-agents ships the client and the stream for it; this only points them at the server, without LiveKit's cloud between.
"""

from __future__ import annotations

from typing import Any, Final

import openai
from livekit.agents import llm
from livekit.agents.inference.llm import LLMStream
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, APIConnectOptions, NotGivenOr
from livekit.agents.utils import is_given

NO_KEY: Final = "none"
"""Servers on one's own machine want a key to be there, and do not look at it."""


class OpenAICompatibleLLM(llm.LLM):  # type: ignore[type-arg]
    """`base_url` None is OpenAI's own."""

    def __init__(self, model: str, *, api_key: str | None, base_url: str | None) -> None:
        super().__init__()
        self._model = model
        self._client = openai.AsyncClient(
            api_key=api_key or NO_KEY,
            base_url=base_url,
            max_retries=0,
        )

    @property
    def model(self) -> str:
        return self._model

    @property
    def provider(self) -> str:
        return str(self._client.base_url.host)

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,
    ) -> llm.LLMStream:
        extra: dict[str, Any] = dict(extra_kwargs) if is_given(extra_kwargs) else {}
        if is_given(parallel_tool_calls):
            extra["parallel_tool_calls"] = parallel_tool_calls
        if is_given(tool_choice):
            extra["tool_choice"] = (
                {"type": "function", "function": {"name": tool_choice["function"]["name"]}}
                if isinstance(tool_choice, dict)
                else tool_choice
            )
        return LLMStream(
            self, model=self._model, strict_tool_schema=False, client=self._client, chat_ctx=chat_ctx, tools=tools or [],
            conn_options=conn_options, extra_kwargs=extra,
        )  # fmt: skip

    async def aclose(self) -> None:
        await super().aclose()
        await self._client.close()
