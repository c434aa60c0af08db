"""Training on a capture that a few splats drew: loss, steps, births, the whole loop, and that it goes on where it stopped."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.engines.gaussian.conftest import tiny_person

from visavis.arkit import COUNT, INDEX
from visavis.engines.gaussian.cameras import free
from visavis.engines.gaussian.engine import GaussianEngine
from visavis.engines.gaussian.training.finish import finished
from visavis.engines.gaussian.training.loss import loss_and_gradient, psnr, ssim
from visavis.engines.gaussian.training.trainer import Trainer, TrainingPlan
from visavis.errors import BadInput
from visavis.splats.capture import Capture, read_capture, record_of, save_driver, write_faces
from visavis.splats.driver import driver_of
from visavis.testing.person import ball_person
from visavis.types import TICKS_HZ, FaceFrame

SIZE, CAMERAS, MOMENTS = 64, 5, 5
PLAN = TrainingPlan(iterations=160, splats=900, first=700, bases=2)


def moment(n: int) -> FaceFrame:
    weights = np.zeros(COUNT, np.float32)
    weights[INDEX["jawOpen"]] = 0.2 * n
    turn = np.array([0.1 * (n % 3 - 1) * (n > 0), 0, 0], np.float32)
    return FaceFrame(n * 10 * TICKS_HZ, weights, turn, np.zeros(3, np.float32), np.zeros((2, 2), np.float32))


@pytest.fixture(scope="session")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Capture:
    """Pictures of the tiny person, its own splats the truth; the tracked surface is what it hangs on, without the cage."""
    folder = tmp_path_factory.mktemp("capture")
    (folder / "images").mkdir()
    engine = GaussianEngine(tiny_person(), width=SIZE, height=SIZE)
    faces = [moment(n) for n in range(MOMENTS)]
    listed: dict[str, list] = {"train": [], "val": [], "test": []}
    for c in range(CAMERAS):
        camera = free(engine.avatar, SIZE, SIZE, yaw_rad=0.5 * (c - 2))
        for m, face in enumerate(faces):
            drawn = engine.draw_from(face, camera)
            colour = drawn.colour / np.maximum(drawn.alpha[..., None], 1e-3)
            rgba = np.clip(np.concatenate([colour, drawn.alpha[..., None]], 2) * 255 + 0.5, 0, 255).astype(np.uint8)
            name = f"images/{m:05d}_{c:02d}.png"
            cv2.imwrite(str(folder / name), rgba[..., [2, 1, 0, 3]])
            split = "test" if m == 3 else "val" if c == 3 else "train"
            listed[split].append(record_of(camera, m, f"{c:02d}", name))
    for split, records in listed.items():
        (folder / f"transforms_{split}.json").write_text(json.dumps({"frames": records}))
    write_faces(folder, faces)
    save_driver(driver_of(ball_person()), folder / "head.npz")
    return read_capture(folder)


def unheard(doing: str, part: float) -> None:
    del doing, part


def test_the_loss_falls_along_its_gradient() -> None:
    rng = np.random.default_rng(0)
    target = cv2.GaussianBlur(rng.uniform(0, 1, (40, 40, 3)).astype(np.float32), (5, 5), 0)
    picture = np.clip(target + rng.normal(0, 0.1, target.shape), 0, 1).astype(np.float32)
    loss, slope = loss_and_gradient(picture, target)
    way = 1e-2 * cv2.GaussianBlur(target - picture + 0.03, (9, 9), 0)
    up, down = (loss_and_gradient((picture + s * way).astype(np.float32), target)[0] for s in (1, -1))
    assert (up - down) / 2 == pytest.approx(float((slope * way).sum() / slope.size), rel=0.08)
    assert loss_and_gradient(picture - 1e-2 * np.sign(slope), target)[0] < loss
    assert ssim(target, target) == pytest.approx(1, abs=1e-5)
    assert psnr(target, target) > 100


def test_training_learns_and_reports(capture: Capture, tmp_path: Path) -> None:
    trainer = Trainer(capture, PLAN, tmp_path, unheard)
    before = trainer.measure()
    report = trainer.run()
    for kind in ("training", "held_views", "held_expressions"):
        assert report[kind]["psnr"] > before[kind]["psnr"] + 1.5
    assert report["training"]["psnr"] > 24
    assert json.loads((tmp_path / "report.json").read_text())["splats"] == len(trainer.state)
    assert cv2.imread(str(tmp_path / "preview.png")).shape == (SIZE, 2 * SIZE, 3)
    assert report["curve"][-1]["iteration"] == PLAN.iterations
    avatar = finished(trainer)
    avatar.validate()
    assert {0, 1} <= set(avatar.layers.tolist())
    assert avatar.ranges[INDEX["jawOpen"], 1] == pytest.approx(0.85, abs=1e-3)
    engine = GaussianEngine(avatar, width=SIZE, height=SIZE)
    view = capture.views["val"][0]
    drawn = engine.draw_from(capture.faces[view.timestep], view.camera)
    truth = view.load() / np.float32(255)
    over = drawn.colour + 1 - drawn.alpha[..., None]
    assert psnr(over, truth[..., :3] * truth[..., 3:] + 1 - truth[..., 3:]) > report["held_views"]["psnr"] - 3


def test_a_killed_training_goes_on(capture: Capture, tmp_path: Path) -> None:
    whole = Trainer(capture, PLAN, tmp_path / "whole", unheard)
    whole.run()
    first = Trainer(capture, PLAN, tmp_path / "parts", unheard)
    while first.state.iteration < 70:
        first._step()
    first.state.save(first._saved)
    again = Trainer(capture, PLAN, tmp_path / "parts", unheard)
    assert again.state.iteration == 70
    again.run()
    assert np.allclose(again.state.values["places"], whole.state.values["places"], atol=1e-5)


def test_births_keep_their_parents_and_deaths_leave_the_rest(capture: Capture, tmp_path: Path) -> None:
    state = Trainer(capture, PLAN, tmp_path, unheard).state
    n = len(state)
    state.drawn[:] = 1
    state.drawn[:10] = 0
    state.values["logits"][10:15] = -9
    state.pulled[:] = np.arange(n)
    places, parents = state.values["places"].copy(), state.parents.copy()
    born, died = state.renew(n + 50)
    assert (died, len(state)) == (15, n - 15 + born)
    assert np.array_equal(state.parents[: n - 15], parents[15:])
    assert np.array_equal(np.sort(state.parents[n - 15 :]), np.sort(parents[n - born :]))
    middle = (state.values["places"][n - 15 - born : n - 15] + state.values["places"][n - 15 :][::-1]) / 2
    assert np.allclose(middle, places[n - born :], atol=1e-5)
    assert len(state.first["places"]) == len(state.bases) == len(state)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [("faces.json", '"gaze"', '"gauze"'), ("transforms_train.json", '"w": 64', '"w": 1e9'),
     ("transforms_train.json", '"timestep_index": 1', '"timestep_index": 77'), ("transforms_val.json", "images/", "../images/"),
     ("transforms_test.json", "{", "["), ("faces.json", "0.0", "NaN")],
)  # fmt: skip
def test_captures_that_do_not_hold_together(capture: Capture, tmp_path: Path, file: str, old: str, new: str) -> None:
    for path in capture.folder.iterdir():
        if path.is_file():
            text = path.read_bytes()
            (tmp_path / path.name).write_bytes(text.replace(old.encode(), new.encode()) if path.name == file else text)
    with pytest.raises(BadInput):
        read_capture(tmp_path)


def test_a_missing_picture_is_named(capture: Capture, tmp_path: Path) -> None:
    view = capture.views["train"][0]
    gone = type(view)(view.timestep, view.camera_id, view.camera, tmp_path / "00000_00.png")
    with pytest.raises(BadInput, match=r"00000_00\.png"):
        gone.load()
