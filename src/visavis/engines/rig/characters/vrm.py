"""What VRM adds to glTF: named bones, expressions, hair that swings, a licence. Sources: the VRM 0.x and 1.0 specifications.

Both versions come out the same: bones and expressions under VRM 1.0's names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from visavis.engines.rig.characters.document import Index, Name, Number
from visavis.engines.rig.characters.gltf import Gltf
from visavis.errors import BadInput

Many = Field(max_length=4_096)
PRESETS_0: Final = {
    "a": "aa", "i": "ih", "u": "ou", "e": "ee", "o": "oh", "joy": "happy", "sorrow": "sad", "fun": "relaxed", "blink_l": "blinkLeft",
    "blink_r": "blinkRight", "lookup": "lookUp", "lookdown": "lookDown", "lookleft": "lookLeft", "lookright": "lookRight",
}  # fmt: skip
"""VRM 0.x preset names that VRM 1.0 calls otherwise."""


@dataclass(frozen=True, slots=True)
class Bind:
    """`weight` of target `target` of a mesh."""

    mesh: int
    target: int
    weight: float


@dataclass(frozen=True, slots=True)
class Vrm:
    """version 0 or 1; 0 looks along -Z. gaze_deg: how far an eye bone turns at most, None where eyes turn by expressions."""

    version: int
    bones: dict[str, int] = field(default_factory=dict)
    expressions: dict[str, tuple[Bind, ...]] = field(default_factory=dict)
    swinging: tuple[int, ...] = ()
    gaze_deg: float | None = None
    licence: str = ""


class _Lax(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Bone0(_Lax):
    bone: Name
    node: Index


class _Humanoid0(_Lax):
    humanBones: Annotated[list[_Bone0], Many] = []


class _Bind0(_Lax):
    mesh: Index
    index: Index
    weight: Number


class _Group0(_Lax):
    name: Name = ""
    presetName: Name = "unknown"
    binds: Annotated[list[_Bind0], Many] | None = None


class _Master0(_Lax):
    blendShapeGroups: Annotated[list[_Group0], Many] = []


class _Range0(_Lax):
    yRange: Number = 10.0


class _Person0(_Lax):
    lookAtTypeName: str = ""
    lookAtHorizontalOuter: _Range0 = _Range0()


class _Springs0(_Lax):
    bones: Annotated[list[Index], Many] | None = None


class _Secondary0(_Lax):
    boneGroups: Annotated[list[_Springs0], Many] | None = None


class _Vrm0(_Lax):
    humanoid: _Humanoid0 = _Humanoid0()
    blendShapeMaster: _Master0 = _Master0()
    firstPerson: _Person0 = _Person0()
    secondaryAnimation: _Secondary0 = _Secondary0()
    meta: dict[str, Any] = {}


class _Bone1(_Lax):
    node: Index


class _Humanoid1(_Lax):
    humanBones: dict[str, _Bone1] = {}


class _Bind1(_Lax):
    node: Index
    index: Index
    weight: Number


class _Expression1(_Lax):
    morphTargetBinds: Annotated[list[_Bind1], Many] | None = None


class _Expressions1(_Lax):
    preset: dict[str, _Expression1] = {}
    custom: dict[str, _Expression1] = {}


class _Range1(_Lax):
    outputScale: Number = 10.0


class _LookAt1(_Lax):
    type: str = ""
    rangeMapHorizontalOuter: _Range1 = _Range1()


class _Vrm1(_Lax):
    humanoid: _Humanoid1 = _Humanoid1()
    expressions: _Expressions1 = _Expressions1()
    lookAt: _LookAt1 = _LookAt1()
    meta: dict[str, Any] = {}


class _Joint1(_Lax):
    node: Index


class _Spring1(_Lax):
    joints: Annotated[list[_Joint1], Many] = []


class _Springs1(_Lax):
    springs: Annotated[list[_Spring1], Many] = []


def read_vrm(gltf: Gltf) -> Vrm | None:
    """None for what is plain glTF. Raises BadInput for an extension that is not in order."""
    extensions = gltf.document.extensions
    try:
        if "VRMC_vrm" in extensions:
            return _version_1(gltf, _Vrm1.model_validate(extensions["VRMC_vrm"]))
        if "VRM" in extensions:
            return _version_0(gltf, _Vrm0.model_validate(extensions["VRM"]))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise BadInput(f"{gltf.name}: its VRM part is not in order: {where}: {fault['msg'][:200]}.") from None
    return None


def _version_0(gltf: Gltf, vrm: _Vrm0) -> Vrm:
    expressions: dict[str, tuple[Bind, ...]] = {}
    for group in vrm.blendShapeMaster.blendShapeGroups:
        preset = group.presetName.lower()
        name = group.name if preset in {"unknown", ""} else PRESETS_0.get(preset, preset)
        binds = tuple(Bind(b.mesh, b.index, b.weight / 100) for b in group.binds or ())
        if name and binds:
            expressions.setdefault(name, binds)
    springs = [bone for group in vrm.secondaryAnimation.boneGroups or () for bone in group.bones or ()]
    by_bone = vrm.firstPerson.lookAtTypeName == "Bone"
    return Vrm(
        0, _bones(gltf, {b.bone: b.node for b in vrm.humanoid.humanBones}), _checked(gltf, expressions), _nodes(gltf, springs),
        vrm.firstPerson.lookAtHorizontalOuter.yRange if by_bone else None, str(vrm.meta.get("licenseName", ""))[:100],
    )  # fmt: skip


def _version_1(gltf: Gltf, vrm: _Vrm1) -> Vrm:
    expressions: dict[str, tuple[Bind, ...]] = {}
    for name, one in [*vrm.expressions.preset.items(), *vrm.expressions.custom.items()]:
        binds = []
        for bind in one.morphTargetBinds or ():
            mesh = gltf.item(gltf.document.nodes, bind.node, "node").mesh
            if mesh is not None:
                binds.append(Bind(mesh, bind.index, bind.weight))
        if binds:
            expressions.setdefault(name[:100], tuple(binds))
    springs = []
    if "VRMC_springBone" in gltf.document.extensions:
        found = _Springs1.model_validate(gltf.document.extensions["VRMC_springBone"])
        springs = [spring.joints[0].node for spring in found.springs if spring.joints]
    by_bone = vrm.lookAt.type == "bone"
    return Vrm(
        1, _bones(gltf, {name: bone.node for name, bone in vrm.humanoid.humanBones.items()}), _checked(gltf, expressions),
        _nodes(gltf, springs), vrm.lookAt.rangeMapHorizontalOuter.outputScale if by_bone else None,
        str(vrm.meta.get("licenseUrl", ""))[:100],
    )  # fmt: skip


def _bones(gltf: Gltf, bones: dict[str, int]) -> dict[str, int]:
    for node in bones.values():
        gltf.item(gltf.document.nodes, node, "node")
    return bones


def _nodes(gltf: Gltf, nodes: list[int]) -> tuple[int, ...]:
    for node in nodes:
        gltf.item(gltf.document.nodes, node, "node")
    return tuple(nodes)


def _checked(gltf: Gltf, expressions: dict[str, tuple[Bind, ...]]) -> dict[str, tuple[Bind, ...]]:
    for name, binds in expressions.items():
        for bind in binds:
            mesh = gltf.item(gltf.document.meshes, bind.mesh, "mesh")
            if bind.target >= len(mesh.primitives[0].targets):
                raise BadInput(f"{gltf.name}: the expression {name[:60]!r} names a morph target that is not there.")
    return expressions
