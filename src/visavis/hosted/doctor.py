"""What of the chosen hosted providers is ready here, for `visavis doctor`. Keys are looked for, never told; nobody is contacted."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from visavis.errors import BadSettings, Unavailable, VisavisError
from visavis.hosted.options import PROVIDERS, HostedOptions, Provider, account, check_person, room_server
from visavis.hosted.start import HEDRA, hedra_gone


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """`detail` and `mend` are one line each."""

    name: str
    ok: bool
    detail: str
    mend: str = ""


def provider_reports(names: list[str], options: HostedOptions | None = None) -> list[ProviderReport]:
    """One finding for each hosted provider among `names`; engines of this machine are passed over."""
    options = options or HostedOptions()
    hosted = [name for name in names if name == HEDRA or name in PROVIDERS]
    return [_report(name, options) for name in hosted]


def _report(name: str, options: HostedOptions) -> ProviderReport:
    try:
        match name:
            case "tavus" | "simli" | "anam" | "bey" | "bithuman":
                return ProviderReport(name, True, _ready(name, options))
            case "hedra":
                raise hedra_gone()
            case _:
                raise BadSettings(f"provider {name[:60]!r} means nothing.", mend=f"Take {', '.join(PROVIDERS)}.")
    except VisavisError as error:
        return ProviderReport(name, False, error.message, error.mend)


def _ready(provider: Provider, options: HostedOptions) -> str:
    if importlib.util.find_spec("livekit.plugins") is None or not importlib.util.find_spec(f"livekit.plugins.{provider}"):
        raise Unavailable(f"{provider} needs its plugin.", mend=f'Install it with: pip install "visavis[{provider}]"')
    chosen = account(options, provider)
    chosen.key()
    check_person(options, provider)
    server = room_server(options, provider)
    return f"its plugin and its key are there; it will be sent to {server.url}"
