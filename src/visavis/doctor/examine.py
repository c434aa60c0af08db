"""Everything looked at, in the order in which a conversation needs it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from visavis.doctor.check import Check
from visavis.doctor.face import check_assets, check_codecs, check_speed
from visavis.doctor.hosted import check_hosted
from visavis.doctor.network import check_ice, check_microphone, check_port, check_udp
from visavis.doctor.page import check_chromium, check_page
from visavis.doctor.voice import check_voice
from visavis.settings import Settings


async def examine(settings: Settings) -> AsyncIterator[Check]:
    """Findings as they are made."""
    yield check_port(settings)
    for check in check_udp(settings):
        yield check
    for check in await check_ice(settings):
        yield check
    yield check_microphone(settings)
    for check in check_codecs():
        yield check
    for check in check_assets(settings):
        yield check
    for check in check_speed(settings):
        yield check
    for check in await check_voice(settings):
        yield check
    for check in check_hosted(settings):
        yield check
    yield check_page()
    yield check_chromium()
