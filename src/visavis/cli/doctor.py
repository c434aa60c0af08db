"""`visavis doctor`: what works here and what does not, and the mend."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer

from visavis.cli.options import AvatarOption, EngineOption, SizeOption
from visavis.cli.progress import console
from visavis.cli.serve import BaseUrlOption, HostOption, LlmOption, PortOption, SttOption, TtsOption

if TYPE_CHECKING:
    from visavis.doctor.check import Check
    from visavis.settings import Settings

COLOURS: Final = {"ok": "green", "info": "dim", "warn": "yellow", "fail": "bold red"}


def doctor(
    avatar: AvatarOption = None,
    engine: EngineOption = None,
    host: HostOption = None,
    port: PortOption = None,
    size: SizeOption = None,
    stt: SttOption = None,
    llm: LlmOption = None,
    tts: TtsOption = None,
    openai_base_url: BaseUrlOption = None,
    provider: Annotated[
        list[str] | None,
        typer.Option("--provider", help="A hosted face whose plugin and key to look for: tavus, simli, anam, bey, bithuman."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list on stdout.")] = False,
) -> None:
    """What works here and what does not, and the mend. Takes the flags of `visavis talk`.

    [dim]visavis doctor --llm openai/gpt-4.1-mini[/]
    [dim]visavis doctor --provider tavus[/]
    """
    from visavis.doctor.check import healthy
    from visavis.settings import load_settings

    settings = load_settings(avatar=avatar, engine=engine, host=host, port=port, size=size, stt=stt, llm=llm, tts=tts,
                             openai_base_url=openai_base_url, providers=provider)  # fmt: skip
    checks = asyncio.run(_examine(settings, quiet=as_json))
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks]))
    if not healthy(checks):
        raise typer.Exit(1)


async def _examine(settings: Settings, *, quiet: bool) -> list[Check]:
    from visavis.doctor.examine import examine

    checks = []
    async for check in examine(settings):
        checks.append(check)
        if not quiet:
            _show(check)
    return checks


def _show(check: Check) -> None:
    from rich.markup import escape

    console.print(f"  [{COLOURS[check.status]}]{check.status:<5}[/] {escape(f'{check.name:<24}')} {escape(check.detail)}")
    if check.mend and check.status != "ok":
        console.print(f"  {'':<30} [dim]→[/] {escape(check.mend)}")
