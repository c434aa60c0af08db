"""Codecs, fetched data, the person, and whether this machine draws fast enough."""

from __future__ import annotations

from typing import Final

from visavis import assets
from visavis.doctor.check import Check, Status
from visavis.errors import VisavisError
from visavis.session.capacity import Capacity, measure_cost
from visavis.session.faces import InstalledFaces
from visavis.settings import Settings
from visavis.transports.webrtc.probe import CODECS, encoded_bytes
from visavis.types import Engine

FPS: Final = 25
SETUP: Final = "Run `visavis setup`."
NEEDED_ASSETS: Final = frozenset({"head"})
SPARE_CODECS: Final = frozenset({"H.264"})
"""Browsers that take nothing else are few."""


def check_codecs() -> list[Check]:
    """Each codec encodes a few frames."""
    checks = []
    for codec in CODECS:
        bad = Status.WARN if codec in SPARE_CODECS else Status.FAIL
        try:
            size = encoded_bytes(codec)
        except VisavisError as error:
            checks.append(Check.failed(f"codec {codec}", error, bad))
        else:
            checks.append(Check(f"codec {codec}", Status.OK if size else bad, f"encodes ({size} bytes)"))
    return checks


def check_assets(settings: Settings) -> list[Check]:
    """Third-party data lie in the cache and are the pinned ones, byte for byte."""
    checks = []
    for name, source in assets.SOURCES.items():
        needed = name in NEEDED_ASSETS
        what = f"{source.package} {source.version}, {source.licence}"
        folder = assets.find(name, settings.cache)
        if folder is None:
            status = Status.FAIL if needed else Status.INFO
            checks.append(Check(f"data {name}", status, f"not fetched ({what})", SETUP if needed else ""))
        elif assets.tree_digest(folder) != source.files_sha256:
            mend = f"Remove {folder} and run `visavis setup`."
            checks.append(Check(f"data {name}", Status.FAIL if needed else Status.WARN, "changed since it was verified", mend))
        else:
            checks.append(Check(f"data {name}", Status.OK, f"verified ({what})"))
    return checks


def check_speed(settings: Settings) -> list[Check]:
    """The chosen person can be drawn, and how many sessions the measured cost of its frames allows."""
    try:
        faces = InstalledFaces(settings.home, settings.cache)
        engine = faces.engine(faces.avatar(settings.avatar), settings.engine, settings.size)
    except VisavisError as error:
        return [Check.failed("person", error)]
    try:
        return [Check("person", Status.OK, f"{settings.avatar} is built"), speed_of(engine)]
    finally:
        engine.close()


def speed_of(engine: Engine, *, cores: int | None = None) -> Check:
    """Whether `FPS` can be held, from the CPU time that drawing and encoding cost."""
    cost = measure_cost(engine, fps=FPS)
    capacity = Capacity([cost], fps=FPS, cores=cores)
    each = f"{cost.draw_core_ms:.1f} ms drawing and {cost.encode_core_ms:.1f} ms encoding a frame at {engine.width} pixels"
    if cost.draw_core_ms + cost.encode_core_ms > 1000 / FPS or cost.session_cores(FPS) > capacity.cores:
        return Check("speed", Status.FAIL, f"{each}: {FPS} frames a second cannot be held", "Take a smaller --size.")
    plural = "s" if capacity.limit > 1 else ""
    return Check("speed", Status.OK, f"{each}: {capacity.limit} session{plural} at {FPS} frames a second")
