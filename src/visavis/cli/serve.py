"""`visavis talk` and `visavis serve`: everything on this machine behind one page."""

from __future__ import annotations

import logging
import threading
import webbrowser
from collections.abc import Callable
from typing import Annotated

import typer

from visavis.cli.options import AvatarOption, EngineOption, FpsOption, SizeOption
from visavis.cli.progress import console
from visavis.settings import Settings, load_settings

HostOption = Annotated[str | None, typer.Option("--host", help="Bind address. Anything but loopback needs a token.")]
PortOption = Annotated[int | None, typer.Option("--port", help="TCP port of the page; 0 takes a free one.")]
SttOption = Annotated[str | None, typer.Option("--stt", help="Speech to text, as livekit-agents names it: deepgram/nova-3.")]
LlmOption = Annotated[
    str | None, typer.Option("--llm", help="Language model: openai/gpt-4.1-mini. Default: the scripted guide.")
]
TtsOption = Annotated[str | None, typer.Option("--tts", help="Text to speech: cartesia/sonic-2. Default: embedded.")]
BaseUrlOption = Annotated[
    str | None, typer.Option("--openai-base-url", help="An OpenAI-compatible server for openai/… models.")
]
LiveLinkOption = Annotated[
    str | None,
    typer.Option("--livelink", help="Follow a Live Link Face performer who sends to this UDP port.", metavar="PORT[:SUBJECT]"),
]
LiveLinkMouthOption = Annotated[
    str | None, typer.Option("--livelink-mouth", help="Whose the mouth is while there is speech: performer or speech.")
]
LiveLinkToOption = Annotated[
    list[str] | None,
    typer.Option(
        "--livelink-to", help="Send the face as Live Link Face, to Unreal for one; may be repeated.", metavar="HOST[:PORT]"
    ),
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens.")]


def _command(name: str, help_text: str, *, open_page: bool) -> Callable[..., None]:
    """A command with the options of a server."""

    def command(
        avatar: AvatarOption = None,
        engine: EngineOption = None,
        host: HostOption = None,
        port: PortOption = None,
        size: SizeOption = None,
        fps: FpsOption = None,
        stt: SttOption = None,
        llm: LlmOption = None,
        tts: TtsOption = None,
        openai_base_url: BaseUrlOption = None,
        livelink: LiveLinkOption = None,
        livelink_mouth: LiveLinkMouthOption = None,
        livelink_to: LiveLinkToOption = None,
        verbose: VerboseOption = False,
    ) -> None:
        settings = load_settings(
            avatar=avatar, engine=engine, host=host, port=port, size=size, fps=fps, stt=stt, llm=llm, tts=tts,
            openai_base_url=openai_base_url, livelink=livelink, livelink_mouth=livelink_mouth, livelink_to=livelink_to or None,
        )  # fmt: skip
        run(settings, open_page=open_page, verbose=verbose)

    command.__name__, command.__doc__ = name, help_text
    return command


talk = _command(
    "talk",
    "Start everything on this machine and open the page.\n\n[dim]visavis talk --avatar milo[/]",
    open_page=True,
)
serve = _command(
    "serve",
    "The same as talk, without opening a browser.\n\n[dim]visavis serve --host 0.0.0.0 --port 8700[/]",
    open_page=False,
)


def run(settings: Settings, *, open_page: bool, verbose: bool) -> None:
    from visavis.cli.setup import prepare
    from visavis.server.access import with_access
    from visavis.server.app import create_app
    from visavis.server.run import bind, run_server, url_of

    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    settings = with_access(settings)
    listening = bind(settings)
    prepare(settings, [settings.avatar])
    url = url_of(settings, listening)
    run_server(create_app(settings), listening, on_ready=lambda: _announce(url, settings, open_page), verbose=verbose)


def _announce(url: str, settings: Settings, open_page: bool) -> None:
    console.print(f"\n  [bold]{url}[/]   [dim]Ctrl-C ends it.[/]")
    if settings.llm == "guide":
        console.print("  [dim]The built-in guide answers; --llm openai/gpt-4.1-mini puts a language model in its place.[/]")
    if not settings.loopback:
        console.print(
            "  [dim]Others need the token: `visavis token` prints it. Microphones need https away from this machine.[/]"
        )
    if open_page:
        threading.Thread(target=_open, args=(url,), daemon=True).start()


def _open(url: str) -> None:
    if not webbrowser.open(url):
        console.print(f"  Open {url} in a browser.")
