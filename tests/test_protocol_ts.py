"""The wire on both sides: the generated TypeScript is current, and Python reads and writes the golden bytes web/test reads.

After a change of the protocol on purpose: `python scripts/generate_protocol_ts.py && python tests/test_protocol_ts.py`.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from visavis import protocol
from visavis.arkit import COUNT
from visavis.errors import BadInput
from visavis.types import AgentState, Emotion, FaceFrame, FaceLayer, FacePart, Gesture

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden" / "protocol"

MESSAGES: dict[str, protocol.ControlMessage] = {
    "say": protocol.Say(text="Good morning [smile] to you."),
    "chat": protocol.Chat(id="7", text="Qui êtes-vous ? “Vis-à-vis” 😀"),
    "interrupt": protocol.Interrupt(),
    "weights": protocol.Weights(weights={"jawOpen": 0.5, "mouthSmileLeft": 1.0}, fade_ms=120),
    "weights_added": protocol.Weights(
        weights={"mouthSmileLeft": 0.25, "jawOpen": None}, opacity=0.5, blend="add", hold_ms=2000
    ),
    "head": protocol.HoldHead(yaw=0.25, pitch=-0.125, z=0.0625, opacity=0.75),
    "head_release": protocol.HoldHead(fade_ms=500),
    "look_at": protocol.LookAt(yaw=-0.25, pitch=0.1),
    "look_at_screen": protocol.LookAt(screen=(1.25, 0.5), hold_ms=1500),
    "look_at_world": protocol.LookAt(world=(0.25, -0.125, 0.5), head_share=0.5),
    "look_at_release": protocol.LookAt(),
    "emotion": protocol.SetEmotion(emotion=Emotion.SURPRISED, intensity=0.75),
    "gesture": protocol.DoGesture(gesture=Gesture.RAISE_BROWS),
    "gesture_small": protocol.DoGesture(gesture=Gesture.NOD, strength=0.5, pace=1.5),
    "style": protocol.SetStyle(speed=0.75, energy=1.5, eye_contact=2.0),
    "layer": protocol.FadeLayer(layer=FaceLayer.SPEECH, weight=0.0, part=FacePart.BROWS, fade_ms=250),
    "follow": protocol.Follow(subject="iPhone", mouth="speech"),
    "avatar": protocol.ChangeAvatar(avatar="milo"),
}
EVENTS: dict[str, protocol.Event] = {
    "state": protocol.State(state=AgentState.THINKING, avatar="nova", generation=3, language_model=False),
    "transcript": protocol.Transcript(speaker="agent", text="Good morning", utterance=4, final=False),
    "transcript_interrupted": protocol.Transcript(speaker="agent", text="Good", utterance=4, final=True, interrupted=True),
    "stats": protocol.Stats(
        fps=29.97,
        frame_ms_p50=9.25,
        frame_ms_p95=12.5,
        gap_ms_p95=35.5,
        drawn_share=0.75,
        late_frames=2,
        stalled_ms=0,
        response_ms=212.5,
        sessions=2,
    ),
    "stats_before_a_reply": protocol.Stats(
        fps=30.0, frame_ms_p50=9.0, frame_ms_p95=12.0, gap_ms_p95=34.0, late_frames=0, stalled_ms=0, sessions=1
    ),
    "clock": protocol.MediaClock(rtp_zero=4_294_000_001),
    "error": protocol.Error(code="bad_input", message="text: Field required.", id="7"),
}


def golden_face() -> FaceFrame:
    """Weights that use both ends of the scale; a pose and a gaze of both signs; a time and a generation past 16 bits."""
    weights = np.linspace(0.0, 1.0, COUNT, dtype=np.float32)
    pose = np.array([0.25, -0.125, 0.0625, 0.01, -0.02, 0.03], np.float32)
    gaze = np.array([[0.1, -0.2], [0.3, -0.4]], np.float32)
    return FaceFrame(5_000_000_000, weights, pose[:3], pose[3:], gaze, 70_001)


def golden_files() -> dict[str, bytes]:
    texts = {f"message.{name}.json": message for name, message in MESSAGES.items()}
    texts |= {f"event.{name}.json": event for name, event in EVENTS.items()}
    files = {name: protocol.encode(wire).encode() + b"\n" for name, wire in texts.items()}
    face = golden_face()
    expected = {
        "t_ticks": face.t_ticks,
        "generation": face.generation,
        "weights": [round(float(w), 6) for w in face.weights],
        "head_rotation": [round(float(v), 6) for v in face.head_rotation],
        "head_translation": [round(float(v), 6) for v in face.head_translation],
        "gaze": [round(float(v), 6) for v in face.gaze.ravel()],
    }
    return files | {
        "motion.bin": protocol.encode_motion(face),
        "motion.expected.json": json.dumps(expected, indent=1).encode() + b"\n",
    }


def test_the_typescript_is_current() -> None:
    generator = runpy.run_path(str(ROOT / "scripts" / "generate_protocol_ts.py"))
    written = (ROOT / "web" / "src" / "protocol.ts").read_text(encoding="utf-8")
    assert generator["render"]() == written, "run: python scripts/generate_protocol_ts.py"


def test_every_type_has_a_golden_file() -> None:
    messages, events = (side["discriminator"]["mapping"] for side in protocol.schema()["anyOf"])
    assert {m.type for m in MESSAGES.values()} == set(messages)
    assert {e.type for e in EVENTS.values()} == set(events)
    assert {path.name for path in GOLDEN.iterdir()} == set(golden_files())


@pytest.mark.parametrize("name", sorted(golden_files()))
def test_python_writes_the_golden_bytes(name: str) -> None:
    assert golden_files()[name] == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_python_reads_the_golden_messages(name: str) -> None:
    assert protocol.decode_message((GOLDEN / f"message.{name}.json").read_bytes()) == MESSAGES[name]


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_python_reads_the_golden_events(name: str) -> None:
    assert protocol.decode_event((GOLDEN / f"event.{name}.json").read_bytes()) == EVENTS[name]


def test_python_reads_the_golden_motion() -> None:
    face, expected = protocol.decode_motion((GOLDEN / "motion.bin").read_bytes()), golden_face()
    assert (face.t_ticks, face.generation) == (expected.t_ticks, expected.generation)
    np.testing.assert_allclose(face.weights, expected.weights, atol=0.5 / 65535 + 1e-7)
    np.testing.assert_allclose(face.head_rotation, expected.head_rotation, atol=0.51e-4)
    np.testing.assert_allclose(face.head_translation, expected.head_translation, atol=0.51e-5)
    np.testing.assert_allclose(face.gaze, expected.gaze, atol=0.51e-4)


def test_motion_of_another_size_is_refused() -> None:
    with pytest.raises(BadInput, match="140 bytes"):
        protocol.decode_motion((GOLDEN / "motion.bin").read_bytes()[:-1])


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for golden_name, content in golden_files().items():
        (GOLDEN / golden_name).write_bytes(content)
