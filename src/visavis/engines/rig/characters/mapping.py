"""`mapping.toml` beside a character: where its 52 shapes come from and how it is shown, written once, then the user's to edit."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from visavis.arkit import SHAPES
from visavis.engines.rig.characters.expressions import Mapping52, Report, Sources, Term
from visavis.errors import BadInput, TooLarge

FILE: Final = "mapping.toml"
MAX_BYTES: Final = 256 << 10
Text = Annotated[str, Field(min_length=1, max_length=220)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TermEntry(_Strict):
    source: Text
    weight: float = Field(default=1.0, ge=-4, le=4)
    side: Literal["left", "right"] | None = None
    part: Literal["brows", "eyes", "mouth"] | None = None


class View(_Strict):
    """How the character stands in the picture."""

    turn_deg: float = Field(default=0.0, ge=-180, le=180)
    """Turned about the upright axis before anything else."""
    arms: float = Field(default=1.0, ge=0, le=1)
    """How far the arms are let down from where the file has them."""
    zoom: float = Field(default=1.0, ge=0.3, le=4)
    raise_: float = Field(default=0.0, ge=-1, le=1, alias="raise")
    """The picture's middle is moved up by this share of the picture's height."""
    shading: Literal["auto", "lit", "flat"] = "auto"
    """`lit` as a person is; `flat` as drawn characters are."""
    light: float = Field(default=1.0, ge=0.2, le=3)
    gaze: float = Field(default=1.0, ge=0, le=3)
    """Factor on how far eyeballs turn."""


class CharacterFile(_Strict):
    view: View = View()
    shapes: dict[str, Annotated[list[TermEntry], Field(max_length=16)]] = Field(default_factory=dict)

    @field_validator("shapes")
    @classmethod
    def _known(cls, table: dict[str, list[TermEntry]]) -> dict[str, list[TermEntry]]:
        unknown = sorted(set(table) - set(SHAPES))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not an ARKit shape")
        return table

    def mapping(self, sources: Sources) -> Mapping52:
        """Raises BadInput where a term names what the character does not have."""
        found: Mapping52 = {}
        for shape, entries in self.shapes.items():
            for entry in entries:
                if entry.source not in sources.targets:
                    known = ", ".join(sorted(sources.targets))[:300]
                    raise BadInput(f"{FILE}: {shape}: the character has no {entry.source!r}.", mend=f"It has: {known}.")
            if entries:
                found[shape] = tuple(Term(e.source, e.weight, e.side, e.part) for e in entries)
        return found


def read_mapping(path: Path) -> CharacterFile:
    """Raises BadInput in one line for whatever is wrong with it."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TooLarge(f"{path.name} is larger than {MAX_BYTES >> 10} KiB.")
        return CharacterFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{path.name} is not TOML: {error}.") from None
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "it"
        raise BadInput(f"{path.name}: {where}: {fault['msg'].removeprefix('Value error, ')}.") from None


def write_mapping(path: Path, view: View, mapping: Mapping52, report: Report, sources: Sources) -> None:
    """The automatic mapping with a word on each line's kind, and what else could be used."""
    lines = ["# Where each ARKit shape of this character comes from. Edit it: the character is built anew when it changes.",
             "# A term: source = a morph target or VRM expression; weight; side = left or right; part = brows, eyes or mouth.",
             f"# {report.lines()[0]}", "", "[view]"]  # fmt: skip
    lines += [f"{key} = {json.dumps(value)}" for key, value in view.model_dump(by_alias=True).items()]
    lines += ["", "[shapes]"]
    for shape in SHAPES:
        if shape not in mapping:
            lines.append(f"# {shape} = []")
            continue
        terms = ", ".join(_inline(term) for term in mapping[shape])
        lines.append(f"{shape} = [{terms}]" + ("  # composed" if shape in report.composed else ""))
    used = {term.source for terms in mapping.values() for term in terms}
    unused = sorted(set(sources.targets) - used)
    if unused:
        lines += ["", "# Not used:", *(f"#   {json.dumps(name, ensure_ascii=False)}" for name in unused)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _inline(term: Term) -> str:
    parts = [f"source = {json.dumps(term.source, ensure_ascii=False)}"]
    if term.weight != 1:
        parts.append(f"weight = {float(term.weight)!r}")
    parts += [f'{name} = "{value}"' for name, value in (("side", term.side), ("part", term.part)) if value]
    return "{ " + ", ".join(parts) + " }"
