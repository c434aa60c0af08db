"""What a portrait must hold on the shared pictures: the picture itself, closed lids and lips, no tears, no drift."""

import json

import numpy as np
import pytest
from tests import needs
from tests.engines.portrait.conftest import PICTURES, portrait_of

from visavis import assets
from visavis.arkit import COUNT, INDEX
from visavis.engines.portrait.engine import PortraitEngine
from visavis.engines.portrait.portrait import Portrait
from visavis.engines.portrait.still import Options, take_in
from visavis.errors import BadInput
from visavis.head.canonical import load_head
from visavis.head.fit import HeadFitter
from visavis.landmarks.faces import Landmarker
from visavis.landmarks.networks import Networks
from visavis.landmarks.pictures import read_picture
from visavis.settings import load_settings
from visavis.types import AudioChunk, FaceFrame, PhoneCue, SpeechChunk, ticks_from_s

SIZE = 512
NEUTRAL_GAP_PX, UNMOVED_DB, FLIPPED = 10, 35.0, 0.005


def face(yaw: float = 0, pitch: float = 0, roll: float = 0, gaze: tuple[float, float] = (0, 0), **weights: float) -> FaceFrame:
    """Angles in degrees; a shape without its side stands for both."""
    w = np.zeros(COUNT, np.float32)
    for name, weight in weights.items():
        w[[INDEX[n] for n in (name, f"{name}Left", f"{name}Right") if n in INDEX]] = weight
    turn = np.radians([yaw, pitch, roll]).astype(np.float32)
    return FaceFrame(0, w, turn, np.zeros(3, np.float32), np.array([gaze, gaze], np.float32))


@pytest.mark.parametrize("name", PICTURES)
def test_unmoved_it_is_the_picture(name: str) -> None:
    cache = load_settings().cache
    portrait, folder = portrait_of(name), assets.find("landmarks", load_settings().cache)
    assert folder is not None
    still = take_in(
        read_picture(needs.shared(f"photos/{name}")), Networks(folder), HeadFitter(load_head(cache)), Options(), name
    )
    drawn = PortraitEngine(portrait, size=portrait.side).draw_unmoved()
    error = ((drawn.astype(float) - still.rgb) ** 2)[still.alpha > 0.5].mean()
    assert 10 * np.log10(255**2 / error) >= UNMOVED_DB


def test_eyes_close_wholly_and_lips_meet(portrait: Portrait) -> None:
    engine = PortraitEngine(portrait, size=SIZE)
    for blink in (face(eyeBlink=1), face(eyeBlink=1, yaw=12), face(eyeBlink=1, jawOpen=0.3, pitch=-8)):
        engine.draw(blink)
        assert engine.hole_px[:2].sum() == 0
    for closed in (face(), face(jawOpen=0.03, mouthClose=0.03, mouthPress=0.3), face(yaw=10)):
        engine.draw(closed)
        assert engine.hole_px[2] <= NEUTRAL_GAP_PX
    engine.draw(face())
    assert (engine.hole_px[:2] > 40).all()


def test_lids_and_jaw_open_steadily(portrait: Portrait) -> None:
    engine = PortraitEngine(portrait, size=SIZE)
    mouths, eyes = [], []
    for share in np.linspace(0, 1, 6):
        engine.draw(face(jawOpen=0.7 * share, eyeBlink=1 - share))
        mouths.append(int(engine.hole_px[2]))
        eyes.append(int(engine.hole_px[:2].sum()))
    assert (np.diff(mouths) >= 0).all()
    assert mouths[-1] > 400
    assert (np.diff(eyes) >= -8).all()


def test_the_relief_does_not_tear(portrait: Portrait) -> None:
    """Cells that turn over, of those that show the person, over all of the stated range."""
    engine = PortraitEngine(portrait, size=SIZE)
    for yaw in (-20, -10, 10, 20):
        for pitch in (-12, 0, 12):
            engine.draw(face(yaw=yaw, pitch=pitch))
            assert engine.flipped_share() <= FLIPPED, (yaw, pitch)


def test_nothing_drifts(girl: Portrait) -> None:
    """Ten minutes of media time with everything moving between: the neutral face is the same, pixel by pixel."""
    engine, rng = PortraitEngine(girl, size=SIZE), np.random.default_rng(0)
    first = engine.draw(face()).i420
    for minute in range(10):
        for _ in range(6):
            weights = rng.uniform(0, 1, COUNT).astype(np.float32)
            turn = rng.uniform(-0.4, 0.4, 3).astype(np.float32)
            engine.draw(
                FaceFrame(
                    ticks_from_s(60 * minute), weights, turn, turn / 10, rng.uniform(-0.3, 0.3, (2, 2)).astype(np.float32)
                )
            )
        frame = engine.draw(FaceFrame.neutral(ticks_from_s(60 * (minute + 1)), 7))
        assert frame.generation == 7
        assert np.array_equal(frame.i420, first)


def test_gaze_moves_the_irises_and_little_else(girl: Portrait) -> None:
    engine = PortraitEngine(girl, size=SIZE)
    straight = engine.draw_rgb(face()).astype(int)
    for gaze in ((0.3, 0.0), (-0.3, 0.0), (0.0, 0.2)):
        moved = np.abs(engine.draw_rgb(face(gaze=gaze)).astype(int) - straight).max(2) > 12
        rows, _columns = np.nonzero(moved)
        assert moved.sum() > 60
        eyes = girl.eye_uv.reshape(-1, 2) * SIZE / girl.side
        assert eyes[:, 1].min() < rows.min()
        assert rows.max() < eyes[:, 1].max() + 20
        assert moved.mean() < 0.02


