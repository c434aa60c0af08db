"""All that a character's scene draws, as one set of vertices in the world: skinned in the pose of its bones, with every morph target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.characters.document import Mesh, Primitive
from visavis.engines.rig.characters.gltf import REFUSED, UNPACK, Gltf
from visavis.engines.rig.characters.nodes import Nodes
from visavis.errors import BadInput, TooLarge

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

MAX_VERTICES: Final = 500_000
MAX_PRIMITIVES: Final = 4_096
MOVES: Final = 1e-7
"""Deltas below this share of a unit are none."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A displacement of some of the vertices: rows int64 [m], ascending, and deltas float64 [m, 3]."""

    rows: npt.NDArray[np.int64]
    deltas: F64

    def dense(self, count: int) -> F64:
        out = np.zeros((count, 3))
        out[self.rows] = self.deltas
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """v vertices of all primitives, one after the other.

    positions, normals float64 [v, 3] (normals as given, zero where none are) · triangles int32 [t, 3] · uv [k][v, 2] texture coordinates by
    set · colours [v, 4] · piece int32 [v] primitive of each vertex · triangle_piece [t] · joints, weights [v, 4] nodes that carry a vertex
    material, node, mesh [p] of each primitive · fields: morph targets by (mesh, target) · names of targets by (mesh, target)
    """

    positions: F64
    normals: F64
    triangles: I32
    uv: tuple[F64, F64]
    colours: F64
    piece: I32
    triangle_piece: I32
    joints: I32
    weights: F64
    material: tuple[int, ...]
    node: tuple[int, ...]
    mesh: tuple[int, ...]
    fields: dict[tuple[int, int], Field]
    names: dict[tuple[int, int], str]


def gather(gltf: Gltf, nodes: Nodes) -> Gathered:
    """Raises BadInput where nothing is drawn or the parts do not fit together, TooLarge beyond the bounds."""
    parts = [_part(gltf, nodes, node, mesh, primitive) for node, mesh, primitive in _drawn(gltf, nodes)]
    if not parts:
        raise BadInput(f"{gltf.name} holds no triangles to draw.")
    starts = np.cumsum([0, *(len(p["positions"]) for p in parts)])
    sizes = [len(p["positions"]) for p in parts]

    def joined(name: str) -> Any:
        return np.concatenate([p[name] for p in parts])

    found: dict[tuple[int, int], list[tuple[npt.NDArray[np.int64], F64]]] = {}
    names: dict[tuple[int, int], str] = {}
    for part, start in zip(parts, starts, strict=False):
        for target, (rows, deltas) in part["moves"].items():
            found.setdefault((part["mesh"], target), []).append((rows + start, deltas))
        for target, name in enumerate(target_names(gltf.document.meshes[part["mesh"]])):
            names[part["mesh"], target] = name
    fields = {
        key: Field(np.concatenate([rows for rows, _ in pieces]), np.concatenate([deltas for _, deltas in pieces]))
        for key, pieces in found.items()
    }
    return Gathered(
        joined("positions"), joined("normals"),
        np.concatenate([p["triangles"] + s for p, s in zip(parts, starts, strict=False)]).astype(np.int32),
        (joined("uv0"), joined("uv1")), joined("colours"), np.repeat(np.arange(len(parts)), sizes).astype(np.int32),
        np.repeat(np.arange(len(parts)), [len(p["triangles"]) for p in parts]).astype(np.int32), joined("joints"), joined("weights"),
        tuple(p["material"] for p in parts), tuple(p["node"] for p in parts), tuple(p["mesh"] for p in parts), fields, names,
    )  # fmt: skip


def target_names(mesh: Mesh) -> list[str]:
    """The names of a mesh's morph targets; `target N` where none is given."""
    for extras in (mesh.extras, mesh.primitives[0].extras):
        given = extras.get("targetNames") if isinstance(extras, dict) else None
        if isinstance(given, list) and all(isinstance(name, str) for name in given):
            return [name[:200] for name in given[: len(mesh.primitives[0].targets)]]
    return [f"target {n}" for n in range(len(mesh.primitives[0].targets))]


def _drawn(gltf: Gltf, nodes: Nodes) -> Iterator[tuple[int, int, Primitive]]:
    count = drawn = 0
    for number in nodes.order:
        mesh = gltf.document.nodes[number].mesh
        if mesh is None:
            continue
        for primitive in gltf.item(gltf.document.meshes, mesh, "mesh").primitives:
            if refused := REFUSED.keys() & primitive.extensions.keys():
                raise BadInput(f"{gltf.name}: {REFUSED[refused.pop()]}.", mend=UNPACK)
            if primitive.mode < 4:
                continue  # points and lines
            count += gltf.item(gltf.document.accessors, primitive.attributes.get("POSITION", -1) % (1 << 31), "position").count
            drawn += 1
            if drawn > MAX_PRIMITIVES:
                raise TooLarge(f"{gltf.name} has more than {MAX_PRIMITIVES} parts.", mend="Join its meshes before export.")
            if count > MAX_VERTICES:
                raise TooLarge(
                    f"{gltf.name} has more than {MAX_VERTICES} vertices.", mend="Reduce it, or take a lighter export."
                )
            yield number, mesh, primitive


