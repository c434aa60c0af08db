"""The engine draws what FaceFrames ask for, the same each time, on any number of threads."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from visavis.arkit import INDEX
from visavis.engines.rig import RigEngine
from visavis.errors import BadInput
from visavis.render.mesh import Part
from visavis.render.prepare import Prepared
from visavis.types import Engine, FaceFrame

SIZE = 160


def face(t_ticks: int = 0, *, yaw: float = 0, pitch: float = 0, roll: float = 0, gaze: tuple[float, float] = (0, 0),
         move: tuple[float, float, float] = (0, 0, 0), **weights: float) -> FaceFrame:  # fmt: skip
    values = np.zeros(52, np.float32)
    for name, value in weights.items():
        values[INDEX[name]] = value
    return FaceFrame(t_ticks, values, np.array([yaw, pitch, roll], np.float32), np.array(move, np.float32),
                     np.array([gaze, gaze], np.float32), generation=3)  # fmt: skip


def talking(n: int) -> FaceFrame:
    t = n / 25
    return face(n * 1920, yaw=0.2 * np.sin(2 * t), pitch=0.05 * np.sin(3 * t), gaze=(0.1 * np.sin(t), 0),
                jawOpen=0.3 + 0.3 * np.sin(9 * t), mouthSmileLeft=0.5 + 0.5 * np.sin(t))  # fmt: skip


def middle(picture: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Mean x, y of the pixels marked."""
    y, x = np.nonzero(where)
    return np.array([x.mean(), y.mean()])


def iris(picture: np.ndarray) -> np.ndarray:
    """Where the ball's blue irises are."""
    red, _, blue = picture[..., :3].astype(int).transpose(2, 0, 1)
    y = np.mgrid[0:SIZE, 0:SIZE][0]
    return (blue > red + 12) & (y < SIZE * 0.62) & (y > SIZE * 0.2) & (picture[..., 3] > 250)


def test_a_video_frame_of_its_own_memory(ball: Prepared) -> None:
    engine: Engine = RigEngine(ball, width=SIZE, height=96)
    first = engine.draw(face(960))
    kept = first.i420.copy()
    second = engine.draw(face(2880, jawOpen=1, yaw=0.3))
    assert (engine.width, engine.height) == (first.width, first.height) == (SIZE, 96)
    assert (first.t_ticks, first.generation, second.t_ticks) == (960, 3, 2880)
    assert first.i420.shape == (144, SIZE)
    assert np.array_equal(first.i420, kept)
    assert not np.array_equal(first.i420, second.i420)
    assert first.i420[:96].min() >= 16
    assert first.i420[:96].max() <= 235


@pytest.mark.parametrize(("width", "height"), [(0, 96), (97, 96), (96, 10_000), (-2, 96)])
def test_impossible_sizes_are_refused(ball: Prepared, width: int, height: int) -> None:
    with pytest.raises(BadInput, match="Use even sides"):
        RigEngine(ball, width=width, height=height)


def test_signs_of_head_and_gaze(ball: Prepared) -> None:
    """Seen by the viewer: the character's left is to the right of the picture."""
    engine = RigEngine(ball, width=SIZE, height=SIZE)
    draw = lambda **k: engine.draw_rgb(face(10**9 * engine_time(), **k), transparent=True)  # noqa: E731
    still = middle(draw(), iris(draw()))
    for asked, axis, sign in (({"yaw": 0.25}, 0, 1), ({"pitch": 0.25}, 1, 1), ({"gaze": (0.3, 0)}, 0, 1), ({"gaze": (0, 0.3)}, 1, 1),
                              ({"move": (0.02, 0, 0)}, 0, 1), ({"move": (0, 0.02, 0)}, 1, -1),
                              ({"eyeLookOutLeft": 0.8, "eyeLookInRight": 0.8}, 0, 1),
                              ({"eyeLookUpLeft": 0.8, "eyeLookUpRight": 0.8}, 1, -1)):  # fmt: skip
        picture = draw(**asked)
        assert (middle(picture, iris(picture)) - still)[axis] * sign > 0.8, asked
    picture = draw(roll=0.3)
    y, x = np.nonzero(iris(picture))
    right = x > x.mean()
    assert y[right].mean() < y[~right].mean() - 5


_TIME = iter(range(1, 10_000))


def engine_time() -> int:
    """Far apart, so that nothing sways."""
    return next(_TIME)


def test_lids_follow_the_gaze_and_the_larger_wish_counts(ball: Prepared) -> None:
    from visavis.head.gaze import LOOK_PITCH_RAD, gaze_angles

    weights = face(eyeLookUpLeft=0.5, eyeLookDownRight=0.9).weights
    angles = gaze_angles(weights, np.array([[0, 0.3], [0.1, 0.1]], np.float32))
    assert angles[0].tolist() == pytest.approx([0, 0.3])
    assert weights[INDEX["eyeLookDownLeft"]] == pytest.approx(0.3 / LOOK_PITCH_RAD)
    assert weights[INDEX["eyeLookUpLeft"]] == 0
    assert angles[1].tolist() == pytest.approx([0.1, 0.9 * LOOK_PITCH_RAD])
    assert weights[INDEX["eyeLookDownRight"]] == pytest.approx(0.9)


def test_transparent_pictures_show_only_the_person(ball: Prepared) -> None:
    engine = RigEngine(ball, width=SIZE, height=SIZE)
    clear, solid = engine.draw_rgb(face(), transparent=True), engine.draw_rgb(face())
    alpha = clear[..., 3:] / 255
    assert clear[:8, :8, 3].max() == 0
    assert ((alpha > 0.1) & (alpha < 0.9)).sum() > 50
    over = clear[..., :3] * alpha + engine._canvases[0].look.background.transpose(1, 2, 0) * (1 - alpha)
    assert np.abs(over - solid).max() <= 2.5


def test_the_same_faces_give_the_same_pictures_on_any_threads(ball: Prepared) -> None:
    def film(workers: int) -> list[np.ndarray]:
        engine = RigEngine(ball, width=SIZE, height=SIZE, workers=workers)
        pictures = [engine.draw(talking(n)).i420 for n in range(12)]
        engine.close()
        return pictures

    alone = film(1)
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(film, (1, 1, 3)))
    for other in together:
        assert all(np.array_equal(a, b) for a, b in zip(alone, other, strict=True))
    assert not np.array_equal(alone[0], alone[6])


def test_weights_out_of_range_do_no_harm(ball: Prepared) -> None:
    engine = RigEngine(ball, width=64, height=64)
    wild = replace(face(), weights=np.full(52, 7, np.float32), head_rotation=np.array([2.5, 1.2, 3], np.float32))
    picture = engine.draw_rgb(wild)
    assert picture.shape == (64, 64, 3)


def test_shapes_change_the_picture_where_they_should(ball: Prepared) -> None:
    engine = RigEngine(ball, width=SIZE, height=SIZE)
    still = engine.draw_rgb(face(0)).astype(int)
    small, large = (np.abs(engine.draw_rgb(face(n, jawOpen=w)).astype(int) - still).max(2) for n, w in ((1, 0.3), (2, 1.0)))
    assert 0 < (small > 8).sum() < (large > 8).sum()
    assert middle(large, large > 8)[1] > SIZE * 0.5
    assert (ball.mesh.part == Part.SKIN).any()
