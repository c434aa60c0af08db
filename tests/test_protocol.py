"""Control messages from strangers: what is taken, and what is refused in one line."""

from __future__ import annotations

import json

import pytest

from visavis import protocol
from visavis.errors import BadInput, TooLarge


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"type": "weights", "weights": {"jawOpen": 1.5}}, "less than or equal to 1"),
        ({"type": "weights", "weights": {"jawOpened": 0.5}}, "not an ARKit shape"),
        ({"type": "weights", "weights": {"jawOpened": None}}, "not an ARKit shape"),
        ({"type": "weights", "weights": {"jawOpen": "wide"}}, "valid number"),
        ({"type": "weights", "weights": {}, "opacity": -0.1}, "greater than or equal to 0"),
        ({"type": "weights", "weights": {}, "blend": "multiply"}, "'replace' or 'add'"),
        ({"type": "weights", "weights": {}, "hold_ms": 10**9}, "less than or equal"),
        ({"type": "head", "yaw": 3.0}, "less than or equal to 1.6"),
        ({"type": "head", "z": 1.0}, "less than or equal to 0.3"),
        ({"type": "head", "neck": 0.1}, "Extra inputs"),
        ({"type": "look_at", "yaw": 0.1, "screen": [0.5, 0.5]}, "not several of them"),
        ({"type": "look_at", "world": [0.0, 0.0, 1.0], "screen": [0.5, 0.5]}, "not several of them"),
        ({"type": "look_at", "world": [0.0, 1.0]}, "Field required"),
        ({"type": "look_at", "screen": [0.0, 1.0, 2.0]}, "at most 2 items"),
        ({"type": "look_at", "world": [0.0, 0.0, 1e9]}, "less than or equal to 100"),
        ({"type": "style", "speed": 0.0}, "greater than or equal to 0.25"),
        ({"type": "style", "mood": 1.0}, "Extra inputs"),
        ({"type": "layer", "layer": "ghost", "weight": 1.0}, "Input should be 'idle'"),
        ({"type": "layer", "layer": "idle", "weight": 2.0}, "less than or equal to 1"),
        ({"type": "gesture", "gesture": "nod", "pace": 0.0}, "greater than or equal to 0.25"),
        ({"type": "emotion", "emotion": "happy", "intensity": 9}, "less than or equal to 1"),
        ({"type": "dance"}, "does not match any of the expected tags"),
        ([1, 2], "should be an object"),
    ],
)
def test_malformed_messages_are_refused_in_one_line(message: object, says: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        protocol.decode_message(json.dumps(message))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize(
    "template",
    [
        '{"type": "weights", "weights": {"jawOpen": %s}}',
        '{"type": "head", "roll": %s}',
        '{"type": "look_at", "world": [0, %s, 1]}',
        '{"type": "style", "energy": %s}',
        '{"type": "layer", "layer": "idle", "weight": %s}',
    ],
)
def test_no_number_is_no_number(template: str, value: str) -> None:
    with pytest.raises(BadInput):
        protocol.decode_message(template % value)


def test_a_huge_message_is_not_even_read() -> None:
    with pytest.raises(TooLarge):
        protocol.decode_message(json.dumps({"type": "weights", "weights": {f"x{i}": 0.1 for i in range(5000)}}))
