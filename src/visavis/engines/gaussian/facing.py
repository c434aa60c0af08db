"""Where a face is in a cloud of splats or on a mesh: the same landmarks, found in a picture of either and taken back to space."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.engine import RigEngine
from visavis.engines.rig.views import camera_of
from visavis.errors import BadInput
from visavis.landmarks.faces import Landmarker
from visavis.render.camera import Camera, look_at
from visavis.render.mesh import RenderMesh
from visavis.render.scene import render_mesh
from visavis.splats.cloud import Splats
from visavis.splats.painter import Painter
from visavis.splats.still import still
from visavis.types import U8, FaceFrame

F64 = npt.NDArray[np.float64]
SIZE: Final = 640
SHARES: Final = (1.0, 0.5, 0.28, 0.16)
"""Of a cloud's height, from its top: a face is looked for in ever smaller parts, so that one on a body is found too."""
FOV_RAD: Final = 0.35
BACKDROP: Final = 205
SOLID: Final = 0.35


def marks_on_mesh(mesh: RenderMesh, landmarker: Landmarker) -> F64:
    """The landmarks [468, 3] metres on a drawn person at rest; NaN where there is no surface behind one."""
    engine = RigEngine(mesh, width=SIZE, height=SIZE)
    picture = engine.draw_rgb(FaceFrame.neutral())
    engine.close()
    camera = camera_of(mesh, SIZE)
    depth = render_mesh(mesh.positions, mesh.triangles, camera).depth
    faces = landmarker.find(picture)
    assert faces, "the template has no face"
    return in_space(faces[0].points, np.where(np.isfinite(depth), depth, 0), camera)


def marks_in_cloud(cloud: Splats, landmarker: Landmarker) -> F64:
    """The landmarks [468, 3] of the face that a cloud shows when looked at along -Z, in its own unit. Raises BadInput for none."""
    solid = cloud.positions[cloud.opacity > SOLID].astype(np.float64)
    if len(solid) < 200:
        raise BadInput("The cloud has too few solid splats to be a head.")
    low, high = np.percentile(solid, [1, 99], axis=0)
    for share in SHARES:
        height = (high[1] - low[1]) * share
        top = solid[solid[:, 1] > high[1] - height]
        middle = np.array([np.median(top[:, 0]), high[1] - height / 2, np.median(top[:, 2])])
        found = _look(cloud, middle, height * 1.25, landmarker)
        if found is not None:
            eyes = found[np.isfinite(found).all(1)]
            across = float(np.ptp(eyes[:, 1]))
            closer = _look(cloud, np.median(eyes, axis=0), across * 2.4, landmarker)
            return found if closer is None else closer
    raise BadInput("No face is found in the cloud from the front.", mend="Turn it with --set yaw=DEGREES, or leave rig out.")


def _look(cloud: Splats, middle: F64, height: float, landmarker: Landmarker) -> F64 | None:
    """Landmarks in a picture that shows `height` around `middle`, taken back to space; None where there is no face."""
    distance = height / 2 / np.tan(FOV_RAD / 2)
    at = middle + np.array([0, 0, distance])
    camera = look_at(
        (at[0], at[1], at[2]), (middle[0], middle[1], middle[2]), width=SIZE, height=SIZE, vertical_fov_rad=FOV_RAD
    )
    drawn = Painter(SIZE, SIZE).draw(still(cloud, camera), camera)
    picture: U8 = np.asarray(np.clip(drawn.colour * 255 + (1 - drawn.alpha[..., None]) * BACKDROP, 0, 255), np.uint8)
    faces = landmarker.find(picture)
    if not faces:
        return None
    return in_space(faces[0].points, np.where(drawn.alpha > 0.8, drawn.depth, 0), camera)


def in_space(points: npt.NDArray[np.floating], depth: npt.NDArray[np.floating], camera: Camera) -> F64:
    """Pixels [n, 2 or 3] with the depth [h, w] under them as points [n, 3] of the world; NaN where the depth is 0."""
    x, y = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    column = np.clip(np.floor(x).astype(int), 0, camera.width - 1)
    row = np.clip(np.floor(y).astype(int), 0, camera.height - 1)
    far = depth[row, column].astype(np.float64)
    view = np.stack([(x - camera.cx) / camera.fx * far, -(y - camera.cy) / camera.fy * far, -far], 1)
    world = view @ camera.rotation.astype(np.float64) + camera.position
    world[far <= 0] = np.nan
    return np.asarray(world, np.float64)
