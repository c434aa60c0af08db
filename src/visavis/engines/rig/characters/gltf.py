"""Reads a glTF 2.0 file: GLB (and VRM, which is one) or JSON with everything inside. Bounded before it allocates."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from visavis.engines.rig.characters.document import Document
from visavis.errors import BadInput, TooLarge

MAX_BYTES: Final = 256 << 20
MAX_JSON_BYTES: Final = 32 << 20
MAX_NUMBERS: Final = 96 << 20
"""Of all arrays read from one file."""
_JSON, _BIN = 0x4E4F534A, 0x004E4942
_TYPES: Final = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_MOST: Final = {5120: 127, 5121: 255, 5122: 32_767, 5123: 65_535, 5125: 4_294_967_295}
_WIDTH: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
KNOWN: Final = frozenset({
    "KHR_mesh_quantization", "KHR_texture_transform", "EXT_texture_webp",
    "KHR_materials_unlit", "KHR_materials_emissive_strength", "KHR_materials_specular",
    "KHR_materials_clearcoat", "KHR_materials_ior", "KHR_materials_sheen", "KHR_materials_transmission", "KHR_materials_volume",
    "KHR_lights_punctual", "KHR_xmp_json_ld", "VRM", "VRMC_vrm", "VRMC_materials_mtoon", "VRMC_springBone", "VRMC_node_constraint",
    "VRMC_materials_hdr_emissiveMultiplier",
})  # fmt: skip
"""Extensions without which, or with which, a character can be drawn."""
REFUSED: Final = {
    "KHR_draco_mesh_compression": "its geometry is compressed with Draco",
    "EXT_meshopt_compression": "its data are compressed with meshopt",
    "KHR_meshopt_compression": "its data are compressed with meshopt",
    "KHR_texture_basisu": "its textures are KTX2",
}
UNPACK: Final = "Export it without compression, with PNG, JPEG or WebP textures."
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Gltf:
    """A document and its buffers. `name` is the file's, for what is told of it."""

    name: str
    document: Document
    buffers: list[bytes]
    _read_numbers: int = field(default=0)

    def forget(self) -> None:
        """Counts the numbers read anew: the same arrays are about to be read again."""
        self._read_numbers = 0

    def item(self, items: Sequence[T], index: int, what: str) -> T:
        if index >= len(items):
            raise BadInput(f"{self.name}: there is no {what} {index}.")
        return items[index]

    def view(self, index: int) -> tuple[memoryview, int | None]:
        """The bytes of a buffer view and its stride."""
        view = self.item(self.document.bufferViews, index, "buffer view")
        if refused := REFUSED.keys() & view.extensions.keys():
            raise BadInput(f"{self.name}: {REFUSED[refused.pop()]}.", mend=UNPACK)
        data = self.item(self.buffers, view.buffer, "buffer")
        if view.byteOffset + view.byteLength > len(data):
            raise BadInput(f"{self.name}: buffer view {index} reaches beyond its buffer.")
        return memoryview(data)[view.byteOffset : view.byteOffset + view.byteLength], view.byteStride

    def array(self, index: int, kind: str) -> npt.NDArray[Any]:
        """An accessor as [n, width] ([n] for SCALAR), float32 where it holds or is normalised to real numbers.

        Raises BadInput where it is not of `kind`, reaches beyond its data or holds what is no number.
        """
        accessor = self.item(self.document.accessors, index, "accessor")
        if accessor.type != kind:
            raise BadInput(f"{self.name}: accessor {index} is {accessor.type}, not {kind}.")
        width = _WIDTH[kind]
        dtype = np.dtype(_TYPES[accessor.componentType]).newbyteorder("<")
        self._read_numbers += accessor.count * width
        if self._read_numbers > MAX_NUMBERS:
            raise TooLarge(f"{self.name} holds more than {MAX_NUMBERS >> 20} million numbers.")
        if accessor.bufferView is None:
            values = np.zeros((accessor.count, width), dtype)
        else:
            values = self._strided(accessor.bufferView, accessor.byteOffset, accessor.count, width, dtype, f"accessor {index}")
        if accessor.sparse is not None:
            values = self._with_sparse(values.copy(), index)
        if accessor.normalized and accessor.componentType != 5126:
            values = np.maximum(values.astype(np.float32) / np.float32(_MOST[accessor.componentType]), np.float32(-1))
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise BadInput(f"{self.name}: accessor {index} holds values that are no numbers.")
        return values[:, 0] if kind == "SCALAR" else values

    def _strided(self, view: int, offset: int, count: int, width: int, dtype: np.dtype[Any], what: str) -> npt.NDArray[Any]:
        data, stride = self.view(view)
        step = stride or width * dtype.itemsize
        if step < width * dtype.itemsize or offset + step * (count - 1) + width * dtype.itemsize > len(data):
            raise BadInput(f"{self.name}: {what} reaches beyond its data.")
        return np.ndarray((count, width), dtype, data, offset, (step, dtype.itemsize))

    def _with_sparse(self, values: npt.NDArray[Any], index: int) -> npt.NDArray[Any]:
        sparse = self.document.accessors[index].sparse
        assert sparse is not None
        if sparse.count > len(values):
            raise BadInput(f"{self.name}: accessor {index} replaces more values than it has.")
        kind = np.dtype(_TYPES[sparse.indices.componentType]).newbyteorder("<")
        what = f"the sparse part of accessor {index}"
        rows = self._strided(sparse.indices.bufferView, sparse.indices.byteOffset, sparse.count, 1, kind, what)[:, 0].astype(
            np.int64
        )
        given = self._strided(
            sparse.values.bufferView, sparse.values.byteOffset, sparse.count, values.shape[1], values.dtype, what
        )
        if rows.max() >= len(values) or (np.diff(rows) <= 0).any():
            raise BadInput(f"{self.name}: {what} points outside it or twice at one place.")
        values[rows] = given
        return values


