"""Sound through this machine's own player, for commands that move a face elsewhere."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from visavis.errors import Unavailable
from visavis.types import I16, SPEECH_HZ

PLAYERS: Final = (
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "quiet"), ("afplay",), ("pw-play",), ("paplay",), ("aplay", "-q"),
)  # fmt: skip


@contextmanager
def playing(sound: I16) -> Iterator[None]:
    """Plays int16 [n] at `SPEECH_HZ` from now until its end, or the block's. Raises Unavailable where nothing can play it."""
    command = next((player for player in PLAYERS if shutil.which(player[0])), None)
    if command is None:
        raise Unavailable(
            "No player is found on this machine.",
            mend=f"Install one of {', '.join(p[0] for p in PLAYERS)}, or leave --play out.",
        )
    with tempfile.TemporaryDirectory(prefix="visavis-") as folder:
        path = Path(folder) / "speech.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SPEECH_HZ)
            file.writeframes(sound.tobytes())
        player = subprocess.Popen([*command, str(path)], stdin=subprocess.DEVNULL)
        try:
            yield
        finally:
            player.terminate()
            player.wait()
