"""The parts of the voice, tried by the voice itself: embedded ones are started, vendors' plugins and keys are looked for.
No key is printed, no vendor is contacted.
"""

from __future__ import annotations

from visavis.doctor.check import Check, Status
from visavis.settings import Settings
from visavis.voice.doctor import voice_parts


async def check_voice(settings: Settings) -> list[Check]:
    """One finding for each part that the settings choose."""
    return [
        Check(report.name, Status.OK if report.ok else Status.FAIL, report.detail) for report in await voice_parts(settings)
    ]
