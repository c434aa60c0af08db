"""A cloud of somebody else's as a person of ours: hung on our head where it fits, or standing still."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT
from visavis.engines.gaussian.avatar import LAYERS, GaussianAvatar
from visavis.engines.gaussian.facing import SOLID, marks_in_cloud, marks_on_mesh
from visavis.engines.gaussian.features import FEATURES
from visavis.errors import BadInput
from visavis.landmarks.faces import Landmarker
from visavis.render.mesh import RenderMesh
from visavis.render.prepare import rotation
from visavis.splats.bind import nearest_triangle, rest_frames, to_local
from visavis.splats.cage import cells_of, tetrahedron_of, with_cage
from visavis.splats.cloud import Splats
from visavis.splats.driver import Driver, driver_of
from visavis.types import F32

F64 = npt.NDArray[np.float64]
NEAR_M: Final = 0.009
"""What lies nearer to the fitted surface moves with it; what lies farther, with a cage around it."""
CELL_M: Final = 0.025
FAR_M: Final = 0.25
"""What lies farther from the head than this is left out."""
ROUNDS: Final = 12
KEPT_SHARE: Final = 0.7
LEAST_MARKS: Final = 150
WORST_M: Final = 0.012
LOOSE_M: Final = 0.005
STILL_HALF_HEIGHT_M: Final = 0.15
BACKGROUND: Final = np.array([[150, 158, 166], [62, 70, 82]], np.float32)
_ALL_WEIGHTS: Final = np.tile(np.array([0, 1], np.float32), (COUNT, 1))


def standing_still(cloud: Splats, *, yaw_deg: float = 0.0, most: int) -> tuple[GaussianAvatar, tuple[str, ...]]:
    """The cloud scaled into the picture, carried by the head's pose as one piece; it has no face to move."""
    cloud = _turned(_largest(cloud, most), yaw_deg)
    solid = cloud.positions[cloud.opacity > SOLID] if (cloud.opacity > SOLID).any() else cloud.positions
    low, high = np.percentile(solid, [1, 99], axis=0)
    scale = 2 * STILL_HALF_HEIGHT_M * 0.86 / max(float((high - low).max()), 1e-6)
    cloud = cloud.moved(np.c_[np.eye(3) * scale, -(low + high) / 2 * scale])
    half = np.float32(STILL_HALF_HEIGHT_M)
    points = np.array([[0, 0, 0], [half, 0, 0], [0, half, 0], [0, 0, half]], np.float32)
    driver = Driver(
        points=points, triangles=np.zeros((0, 3), np.int32), tetrahedra=np.array([[0, 1, 2, 3]], np.int32),
        shape_offsets=np.zeros(COUNT + 1, np.int64), shape_indices=np.zeros(0, np.int32), shape_deltas=np.zeros((0, 3), np.float32),
        eye_ranges=np.zeros((2, 2), np.int32), eye_centres=np.zeros((2, 3), np.float32),
        follow=np.tile(np.array([1, 0], np.float32), (4, 1)), pivot=np.array([0, -half / 2, 0], np.float32),
    )  # fmt: skip
    parents = np.zeros(len(cloud), np.int32)
    avatar = _hung(cloud, driver, parents, np.full(len(cloud), LAYERS.index("body"), np.uint8), np.zeros(3, np.float32), 0.9,
                   STILL_HALF_HEIGHT_M)  # fmt: skip
    return avatar, ("It stands still: `--set rig=true` binds a head to ours.",)


def bound_to_head(
    cloud: Splats, template: RenderMesh, landmarker: Landmarker, *, yaw_deg: float = 0.0, most: int
) -> tuple[GaussianAvatar, tuple[str, ...]]:
    """The cloud laid on the template's head by the landmarks of both, and hung on its nearest triangles; what is farther, on a cage.

    Raises BadInput where no face looks our way (`yaw_deg` turns the cloud), or where the two heads do not lie on each other.
    """
    cloud = _turned(_largest(cloud, most), yaw_deg)
    driver = driver_of(template)
    matrix, apart_m = lay_on(marks_in_cloud(cloud, landmarker), marks_on_mesh(template, landmarker))
    if apart_m > WORST_M:
        raise BadInput(
            f"Our head does not fit this face: {apart_m * 1000:.0f} mm apart.", mend="Leave rig out, and it stands still."
        )
    cloud = cloud.moved(matrix)
    parent, far = nearest_triangle(cloud.positions, driver)
    inside = far < FAR_M
    cloud, parent, far = cloud.take(inside), parent[inside], far[inside]
    loose = far > NEAR_M
    follows = driver.follow[driver.triangles].sum(2).mean(1)[parent]
    layers = np.where(~loose, 0, np.where(follows > 0.5, 1, 2)).astype(np.uint8)
    if loose.any():
        cells = cells_of(cloud.positions[loose], CELL_M)
        first = len(driver.triangles)
        driver = with_cage(driver, cells, CELL_M)
        parent[loose] = first + tetrahedron_of(cloud.positions[loose], cells, CELL_M)
    avatar = _hung(cloud, driver, parent, layers, template.look_at, template.distance_m, template.half_height_m)
    remarks = [f"Our head fits to {apart_m * 1000:.1f} mm; {int((~loose).sum())} of {len(cloud)} splats hang on the face."]
    if apart_m > LOOSE_M:
        remarks.append("That is a loose fit: `--set yaw=DEGREES` turns a face that does not look straight at you.")
    return avatar, tuple(remarks)


