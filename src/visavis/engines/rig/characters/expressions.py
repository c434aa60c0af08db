"""Where each of the 52 ARKit shapes comes from: a target of its own, or terms of others where it has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from visavis.arkit import SHAPES
from visavis.engines.rig.characters.gather import Gathered
from visavis.engines.rig.characters.names import SIDES, Meaning, Part, Side, meaning_of, stem_of
from visavis.engines.rig.characters.vrm import Vrm

JAW_BONE: Final = "bone:jaw"
VRM: Final = "vrm:"
"""Before the names of a VRM file's expressions."""


@dataclass(frozen=True, slots=True)
class Term:
    """`weight` times a source, a morph target by its name or a VRM expression, of one side or one part of the face only."""

    source: str
    weight: float = 1.0
    side: Side | None = None
    part: Part | None = None


Mapping52: TypeAlias = dict[str, tuple[Term, ...]]
"""Terms of each ARKit shape that there is anything for."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a character brings.

    targets: names of morph targets and expressions -> (mesh, target) with their weights · meanings by name
    """

    targets: Mapping[str, tuple[tuple[tuple[int, int], float], ...]]
    meanings: Mapping[str, Meaning] = field(default_factory=dict)


def sources_of(gathered: Gathered, vrm: Vrm | None, *, jaw_bone: bool) -> Sources:
    """Targets of one name on several meshes (face, teeth, lashes) are one source."""
    targets: dict[str, tuple[tuple[tuple[int, int], float], ...]] = {}
    for key, name in gathered.names.items():
        if key in gathered.fields and len(gathered.fields[key].rows):
            targets[name] = (*targets.get(name, ()), (key, 1.0))
    meanings = {name: found for name in targets if (found := meaning_of(name)) is not None}
    for name, binds in (vrm.expressions if vrm else {}).items():
        moved = tuple(((b.mesh, b.target), b.weight) for b in binds if (b.mesh, b.target) in gathered.fields)
        if moved:
            targets[VRM + name] = moved
            found = meaning_of(name)
            if found is not None:
                meanings[VRM + name] = found
    if jaw_bone:
        targets[JAW_BONE] = ()
    return Sources(targets, meanings)


Recipe: TypeAlias = tuple[tuple[str, float, Part | None], ...]
"""Alternatives are tried in order; each is (meaning, weight, part): `viseme aa`, `expression happy`, `pair eyeBlink`, `shape jawOpen`."""
_MIXED: Final[Mapping[str, tuple[Recipe, ...]]] = {
    "jawOpen": ((("viseme aa", 1.6, "mouth"),), (("bone jaw", 1.0, None),)),
    "mouthFunnel": ((("viseme oh", 1.1, "mouth"),),),
    "mouthPucker": ((("viseme ou", 1.2, "mouth"),), (("viseme oh", 0.7, "mouth"),)),
    "mouthClose": ((("viseme PP", 1.0, "mouth"),), (("shape jawOpen", -0.8, "mouth"),), (("viseme aa", -1.2, "mouth"),)),
    "mouthRollLower": ((("viseme FF", 0.8, "mouth"),), (("viseme PP", 0.7, "mouth"),)),
    "mouthRollUpper": ((("viseme PP", 0.5, "mouth"),),),
    "mouthShrugUpper": ((("viseme CH", 0.4, "mouth"),),),
    "tongueOut": ((("viseme TH", 0.8, "mouth"),),),
    "mouthSmile": ((("expression relaxed", 1.0, "mouth"),), (("expression happy", 0.8, "mouth"),), (("viseme E", 0.5, "mouth"),)),
    "mouthStretch": ((("viseme ih", 0.8, "mouth"),), (("viseme E", 0.5, "mouth"),)),
    "mouthDimple": ((("pair mouthSmile", 0.35, "mouth"),), (("viseme ih", 0.25, "mouth"),)),
    "mouthFrown": ((("expression sad", 0.8, "mouth"),),),
    "mouthPress": ((("viseme PP", 0.6, "mouth"),),),
    "mouthLowerDown": ((("viseme E", 0.4, "mouth"),),),
    "mouthUpperUp": ((("viseme E", 0.3, "mouth"),),),
    "browInnerUp": ((("expression sad", 0.8, "brows"),), (("expression surprised", 0.8, "brows"),)),
    "browOuterUp": ((("expression surprised", 0.8, "brows"),),),
    "browDown": ((("expression angry", 1.0, "brows"),),),
    "eyeBlink": ((("pair eyeBlink", 1.0, None),),),
    "eyeWide": ((("expression surprised", 0.7, "eyes"),), (("pair eyeBlink", -0.2, "eyes"),)),
    "cheekSquint": ((("expression happy", 0.4, "eyes"),),),
    "eyeSquint": ((("pair eyeBlink", 0.35, "eyes"),),),
    "eyeLookUp": ((("expression lookUp", 1.0, None),),),
    "eyeLookDown": ((("expression lookDown", 1.0, None),),),
}  # fmt: skip
"""For shapes that have no target: by stem where both sides are made alike. A vowel at its full is a jaw that is open not nearly as far
as ARKit's opens at 1."""


