"""What a character's surfaces look like, for the renderer: PBR metallic-roughness and unlit materials as texels and looks at vertices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from visavis.engines.rig.characters.document import Material, TextureInfo
from visavis.engines.rig.characters.gltf import REFUSED, UNPACK, Gltf
from visavis.engines.rig.characters.images import read_image
from visavis.errors import BadInput
from visavis.render.mesh import TEXEL
from visavis.render.shade import TONE_SCALE, tone_table
from visavis.types import U8

F64 = npt.NDArray[np.float64]

GLOSS: Final = 0.8
"""Strength of the highlight of a perfectly smooth surface; roughness takes from it."""
OPAQUE: Final = 250
CLEAR: Final = 4
"""Alpha at and above which a texel hides what is behind it, and below which it is nothing."""
BRIGHTEST_SHOWN: Final = 252.0
"""Flat colours brighter than this on the screen would need endless light."""
MAX_SHADE: Final = (0.55, 1.5)
"""By how much a normal map may darken and brighten."""
_PLAIN: Final = Material()


@dataclass(frozen=True, slots=True, eq=False)
class Finish:
    """One material.

    factor [4] linear red, green, blue, alpha · flat: shown as it is painted, hardly lit · gloss at the vertices
    picture uint8 [h, w, 8] texels as `RenderMesh` has them, or None for a plain colour · alpha as the texels have it
    uv_set, uv_matrix [2, 3]: which texture coordinates, and how they are moved
    """

    name: str
    factor: F64
    flat: bool
    gloss: float
    two_sided: bool
    blended: bool
    picture: U8 | None
    normal_map: U8 | None
    normal_scale: float
    uv_set: int
    uv_matrix: F64
    clamp: tuple[bool, bool]


def is_drawn_flat(gltf: Gltf, index: int) -> bool:
    """Unlit and toon materials are painted with their light in them."""
    if index < 0:
        return False
    material = gltf.document.materials[index]
    if material.extensions.keys() & {"KHR_materials_unlit", "VRMC_materials_mtoon"}:
        return True
    vrm = gltf.document.extensions.get("VRM")
    properties = vrm.get("materialProperties", []) if isinstance(vrm, dict) else []
    shader = properties[index].get("shader", "") if index < len(properties) and isinstance(properties[index], dict) else ""
    return isinstance(shader, str) and ("MToon" in shader or "Unlit" in shader)


def finish_of(gltf: Gltf, index: int, *, flat: bool, exposure: float) -> Finish:
    """Raises BadInput for a texture that cannot be read."""
    material = gltf.document.materials[index] if index >= 0 else _PLAIN
    pbr = material.pbrMetallicRoughness
    base = pbr.baseColorTexture
    factor = np.clip(np.array(pbr.baseColorFactor, float), 0, 4)
    roughness, metallic = float(np.clip(pbr.roughnessFactor, 0, 1)), float(np.clip(pbr.metallicFactor, 0, 1))
    if metallic == 1 and pbr.metallicRoughnessTexture is None and base is not None and index >= 0:
        metallic = 0.0  # left at the format's default by exporters that know no metal
    colour = read_image(gltf, _source(gltf, base)) if base else None
    rough = _same_size(gltf, pbr.metallicRoughnessTexture, colour, base) if not flat else None
    normals = _same_size(gltf, material.normalTexture, colour, base) if not flat else None
    picture = None
    if colour is not None or (material.alphaMode == "BLEND" and factor[3] < 1):
        colour = np.full((1, 1, 4), 255, np.uint8) if colour is None else colour
        picture = _texels(colour, factor[3], material, flat=flat, exposure=exposure, rough=rough, roughness=roughness)
    gloss = 0.0 if flat else GLOSS * (1.0 if rough is not None else _smooth(roughness)) * (1 + metallic)
    return Finish(
        material.name, np.append(factor[:3] * (1 - 0.5 * metallic), factor[3]), flat, gloss, material.doubleSided,
        material.alphaMode != "OPAQUE", picture, normals,
        material.normalTexture.scale if material.normalTexture else 1.0,
        base.texCoord if base else 0, _uv_matrix(base), _clamped(gltf, base),
    )  # fmt: skip


def _source(gltf: Gltf, info: TextureInfo) -> int:
    texture = gltf.item(gltf.document.textures, info.index, "texture")
    webp = texture.extensions.get("EXT_texture_webp")
    better = webp.get("source") if isinstance(webp, dict) else None
    if isinstance(better, int) and better >= 0:
        return better
    if texture.source is None:
        why = next((REFUSED[e] for e in texture.extensions if e in REFUSED), f"texture {info.index} has no picture")
        raise BadInput(f"{gltf.name}: {why}.", mend=UNPACK)
    return texture.source


def _same_size(gltf: Gltf, info: TextureInfo | None, colour: U8 | None, base: TextureInfo | None) -> U8 | None:
    """Another map of the same material at the size of the colour's; None where it lies on other coordinates."""
    if info is None or colour is None or base is None or info.texCoord != base.texCoord:
        return None
    picture = read_image(gltf, _source(gltf, info))
    return np.asarray(cv2.resize(picture, colour.shape[1::-1], interpolation=cv2.INTER_AREA), np.uint8)