def test_gaze_goes_where_it_looks(girl: Portrait) -> None:
    """Towards the person's left is to the right of the picture; the landmarks see it too."""
    folder = assets.find("landmarks", load_settings().cache)
    assert folder is not None
    engine, landmarker = PortraitEngine(girl, size=SIZE), Landmarker(Networks(folder))
    seen = {x: landmarker.find(engine.draw_rgb(face(gaze=(x, 0))), crops=0)[0].irises[:, 0, 0] for x in (-0.35, 0.35)}
    assert (seen[0.35] - seen[-0.35] > 2.0).all()


def test_heads_turn_as_a_face_frame_says(girl: Portrait) -> None:
    folder = assets.find("landmarks", load_settings().cache)
    assert folder is not None
    engine, landmarker = PortraitEngine(girl, size=SIZE), Landmarker(Networks(folder))
    fitter = HeadFitter(load_head(load_settings().cache))
    base = fitter.fit(landmarker.find(engine.draw_rgb(face()), crops=2)[0].points).pose.angles
    for axis, turn in enumerate((face(yaw=14), face(pitch=8), face(roll=8))):
        angles = fitter.fit(landmarker.find(engine.draw_rgb(turn), crops=2)[0].points).pose.angles - base
        want = turn.head_rotation[axis]
        assert abs(angles[axis] - want) < 0.35 * want + 0.02
        assert np.abs(np.delete(angles, axis)).max() < 0.07


def test_the_picture_s_own_smile_shows_its_own_teeth(smiling: Portrait) -> None:
    engine = PortraitEngine(smiling, size=smiling.side)
    own = FaceFrame(0, smiling.own.copy(), np.zeros(3, np.float32), np.zeros(3, np.float32), np.zeros((2, 2), np.float32))
    drawn, corner, sheet = engine.draw_rgb(own), smiling.mouth_corner, smiling.mouth_sheet
    part = drawn[corner[1] : corner[1] + sheet.shape[0], corner[0] : corner[0] + sheet.shape[1]].astype(float)
    assert 10 * np.log10(255**2 / ((part - sheet) ** 2).mean()) > 20


@pytest.mark.parametrize("recording", ["en_librivox_austen_0870", "en_librivox_austen_0880", "en_librivox_austen_0890"])
def test_bilabials_close(girl: Portrait, recording: str) -> None:
    from visavis.motion import Motion

    phones = list(_phones(json.loads(needs.shared(f"speech/align/{recording}.phone.json").read_text())))
    motion, engine = Motion(seed=1), PortraitEngine(girl, size=256)
    end = phones[-1].end_ticks
    silence = AudioChunk(0, 24_000, np.zeros(end // 2, np.int16))
    motion.speak(SpeechChunk(silence, tuple(phones), phones_known=True))
    motion.end_speech(end)
    closed, asked = 0, 0
    wanted = [p for p in phones if p.ipa in {"p", "b", "m"}]
    for phone in wanted:
        least = 10**6
        for t_ticks in range(phone.t_ticks, phone.end_ticks + 1920, 960):
            engine.draw(motion.sample(t_ticks))
            least = min(least, int(engine.hole_px[2]))
        asked += 1
        closed += least <= NEUTRAL_GAP_PX
    assert asked >= 2
    assert closed >= 0.95 * asked


_IPA = {"P": "p", "B": "b", "M": "m", "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "IY": "i", "IH": "ɪ", "EH": "ɛ", "UW": "u", "OW": "o",
        "N": "n", "D": "d", "T": "t", "S": "s", "Z": "z", "R": "ɹ", "L": "l", "K": "k", "F": "f", "V": "v", "W": "w",
        "HH": "h"}  # fmt: skip


def _phones(node: dict) -> list[PhoneCue]:
    if "w" in node:
        return [cue for part in node["w"] for cue in _phones(part)]
    start, end = ticks_from_s(node["b"]), ticks_from_s(node["b"] + node["d"])
    return [PhoneCue(start, end, "" if node["t"] == "SIL" else _IPA.get(node["t"], "ə"))]


def test_extreme_faces_do_no_harm(girl: Portrait) -> None:
    engine = PortraitEngine(girl, size=256)
    wild = np.array([np.nan, np.inf, -np.inf], np.float32)
    everything = FaceFrame(0, np.ones(COUNT, np.float32), wild, wild, np.full((2, 2), np.nan, np.float32))
    far = FaceFrame(
        0, np.full(COUNT, 9, np.float32), np.full(3, 9, np.float32), np.full(3, 9, np.float32), np.full((2, 2), 9, np.float32)
    )
    for frame in (everything, far):
        assert engine.draw(frame).i420.shape == (384, 256)


def test_sizes(girl: Portrait) -> None:
    for size in (128, 384, 720):
        engine = PortraitEngine(girl, size=size)
        assert engine.draw(face(jawOpen=0.3)).i420.shape == (size * 3 // 2, size)
        assert (engine.width, engine.height, engine.drawn_share) == (size, size, 1.0)
    for size in (31, 33, 5000):
        with pytest.raises(BadInput):
            PortraitEngine(girl, size=size)