def _part(gltf: Gltf, nodes: Nodes, node: int, mesh: int, primitive: Primitive) -> dict[str, Any]:
    """One primitive in the world."""
    points = gltf.array(primitive.attributes["POSITION"], "VEC3").astype(np.float64)
    count = len(points)

    def attribute(name: str, kind: str, width: int, fill: float) -> F64:
        index = primitive.attributes.get(name)
        if index is None:
            return np.full((count, width), fill)
        values = gltf.array(index, kind)
        if len(values) != count:
            raise BadInput(f"{gltf.name}: mesh {mesh} has {len(values)} of {name} for {count} vertices.")
        return values.astype(np.float64)

    joints, weights = _bindings(gltf, node, primitive, attribute, count)
    matrices = _matrices(gltf, nodes, node) if "JOINTS_0" in primitive.attributes else None
    per_vertex = matrices is not None
    linear = np.einsum("vj,vjab->vab", weights, matrices[joints[..., 1]]) if matrices is not None else nodes.world[node][None]
    bend = linear[:, :3, :3]
    normals = attribute("NORMAL", "VEC3", 3, 0.0)
    moves = {}
    for number, target in enumerate(primitive.targets):
        if "POSITION" in target:
            deltas = gltf.array(target["POSITION"], "VEC3").astype(np.float64)
            if len(deltas) != count:
                raise BadInput(f"{gltf.name}: target {number} of mesh {mesh} has {len(deltas)} values for {count} vertices.")
            rows = np.flatnonzero(np.abs(deltas).max(1) > MOVES)
            moves[number] = rows, np.einsum("vab,vb->va", bend[rows] if per_vertex else bend, deltas[rows])
    colour_index = primitive.attributes.get("COLOR_0")
    colours = np.ones((count, 4))
    if colour_index is not None:
        kind = gltf.item(gltf.document.accessors, colour_index, "accessor").type
        given = attribute("COLOR_0", kind if kind in {"VEC3", "VEC4"} else "VEC4", 4, 1.0)
        colours[:, : given.shape[1]] = np.clip(given, 0, 1)
    if primitive.material is not None:
        gltf.item(gltf.document.materials, primitive.material, "material")
    positions = np.einsum("vab,vb->va", bend, points) + linear[:, :3, 3]
    for number, weight in enumerate(gltf.document.meshes[mesh].weights):
        if number in moves and weight:
            positions[moves[number][0]] += weight * moves[number][1]
    triangles = _triangles(gltf, primitive, count)
    if not per_vertex and np.linalg.det(nodes.world[node][:3, :3]) < 0:
        triangles = triangles[:, [0, 2, 1]]
    return {
        "positions": positions,
        "normals": np.einsum("vab,vb->va", bend, normals),
        "triangles": triangles,
        "uv0": attribute("TEXCOORD_0", "VEC2", 2, 0.0),
        "uv1": attribute("TEXCOORD_1", "VEC2", 2, 0.0),
        "colours": colours, "joints": joints[..., 0], "weights": weights, "moves": moves,
        "material": -1 if primitive.material is None else primitive.material, "node": node, "mesh": mesh,
    }  # fmt: skip


def _bindings(gltf: Gltf, node: int, primitive: Primitive, attribute: Any, count: int) -> tuple[I32, F64]:
    """joints int32 [count, 4, 2] (node, and its place in the skin) and weights [count, 4] that sum to 1."""
    skin = gltf.document.nodes[node].skin
    joints, weights = np.zeros((count, 4, 2), np.int32), np.zeros((count, 4))
    joints[..., 0], weights[:, 0] = node, 1.0
    if skin is None or "JOINTS_0" not in primitive.attributes:
        return joints, weights
    carriers = gltf.item(gltf.document.skins, skin, "skin").joints
    places = attribute("JOINTS_0", "VEC4", 4, 0.0).astype(np.int64)
    weights = np.clip(attribute("WEIGHTS_0", "VEC4", 4, 0.0), 0, None)
    total = weights.sum(1, keepdims=True)
    weights = np.where(total > 0, weights / np.where(total > 0, total, 1), [1.0, 0, 0, 0])
    if places.max(initial=0) >= len(carriers) or places.min(initial=0) < 0:
        raise BadInput(f"{gltf.name}: a vertex hangs on joint {places.max()} of a skin that has {len(carriers)}.")
    joints[..., 0], joints[..., 1] = np.array(carriers)[places], places
    return joints, weights


def _matrices(gltf: Gltf, nodes: Nodes, node: int) -> F64 | None:
    """[joints, 4, 4] of a node's skin, or None."""
    number = gltf.document.nodes[node].skin
    if number is None:
        return None
    skin = gltf.item(gltf.document.skins, number, "skin")
    for joint in skin.joints:
        gltf.item(gltf.document.nodes, joint, "node")
    world = nodes.world[list(skin.joints)]
    if skin.inverseBindMatrices is None:
        return np.asarray(world)
    bind = gltf.array(skin.inverseBindMatrices, "MAT4").astype(np.float64)
    if len(bind) < len(skin.joints):
        raise BadInput(f"{gltf.name}: skin {number} has {len(bind)} matrices for {len(skin.joints)} joints.")
    return np.asarray(world @ bind[: len(skin.joints)].reshape(-1, 4, 4).transpose(0, 2, 1))


def _triangles(gltf: Gltf, primitive: Primitive, count: int) -> I32:
    order = np.arange(count) if primitive.indices is None else gltf.array(primitive.indices, "SCALAR").astype(np.int64)
    if len(order) and (order.max() >= count or order.min() < 0):
        raise BadInput(f"{gltf.name}: a triangle names vertex {order.max()} of {count}.")
    if primitive.mode == 4:
        corners = order[: len(order) // 3 * 3].reshape(-1, 3)
    elif len(order) < 3:
        corners = np.zeros((0, 3), np.int64)
    elif primitive.mode == 5:
        corners = np.stack([order[:-2], order[1:-1], order[2:]], 1)
        corners[1::2] = corners[1::2, [1, 0, 2]]
    else:
        corners = np.stack([np.full(len(order) - 2, order[0]), order[1:-1], order[2:]], 1)
    a, b, c = corners.T
    return np.asarray(corners[(a != b) & (b != c) & (a != c)], np.int32)