def _smooth(roughness: Any) -> Any:
    return (1 - roughness) ** 1.6


def _texels(
    colour: U8, alpha: float, material: Material, *, flat: bool, exposure: float, rough: U8 | None, roughness: float
) -> U8:
    """uint8 [h, w, 8]."""
    out = np.zeros((*colour.shape[:2], TEXEL), np.uint8)
    table = flat_roots(exposure) if flat else lit_roots()
    out[..., :3] = table[colour[..., :3]]
    match material.alphaMode:
        case "OPAQUE":
            out[..., 3] = 255
        case "MASK":
            cut = 255 * material.alphaCutoff / max(alpha, 1e-6)
            out[..., 3] = np.where(colour[..., 3] >= cut, 255, 0)
        case _:
            out[..., 3] = np.round(colour[..., 3] * min(alpha, 1.0))
    gloss = np.full(colour.shape[:2], 1.0) if rough is None else _smooth(np.clip(rough[..., 1] / 255 * roughness, 0, 1))
    if material.alphaMode != "OPAQUE" and roughness > 0.2:
        gloss = gloss * (out[..., 3] / 255)
    out[..., 4] = np.round(255 * gloss)
    out[..., 5] = 128
    return out


def lit_roots() -> U8:
    """uint8 [256]: square roots of the linear light of sRGB values."""
    s = np.arange(256) / 255
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.round(255 * np.sqrt(linear)), np.uint8)


def flat_light(exposure: float) -> float:
    """The linear light that the tone curve shows as white."""
    return float(np.interp(BRIGHTEST_SHOWN, tone_table(exposure), np.arange(4096)) / TONE_SCALE) ** 2


def flat_roots(exposure: float) -> U8:
    """uint8 [256]: for each sRGB value the square root of the share of `flat_light` that is shown as that value."""
    index = np.interp(np.arange(256) * BRIGHTEST_SHOWN / 255, tone_table(exposure), np.arange(4096))
    return np.asarray(np.round(255 * np.clip(index / TONE_SCALE / np.sqrt(flat_light(exposure)), 0, 1)), np.uint8)


def flat_colour(linear: F64, exposure: float) -> F64:
    """A plain linear colour as flat surfaces need it, so that it is shown as it is meant."""
    clipped = np.clip(linear, 0, 1)
    encoded = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return np.asarray(np.interp(255 * encoded, np.arange(256), (flat_roots(exposure) / 255.0) ** 2))


def _uv_matrix(info: TextureInfo | None) -> F64:
    """KHR_texture_transform."""
    given = (info.extensions.get("KHR_texture_transform") if info else None) or {}
    try:
        scale, shift = [float(v) for v in given.get("scale", (1, 1))], [float(v) for v in given.get("offset", (0, 0))]
        angle = float(given.get("rotation", 0))
        values = [*scale[:2], *shift[:2], angle]
    except (TypeError, ValueError, AttributeError):
        return np.eye(2, 3)
    if len(values) != 5 or not np.isfinite(values).all() or max(map(abs, values)) > 1e4:
        return np.eye(2, 3)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos * scale[0], sin * scale[1], shift[0]], [-sin * scale[0], cos * scale[1], shift[1]]])


def _clamped(gltf: Gltf, info: TextureInfo | None) -> tuple[bool, bool]:
    if info is None:
        return False, False
    number = gltf.item(gltf.document.textures, info.index, "texture").sampler
    sampler = gltf.item(gltf.document.samplers, number, "sampler") if number is not None else None
    return (sampler.wrapS == 33071, sampler.wrapT == 33071) if sampler else (False, False)


