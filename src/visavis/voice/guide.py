"""The guide as a livekit-agents LLM: the script's answers, streamed word by word, with a real tool call to change the person.

It is not a language model, and says so.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from livekit.agents import llm, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, APIConnectOptions, NotGivenOr

from visavis.voice.guide_script import Reply, Scene, arrival, reply

CHANGE_TOOL: Final = "change_person"
DONE: Final = "Done."
"""How the tool's answer begins when the person was changed."""
_TOKENS: Final = re.compile(r"\S+\s*|\s+")


class GuideLLM(llm.LLM):  # type: ignore[type-arg]
    """`person` is who stands there now."""

    def __init__(self, person: str) -> None:
        super().__init__()
        self.person = person

    @property
    def model(self) -> str:
        return "guide"

    @property
    def provider(self) -> str:
        return "visavis"

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
        del parallel_tool_calls, tool_choice, extra_kwargs
        return GuideStream(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class GuideStream(llm.LLMStream):
    _llm: GuideLLM

    async def _run(self) -> None:
        answer = self._answer()
        request = utils.shortuuid("guide_")
        if answer.change_to is not None:
            call = llm.FunctionToolCall(
                name=CHANGE_TOOL, arguments=json.dumps({"name": answer.change_to}), call_id=utils.shortuuid("call_")
            )
            self._event_ch.send_nowait(llm.ChatChunk(id=request, delta=llm.ChoiceDelta(role="assistant", tool_calls=[call])))
        for token in _TOKENS.findall(answer.text):
            self._event_ch.send_nowait(llm.ChatChunk(id=request, delta=llm.ChoiceDelta(role="assistant", content=token)))

    def _answer(self) -> Reply:
        last = self._chat_ctx.items[-1] if self._chat_ctx.items else None
        if isinstance(last, llm.FunctionCallOutput):
            if last.output.startswith(DONE):
                return Reply(arrival(self._llm.person))
            return Reply(f"[sad] That didn't work. {last.output}")
        return reply(scene_of(self._chat_ctx, self._llm.person))


def scene_of(chat_ctx: llm.ChatContext, person: str) -> Scene:
    """What the script goes by, out of a chat context."""
    messages = [item for item in chat_ctx.items if isinstance(item, llm.ChatMessage)]
    said = tuple(m.text_content or "" for m in messages if m.role == "user")
    replies = [m.text_content or "" for m in messages if m.role == "assistant"]
    return Scene(said, person, replies[-1] if replies else "")
