"""Hair styles. Each is locks laid over the skull; `make_hair` picks the one a spec names."""

from __future__ import annotations

from visavis.engines.rig.people.figure import Figure
from visavis.engines.rig.people.hair.long_bob import long_bob
from visavis.engines.rig.people.hair.short_swept import short_swept
from visavis.engines.rig.people.hair.skull import SkullMap
from visavis.engines.rig.people.piece import Piece
from visavis.engines.rig.people.spec import PersonSpec


def make_hair(spec: PersonSpec, figure: Figure) -> list[Piece]:
    skull = SkullMap(spec, figure)
    match spec.hair.style:
        case "long-bob":
            return long_bob(spec, figure, skull)
        case "short-swept":
            return short_swept(spec, figure, skull)
