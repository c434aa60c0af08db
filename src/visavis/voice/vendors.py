"""Other people's recognisers, models and voices, named as livekit-agents names them: `vendor/model`, with `:voice` for a TTS.

A vendor is a plugin package `livekit-plugins-<vendor>`, installed by whoever wants it. `livekit/vendor/model` goes through
LiveKit's cloud. Keys come from each vendor's own environment variable and are never printed.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from visavis.errors import BadSettings, Unavailable
from visavis.settings import Settings

Kind = Literal["stt", "llm", "tts"]
BUILT_IN: Final[dict[Kind, tuple[str, ...]]] = {"stt": ("pocketsphinx", "none"), "llm": ("guide",), "tts": ("espeak",)}
_CLASS: Final[dict[Kind, str]] = {"stt": "STT", "llm": "LLM", "tts": "TTS"}
_EXAMPLE: Final[dict[Kind, str]] = {"stt": "deepgram/nova-3", "llm": "openai/gpt-4.1-mini", "tts": "cartesia/sonic-3"}
_KEYS: Final = {"elevenlabs": "ELEVEN_API_KEY", "google": "GOOGLE_API_KEY", "aws": "AWS_ACCESS_KEY_ID"}
_NAME: Final = re.compile(r"(?P<vendor>[a-z][a-z0-9_-]*)(?:/(?P<model>[^\s:][^\s]*))?")


@dataclass(frozen=True, slots=True)
class VendorName:
    vendor: str
    model: str = ""
    variant: str = ""
    """What follows a colon: a TTS's voice, an STT's language."""

    @property
    def key_variable(self) -> str:
        return _KEYS.get(self.vendor, f"{self.vendor.upper().replace('-', '_')}_API_KEY")

    @property
    def module(self) -> str:
        return f"livekit.plugins.{self.vendor.replace('-', '_')}"

    @property
    def install(self) -> str:
        return f"pip install livekit-plugins-{self.vendor.replace('_', '-')}"


def parse_vendor(kind: Kind, name: str) -> VendorName:
    """Raises BadSettings for what is neither built in nor `vendor/model`."""
    found = _NAME.fullmatch(name)
    if found is None or (found["model"] is None and not _installed(VendorName(found["vendor"]))):
        built_in = ", ".join(BUILT_IN[kind])
        raise BadSettings(
            f"--{kind} {name[:60]!r} means nothing.", mend=f"Take {built_in}, or vendor/model such as {_EXAMPLE[kind]}."
        )
    model = found["model"] or ""
    variant = ""
    if kind != "llm" and ":" in model:
        model, variant = model.split(":", 1)
    return VendorName(found["vendor"], model, variant)


def vendor_part(kind: Kind, name: str, settings: Settings) -> Any:
    """The plugin's object. Raises BadSettings for a bad name or no key, Unavailable without its plugin."""
    vendor = parse_vendor(kind, name)
    if vendor.vendor == "livekit":
        return _through_livekit(kind, name.removeprefix("livekit/"))
    if vendor.vendor == "openai" and kind == "llm":
        return _openai(vendor, settings)
    if not _installed(vendor):
        raise Unavailable(f"--{kind} {name} needs its plugin.", mend=f"Install it with: {vendor.install}")
    maker = getattr(importlib.import_module(vendor.module), _CLASS[kind], None)
    if maker is None:
        raise BadSettings(
            f"{vendor.vendor} offers no {_CLASS[kind]}.", mend=f"Take another --{kind}, such as {_EXAMPLE[kind]}."
        )
    try:
        return maker(**_arguments(kind, maker, vendor))
    except (ValueError, TypeError) as error:
        raise _refused(kind, name, vendor) from error


def key_present(kind: Kind, name: str, settings: Settings) -> bool:
    """Whether the key that this choice needs is in the environment; it is not looked at."""
    vendor = parse_vendor(kind, name)
    if vendor.vendor == "openai" and settings.openai_base_url:
        return True
    if vendor.vendor == "livekit":
        return bool(os.environ.get("LIVEKIT_API_KEY")) and bool(os.environ.get("LIVEKIT_API_SECRET"))
    return bool(os.environ.get(vendor.key_variable))


def _installed(vendor: VendorName) -> bool:
    try:
        return importlib.util.find_spec(vendor.module) is not None
    except ModuleNotFoundError:
        return False


def _arguments(kind: Kind, maker: Any, vendor: VendorName) -> dict[str, Any]:
    takes = inspect.signature(maker).parameters
    arguments: dict[str, Any] = {}
    if vendor.model and "model" in takes:
        arguments["model"] = vendor.model
    if vendor.variant:
        wanted = ("language",) if kind == "stt" else ("voice", "voice_id")
        arguments |= {name: vendor.variant for name in wanted[:1] if name in takes} or {
            name: vendor.variant for name in wanted[1:] if name in takes
        }
    return arguments


def _openai(vendor: VendorName, settings: Settings) -> Any:
    from visavis.voice.openai_llm import OpenAICompatibleLLM

    key = os.environ.get("OPENAI_API_KEY")
    if not key and not settings.openai_base_url:
        raise BadSettings(
            f"--llm openai/{vendor.model} needs a key.",
            mend="Set OPENAI_API_KEY, or VISAVIS_OPENAI_BASE_URL for a server of your own.",
        )
    return OpenAICompatibleLLM(vendor.model, api_key=key, base_url=settings.openai_base_url)


def _through_livekit(kind: Kind, name: str) -> Any:
    from livekit.agents import inference

    try:
        match kind:
            case "stt":
                return inference.STT.from_model_string(name)
            case "llm":
                return inference.LLM.from_model_string(name)
            case "tts":
                return inference.TTS.from_model_string(name)
    except ValueError as error:
        raise BadSettings(
            f"--{kind} livekit/{name} goes through LiveKit's cloud and needs its key.",
            mend="Set LIVEKIT_API_KEY and LIVEKIT_API_SECRET.",
        ) from error


def _refused(kind: Kind, name: str, vendor: VendorName) -> BadSettings:
    if not os.environ.get(vendor.key_variable):
        return BadSettings(f"--{kind} {name} needs a key.", mend=f"Set {vendor.key_variable}.")
    return BadSettings(f"{vendor.vendor} does not take --{kind} {name}.", mend="Check the model's name.")