def read_gltf(path: Path) -> Gltf:
    """Raises BadInput or TooLarge in one line for whatever cannot be read or drawn."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TooLarge(f"{path.name} is larger than {MAX_BYTES >> 20} MiB.")
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror}.") from None
    text, binary = _split(path.name, data) if data[:4] == b"glTF" else (data, None)
    if len(text) > MAX_JSON_BYTES:
        raise TooLarge(f"{path.name}: its JSON is larger than {MAX_JSON_BYTES >> 20} MiB.")
    try:
        document = Document.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "it"
        raise BadInput(f"{path.name} is no glTF 2.0: {where}: {fault['msg'][:200]}.") from None
    except RecursionError:
        raise BadInput(f"{path.name} is no glTF 2.0: it is nested too deeply.") from None
    if not document.asset.version.startswith("2."):
        raise BadInput(f"{path.name} is glTF {document.asset.version[:20]!r}, not 2.0.", mend="Export it as glTF 2.0 (GLB).")
    for extension in document.extensionsRequired:
        if extension not in KNOWN:
            why = REFUSED.get(extension, f"it requires the extension {extension[:60]}, which is not known here")
            raise BadInput(f"{path.name}: {why}.", mend=UNPACK)
    return Gltf(path.name, document, [_buffer(path.name, n, document, binary) for n in range(len(document.buffers))])


def _split(name: str, data: bytes) -> tuple[bytes, bytes | None]:
    """JSON and binary chunk of a GLB."""
    if len(data) < 20:
        raise BadInput(f"{name} is cut short.")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2:
        raise BadInput(f"{name} is a GLB of version {version}, not 2.")
    if length > len(data):
        raise BadInput(f"{name} is cut short: {len(data)} of {length} bytes.")
    chunks: dict[int, bytes] = {}
    at = 12
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > length:
            raise BadInput(f"{name} is damaged: a chunk reaches beyond the file.")
        chunks.setdefault(kind, data[at + 8 : at + 8 + size])
        at += 8 + size
    if _JSON not in chunks:
        raise BadInput(f"{name} is damaged: it holds no JSON.")
    return chunks[_JSON], chunks.get(_BIN)


def _buffer(name: str, index: int, document: Document, binary: bytes | None) -> bytes:
    buffer = document.buffers[index]
    data = binary if buffer.uri is None and index == 0 else data_of(buffer.uri, name)
    if data is None:
        raise BadInput(f"{name}: buffer {index} has no data.")
    if len(data) < buffer.byteLength:
        raise BadInput(f"{name}: buffer {index} has {len(data)} bytes, not {buffer.byteLength}.")
    return data


def data_of(uri: str | None, name: str) -> bytes | None:
    """The bytes of a data URI. Raises BadInput for any other: nothing outside the file is read."""
    if uri is None:
        return None
    if not uri.startswith("data:"):
        raise BadInput(f"{name} refers to another file ({uri[:80]!r}).", mend="Export it as one file (GLB).")
    head, comma, body = uri.partition(",")
    if not comma or not head.endswith(";base64"):
        raise BadInput(f"{name}: a data URI is not base64.")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(f"{name}: a data URI is not base64.") from None
