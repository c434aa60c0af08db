"""What of a glTF 2.0 document is read, as strict models. Source: the Khronos glTF 2.0 specification, chapters 3 and 5.

Unknown keys are left alone, as the specification asks; numbers are bounded here, before anything is allocated by them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

MOST = 100_000
Index: TypeAlias = Annotated[int, Field(ge=0, lt=MOST)]
Number: TypeAlias = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
Bytes: TypeAlias = Annotated[int, Field(ge=0, lt=1 << 31)]
Name: TypeAlias = Annotated[str, Field(max_length=400)]
Numbers3: TypeAlias = Annotated[list[Number], Field(min_length=3, max_length=3)]
Numbers4: TypeAlias = Annotated[list[Number], Field(min_length=4, max_length=4)]
Extensions: TypeAlias = dict[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    name: Name = ""
    extensions: Extensions = Field(default_factory=dict)


class Asset(BaseModel):
    version: str
    copyright: str = ""


class Buffer(_Part):
    uri: str | None = None
    byteLength: Annotated[int, Field(ge=1, lt=1 << 31)]


class BufferView(_Part):
    buffer: Index
    byteOffset: Bytes = 0
    byteLength: Annotated[int, Field(ge=1, lt=1 << 31)]
    byteStride: Annotated[int, Field(ge=4, le=252)] | None = None


class SparseIndices(BaseModel):
    bufferView: Index
    byteOffset: Bytes = 0
    componentType: Literal[5121, 5123, 5125]


class SparseValues(BaseModel):
    bufferView: Index
    byteOffset: Bytes = 0


class Sparse(BaseModel):
    count: Annotated[int, Field(ge=1, lt=1 << 31)]
    indices: SparseIndices
    values: SparseValues


class Accessor(_Part):
    bufferView: Index | None = None
    byteOffset: Bytes = 0
    componentType: Literal[5120, 5121, 5122, 5123, 5125, 5126]
    normalized: bool = False
    count: Annotated[int, Field(ge=1, lt=1 << 31)]
    type: Literal["SCALAR", "VEC2", "VEC3", "VEC4", "MAT2", "MAT3", "MAT4"]
    sparse: Sparse | None = None


class Primitive(_Part):
    attributes: dict[str, Index]
    indices: Index | None = None
    material: Index | None = None
    mode: Annotated[int, Field(ge=0, le=6)] = 4
    targets: Annotated[list[dict[str, Index]], Field(max_length=2_000)] = Field(default_factory=list)
    extras: Any = None


class Mesh(_Part):
    primitives: Annotated[list[Primitive], Field(min_length=1, max_length=2_000)]
    weights: list[Number] = Field(default_factory=list)
    extras: Any = None


class Node(_Part):
    children: Annotated[list[Index], Field(max_length=MOST)] = Field(default_factory=list)
    mesh: Index | None = None
    skin: Index | None = None
    matrix: Annotated[list[Number], Field(min_length=16, max_length=16)] | None = None
    translation: Numbers3 = [0.0, 0.0, 0.0]
    rotation: Numbers4 = [0.0, 0.0, 0.0, 1.0]
    scale: Numbers3 = [1.0, 1.0, 1.0]


class Skin(_Part):
    joints: Annotated[list[Index], Field(min_length=1, max_length=4_096)]
    inverseBindMatrices: Index | None = None


class TextureInfo(_Part):
    index: Index
    texCoord: Annotated[int, Field(ge=0, le=7)] = 0
    scale: Number = 1.0


class Metallic(BaseModel):
    baseColorFactor: Numbers4 = [1.0, 1.0, 1.0, 1.0]
    baseColorTexture: TextureInfo | None = None
    metallicFactor: Number = 1.0
    roughnessFactor: Number = 1.0
    metallicRoughnessTexture: TextureInfo | None = None


class Material(_Part):
    pbrMetallicRoughness: Metallic = Metallic()
    normalTexture: TextureInfo | None = None
    emissiveFactor: Numbers3 = [0.0, 0.0, 0.0]
    alphaMode: Literal["OPAQUE", "MASK", "BLEND"] = "OPAQUE"
    alphaCutoff: Number = 0.5
    doubleSided: bool = False


class Texture(_Part):
    source: Index | None = None
    sampler: Index | None = None


class Sampler(_Part):
    wrapS: int = 10497
    wrapT: int = 10497


class Image(_Part):
    uri: str | None = None
    mimeType: str | None = None
    bufferView: Index | None = None


class Scene(_Part):
    nodes: Annotated[list[Index], Field(max_length=MOST)] = Field(default_factory=list)


class Document(_Part):
    asset: Asset
    extensionsRequired: list[str] = Field(default_factory=list)
    extensionsUsed: list[str] = Field(default_factory=list)
    scene: Index | None = None
    scenes: Annotated[list[Scene], Field(max_length=1_000)] = Field(default_factory=list)
    nodes: Annotated[list[Node], Field(max_length=20_000)] = Field(default_factory=list)
    meshes: Annotated[list[Mesh], Field(max_length=5_000)] = Field(default_factory=list)
    skins: Annotated[list[Skin], Field(max_length=1_000)] = Field(default_factory=list)
    materials: Annotated[list[Material], Field(max_length=2_000)] = Field(default_factory=list)
    textures: Annotated[list[Texture], Field(max_length=2_000)] = Field(default_factory=list)
    samplers: Annotated[list[Sampler], Field(max_length=2_000)] = Field(default_factory=list)
    images: Annotated[list[Image], Field(max_length=2_000)] = Field(default_factory=list)
    buffers: Annotated[list[Buffer], Field(max_length=1_000)] = Field(default_factory=list)
    bufferViews: Annotated[list[BufferView], Field(max_length=MOST)] = Field(default_factory=list)
    accessors: Annotated[list[Accessor], Field(max_length=MOST)] = Field(default_factory=list)