def lay_on(marks: F64, target: F64) -> tuple[F64, float]:
    """The similarity [3, 4] that lays landmarks [n, 3] on others, and how far apart they stay in metres (median).

    Fitted again and again to the nearer ones: those at the face's edge fall on hair and background.
    """
    kept = np.isfinite(marks).all(1) & np.isfinite(target).all(1)
    if kept.sum() < LEAST_MARKS:
        raise BadInput("Too little of the face is solid.", mend="Leave rig out, and it stands still.")
    a, b = marks[kept], target[kept]
    chosen = np.ones(len(a), bool)
    for _ in range(ROUNDS):
        matrix = _similarity(a[chosen], b[chosen])
        apart = np.linalg.norm(a @ matrix[:, :3].T + matrix[:, 3] - b, axis=1)
        chosen = apart <= np.quantile(apart, KEPT_SHARE)
    return matrix, float(np.median(apart))


def _similarity(source: F64, target: F64) -> F64:
    """The similarity [3, 4] that takes points to points in the least squares sense (Umeyama, 1991)."""
    a, b = source.mean(0), target.mean(0)
    left, sizes, right = np.linalg.svd((target - b).T @ (source - a))
    sign = np.array([1, 1, np.sign(np.linalg.det(left @ right))])
    turn = left * sign @ right
    scale = (sizes * sign).sum() / max(((source - a) ** 2).sum(), 1e-12)
    return np.asarray(np.c_[scale * turn, b - scale * turn @ a])


def _hung(
    cloud: Splats, driver: Driver, parents: npt.NDArray[np.int32], layers: npt.NDArray[np.uint8], look_at: F32, distance_m: float,
    half_height_m: float,
) -> GaussianAvatar:  # fmt: skip
    frames = rest_frames(driver)
    places, turns, log_scales = to_local(frames, parents, cloud.positions, cloud.rotations, cloud.log_scales)
    sh = np.zeros((len(cloud), 3, 3), np.float32)
    if cloud.degree > 0:
        sh[:] = _in_parents(cloud.sh[:, 1:4], frames, parents)
    order = np.argsort(-(cloud.opacity * np.exp(cloud.log_scales.max(1) * 2)), kind="stable")
    avatar = GaussianAvatar(
        driver=driver, parents=parents.astype(np.int32), layers=layers, places=places, turns=turns, log_scales=log_scales,
        opacities=cloud.opacity, colours=cloud.base_colours, sh=np.clip(sh, -0.49, 0.49), rows=np.zeros(0, np.int32),
        bases=np.zeros((0, 0, 9), np.int8), base_scales=np.zeros((0, 9), np.float32), mix=np.zeros((0, FEATURES), np.float32),
        mean=np.zeros(FEATURES, np.float32), ranges=_ALL_WEIGHTS, look_at=np.asarray(look_at, np.float32), background=BACKGROUND,
        distance_m=distance_m, half_height_m=half_height_m,
    )  # fmt: skip
    return avatar.taken(order)


def _in_parents(sh: F32, frames: F32, parents: npt.NDArray[np.int32]) -> F32:
    """Harmonics of degree 1 [n, 3, 3] by direction in the parent's frame: their vector (-x, y, -z of the order z, x, y) turned back."""
    linear = frames[:, :9].reshape(-1, 3, 3).astype(np.float64)
    left, _, right = np.linalg.svd(linear)
    turn = (left @ right)[parents]
    vector = np.stack([-sh[:, 2], -sh[:, 0], sh[:, 1]], 1)  # x, y, z of the gradient, for each colour
    local = np.einsum("nij,nic->njc", turn, vector)
    return np.stack([-local[:, 1], local[:, 2], -local[:, 0]], 1).astype(np.float32)


def _largest(cloud: Splats, most: int) -> Splats:
    """At most so many: the most solid and largest."""
    if len(cloud) <= most:
        return cloud
    weight = cloud.opacity * np.exp(cloud.log_scales.sum(1) * (2 / 3))
    return cloud.take(np.sort(np.argsort(-weight, kind="stable")[:most]))


def _turned(cloud: Splats, yaw_deg: float) -> Splats:
    if yaw_deg == 0:
        return cloud
    turn = rotation(float(np.radians(yaw_deg)), 0.0, 0.0)
    return cloud.moved(np.c_[turn, np.zeros(3)])