def automatic(sources: Sources) -> Mapping52:
    """The mapping that the names suggest."""
    found: Mapping52 = {}
    for shape in SHAPES:
        terms = _own(sources, shape) or _mixed(sources, shape)
        if terms:
            found[shape] = terms
    return found


def _named(sources: Sources, meaning: Meaning) -> str | None:
    return next((name for name, other in sources.meanings.items() if other == meaning), None)


def _own(sources: Sources, shape: str) -> tuple[Term, ...]:
    """The shape's own target, or what of a pair's is on its side, or its two halves."""
    stem, side = stem_of(shape)
    direct = _named(sources, Meaning("shape", shape))
    if direct:
        return (Term(direct),)
    if side:
        pair = _named(sources, Meaning("pair", stem))
        return (Term(pair, side=side),) if pair else ()
    halves = [_named(sources, Meaning("half", shape, half)) for half in SIDES]
    return tuple(Term(half) for half in halves if half)


def _mixed(sources: Sources, shape: str) -> tuple[Term, ...]:
    stem, side = stem_of(shape)
    for way in ("In", "Out"):
        if stem == f"eyeLook{way}":
            towards = "Left" if (side == "left") == (way == "Out") else "Right"
            name = _named(sources, Meaning("expression", f"look{towards}"))
            return (Term(name, side=side),) if name else ()
    for recipe in _MIXED.get(stem, ()):
        terms = [_term(sources, what, weight, part, side) for what, weight, part in recipe]
        if all(terms):
            return tuple(t for t in terms if t)
    return ()


def _term(sources: Sources, what: str, weight: float, part: Part | None, side: Side | None) -> Term | None:
    kind, _, name = what.partition(" ")
    match kind:
        case "bone":
            return Term(JAW_BONE, weight) if JAW_BONE in sources.targets else None
        case "viseme":
            found = _named(sources, Meaning("viseme", name))
        case "shape":
            found = _named(sources, Meaning("shape", name))
        case "pair":
            alone = _named(sources, Meaning("shape", name + side.capitalize())) if side else None
            found = alone or _named(sources, Meaning("pair", name))
        case _:
            exact = _named(sources, Meaning("expression", name, part=part))
            if exact:
                return Term(exact, weight, side)
            found = _named(sources, Meaning("expression", name))
    return Term(found, weight, side, part) if found else None


@dataclass(frozen=True, slots=True)
class Report:
    """Which of the 52 a mapping has: of their own target, made of others, not at all."""

    own: tuple[str, ...]
    composed: tuple[str, ...]
    missing: tuple[str, ...]

    def lines(self) -> tuple[str, ...]:
        """A few lines to be read."""
        text = [
            f"Of the 52 shapes {len(self.own)} are there, {len(self.composed)} are composed, {len(self.missing)} are missing."
        ]
        if self.composed:
            text.append(f"Composed: {', '.join(self.composed)}.")
        if self.missing:
            text.append(f"Missing: {', '.join(self.missing)}.")
        return tuple(text)


def report_of(mapping: Mapping52, sources: Sources) -> Report:
    own = tuple(s for s in SHAPES if s in mapping and all(_is_own(sources, s, term) for term in mapping[s]))
    composed = tuple(s for s in SHAPES if s in mapping and s not in own)
    return Report(own, composed, tuple(s for s in SHAPES if s not in mapping))


def _is_own(sources: Sources, shape: str, term: Term) -> bool:
    meaning = sources.meanings.get(term.source)
    return meaning is not None and meaning.kind in {"shape", "half"} and meaning.name == shape and term.side is None
