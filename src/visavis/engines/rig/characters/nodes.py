"""The node graph: where every node stands, and who is above whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.characters.document import Node
from visavis.engines.rig.characters.gltf import Gltf
from visavis.errors import BadInput

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """names of the n nodes · parent int [n], -1 for none · world float64 [n, 4, 4] · order: parents first, only those of the scene."""

    names: tuple[str, ...]
    parent: tuple[int, ...]
    world: F64
    order: tuple[int, ...]

    def place(self, node: int) -> F64:
        """[3]: the node's origin."""
        return np.asarray(self.world[node, :3, 3])

    def below(self, tops: list[int]) -> set[int]:
        """The nodes given and all under them."""
        found = set(tops)
        for node in self.order:
            if self.parent[node] in found:
                found.add(node)
        return found

    def moved(self, below: set[int], matrix: F64) -> Nodes:
        """With `matrix` [4, 4], in the world, applied to some nodes."""
        world = self.world.copy()
        at = sorted(below)
        world[at] = matrix @ world[at]
        return Nodes(self.names, self.parent, world, self.order)


def read_nodes(gltf: Gltf) -> Nodes:
    """Raises BadInput for a graph that is no forest."""
    nodes = gltf.document.nodes
    parent = [-1] * len(nodes)
    for number, node in enumerate(nodes):
        for child in node.children:
            gltf.item(nodes, child, "node")
            if parent[child] >= 0 or child == number:
                raise BadInput(f"{gltf.name}: node {child} has two parents or is its own.")
            parent[child] = number
    world = np.zeros((len(nodes), 4, 4))
    order: list[int] = []
    waiting = [n for n in _roots(gltf, parent) if parent[n] < 0]
    while waiting:
        number = waiting.pop()
        above = world[parent[number]] if parent[number] >= 0 else np.eye(4)
        world[number] = above @ local_matrix(nodes[number])
        order.append(number)
        waiting += nodes[number].children
    inside = set(order)
    for number in range(len(nodes)):
        seen, above_ = 0, number
        while above_ >= 0 and number not in inside:
            seen, above_ = seen + 1, parent[above_]
            if seen > len(nodes):
                raise BadInput(f"{gltf.name}: node {number} is its own ancestor.")
    if not np.isfinite(world).all() or np.abs(world).max(initial=0) > 1e9:
        raise BadInput(f"{gltf.name}: its nodes' transforms grow beyond bounds.")
    return Nodes(tuple(n.name for n in nodes), tuple(parent), world, tuple(order))


def _roots(gltf: Gltf, parent: list[int]) -> list[int]:
    document = gltf.document
    if document.scenes:
        scene = gltf.item(document.scenes, document.scene or 0, "scene")
        for node in scene.nodes:
            gltf.item(document.nodes, node, "node")
        return list(dict.fromkeys(scene.nodes))
    return [n for n, above in enumerate(parent) if above < 0]


def local_matrix(node: Node) -> F64:
    """[4, 4] of a node in its parent's frame."""
    if node.matrix is not None:
        return np.array(node.matrix).reshape(4, 4).T
    out = np.eye(4)
    out[:3, :3] = quaternion_matrix(np.array(node.rotation)) * np.array(node.scale)
    out[:3, 3] = node.translation
    return out


def quaternion_matrix(q: F64) -> F64:
    """[3, 3] of a quaternion x, y, z, w of any length but zero."""
    x, y, z, w = q / max(float(np.linalg.norm(q)), 1e-12)
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
