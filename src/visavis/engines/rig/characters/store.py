"""Characters in bundles: the file as it came, `mapping.toml` beside it, the built mesh in the cache."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from visavis.engines.rig.characters.mapping import FILE, CharacterFile, View, read_mapping, write_mapping
from visavis.engines.rig.mesh_cache import KEY_LENGTH, cached_mesh
from visavis.errors import BadInput
from visavis.render.mesh import FORMAT as MESH_FORMAT
from visavis.render.mesh import RenderMesh

FORMAT: Final = 1
"""Raise it when the same file should give another mesh."""
ENDINGS: Final = (".glb", ".vrm", ".gltf")
Progress = Callable[[str, float], None]


def is_character(asset: Path) -> bool:
    return asset.suffix.lower() in ENDINGS


def load_character(name: str, asset: Path, cache: Path, progress: Progress | None = None) -> RenderMesh:
    """The mesh of a bundle's character. Raises BadInput or TooLarge for a file or a mapping that is not in order."""

    def build() -> RenderMesh:
        from visavis.engines.rig.characters.build import build_character, read_character

        settings = read_mapping(asset.with_name(FILE)) if asset.with_name(FILE).is_file() else CharacterFile()
        return build_character(read_character(asset, settings), settings, progress)

    return cached_mesh(mesh_path(name, asset, cache), name, build)


def mesh_path(name: str, asset: Path, cache: Path) -> Path:
    """Where the built mesh lies; the name changes with the file, its mapping and this code."""
    key = hashlib.sha256(f"{FORMAT} {MESH_FORMAT} {_code_hash()}".encode())
    for file in (asset, asset.with_name(FILE)):
        key.update(file.read_bytes() if file.is_file() else b"")
        key.update(b"\0")
    return cache / "characters" / f"{name}-{key.hexdigest()[:KEY_LENGTH]}.npz"


@lru_cache(maxsize=1)
def _code_hash() -> str:
    """Hash of the sources that make characters, so that a changed line is never drawn from an old cache."""
    here = Path(__file__).parent
    render = here.parents[2] / "render"
    digest = hashlib.sha256()
    people = [here.parent / "people" / f"{name}.py" for name in ("eyes", "finish", "spec", "textures")]
    for file in sorted([*here.glob("*.py"), *people, here.parent / "look.py", render / "bake.py", render / "prune.py"]):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def make_character(
    source: Path, name: str, folder: Path, cache: Path, options: Mapping[str, str], progress: Progress
) -> tuple[str, str, tuple[str, ...]]:
    """Writes a character's files into an empty bundle folder and builds it: the asset's name, its licence, remarks.

    options: those of `view` in the mapping file. Raises BadInput or TooLarge for what cannot be used.
    """
    from visavis.engines.rig.characters.build import read_character

    settings = CharacterFile(view=view_of(options))
    progress("Reading the character", 0.02)
    ending = source.suffix.lower() if is_character(source) else ".glb"
    asset = folder / f"character{ending}"
    shutil.copyfile(source, asset)
    character = read_character(source, settings)
    write_mapping(folder / FILE, settings.view, character.mapping, character.report, character.sources)
    load_character(name, asset, cache, progress)
    licence = (
        (character.vrm.licence if character.vrm else "") or character.gltf.document.asset.copyright or "as its author says"
    )
    remarks = (*character.remarks, *character.report.lines(), f"The mapping can be edited in {FILE} of the bundle.")
    return asset.name, "".join(c if c.isprintable() else " " for c in licence)[:200], remarks


def view_of(options: Mapping[str, str]) -> View:
    """Raises BadInput for an unknown option or a value that it cannot have."""
    known = {field.alias or name for name, field in View.model_fields.items()}
    unknown = sorted(set(options) - known)
    if unknown:
        raise BadInput(f"A character has no option {unknown[0]!r}.", mend=f"Known: {', '.join(sorted(known))}.")
    try:
        return View.model_validate(dict(options), strict=False)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise BadInput(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}.") from None
