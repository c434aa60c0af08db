"""A rig seen from other sides: the camera that others are told of is the one its picture is drawn with."""

import numpy as np
import pytest

from visavis.arkit import COUNT
from visavis.engines.rig.engine import RigEngine
from visavis.engines.rig.views import camera_of
from visavis.render.mesh import RenderMesh
from visavis.render.prepare import rotation
from visavis.render.scene import Surface, render_mesh
from visavis.testing.person import ball_person
from visavis.types import FaceFrame

SIZE = 128


@pytest.fixture(scope="module")
def mesh() -> RenderMesh:
    return ball_person()


@pytest.mark.parametrize("view", [(0.0, 0.0), (0.9, 0.0), (-0.6, 0.15), (0.4, -0.1)])
def test_the_silhouette_is_where_the_camera_says(mesh: RenderMesh, view: tuple[float, float]) -> None:
    drawn = RigEngine(mesh, width=SIZE, height=SIZE, view=view).draw_rgb(FaceFrame.neutral(), transparent=True)
    plain = render_mesh(mesh.positions, mesh.triangles, camera_of(mesh, SIZE, view), Surface(two_sided=True))
    assert np.abs(drawn[..., 3] / 255 - plain.alpha).mean() < 0.01


def test_light_stays_in_the_world_when_the_camera_goes_round(mesh: RenderMesh) -> None:
    """Going round the person is not the same as the person turning: the key light's side stays bright."""
    angle = 0.5
    zero = np.zeros(3, np.float32)
    turned = FaceFrame(0, np.zeros(COUNT, np.float32), np.array([-angle, 0, 0], np.float32), zero, np.zeros((2, 2), np.float32))
    round_ = RigEngine(mesh, width=SIZE, height=SIZE, view=(angle, 0.0)).draw_rgb(FaceFrame.neutral()).astype(int)
    head = RigEngine(mesh, width=SIZE, height=SIZE).draw_rgb(turned).astype(int)
    assert np.abs(round_ - head)[40:80, 40:88].mean() > 2


def test_the_same_point_is_seen_where_it_is(mesh: RenderMesh) -> None:
    camera = camera_of(mesh, SIZE, (0.7, 0.1))
    assert np.allclose(camera.project(mesh.look_at[None])[0, :2], SIZE / 2, atol=1e-3)
    assert np.allclose(camera.rotation, rotation(0.7, 0, 0).T, atol=1e-6)