def sheer_triangles(picture: U8, uv: F64) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """For triangles with corners at uv [t, 3, 2]: which are see-through somewhere, and which everywhere (bool [t] each)."""
    high, wide = picture.shape[:2]
    alpha = np.tile(picture[..., 3], (2, 2))
    holes, bodies = (
        np.pad(np.cumsum(np.cumsum(of, 0, dtype=np.int32), 1, dtype=np.int32), ((1, 0), (1, 0)))
        for of in (alpha < OPAQUE, alpha > CLEAR)
    )
    low, size = np.floor(uv.min(1)), np.ceil(np.ptp(uv, axis=1) * [wide, high]) + 2
    start = ((uv.min(1) - low) * [wide, high] - 1).astype(int).clip(0, [wide - 1, high - 1])
    end = np.minimum(start + size.astype(int), [2 * wide, 2 * high])

    def count(table: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
        (x0, y0), (x1, y1) = start.T, end.T
        found: npt.NDArray[np.integer] = table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]
        return found

    return count(holes) > 0, count(bodies) == 0


def bake_normal_map(finish: Finish, uv: F64, corners: F64, normals: F64, lights: F64, ambient: F64) -> None:
    """Works a normal map into the texels, as seen from the front at rest: shade into the colour, slope into the highlight.

    uv [t, 3, 2], corners [t, 3, 3] and normals [t, 3] of the triangles that wear the material.
    """
    if finish.picture is None or finish.normal_map is None:
        return
    high, wide = finish.picture.shape[:2]
    owner = np.full((high, wide), -1, np.int32)
    places = (uv - np.floor(uv.mean(1))[:, None]) * [wide, high]
    for number, place in enumerate(np.round(places).astype(np.int32)):
        cv2.fillConvexPoly(owner, place, number)
    e1, e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    d1, d2 = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    area = d1[:, 0] * d2[:, 1] - d2[:, 0] * d1[:, 1]
    scale = np.where(np.abs(area) > 1e-12, 1 / np.where(np.abs(area) > 1e-12, area, 1), 0)[:, None]
    tangent, bitangent = (e1 * d2[:, 1:] - e2 * d1[:, 1:]) * scale, (e2 * d1[:, :1] - e1 * d2[:, :1]) * scale
    tangent, bitangent = (v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12) for v in (tangent, -bitangent))
    at = owner >= 0
    bent = finish.normal_map[at][:, :3] / 127.5 - 1
    bent[:, :2] *= finish.normal_scale
    bent /= np.maximum(np.linalg.norm(bent, axis=1, keepdims=True), 1e-6)
    t, b, n = tangent[owner[at]], bitangent[owner[at]], normals[owner[at]]
    turned = bent[:, :1] * t + bent[:, 1:2] * b + bent[:, 2:3] * n

    def light(of: F64) -> F64:
        diffuse: F64 = ambient.mean() + np.maximum(of @ lights[:, :3].T + 0.25, 0) @ lights[:, 3:].mean(1) / 1.25
        return diffuse

    shade = np.clip(light(turned) / np.maximum(light(n), 0.05), *MAX_SHADE)
    half = lights[0, :3] + [0, 0, 1]
    shift = (turned - n) @ (half / np.linalg.norm(half))
    finish.picture[at, :3] = np.clip(finish.picture[at, :3] * np.sqrt(shade)[:, None], 0, 255)
    finish.picture[at, 5] = np.clip(128 + 127.5 * shift, 0, 255)


EYEBALL: Final = re.compile(
    r"eye.?(?:ball|_?l(?:eft)?\b|_?r(?:ight)?\b|s?$)|sclera|(?<![a-z])iris|cornea|(?:left|right|l|r)_?eye(?![a-z])",
    re.IGNORECASE,
)
NO_EYEBALL: Final = re.compile(r"lash|brow|lid|occlu|wet|tear|line|shadow|blend|lacrimal|hair|highlight|brow", re.IGNORECASE)
MOUTH: Final = re.compile(r"teeth|tooth|gum|tongue|denture|mouth|oral", re.IGNORECASE)
TEETH: Final = re.compile(r"teeth|tooth|denture", re.IGNORECASE)
TONGUE: Final = re.compile(r"tongue", re.IGNORECASE)
SKIN: Final = re.compile(r"skin|face|head|body|neck", re.IGNORECASE)


def is_mouth(name: str) -> bool:
    """Whether a primitive is the inside of a mouth; its node's, mesh's and material's names stand between bars."""
    return any(MOUTH.search(part) and not SKIN.search(part) for part in name.split("|"))


def is_eyeball(name: str) -> bool:
    return not NO_EYEBALL.search(name) and any(EYEBALL.search(part) for part in name.split("|"))
